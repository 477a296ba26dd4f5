"""Where the likelihood is evaluated first: over the whole box, or where the linearised economy says that it is high."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from ...machine.compiled import jit
from ...machine.work import Step
from ..likelihood import Kalman, Likelihood
from ..posterior import Target, TemperedSMC
from ..posterior.target import everywhere
from ..surrogate import Design
from .method import Work

PARTICLES, MOVES = 512, 5
"""Of the sampler that finds the linearised economy's posterior."""
SPREADS, SHARES = (0.5, 3.0), (0.6, 0.2)
"""Kernel widths around its draws, in their standard deviations, and shares of the design; the rest fills the box."""
ROUNDS = 50


def first_design(work: Work, design: Design, power: float, key: PRNGKeyArray) -> np.ndarray:
    """Parameter values for the first likelihoods, shape (points, estimated).

    Where the library linearises the model, most lie where its Kalman filter puts the posterior raised to `power`: that
    costs a moment, and the posterior may be a speck in its box. Some lie wider, and some anywhere, since the linear
    economy may be wrong. Raises as `Design.over`.
    """
    seed = int(jax.random.randint(key, (), 0, 2**31 - 1))
    if not work.likelihood.solution.model.linearises:
        return design.over(work.box, seed)
    first, second = jax.random.split(key)
    work.report(Step("posterior of the linear model", 0, 1))
    cloud = _linear_posterior(work, power, first)
    work.report(Step("posterior of the linear model", 1, 1))
    counts = [round(share * design.points) for share in SHARES]
    keys = jax.random.split(second, len(counts))
    near = [_around(work, cloud, *each) for each in zip(SPREADS, counts, keys, strict=True)]
    anywhere = replace(design, points=max(64, design.points - sum(counts))).over(work.box, seed)
    return np.concatenate([*near, anywhere])[np.random.default_rng(seed).permutation(sum(counts) + len(anywhere))]


def _linear_posterior(work: Work, power: float, key: PRNGKeyArray) -> Float[Array, "draws estimated"]:
    """Draws in unbounded coordinates; where the linear economy is not determinate its likelihood is zero already."""
    linear = Likelihood(work.likelihood.solution, work.likelihood.observed, Kalman(linearised=True))
    target = Target(replace(work.box, support=everywhere), lambda theta: linear.at(theta, key))
    smc = TemperedSMC(PARTICLES, runs=1, moves=MOVES, target_ess=0.5)
    return jnp.asarray(smc.run(target.tempered(power), key)[0])


def _around(work: Work, cloud: Float[Array, "draws estimated"], spread: float, count: int, key: PRNGKeyArray):
    """Draws of a kernel density inside the box's support, shape (count, estimated)."""
    centred = cloud - jnp.mean(cloud, axis=0)[None, :]
    size = cloud.shape[1]
    root = jnp.linalg.cholesky(centred.T @ centred / len(cloud) + 1e-10 * jnp.eye(size, dtype=cloud.dtype))
    draw = jit(lambda z: jax.vmap(work.box.estimated)(z))
    found = np.empty((0, size))
    for turn in range(ROUNDS):
        one, other = jax.random.split(jax.random.fold_in(key, turn))
        chosen = cloud[jax.random.randint(one, (count,), 0, len(cloud))]
        moved = chosen + spread * jax.random.normal(other, (count, size), cloud.dtype) @ root.T
        values = np.asarray(draw(moved))
        found = np.concatenate([found, values[work.box.supported(work.box.full(values))]])
        if len(found) >= count:
            break
    return found[:count]
