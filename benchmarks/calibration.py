"""Are the samplers right? Simulation-based calibration of Kalman + NUTS, Geweke's test of particle Metropolis.

Run: python benchmarks/calibration.py (about ten minutes on two cores). Both on `nk` with its closed form, ζ, X and π
observed, measurement error of 5 % of each variance at the baseline. Calibration (Talts et al. 2018): parameters from
the prior, 40 quarters of data from them, the rank of the truth among posterior draws is uniform. Geweke (2004):
parameters from the prior stay distributed as the prior when data given parameters and parameters given data (one
particle-Metropolis step) take turns.
"""

import os
import sys
import time
from typing import NamedTuple

import blackjax
import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from scipy import stats

import hanknn
from hanknn.economy import Economy, Equations
from hanknn.economy.points import Point, pack
from hanknn.inference.data import Observed
from hanknn.inference.likelihood import Bootstrap, Filter, Guided, Kalman, Twisted
from hanknn.inference.likelihood.space import Observation, Period, panel
from hanknn.inference.posterior import NUTS, Box, ParticleMetropolis, Store, Target
from hanknn.inference.posterior.chains import Record, run_chains
from hanknn.inference.posterior.particle_metropolis import PseudoState
from hanknn.machine.work import silent

NAMES = ("zeta", "output_gap", "inflation")


class Exercise(NamedTuple):
    """What data show of an economy, its box, and the template whose values simulated data replace."""

    seen: Observation
    box: Box
    template: Period
    noise: np.ndarray

    def simulate(self, vector, key):
        """Data of the template's length at one parameter vector."""
        first, second, third = jax.random.split(key, 3)
        periods, economy = self.template.constant.shape[0], self.seen.economy
        theta = economy.parameters(vector)
        shocks = jax.random.normal(second, (periods, len(economy.equations.shocks)), theta.dtype)
        clean = jax.lax.scan(lambda last, e: self.seen.ahead(last, theta)(e), economy.start(first, theta), shocks)[1]
        errors = jax.random.normal(third, clean.shape, theta.dtype) * jnp.asarray(self.noise)[None, :]
        return self.template._replace(values=clean + errors)

    def log_likelihood(self, filter: Filter, data: Period, vector, key):
        """Of such data at one parameter vector."""
        return filter.log_likelihood(self.seen, data, self.seen.economy.parameters(vector), key)


def exercise(periods: int, share: float = 0.05) -> Exercise:
    model = hanknn.models.LinearNK()
    equations = Equations(model)
    seen = Observation(Economy(equations, equations.closed_form), NAMES)
    theta = equations.parameters(jnp.asarray(model.parameters.baseline))
    loads = np.concatenate([[1.0], np.asarray(pack(equations.closed_form(Point({"zeta": jnp.ones(())}), theta)))])
    noise = np.sqrt(share) * float(equations.units(theta).state_scale.zeta) * loads
    template = panel(Observed(pd.DataFrame(np.zeros((periods, 3)), columns=list(NAMES)), np.diag(noise**2)))
    return Exercise(seen, Box.over(model.parameters), template, noise)


def main() -> int:
    jax.config.update("jax_enable_x64", True)
    print(f"{os.cpu_count()} cores")
    failed = calibration()
    for sampler, filter in (
        (ParticleMetropolis(guided_steps=0), Bootstrap(30)),
        (ParticleMetropolis(guided_steps=5), Guided(10)),
        (ParticleMetropolis(guided_steps=5), Twisted(10)),
    ):
        failed |= geweke(sampler, filter)
    return int(failed)


def calibration(sets: int = 192, ranks: int = 31, thin: int = 16, warmup: int = 500) -> bool:
    """Rank histograms with their 95 % bands; True where one leaves them."""
    start = time.perf_counter()
    nk = exercise(periods=40)
    keys = jax.random.split(jax.random.key(1), 4)
    u = np.random.default_rng(7).uniform(size=(sets, len(nk.box.names)))
    truth = jnp.asarray(nk.box.full(nk.box.prior_draws(u)))
    data = jax.jit(jax.vmap(nk.simulate))(truth, jax.random.split(keys[0], sets))
    begin = jnp.asarray(
        nk.box.coordinates(nk.box.full(nk.box.prior_draws(np.random.default_rng(8).uniform(size=u.shape))))
    )
    kernel, settings = blackjax.nuts.build_kernel(), NUTS(warmup=warmup)

    def target(now: Period) -> Target:
        return Target(nk.box, lambda theta: nk.log_likelihood(Kalman(), now, theta, keys[0]))

    def step(carry, key):
        state, size, mass, now = carry
        state, info = kernel(key, state, target(now).log_density, size, mass, settings.max_doublings)
        record = Record(state.position, state.logdensity, info.acceptance_rate, info.is_divergent)
        return (state, size, mass, now), record

    warm = lambda z, key, now: (*settings.warm_up(target(now), z, key), now)
    states = jax.jit(jax.vmap(warm))(begin, jax.random.split(keys[1], sets), data)
    chains = jax.random.split(keys[2], sets)
    _, kept = run_chains(step, states, chains, ranks * thin, 31, "calibration", Store(), silent)
    values = np.asarray(jax.jit(jax.vmap(jax.vmap(nk.box.estimated)))(jnp.asarray(kept.z[:, thin - 1 :: thin])))
    rank = (values < np.asarray(truth)[:, None, nk.box.index]).sum(axis=1)
    seconds = time.perf_counter() - start
    print(f"Calibration: {sets} data sets, {ranks} draws each, {kept.divergent.sum()} divergent, {seconds:.0f} s")
    return histograms(nk.box.names, rank, ranks)


