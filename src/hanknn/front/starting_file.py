"""The file that `hanknn new` writes: the template under the user's names."""

import ast
import keyword
import re
import sys
from importlib import resources
from pathlib import Path
from typing import NamedTuple

from ..machine.errors import SettingError
from . import templates

FILE, CLASS, NAME = "my_model.py", "MyModel", "my_model"
"""What the template is called, and what its class and model are."""

TAKEN = sys.stdlib_module_names | {"hanknn", "jax", "numpy", "scipy", "pandas"}
"""A file of such a name would stand in for another package's module beside it."""


class StartingFile(NamedTuple):
    """Where it goes, the name of its class, and what it holds."""

    path: Path
    class_name: str
    text: str


def starting_file(name: str) -> StartingFile:
    """The file for a name such as `growth.py`, `growth` or `models/open_economy.py` (class `OpenEconomy`).

    Raises `SettingError` where Python could not import a file of that name.
    """
    path = Path(name if name.endswith(".py") else f"{name}.py")
    stem = path.stem
    if not stem.isidentifier() or keyword.iskeyword(stem) or not stem.strip("_"):
        plain = re.sub(r"\W+", "_", stem).strip("_").lower()
        usable = plain.isidentifier() and not keyword.iskeyword(plain)
        raise SettingError(
            f"'{path.name}' is no name for a Python file: letters, digits and _, a letter first, no word of Python's; "
            f"try {path.with_name(plain + '.py') if usable else path.with_name(FILE)}"
        )
    if stem in TAKEN:
        raise SettingError(
            f"'{path.name}' would hide the package '{stem}' from Python; try {path.with_name(f'my_{stem}.py')}"
        )
    text = (resources.files(templates) / FILE).read_text(encoding="utf-8")
    class_name = "".join(word[:1].upper() + word[1:] for word in stem.split("_"))
    if class_name in _imported(text):  # model.py, say: a class Model that is a Model
        class_name = f"My{class_name}"
    text = re.sub(rf"\b{CLASS}\b", class_name, text)
    return StartingFile(path, class_name, re.sub(rf"\b{NAME}\b", stem, text))


def _imported(text: str) -> set[str]:
    """The names that a file imports."""
    nodes = [node for node in ast.parse(text).body if isinstance(node, ast.ImportFrom | ast.Import)]
    return {alias.asname or alias.name for node in nodes for alias in node.names}
