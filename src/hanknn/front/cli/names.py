"""What the command's arguments name: models, recipes, solutions."""

from pathlib import Path

import hanknn

from ...machine.errors import ModelWantedError, RunFolderError, SettingError, UnknownNameError
from ...machine.files import explained
from .own_model import is_own, own_model
from .printing import note


def find_model(name: str) -> "hanknn.Model":
    """A shipped model by name, or the class FILE.py:ClassName."""
    return own_model(name) if is_own(name) else hanknn.models.shipped(name)


def find_recipe(name: str, model: "hanknn.Model") -> "hanknn.Recipe":
    """A recipe by name; "default" is what suits the model."""
    recipes = hanknn.recipes.RECIPES
    if name not in recipes:
        raise UnknownNameError("recipe", name, recipes)
    return hanknn.recipes.suited(model) if name == "default" else recipes[name]()


def find_solution(name: str, model: str | None) -> "hanknn.Solution":
    """A shipped solution, a run folder's, or a file's. A shipped one's name means it, whatever lies there."""
    path, own = Path(name), None if model is None else find_model(model)
    if is_own(name):
        raise SettingError(
            f"'{name}' is a model, not a solution: solve it first (hanknn solve {name} --out FOLDER), then give the "
            f"folder, and --model {name}"
        )
    from ...solution.loading import SOLVED

    if name in SOLVED:
        if path.exists():
            note(f"'{name}' is the shipped solution; write ./{name} for what lies here under that name")
        return hanknn.load(name, own)
    from ..runs import solution_of

    try:
        return hanknn.load(solution_of(path) if path.is_dir() else name, own)
    except ModelWantedError as error:
        raise ModelWantedError(name, error.name, "say where it is: --model FILE.py:ClassName") from None
    except OSError as error:
        raise RunFolderError(explained(error, path)) from error
