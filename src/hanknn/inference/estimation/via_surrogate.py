"""Particle-filter likelihoods over a design, a surrogate of them, its posterior, and the exact last step."""

from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ...machine.arguments import require_fields, require_whole, require_within
from ...machine.compiled import jit
from ...machine.errors import SettingError
from ...machine.settings_difference import described
from ...solution import Solution
from ..likelihood import Filter, Likelihood, OnSummaries, ParticleFilter, Twisted
from ..posterior import NUTS, ParticleMetropolis, Target, TemperedSMC
from ..posterior.importance import GOOD_K, Reweighting, reweight, thin
from ..posterior.result import Posterior
from ..surrogate import Design, Fit, Surrogate
from ..surrogate.design import Evaluated
from ..surrogate.errors import errors
from .first_design import first_design
from .method import Estimate, Estimation, Sampler, Work
from .verdicts import beyond_design, chains_verdict

REFINEMENT_SHARE = 0.4
"""Points of a further design, as a share of the first one's."""
REPLICATES = 32
"""Estimates at one parameter value that tell the s.d. of log L̂ to an eighth."""
MOST_FINER = 16
"""Largest factor by which the last step's particles are raised."""
ENOUGH_DRAWS = 100
"""Effective draws that weights must leave before their answer is called reliable."""


def design_filter(solution: Solution, filter: Filter) -> Filter:
    """`filter` for thousands of likelihoods: where summaries stand for arrays, they are taken from those."""
    return filter if solution.economy.summarised is None else OnSummaries(filter)


