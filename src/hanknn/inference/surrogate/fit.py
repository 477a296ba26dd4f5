"""Fit the surrogate's two heads: mean by weighted regression, variance from the replicates."""

import dataclasses
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import PRNGKeyArray

from ...economy.networks import Dense, silu_network
from ...machine.arguments import require_whole
from ...machine.compiled import jit
from ...machine.errors import SettingError
from ...machine.work import Report, Step
from ..posterior.target import Box
from .design import Evaluated
from .frame import Frame
from .regress import Regression, Rows
from .surrogate import Surrogate, compress, variance_at

HELD_OUT = 0.2
"""Share of the design kept for early stopping and errors."""
EXACT_WITHIN, EACH = 50.0, 4.0
"""Log-likelihood units below the likeliest point of the posterior within which a surrogate is in true units, at least,
and for each parameter: a posterior of many reaches deeper."""
FEWEST = 10
"""Points for each parameter that tell where the likelihood matters."""
MISFIT = 0.1
"""The s.d. of the network's own error that the weights allow for."""
ROUGH_ITERATIONS, VARIANCE_WIDTH = 30, 8


@dataclass(frozen=True)
class Fit:
    """How a surrogate is fitted. `members`: networks of the mean, whose average is used."""

    regression: Regression = Regression()
    members: int = 1
    variance_steps: int = 1500

    def __post_init__(self) -> None:
        require_whole(self, members=1, variance_steps=1)

    def __call__(
        self, box: Box, data: Evaluated, key: PRNGKeyArray, header: dict[str, Any], report: Report
    ) -> tuple[Surrogate, np.ndarray]:
        """A surrogate of these estimates, and weighted mean squares of the first member's last fit, (iterations, 2):
        training and held out. Raises `SettingError` where too few estimates are finite."""
        known = np.isfinite(data.first)
        if known.sum() < 64:
            raise SettingError(
                f"only {known.sum()} of {len(known)} likelihoods are finite; look at the data's units and the "
                "measurement error, or use more particles"
            )
        # Where prior and data disagree, the posterior is far below the largest likelihood.
        prior = np.asarray(jit(jax.vmap(box.log_prior))(jnp.asarray(box.full(data.values), jnp.float64)))
        reference = float(data.first[np.argmax(np.where(known, data.first + prior, -np.inf))])
        exact_within = max(EXACT_WITHIN, EACH * len(box.names))
        outcome = lambda found: np.asarray(compress(jnp.asarray(reference - found[known]), exact_within))
        values, first = data.values[known], outcome(data.first)
        second = outcome(np.where(np.isfinite(data.second), data.second, np.nan))
        scaled = 2 * (values - box.lower) / (box.upper - box.lower) - 1
        frame = _frame(scaled, first)
        x = jax.vmap(frame.seen)(jnp.asarray(scaled))
        pairs = np.isfinite(second)
        outcomes = jnp.asarray(np.where(pairs, 0.5 * (first + np.nan_to_num(second)), first))
        first_key, noise_key, held_key, *others = jax.random.split(key, self.members + 2)
        held = np.asarray(jax.random.permutation(held_key, len(values))) < HELD_OUT * len(values)
        count = jnp.asarray(np.where(pairs, 2.0, 1.0))

        def regress(weights, start, regression):
            rows = Rows(x, outcomes, weights)
            return regression.fit(Rows(*(a[~held] for a in rows)), Rows(*(a[held] for a in rows)), start)

        # A first fit finds the variance; the mean is then fitted on, with its weights.
        rough = regress(count, first_key, dataclasses.replace(self.regression, iterations=ROUGH_ITERATIONS))
        report(Step("surrogate (networks)", 1, self.members + 1))
        level = jax.vmap(rough.network)(x)[:, 0]
        halved = jnp.asarray(0.5 * (first - second) ** 2)[pairs]
        variance_network = self._variance(x[pairs], level[pairs], halved, noise_key)
        spread = jax.vmap(lambda a, b: variance_at(variance_network, a, b))(x, level)
        # Far below, where outcomes are logarithms, a share of the depth is as good as a unit is near the top.
        depth = jnp.maximum(jnp.exp(-1 - outcomes), 1)
        weights = 1 / (spread / count + (MISFIT / exact_within) ** 2) / depth**2
        networks, losses = [], np.zeros((0, 2))
        for member, start in enumerate([rough.network, *others]):
            fitted = regress(weights, start, self.regression)
            networks.append(fitted.network)
            losses = fitted.losses if member == 0 else losses
            report(Step("surrogate (networks)", member + 2, self.members + 1))
        # Variances were in compressed units; in log-likelihood units:
        variance_network = variance_network.raised(2 * np.log(exact_within))
        most = exact_within**2 * float(jnp.max(spread[pairs]))
        surrogate = Surrogate(box, frame, tuple(networks), variance_network, most, reference, exact_within, header)
        return surrogate, losses

    def _variance(self, x, level, halved, key) -> Dense:
        """The network of log σ² that makes the replicates' half squared differences (σ²χ²₁) likeliest."""
        network = silu_network(key, [x.shape[1] + 1, VARIANCE_WIDTH, VARIANCE_WIDTH, 1])
        network = network.raised(jnp.log(jnp.mean(halved) + 1e-12))
        floor = 1e-10

        def loss(network):
            variance = jax.vmap(lambda a, b: variance_at(network, a, b))(x, level) + floor
            # Small weights: a tenth of the design is little to learn a function from.
            penalty = sum(jnp.sum(layer.weights**2) for layer in network.layers)
            return jnp.mean(0.5 * jnp.log(variance) + 0.5 * halved / variance) + penalty / len(halved)

        optimizer = optax.adam(optax.cosine_decay_schedule(0.02, self.variance_steps))

        def step(carry, _):
            network, state = carry
            updates, state = optimizer.update(jax.grad(loss)(network), state)
            return (optax.apply_updates(network, updates), state), None

        run = jit(lambda n: jax.lax.scan(step, (n, optimizer.init(n)), length=self.variance_steps)[0][0])
        return run(network)


def _frame(scaled: np.ndarray, outcomes: np.ndarray) -> Frame:
    """Around the points in true units, or as many of the likeliest as tell a covariance."""
    count = max(int((outcomes >= -1).sum()), FEWEST * scaled.shape[1])
    return Frame.around(scaled[np.argsort(-outcomes, kind="stable")[:count]])
