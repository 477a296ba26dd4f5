"""The posterior's mode."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from ...machine.compiled import jit
from ...machine.errors import SettingError
from ...machine.precision import in_float64
from .target import Target


class Mode(NamedTuple):
    """`values`: estimated parameters. `log_posterior`: prior times likelihood there, in the model's own units.

    `converged`: whether the best start's optimiser stopped at a flat point. `spread`: how far apart, in log
    posterior, the starts ended; a large number warns of several modes.
    """

    values: dict[str, float]
    log_posterior: float
    converged: bool
    spread: float


@in_float64
def find_mode(target: Target, starts: int = 8, seed: int = 0) -> Mode:
    """The largest prior × likelihood in the parameters' own units, by L-BFGS-B from several prior draws.

    The likelihood must be differentiable (Kalman, surrogate). Raises `SettingError` where it is finite at no start.
    """
    from scipy.optimize import minimize  # slow to import

    box = target.box

    def loss(z):
        theta = box.theta(z)
        return -(box.log_prior(theta) + target.log_likelihood(theta))

    value_and_slope = jit(jax.value_and_grad(loss))
    begin = box.coordinates(box.full(box.prior_sample(starts, jax.random.key(seed))))
    objective = lambda z: tuple(np.asarray(a, np.float64) for a in value_and_slope(jnp.asarray(z)))
    found = [minimize(objective, z, jac=True, method="L-BFGS-B", bounds=[(-12, 12)] * len(z)) for z in begin]
    found = sorted((f for f in found if np.isfinite(f.fun)), key=lambda f: f.fun)
    if not found:
        raise SettingError("the likelihood is finite at none of the starts; look at the data's units")
    best = found[0]
    values = np.asarray(box.estimated(jnp.asarray(best.x)))
    named = dict(zip(box.names, (float(v) for v in values), strict=True))
    return Mode(named, -float(best.fun), bool(best.success), float(found[-1].fun - best.fun))
