"""Every page's Python runs, in order, as a newcomer would paste it."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [p for p in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))) if "```python" in p.read_text()]
# All pages in one process: importing takes as long as many a page does.
RUNNER = """
import os, runpy, sys, traceback
for folder in sys.argv[1:]:
    os.chdir(folder)
    sys.path[0], error = folder, ""
    try:
        runpy.run_path("page.py", run_name="__main__")
    except BaseException:
        error = traceback.format_exc()
    with open(os.path.join(folder, "error.txt"), "w") as file:
        file.write(error)
"""


def _name(page):
    return str(page.relative_to(ROOT))


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """Each page's folder after its run, with its error, if any, and what the process wrote to stderr."""
    folders = {page: tmp_path_factory.mktemp("page") for page in PAGES}
    for page, folder in folders.items():
        for file in page.parent.glob("*.py"):
            shutil.copy(file, folder)
        snippets = re.findall(r"```python\n(.*?)```", page.read_text(), flags=re.DOTALL)
        (folder / "page.py").write_text("\n".join(snippets))
    done = subprocess.run([sys.executable, "-c", RUNNER, *map(str, folders.values())], capture_output=True, text=True)
    return folders, done.stderr


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_the_pages_python_runs(page, ran):
    folders, stderr = ran
    error = folders[page] / "error.txt"
    assert error.exists(), stderr[-2000:]
    assert error.read_text() == ""


@pytest.mark.parametrize("page", [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))], ids=_name)
def test_links_within_the_repository_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
