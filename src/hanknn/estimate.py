"""Estimate a solved model: likelihood, surrogate and samplers put together, each step saved as it goes."""

import abc
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from jaxtyping import PRNGKeyArray

from .compiled import jit
from .data.observed import Observed
from .errors import SettingError
from .likelihood import Filter, Guided, Kalman, Likelihood, ParticleFilter
from .posterior import NUTS, Box, ParticleMetropolis, RandomWalk, Store, Target, TemperedSMC
from .posterior.importance import GOOD_K, Reweighting, reweight, thin
from .posterior.result import Posterior
from .posterior.sample import Report, silent
from .precision import in_float64
from .solution import Solution
from .surrogate import Design, Fit, Surrogate
from .surrogate.design import Evaluate, Evaluated
from .surrogate.errors import errors

Sampler = NUTS | RandomWalk | TemperedSMC
Evaluation = Callable[[Filter], Evaluate]
"""From a filter to its likelihoods at rows of parameters."""

REPLICATES = 100
"""Estimates at one parameter value that tell the s.d. of log L̂ to seven per cent."""
MOST_FINER = 16
"""Largest factor by which the last step's particles are raised."""


@dataclass(frozen=True, eq=False)
class Estimate:
    """What `estimate` found.

    `posterior`: the answer. For a surrogate: `uncorrected`, its own posterior before the exact last
    step; `surrogate`; `surrogate_errors`, in log-likelihood units, over the held design and over the
    posterior's draws; `design`, the estimates it was fitted to. `verdict`: how far to trust it, in words.
    """

    posterior: Posterior
    verdict: str
    uncorrected: Posterior | None = None
    surrogate: Surrogate | None = None
    surrogate_errors: pd.DataFrame | None = None
    surrogate_losses: np.ndarray | None = None
    design: Evaluated | None = None
    notes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Work:
    """What a method of estimation works with."""

    likelihood: Likelihood
    box: Box
    key: PRNGKeyArray
    store: Store
    report: Report
    evaluation: Evaluation


class Estimation(abc.ABC):
    """A way from data to a posterior."""

    filter: Filter

    @abc.abstractmethod
    def run(self, work: Work) -> Estimate:
        """Sample the posterior."""


@dataclass(frozen=True)
class Direct(Estimation):
    """Sample with the filter's own likelihood: exact with the Kalman filter, and with a grid up to its spacing."""

    filter: Filter = Kalman()
    sampler: Sampler = NUTS()

    def __post_init__(self) -> None:
        if isinstance(self.filter, ParticleFilter):
            raise SettingError(
                "a particle filter's likelihood is random, so Direct would not sample the posterior; "
                "use ViaSurrogate(filter=…), which corrects for that"
            )

    def run(self, work: Work) -> Estimate:
        key = jax.random.key(0)  # the filter draws nothing
        target = Target(work.box, lambda theta: work.likelihood.at(theta, key))
        sample = self.sampler.sample(target, work.key, work.store, work.report)
        posterior = Posterior(work.box, sample.values, sample)
        return Estimate(posterior, chains_verdict(posterior))


