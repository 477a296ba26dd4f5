"""Solve a model once for all its parameter values."""

import platform
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any, NamedTuple

import jax

from ..economy import Equations
from ..economy.definition import definition
from ..economy.model import Model
from ..machine.arguments import require_seed
from ..machine.errors import SettingError
from ..machine.precision import in_float64
from ..machine.version import __version__
from ..machine.work import Report, Store, silent
from ..models import as_model
from ..solution import Solution
from ..solution.network_file import described
from . import recipes
from .history import History
from .loop import Trained, Training
from .recipes import Recipe


class Solved(NamedTuple):
    """A solution and how it was found."""

    solution: Solution
    history: History
    seconds: float
    compile_seconds: float


@in_float64
def solve(
    model: Model | type[Model] | str,
    recipe: Recipe | None = None,
    seed: int = 0,
    report: Report = silent,
    store: Store = Store(),
) -> Solved:
    """Train a policy network over the model's whole parameter box, in float64 whatever the global setting.

    `model`: one of your own, or the name of a shipped one ("nk"). `recipe`: network and methods (default:
    `recipes.suited(model)`, Levenberg-Marquardt). The same seed gives the same result. `report` is called after every
    chunk of iterations. `store` saves on the way and goes on from what it finds, `Store(folder)`. Raises `ModelError`
    for a model that does not fit the protocol, `SettingError` for a network that a file cannot hold, `RunFolderError`
    where the store's folder holds other work, and `TrainingStopped` where a residual is not finite.
    """
    model = as_model(model)
    seed = require_seed(seed)
    if not isinstance(recipe, Recipe | None):
        raise SettingError(f"recipe is {recipe!r:.60}; give one such as hanknn.recipes.quick()")
    recipe = recipes.suited(model) if recipe is None else recipe
    described(recipe.network)  # what a file cannot hold is refused before the work, not after it
    model = model.prepared(report)
    equations = Equations(model)
    trained = Training(equations, recipe, seed, report, store, definition(equations)).run()
    return to_solved(model, recipe, seed, trained)


def to_solved(model: Model, recipe: Recipe, seed: int, trained: Trained) -> Solved:
    """What training returned, with its provenance."""
    solution = Solution(model, recipe.network, trained.network, _header(model, recipe, seed, trained))
    return Solved(solution, trained.history, trained.seconds, trained.compile_seconds)


def _header(model: Model, recipe: Recipe, seed: int, trained: Trained) -> dict[str, Any]:
    packages = ("jax", "jaxlib", "equinox", "optax", "numpy")
    validation = trained.history.validation
    return {
        "model": model.name,
        "version": __version__,
        "definition": trained.definition,
        "recipe": repr(recipe),
        "seed": seed,
        "status": trained.status,
        "seconds": round(trained.seconds, 3),
        "mean_square": float(validation["mean_square"].iloc[-1]) if len(validation) else None,
        "packages": {name: version(name) for name in packages},
        "python": platform.python_version(),
        "device": jax.devices()[0].platform,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }
