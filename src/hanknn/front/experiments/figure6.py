"""KMR's figure 6: cuts through the posterior of `rank`, network against time iteration."""

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd

from ...inference.posterior import Box
from ...machine.batches import in_batches
from ...machine.compiled import jit
from ...machine.devices import split_over_devices
from ...machine.precision import in_float64
from ...solution import load
from ..figures import posterior_cuts, save
from .benchmark import GridLikelihood, exercise
from .experiment import Experiment, Finding

POINTS = 32
DEPTH = 10.0
"""Log-density units below the peak down to which cuts are compared."""


class Figure6(Experiment):
    """Log posterior density, up to a constant, along each parameter, the others at their true values.

    Both sides use the same grid filter, so the difference is that of the policies. Target: a tenth of a log unit
    wherever the density is within e⁻¹⁰ of its peak; KMR show agreement by eye.
    """

    @in_float64
    def run(self, folder, seed, resume, report, data=None):
        solution = load("rank")
        data = exercise(solution, seed)
        box = Box.over(solution.model.parameters, support=solution.solved_function)
        places = np.stack([np.linspace(*box.space[name].bounds, POINTS) for name in box.names])
        rows = np.tile(box.fixed, (len(box.names), POINTS, 1))
        for i, column in enumerate(box.index):
            rows[i, :, column] = places[i]
        flat = rows.reshape(-1, rows.shape[-1])
        prior = np.asarray(jit(jax.vmap(box.log_prior))(jnp.asarray(flat)))
        found = {}
        for label, reference in (("neural network", None), ("time iteration", GridLikelihood.reference)):
            at = GridLikelihood(solution, data.observed, reference).at
            run = split_over_devices(lambda t, at=at: in_batches(at, (t,), 8), len(flat))
            found[label] = (prior + np.asarray(run(jnp.asarray(flat)))).reshape(places.shape)
        folder.mkdir(parents=True, exist_ok=True)
        table = pd.DataFrame({label: values.ravel() for label, values in found.items()})
        table.insert(0, "value", places.ravel())
        table.insert(0, "parameter", np.repeat(box.names, POINTS))
        table.to_csv(folder / "figure6.csv", index=False)
        save(posterior_cuts(box, places, found, data.parameters), folder, "figure6")
        network, exact = found.values()
        near = exact > exact.max(axis=1, keepdims=True) - DEPTH
        gap = np.abs(network[near] - exact[near]).max()
        return [Finding("largest difference within 10 log units of the peak", float(gap), 0.1)]
