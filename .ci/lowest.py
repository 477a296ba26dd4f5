"""Print the lowest version of every package that a user of the library needs, as constraints for pip."""

import re
import tomllib
from pathlib import Path

project = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text())
declared = [
    *project["project"]["dependencies"],
    *(package for extra in project["project"]["optional-dependencies"].values() for package in extra),
]
for requirement in declared:
    found = re.fullmatch(r"([A-Za-z0-9_.-]+)>=([0-9.]+)", requirement)
    if found is None:
        raise SystemExit(f"{requirement}: declare a lowest version, NAME>=VERSION, and nothing else")
    print(f"{found[1]}=={found[2]}")
