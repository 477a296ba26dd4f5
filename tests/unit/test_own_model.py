"""Models of one's own: FILE.py:ClassName, whatever the file is called and wherever it lies."""

import pickle
import sys

import pytest

from hanknn.front.cli.command import main
from hanknn.front.cli.names import find_model
from hanknn.front.cli.own_model import is_own
from hanknn.machine.errors import ModelError

MINE = "from hanknn.models import LinearNK\n\nclass Mine(LinearNK):\n    name = 'mine'\n"


def _written(path, text=MINE):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return f"{path}:Mine"


@pytest.mark.parametrize("file", ["a:b/mine.py", "a b/c.py:d/mine.py", "random.py", "queue.py", "json.py", "ümlaut.py"])
def test_any_path_and_any_name(file, tmp_path):
    before = dict(sys.modules)
    assert find_model(_written(tmp_path / file)).name == "mine"
    for name in ("random", "queue", "json"):
        assert sys.modules.get(name) is before.get(name)
    assert str((tmp_path / file).parent) not in sys.path


@pytest.mark.parametrize("name", [r"C:\models\growth.py:Growth", r"C:\models\growth.py", "growth.py", "x.py:"])
def test_a_windows_path_is_a_file_not_a_model(name):
    assert is_own(name)
    with pytest.raises(ModelError, match=r"no file '.*\.py'"):
        find_model(name)


def test_a_sibling_can_be_imported(tmp_path):
    (tmp_path / "thing_of_mine.py").write_text("name = 'from a sibling'\n")
    named = _written(tmp_path / "mine.py", MINE.replace("'mine'", "thing") + "\n").removesuffix(":Mine")
    (tmp_path / "mine.py").write_text("from thing_of_mine import name as thing\n" + (tmp_path / "mine.py").read_text())
    assert find_model(f"{named}:Mine").name == "from a sibling"
    sys.modules.pop("thing_of_mine")


def test_its_classes_can_be_pickled(tmp_path):
    model = find_model(_written(tmp_path / "mine.py"))
    assert type(pickle.loads(pickle.dumps(type(model)))) is type(type(model))
    assert pickle.loads(pickle.dumps(type(model))) is type(model)


def test_what_is_wrong_is_said(tmp_path):
    for text, hint in (
        (MINE, "mine.py:Mine"),  # no class named
        ("raise SystemExit(3)\n", "cannot be imported: SystemExit"),
        ("def broken(:\n", "cannot be imported: SyntaxError"),
    ):
        with pytest.raises(ModelError, match=hint):
            find_model(_written(tmp_path / "mine.py", text).removesuffix(":Mine") + ("" if text == MINE else ":Mine"))
    with pytest.raises(ModelError, match="arguments"):
        find_model(_written(tmp_path / "mine.py", MINE + "    def __init__(self, more): ...\n"))


@pytest.mark.parametrize("command", ["check", "simulate", "irf", "girf", "figures", "filter", "estimate", "forecast"])
def test_a_model_is_not_a_solution(command, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main([command, _written(tmp_path / "mine.py")]) == 2
    error = capsys.readouterr().err
    assert "solve it first" in error and error.count("\n") == 1