@dataclass(frozen=True)
class ViaSurrogate(Estimation):
    """Particle-filter likelihoods over a design, a surrogate of them, its posterior, and the exact last step.

    `refinement`: further designs, drawn from the surrogate's posterior raised to `power`
    (KMR section 2.4 suggest concentrating where the posterior is), until the surrogate's log-likelihood at a new
    design is off by less than `close` (s.d., the filter's own noise taken out), at most `rounds` times; None: the
    first design alone. `correction`: importance weights from fresh estimates, delayed-acceptance particle
    Metropolis, or None. `noise`: the s.d. of log L̂ that the correction can live with; where `filter` has more at
    the surrogate's posterior median, as over long samples, the correction's particles are raised to meet it.
    """

    filter: ParticleFilter = Twisted(particles=100)
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
        require_fields(
            self,
            filter=(ParticleFilter, "Twisted(particles=100)"),
            design=(Design, "Design(points=10_000)"),
            refinement=(Design | None, "Design(points=4000)"),
            fit=(Fit, "Fit()"),
            sampler=(Sampler, "NUTS()"),
            correction=(Reweighting | ParticleMetropolis | None, "Reweighting()"),
        )
        require_within(self, "(0, 1]", "power")
        require_within(self, "(0, inf]", "close", "noise")
        require_whole(self, rounds=1)

    def run(self, work: Work) -> Estimate:
        keys = jax.random.split(work.key, 8)
        design, surrogate, losses = self._build(work, keys)
        target = Target(work.box, surrogate.at)
        sample = self.sampler.sample(target, keys[5], work.store, work.report)
        uncorrected = Posterior(work.box, sample.values, sample)
        table = errors(surrogate, work.box.full(design.values), design.first)
        table.index = [f"{name}, against the design's estimates" for name in table.index]
        notes: dict[str, Any] = {}
        if self.correction is None:
            posterior = uncorrected
            verdict = f"{chains_verdict(uncorrected)} The surrogate's posterior was not corrected."
        else:
            exact, told = self._exact(work, uncorrected, keys[7])
            if isinstance(self.correction, Reweighting):
                posterior, verdict = self._reweigh(work, surrogate, uncorrected, exact, keys[6], self.correction.draws)
            else:
                posterior, verdict = self._metropolis(work, target, uncorrected, exact, keys[6], self.correction)
            verdict = f"{verdict} {told}{beyond_design(surrogate, design, posterior)}"
            notes = {**posterior.notes, "correction_particles": exact.particles}
        asked = work.likelihood.solution, work.likelihood.observed, self
        return Estimate(*asked, posterior, verdict, uncorrected, surrogate, table, losses, design, notes)

    def _exact(self, work: Work, uncorrected: Posterior, key) -> tuple[ParticleFilter, str]:
        """The filter of the last step, with as many particles as `noise` asks for; and what was found, in words."""
        rows = np.tile(work.box.full(uncorrected.quantiles()[0.5].to_numpy()), (REPLICATES, 1))
        found = work.estimates(self.filter, self.design, rows, key, "noise")
        sd = float(np.std(found[np.isfinite(found)])) if np.isfinite(found).any() else float("inf")
        # The variance falls at least as fast as the number of particles rises.
        factor = int(min(np.ceil(max((sd / self.noise) ** 2, 1.0)), MOST_FINER))
        exact = replace(self.filter, particles=factor * self.filter.particles)
        told = f"With {self.filter.particles} particles log L̂ has an s.d. of {sd:.2f} at the median"
        return exact, f"{told}." if factor == 1 else f"{told}, so the last step took {exact.particles}."

    def _build(self, work: Work, keys) -> tuple[Evaluated, Surrogate, np.ndarray]:
        """The surrogate after one or more rounds of designs, and the first network's losses."""
        box, report, store = work.box, work.report, work.store
        header = {"model": work.likelihood.solution.model.name, "settings": described(store.settings)}
        evaluate = work.evaluation(design_filter(work.likelihood.solution, self.filter))
        values = first_design(work, self.design, self.power, keys[0])
        data = self.design.evaluate(values, box, evaluate, keys[1], "design", store, report)
        surrogate, losses = self.fit(box, data, keys[2], header, report)
        refinement = self.refinement
        if refinement is None:
            return data, surrogate, losses
        for turn in range(self.rounds):
            draw, again = jax.random.fold_in(keys[3], turn), jax.random.fold_in(keys[4], turn)
            cloud = TemperedSMC(particles=refinement.points, runs=1, moves=5, target_ess=0.5)
            zs = cloud.run(Target(box, surrogate.at).tempered(self.power), draw)[0]
            values = np.asarray(jit(jax.vmap(box.estimated))(jnp.asarray(zs)))
            more = refinement.evaluate(values, box, evaluate, again, f"refinement {turn + 1}", store, report)
            # Judged by draws that it has not seen, where it puts the posterior, less the estimates' own noise.
            gap = surrogate.gap(box.full(values), more.first)
            data = data.joined(more)
            surrogate, losses = self.fit(box, data, keys[2], header, report)
            if gap < self.close:
                break
        return data, surrogate, losses

    def _reweigh(
        self, work: Work, surrogate: Surrogate, uncorrected: Posterior, exact: ParticleFilter, key, draws: int
    ) -> tuple[Posterior, str]:
        first, second = jax.random.split(key)
        chains, each, width = uncorrected.values.shape
        # As many from every chain, in its order: what the weights leave of the chains can then be told.
        kept = thin(chains * each, max(draws // chains, 1) * chains, first)
        chosen = uncorrected.values.reshape(-1, width)[kept]
        thetas = work.box.full(chosen)
        fresh = work.estimates(exact, self.design, thetas, second, "correction")
        done = reweight(fresh, surrogate.batch(thetas))
        notes = done._asdict()
        del notes["weights"]
        weights = done.weights.reshape(chains, -1)
        posterior = Posterior(work.box, chosen.reshape(chains, -1, width), None, weights, notes)
        left = float(np.min(posterior.convergence()[1]))
        if not done.pareto_k < GOOD_K:
            trust = "NOT reliable: build the surrogate with more points or particles"
        elif not left >= ENOUGH_DRAWS:
            trust = "NOT reliable, so few draws are left: take more draws, or more points or particles"
        else:
            trust = "reliable"
        verdict = (
            f"{chains_verdict(uncorrected)} Corrected by {len(chosen)} fresh likelihoods: "
            f"Pareto k {done.pareto_k:.2f}, at least {left:.0f} effective draws are left (ESS), log-likelihoods differ "
            f"from the surrogate by {done.log_ratio_sd:.2f} (s.d.); the correction is {trust}."
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