@dataclass(frozen=True)
class ViaSurrogate(Estimation):
    """Particle-filter likelihoods over a design, a surrogate of them, its posterior, and the exact last step.

    `refinement`: further designs, drawn from the surrogate's posterior with the likelihood raised to `power`
    (KMR section 2.4 suggest concentrating where the posterior is), until the surrogate's log-likelihood at a new
    design is off by less than `close` (s.d., the filter's own noise taken out), at most `rounds` times; None: the
    first design alone. `correction`: importance weights from fresh estimates, delayed-acceptance particle
    Metropolis, or None. `noise`: the s.d. of log L̂ that the correction can live with; where `filter` has more at
    the surrogate's posterior median, as over long samples, the correction's particles are raised to meet it.
    """

    filter: ParticleFilter = Guided(particles=100)
    design: Design = Design()
    refinement: Design | None = Design(points=4000)
    power: float = 0.25
    rounds: int = 4
    close: float = 1.5
    fit: Fit = Fit()
    sampler: Sampler = NUTS()
    correction: Reweighting | ParticleMetropolis | None = Reweighting()
    noise: float = 1.0

    def __post_init__(self) -> None:
        if not 0 < self.power <= 1:
            raise SettingError(f"power is {self.power}; it must lie in (0, 1]")
        if self.rounds < 1 or not self.close > 0:
            raise SettingError(
                f"rounds is {self.rounds} and close {self.close}; give at least 1, and a positive number"
            )
        if not self.noise > 0:
            raise SettingError(f"noise is {self.noise}; give a positive s.d. of log-likelihood estimates, such as 1")

    def run(self, work: Work) -> Estimate:
        keys = jax.random.split(work.key, 8)
        data, surrogate, losses = self._build(work, keys)
        target = Target(work.box, surrogate.at)
        sample = self.sampler.sample(target, keys[5], work.store, work.report)
        uncorrected = Posterior(work.box, sample.values, sample)
        known = data.first
        table = errors(surrogate, work.box.full(data.values), known)
        table.index = [f"{name}, against the design's estimates" for name in table.index]
        if self.correction is None:
            verdict = f"{chains_verdict(uncorrected)} The surrogate's posterior was not corrected."
            return Estimate(uncorrected, verdict, uncorrected, surrogate, table, losses, data)
        exact, told = self._exact(work, uncorrected, keys[7])
        if isinstance(self.correction, Reweighting):
            posterior, verdict = self._reweigh(work, surrogate, uncorrected, exact, keys[6], self.correction.draws)
        else:
            posterior, verdict = self._metropolis(work, target, uncorrected, exact, keys[6], self.correction)
        notes = {**posterior.notes, "correction_particles": exact.particles}
        return Estimate(posterior, f"{verdict} {told}", uncorrected, surrogate, table, losses, data, notes)

    def _exact(self, work: Work, uncorrected: Posterior, key) -> tuple[ParticleFilter, str]:
        """The filter of the last step, with as many particles as `noise` asks for; and what was found, in words."""
        rows = np.tile(work.box.full(uncorrected.quantiles()[0.5].to_numpy()), (REPLICATES, 1))
        evaluate = work.evaluation(self.filter)
        found = self.design.in_chunks(rows, evaluate, key, "noise", work.store, work.report)
        sd = float(np.std(found[np.isfinite(found)])) if np.isfinite(found).any() else float("inf")
        # The variance falls at least as fast as the number of particles rises.
        factor = int(min(np.ceil(max((sd / self.noise) ** 2, 1.0)), MOST_FINER))
        exact = replace(self.filter, particles=factor * self.filter.particles)
        told = f"With {self.filter.particles} particles log L̂ has an s.d. of {sd:.2f} at the median"
        return exact, f"{told}." if factor == 1 else f"{told}, so the last step took {exact.particles}."

    def _build(self, work: Work, keys) -> tuple[Evaluated, Surrogate, np.ndarray]:
        """The surrogate after one or two rounds of designs."""
        box, report, store = work.box, work.report, work.store
        header = {"model": work.likelihood.solution.model.name}
        seed = int(jax.random.randint(keys[0], (), 0, 2**31 - 1))
        evaluate = work.evaluation(self.filter)
        values = self.design.over(box, seed)
        data = self.design.evaluate(values, box, evaluate, keys[1], "design", store, report)
        surrogate, history = self.fit(box, data, keys[2], header, report)
        refinement = self.refinement
        if refinement is None:
            return data, surrogate, history.losses
        for turn in range(self.rounds):
            draw, again = jax.random.fold_in(keys[3], turn), jax.random.fold_in(keys[4], turn)
            cloud = TemperedSMC(particles=refinement.points, runs=1, moves=5, target_ess=0.5)
            zs = cloud.run(Target(box, surrogate.at).tempered(self.power), draw)[0]
            values = np.asarray(jit(jax.vmap(box.estimated))(jnp.asarray(zs)))
            more = refinement.evaluate(values, box, evaluate, again, f"refinement {turn + 1}", store, report)
            # Judged by draws that it has not seen, where it puts the posterior, less the estimates' own noise.
            gap = surrogate.gap(box.full(values), more.first)
            data = data.joined(more)
            surrogate, history = self.fit(box, data, keys[2], header, report)
            if gap < self.close:
                break
        return data, surrogate, history.losses

    def _reweigh(
        self, work: Work, surrogate: Surrogate, uncorrected: Posterior, exact: ParticleFilter, key, draws: int
    ) -> tuple[Posterior, str]:
        first, second = jax.random.split(key)
        flat = uncorrected.values.reshape(-1, len(work.box.names))
        chosen = flat[thin(len(flat), draws, first)]
        thetas = work.box.full(chosen)
        evaluate = work.evaluation(exact)
        fresh = self.design.in_chunks(thetas, evaluate, second, "correction", work.store, work.report)
        done = reweight(fresh, surrogate.batch(thetas))
        notes = {"pareto_k": done.pareto_k, "ess": done.ess, "log_ratio_sd": done.log_ratio_sd}
        behind = uncorrected.convergence()[1]
        posterior = Posterior(work.box, chosen[None], None, done.weights[None], behind, notes)
        trust = (
            "reliable" if done.pareto_k < GOOD_K else "NOT reliable: build the surrogate with more points or particles"
        )
        verdict = (
            f"{chains_verdict(uncorrected)} Corrected by {len(chosen)} fresh likelihoods: "
            f"Pareto k {done.pareto_k:.2f}, {done.ess:.0f} effective draws, log-likelihoods differ from the "
            f"surrogate by {done.log_ratio_sd:.2f} (s.d.); the correction is {trust}."
        )
        return posterior, verdict

    def _metropolis(
        self, work: Work, target: Target, uncorrected: Posterior, exact: ParticleFilter, key, chains: ParticleMetropolis
    ) -> tuple[Posterior, str]:
        flat = uncorrected.values.reshape(-1, len(work.box.names))
        cloud = work.box.coordinates(work.box.full(flat))
        likelihood = Likelihood(work.likelihood.solution, work.likelihood.observed, exact)
        sample = chains.sample(target, cloud, likelihood.at, key, work.store, work.report)
        posterior = Posterior(work.box, sample.values, sample)
        rate = float(np.mean(sample.acceptance))
        return posterior, f"{chains_verdict(posterior)} Particle Metropolis accepted {100 * rate:.0f} % of its steps."


