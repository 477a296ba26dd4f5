"""The estimation chain on `nk`: surrogate against Kalman, and one posterior four ways.

Run: python benchmarks/estimation.py (about ten minutes on two cores). KMR's exercise: 100 quarters simulated at the
baseline, ζ, X and π observed with measurement error of 5 % of each variance, 10,000 parameter draws (6,000 Sobol
points, 4,000 where the first surrogate puts the posterior), 100 particles. All on the shipped solution.
"""

import os
import time

import jax
import numpy as np
import pandas as pd

import hanknn
from hanknn.inference.data import simulate_data
from hanknn.inference.estimation import Direct, Estimate, ViaSurrogate, estimate
from hanknn.inference.likelihood import Kalman, Likelihood
from hanknn.inference.posterior import NUTS, ParticleMetropolis, Target
from hanknn.inference.posterior.importance import Reweighting
from hanknn.inference.posterior.result import Posterior
from hanknn.inference.surrogate import Design, errors

OBSERVED = ("zeta", "output_gap", "inflation")
SAMPLER = NUTS(chains=16, warmup=500, draws=1000)
CHAIN = ViaSurrogate(design=Design(6000), refinement=Design(4000), sampler=SAMPLER, correction=Reweighting(draws=6000))


def main() -> None:
    jax.config.update("jax_num_cpu_devices", os.cpu_count() or 1)
    solution = hanknn.load("nk")
    data = simulate_data(solution, OBSERVED, 100, seed=0)
    found, seconds = timed(lambda: estimate(solution, data.observed, CHAIN))
    print(f"Design, training, sampling and correction: {seconds:.0f} s on {os.cpu_count()} cores\n{found.verdict}\n")
    exact, exact_seconds = timed(lambda: estimate(solution, data.observed, Direct(Kalman(), SAMPLER)))
    print(f"Kalman and NUTS: {exact_seconds:.0f} s. {exact.verdict}\n", flush=True)
    surrogate_errors(solution, data.observed, found, exact.posterior)
    rate(found)
    plain = metropolis(
        solution, data.observed, found, ParticleMetropolis(chains=16, warmup=500, draws=5000, guided_steps=0)
    )
    delayed = metropolis(solution, data.observed, found, ParticleMetropolis(chains=16, warmup=50, draws=500))
    ways = {
        "Kalman + NUTS": exact.posterior,
        "particle Metropolis": plain,
        "surrogate alone": found.uncorrected,
        "surrogate, re-weighted": found.posterior,
        "surrogate, delayed acceptance": delayed,
    }
    compare(ways, data.parameters)


def timed(function):
    start = time.perf_counter()
    result = function()
    return result, time.perf_counter() - start


def surrogate_errors(solution, data, found: Estimate, exact: Posterior) -> None:
    """Against the Kalman log-likelihood, over a fresh design and over draws of the exact posterior."""
    kalman, box = Likelihood(solution, data, Kalman()), exact.box
    everywhere = box.full(Design(4096).over(box, seed=99))
    drawn = exact.draws(4000)
    tables = {
        "box, within 50 of the best": errors(found.surrogate, everywhere, kalman.batch(everywhere, size=512)),
        "posterior draws": errors(found.surrogate, drawn, kalman.batch(drawn, size=512), within=np.inf),
    }
    print("Surrogate less Kalman, log-likelihood units (target over posterior draws: rmse ≤ 0.3)")
    print(pd.concat(tables).to_string(float_format="{:.3f}".format), "\n")


def rate(found: Estimate, draws: int = 1 << 20) -> None:
    box = found.surrogate.box
    with jax.enable_x64(True):
        thetas = box.lower + (box.upper - box.lower) * np.random.default_rng(0).uniform(size=(draws, len(box.names)))
    found.surrogate.batch(thetas)
    seconds = min(timed(lambda: found.surrogate.batch(thetas))[1] for _ in range(3))
    print(f"Surrogate, {draws:,} parameter values at once: {draws / seconds / 1e6:.2f} million a second\n", flush=True)


def metropolis(solution, data, found: Estimate, sampler: ParticleMetropolis) -> Posterior:
    start = time.perf_counter()
    with jax.enable_x64(True):
        box = found.surrogate.box
        likelihood = Likelihood(solution, data, CHAIN.filter)
        cloud = box.coordinates(found.uncorrected.draws(2000))
        target = Target(box, found.surrogate.at)
        sample = sampler.sample(target, cloud, likelihood.at, jax.random.key(5))
    accepted, seconds = sample.acceptance.mean(), time.perf_counter() - start
    posterior = Posterior(box, sample.values, sample)
    r_hat, ess = posterior.convergence()
    kind = f"{sampler.guided_steps} guided steps" if sampler.guided_steps else "plain"
    print(f"Particle Metropolis ({kind}): {seconds:.0f} s, {100 * accepted:.0f} % accepted, ", end="")
    print(f"largest R-hat {r_hat.max():.3f}, fewest effective draws {ess.min():.0f}", flush=True)
    return posterior


def compare(ways: dict[str, Posterior], truth: dict[str, float]) -> None:
    exact = ways["Kalman + NUTS"]
    sd = exact.mean_sd()[1]
    table = pd.concat({name: found.quantiles() for name, found in ways.items()}, axis=1)
    table.insert(0, "true", [truth[name] for name in exact.names])
    print("\nMedians and 5/95 %")
    for name in ways:
        print(name)
        print(table[name].T.to_string(float_format="{:.4g}".format))
    print("\nDistance from Kalman + NUTS in posterior s.d. (targets for the corrected ones: median 0.1, 5/95 % 0.15)")
    for name, found in list(ways.items())[1:]:
        distance = (found.quantiles() - exact.quantiles()).div(sd, axis=0).abs()
        worst = f"largest: median {distance[0.5].max():.3f}, 5/95 % {distance[[0.05, 0.95]].max().max():.3f}"
        print(f"{name:32s}{worst}   fewest effective draws {found.convergence()[1].min():.0f}")


if __name__ == "__main__":
    main()
