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

from ..machine.compiled import jit
from ..machine.errors import DataError, SettingError, ShapeError
from ..machine.precision import in_float64
from ..machine.settings_difference import described
from ..machine.whole import require_seed, require_whole
from ..machine.work import Report, silent
from ..solution import Solution, reads_solution
from ..solution.identity import identity
from .data.observed import Observed
from .data.simulated import SimulatedData
from .likelihood import Filter, Guided, Kalman, Likelihood, ParticleFilter
from .posterior import NUTS, Box, ParticleMetropolis, RandomWalk, Store, Target, TemperedSMC
from .posterior.diagnostics import diagnostics
from .posterior.importance import GOOD_K, Reweighted, Reweighting, reweight, thin
from .posterior.result import Posterior
from .surrogate import Design, Fit, Surrogate
from .surrogate.design import Evaluate, Evaluated
from .surrogate.errors import errors

Sampler = NUTS | RandomWalk | TemperedSMC
Evaluation = Callable[[Filter], Evaluate]
"""From a filter to its likelihoods at rows of parameters."""

REFINEMENT_SHARE = 0.4
"""Points of a further design, as a share of the first one's."""
REPLICATES = 100
"""Estimates at one parameter value that tell the s.d. of log L̂ to seven per cent."""
MOST_FINER = 16
"""Largest factor by which the last step's particles are raised."""
ENOUGH_DRAWS = 100
"""Effective draws that weights must leave before their answer is called reliable."""
LITTLE, NEAR = 0.1, 0.3
"""A posterior is like its prior with less contraction than the first, the mean within the second (prior s.d.) of the
prior's, and a variance that is no more than the second above the prior's."""


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
        _require_kind(self, "filter", Filter, "Kalman()")
        _require_kind(self, "sampler", Sampler, "NUTS()")
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
    refinement: Design | None = Design(points=round(REFINEMENT_SHARE * Design.points))
    power: float = 0.25
    rounds: int = 4
    close: float = 1.5
    fit: Fit = Fit()
    sampler: Sampler = NUTS()
    correction: Reweighting | ParticleMetropolis | None = Reweighting()
    noise: float = 1.0

    def __post_init__(self) -> None:
        if isinstance(self.filter, Filter) and not isinstance(self.filter, ParticleFilter):
            raise SettingError(
                f"a {type(self.filter).__name__} likelihood is exact and needs no surrogate; use Direct(filter=…)"
            )
        _require_kind(self, "filter", ParticleFilter, "Guided(particles=100)")
        _require_kind(self, "design", Design, "Design(points=10_000)")
        _require_kind(self, "refinement", Design | None, "Design(points=4000)")
        _require_kind(self, "fit", Fit, "Fit()")
        _require_kind(self, "sampler", Sampler, "NUTS()")
        _require_kind(self, "correction", Reweighting | ParticleMetropolis | None, "Reweighting()")
        if not 0 < self.power <= 1:
            raise SettingError(f"power is {self.power}; it must lie in (0, 1]")
        require_whole(self, rounds=1)
        if not self.close > 0:
            raise SettingError(f"close is {self.close}; give a positive number of log-likelihood units")
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
        header = {"model": work.likelihood.solution.model.name, "settings": described(store.settings)}
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
        chains, each, width = uncorrected.values.shape
        # As many from every chain, in its order: what the weights leave of the chains can then be told.
        kept = thin(chains * each, max(draws // chains, 1) * chains, first)
        chosen = uncorrected.values.reshape(-1, width)[kept]
        thetas = work.box.full(chosen)
        evaluate = work.evaluation(exact)
        fresh = self.design.in_chunks(thetas, evaluate, second, "correction", work.store, work.report)
        done = reweight(fresh, surrogate.batch(thetas))
        posterior = Posterior(
            work.box, chosen.reshape(chains, -1, width), None, done.weights.reshape(chains, -1), _notes(done)
        )
        left = float(np.min(posterior.convergence()[1]))
        if not done.pareto_k < GOOD_K:
            trust = "NOT reliable: build the surrogate with more points or particles"
        elif not left >= ENOUGH_DRAWS:
            trust = "NOT reliable, so few draws are left: take more draws, or more points or particles"
        else:
            trust = "reliable"
        verdict = (
            f"{chains_verdict(uncorrected)} Corrected by {len(chosen)} fresh likelihoods: "
            f"Pareto k {done.pareto_k:.2f}, at least {left:.0f} effective draws, log-likelihoods differ from the "
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


def _notes(done: Reweighted) -> dict[str, Any]:
    return {"pareto_k": done.pareto_k, "ess": done.ess, "log_ratio_sd": done.log_ratio_sd}


def _require_kind(method: Estimation, name: str, kind: Any, example: str) -> None:
    """Raise `SettingError` where a setting is no value of its kind: before the work, not at its end."""
    value = getattr(method, name)
    if not isinstance(value, kind):
        raise SettingError(f"{type(method).__name__} {name} is {value!r:.60}; give a value such as {example}")


def chains_verdict(posterior: Posterior) -> str:
    """Whether the chains agree, in words."""
    r_hat, ess = posterior.convergence()
    # NaN where chains never moved: as bad as it gets.
    worst, least = float(np.max(r_hat)), float(np.min(ess))
    divergent = 0 if posterior.sample is None else int(posterior.sample.divergent.sum())
    told = f"largest R-hat {worst:.3f}, fewest effective draws {least:.0f}, {divergent} divergent"
    if len(posterior.values) == 1:
        return f"One chain has no other to agree with; run several ({told})."
    fine = worst <= 1.01 and least > 400 and divergent == 0
    return f"The chains agree ({told})." if fine else f"Run longer: the chains do NOT yet agree well ({told})."


def little_said(posterior: Posterior) -> str:
    """A sentence that names the parameters whose posterior is like their prior; else empty."""
    (mean, _), (prior_mean, prior_sd) = posterior.mean_sd(), posterior.prior_mean_sd
    contraction = posterior.contraction().to_numpy()
    alike = (contraction < LITTLE) & (contraction > -NEAR) & (np.abs(mean - prior_mean) < NEAR * prior_sd)
    names = [name for name, same in zip(posterior.names, alike, strict=True) if same]
    return f" The data say little about {', '.join(names)} (posterior like the prior)." if names else ""


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


@reads_solution
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

    `parameters`: which to estimate (default: all that have a range and are not in `fixed`); the others stay at baseline
    or at `fixed`. `method`: `Direct` or `ViaSurrogate`. `store` saves every step and resumes from what it finds;
    `report` is told of progress; `evaluation` computes likelihoods elsewhere (`hanknn.cluster`); `begin` is called once
    nothing is left to refuse. Same seed, same result.

    All that can be refused is refused before the work. Raises `UnknownNameError`, `OutOfRangeError`, `DataError`;
    `SettingError` for values of another kind, and for a parameter that is to be both estimated and fixed;
    `RunFolderError` where the store's folder holds other work, by the name of what differs.

    Example: `estimate(solution, data, Direct(Kalman()), parameters=["phi", "rho"]).posterior.table()`.
    """
    seed = require_seed(seed)
    _require_kinds(data, method, store)
    diagnostics()  # its import must not fail at the end
    model = solution.model
    box = Box.over(model.parameters, *_split(solution, parameters, fixed), solution.solved_function)
    likelihood = Likelihood(solution, data, method.filter)
    store = store.within(**identity(solution), method=method, seed=seed, **box.settings(), data=data.fingerprint())
    begin()
    store.claim()
    here = lambda filter: (likelihood if filter == method.filter else Likelihood(solution, data, filter)).rows
    work = Work(likelihood, box, jax.random.key(seed), store, report, evaluation or here)
    found = method.run(work)
    return replace(found, verdict=found.verdict + little_said(found.posterior) + edge_warning(found.posterior))


def _split(
    solution: Solution, parameters: Sequence[str] | None, fixed: Mapping[str, Any] | None
) -> tuple[tuple[str, ...] | None, np.ndarray]:
    """The names to estimate, and the full parameter vector that holds the values of the others."""
    space = solution.model.parameters
    theta = space.resolve(fixed)
    if theta.ndim != 1:
        raise ShapeError("fixed has columns; give one value of each parameter that is not estimated")
    space.require_inside(theta)
    fixed = fixed or {}
    if isinstance(parameters, str):
        raise SettingError(f"parameters is the text '{parameters}'; give a list of names, such as ['{parameters}']")
    if parameters is None:
        return tuple(name for name in space.free if name not in fixed), theta
    for name in parameters:
        if name in fixed:
            raise SettingError(f"parameter '{name}' is to be estimated and fixed; name it once")
    return tuple(parameters), theta


def _require_kinds(data: Any, method: Any, store: Any) -> None:
    """Raise for arguments of another kind; Python would tell a user only where it first stumbles."""
    if isinstance(data, SimulatedData):
        raise DataError("the data are what simulate_data returns; give its series, .observed")
    if not isinstance(data, Observed):
        raise DataError(
            f"the data are of type {type(data).__name__}; make them with hanknn.data.prepare(table, model, series)"
        )
    if not isinstance(method, Estimation):
        hint = f"Direct({type(method).__name__}(…))" if isinstance(method, Filter) else "ViaSurrogate() or Direct()"
        raise SettingError(f"method is {method!r:.60}; give {hint}")
    if not isinstance(store, Store):
        raise SettingError(f"store is {store!r:.60}; give Store(folder)")