def chains_verdict(posterior: Posterior) -> str:
    """Whether the chains agree, in words."""
    r_hat, ess = posterior.convergence()
    worst, least = float(np.nanmax(r_hat)) if np.isfinite(r_hat).any() else float("nan"), float(np.min(ess))
    divergent = 0 if posterior.sample is None else int(posterior.sample.divergent.sum())
    told = f"largest R-hat {worst:.3f}, fewest effective draws {least:.0f}, {divergent} divergent"
    fine = not worst > 1.01 and least > 400 and divergent == 0
    return f"The chains agree ({told})." if fine else f"Run longer: the chains do NOT yet agree well ({told})."


def edge_warning(posterior: Posterior, share: float = 0.05) -> str:
    """A warning that names the parameters whose median lies within `share` of an end of their range; else empty."""
    box = posterior.box
    place = (posterior.quantiles()[0.5].to_numpy() - box.lower) / (box.upper - box.lower)
    names = [name for name, at in zip(box.names, place, strict=True) if min(at, 1 - at) < share]
    if not names:
        return ""
    return (
        f" The posterior presses against the range of {', '.join(names)}: the data want what lies outside. Solve over "
        "wider ranges, allow more measurement error, or doubt the model."
    )


@in_float64
def estimate(
    solution: Solution,
    data: Observed,
    method: Estimation = ViaSurrogate(),
    parameters: Sequence[str] | None = None,
    fixed: Mapping[str, float] | None = None,
    seed: int = 0,
    store: Store = Store(),
    report: Report = silent,
    evaluation: Evaluation | None = None,
    begin: Callable[[], None] = lambda: None,
) -> Estimate:
    """The posterior of a solved model's parameters.

    `parameters`: which to estimate (default: all that have a range); the others stay at baseline or at
    `fixed`. `method`: `Direct` or `ViaSurrogate`. `store` saves every step and resumes from what it
    finds; `report` is told of progress; `evaluation` computes likelihoods elsewhere
    (`hanknn.cluster`); `begin` is called once nothing is left to refuse. Same seed, same result. Raises
    `UnknownNameError`, `OutOfRangeError`, `DataError`.
    """
    model = solution.model
    theta = model.parameters.resolve(fixed)
    model.parameters.require_inside(theta)
    names = None if parameters is None else tuple(parameters)
    box = Box.over(model.parameters, names, theta, solution.solved_function)
    likelihood = Likelihood(solution, data, method.filter)
    settings = {
        "model": model.name,
        "method": repr(method),
        "seed": seed,
        "estimated": list(box.names),
        "fixed": [float(t) for t in theta],
        "data": data.fingerprint(),
        "solution": solution.header.get("created", ""),
    }
    here = lambda filter: (likelihood if filter == method.filter else Likelihood(solution, data, filter)).rows
    work = Work(likelihood, box, jax.random.key(seed), store.within(**settings), report, evaluation or here)
    begin()
    found = method.run(work)
    return replace(found, verdict=found.verdict + edge_warning(found.posterior))