def histograms(names, rank: np.ndarray, ranks: int, bins: int = 8) -> bool:
    """Counts of ranks in bins, each with its 95 % band, Bonferroni-corrected over the bins of a parameter."""
    sets = len(rank)
    low, high = stats.binom.ppf([0.025 / bins, 1 - 0.025 / bins], sets, 1 / bins)
    table = pd.DataFrame([np.bincount(r * bins // (ranks + 1), minlength=bins) for r in rank.T], index=list(names))
    table["p (chi²)"] = stats.chisquare(table.to_numpy(), axis=1).pvalue
    print(f"ranks of the truth in {bins} bins; 95 % band of each histogram: {low:.0f} to {high:.0f}")
    print(table.to_string(float_format="{:.2f}".format))
    inside = (table.iloc[:, :bins] >= low) & (table.iloc[:, :bins] <= high)
    outside = int((~inside).sum().sum())
    print(f"{outside} bins outside\n", flush=True)
    return outside > 0


def geweke(sampler: ParticleMetropolis, filter, chains: int = 4000, sweeps: int = 8, tries: int = 24) -> bool:
    """Whether parameters leave the prior; True where they do."""
    start = time.perf_counter()
    nk = exercise(periods=4)
    # Any guide is valid; this one is deliberately off, so that a wrong correction would show.
    guide = Target(nk.box, lambda theta: -0.5 * ((theta[6] - 0.86) / 0.03) ** 2 - 0.5 * ((theta[3] - 0.65) / 0.1) ** 2)
    factor = 0.6 * np.eye(len(nk.box.names))
    estimate_at = lambda now: lambda theta, key: nk.log_likelihood(filter, now, theta, key)

    def sweep(z, key):
        first, second, third, fourth = jax.random.split(key, 4)
        theta = nk.box.theta(z)
        data = nk.simulate(theta, first)
        estimate = estimate_at(data)
        # The filter's randomness given data and parameters has density proportional to L̂: resample a few.
        tried = jax.vmap(lambda k: estimate(theta, k))(jax.random.split(second, tries))
        kept = tried[jax.random.categorical(third, tried)]
        step = sampler.kernel(guide, factor, estimate)
        state, record = step(PseudoState(z, guide.log_density(z), kept), fourth)
        return state.z, record.acceptance

    def chain(z, key):
        return jax.lax.scan(sweep, z, jax.random.split(key, sweeps))

    u = np.random.default_rng(3).uniform(size=(chains, len(nk.box.names)))
    begin = jnp.asarray(nk.box.coordinates(nk.box.full(nk.box.prior_draws(u))))
    run = jax.jit(lambda z, k: jax.lax.map(lambda p: chain(*p), (z, k), batch_size=500))
    z, accepted = run(begin, jax.random.split(jax.random.key(11), chains))
    values = np.asarray(jax.jit(jax.vmap(nk.box.estimated))(z))
    share = (values - nk.box.lower) / (nk.box.upper - nk.box.lower)
    p = np.array([stats.kstest(column, "uniform").pvalue for column in share.T])
    moments = (share.mean(axis=0) - 0.5) * np.sqrt(12 * chains)
    kind = f"{sampler.guided_steps} guided steps" if sampler.guided_steps else "plain"
    rate, seconds = 100 * float(accepted.mean()), time.perf_counter() - start
    print(f"Geweke, {kind}, {filter!r}: {rate:.0f} % accepted, {seconds:.0f} s")
    table = pd.DataFrame({"z of the mean": moments, "p (Kolmogorov-Smirnov)": p}, index=list(nk.box.names))
    print(table.T.to_string(float_format="{:.2f}".format), "\n", flush=True)
    return bool(p.min() < 0.05 / len(p))


if __name__ == "__main__":
    sys.exit(main())
