"""How far to trust a posterior, in words."""

import jax
import jax.numpy as jnp
import numpy as np

from ...economy.draws import KNOWN, SURE
from ...solution import Solution
from ..posterior.result import Posterior
from ..surrogate import Surrogate
from ..surrogate.design import Evaluated

LITTLE, NEAR = 0.1, 0.3
"""A posterior is like its prior with less contraction than the first, the mean within the second (prior s.d.) of the
prior's, and a variance that is no more than the second above the prior's."""

RIDGE = 0.97
"""A correlation of two parameters beyond which the data tell them apart hardly at all."""

RARE, FEW = 0.01, 0.05
"""The share of a design beyond which it is thin, and the share of a posterior that may lie there."""

PRIOR_DRAWS = 4000
"""Draws that tell how much of a prior lies somewhere."""


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


def ridges(posterior: Posterior) -> str:
    """A sentence that names pairs of parameters whose posterior is a ridge; else empty."""
    flat = posterior.values.reshape(-1, len(posterior.names))
    weights = None if posterior.weights is None else posterior.weights.ravel()
    covariance = np.atleast_2d(np.cov(flat.T, aweights=weights))
    sd = np.sqrt(np.diagonal(covariance))
    with np.errstate(invalid="ignore", divide="ignore"):  # of a parameter that never moved nothing is known
        correlation = covariance / np.outer(sd, sd)
    found = [
        f"{posterior.names[i]} and {posterior.names[j]} (correlation {correlation[i, j]:+.3f})"
        for i, j in zip(*np.triu_indices(len(sd), 1), strict=True)
        if np.abs(correlation[i, j]) > RIDGE
    ]
    if not found:
        return ""
    return (
        f" The data hardly tell apart {'; '.join(found)}: along that ridge one makes up for the other. "
        "Fix one of a pair, give it a tighter prior, or add a series that tells them apart."
    )


def beyond_design(surrogate: Surrogate, design: Evaluated, posterior: Posterior) -> str:
    """How much of the posterior lies where hardly any likelihood was evaluated, in words; else empty."""
    box = posterior.box
    far = jax.vmap(lambda theta: surrogate.frame.distance(surrogate.scaled(theta)))
    distance = lambda values: np.asarray(far(jnp.asarray(box.full(values.reshape(-1, len(box.names))))))
    known = design.values[design.first > surrogate.reference - surrogate.exact_within]
    if not len(known):
        return ""
    outside = distance(posterior.values) > np.quantile(distance(known), 1 - RARE)
    weights = np.full(outside.size, 1 / outside.size) if posterior.weights is None else posterior.weights.reshape(-1)
    share = float(np.sum(weights * outside) / np.sum(weights))
    if share <= FEW:
        return ""
    return (
        f" {100 * share:.0f} % of the posterior lies where the surrogate was told hardly any likelihood: take more "
        "points or rounds."
    )


def strained(solution: Solution, posterior: Posterior) -> str:
    """How much of prior and posterior lies where no equilibrium is known, or near, in words; else empty."""
    box, rng = posterior.box, np.random.default_rng(0)
    prior = solution.strains(box.full(box.prior_draws(rng.uniform(size=(PRIOR_DRAWS, len(box.names))))))
    if not (prior > KNOWN).any():
        return ""
    values = posterior.values.reshape(-1, len(box.names))
    weights = np.full(len(values), 1 / len(values)) if posterior.weights is None else posterior.weights.reshape(-1)
    found = solution.strains(box.full(values))
    beyond = lambda strain: f"{100 * float(np.sum(weights * (found > strain)) / np.sum(weights)):.0f} %"
    outside = f"{100 * float(np.mean(prior > KNOWN)):.0f} % of the prior"
    if solution.model.arrays:
        return (
            f" No equilibrium is known at strains above one: {outside} lies there and counts for nothing, and "
            f"{beyond(SURE)} of the posterior lies near, above {SURE:g}."
        )
    return f" No equilibrium is known at strains above one: there lie {outside} and {beyond(KNOWN)} of the posterior."


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
