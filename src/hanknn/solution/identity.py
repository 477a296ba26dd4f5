"""What a solution is, for runs that go on with it and for workers that compute with it."""

from typing import Any

import jax
import numpy as np

from ..economy.definition import declared
from ..machine.fingerprint import fingerprint
from .solution import Solution


def identity(solution: Solution) -> dict[str, Any]:
    """Its model's name and definition, the network's kind, and the value of every weight as a fingerprint.

    Solving again with the same seed gives the same identity: when it was solved does not matter.
    """
    weights = [np.asarray(leaf) for leaf in jax.tree.leaves((solution.network, solution.law))]
    return {
        "model": solution.model.name,
        "definition": {**solution.header.get("definition", {}), **declared(solution.model)},
        "network": solution.architecture,
        "weights": fingerprint(weights),
    }
