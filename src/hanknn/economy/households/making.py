"""The making of `SteadyTables`: steady states over a model's box, and what random paths do around them."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from ...machine.compiled import jit
from ...machine.errors import NotSolvedError
from ...machine.precision import in_float64
from ...machine.work import Report, Step, silent
from .economics import HouseholdEconomics
from .random_paths import measures, random_path
from .steady import LEAST, AtRest, SteadySearch
from .steady_tables import Moving, SteadyTables, exponents, terms

DEGREES, MOST_DEGREE = {0: 0, 1: 8, 2: 6, 3: 5}, 4
"""Total degree of the polynomials, by how many parameters move the steady state; of more."""

NODES_PER_TERM, UNSEEN = 1.6, 0.15
"""Steady states for each term of the polynomials; the share of them that only tells the error."""

SAME = 1e-10
"""A parameter that moves no equation of the baseline's steady state by more does not move it."""

NUDGE = 1e-3
"""By which share of its value a parameter without a range is moved to see whether it moves the steady state."""

PATHS, AROUND = 64, 6
"""Random paths around each of so many steady states, at most."""

FINE = 0.5
"""Share of the paths on which households must be able to pay."""

EVEN = 0.1
"""Weight of all nodes alike, beside that of the households at them."""

SEEN = 0.02
"""A measure whose movement is explained by those before it but for this share is left out."""

NOTHING = 1e-9
"""What counts as no movement, relative to a measure's largest value."""

Placed = tuple[Float[np.ndarray, " parameters"], AtRest]


@in_float64
def made_tables(model: HouseholdEconomics, report: Report = silent) -> SteadyTables:
    """The tables of a model over its box; the same model gives the same.

    Raises `NotSolvedError` where a steady state is not found.
    """
    search, space = SteadySearch(model), model.parameters
    baseline = np.asarray(space.baseline, float)
    base = search.solve(baseline)
    move = _moving(search, baseline, base)
    moving = {name: space[name].bounds for name in move if name in space.free}
    degree = DEGREES.get(len(moving), MOST_DEGREE)
    placed = []
    vectors = _vectors(model, moving, degree) if moving else [baseline]
    for vector in vectors:
        placed.append((vector, search.solve(vector)))
        report(Step("steady states", len(placed), len(vectors)))
    coefficients, error = _fitted(search, moving, degree, placed)
    around = [(baseline, base), *placed[: AROUND - 1]] if moving else placed
    seen = jit(lambda *at: measures(search, *at))(jnp.asarray(baseline), base)
    values, means = _along_paths(search, around, seen)
    weights = np.mean([at.distribution for _, at in around], axis=0)
    weights = (1 - EVEN) * weights + EVEN / weights.size
    modes, left = _modes(values, weights, model.modes)
    kept, mixing = _mixing(means, np.abs(np.asarray(seen)).max(axis=(1, 2)))
    fixed = {name: space[name].value for name in move if name not in space.free}
    arrays = coefficients, modes, weights, np.asarray(seen)[kept], mixing
    return SteadyTables(moving, fixed, degree, search.names, error, left, *arrays)


def _moving(search: SteadySearch, baseline: np.ndarray, base: AtRest) -> tuple[str, ...]:
    """The parameters that move the baseline's steady state: free ones to an end of their range, others nearby."""
    space, found = search.model.parameters, []
    left = jit(search.remainders)
    for name in space.names:
        value = space[name].value
        ends = space[name].bounds if name in space.free else (value + NUDGE * max(abs(value), NUDGE),)
        there = [np.where(np.array(space.names) == name, end, baseline) for end in ends]
        if not all(np.abs(np.asarray(left(jnp.asarray(at), base))).max() <= SAME for at in there):
            found.append(name)
    return tuple(found)


def _vectors(model: HouseholdEconomics, moving: Moving, degree: int) -> list[Float[np.ndarray, " parameters"]]:
    """Parameters at which steady states are solved, denser near the ends of ranges."""
    from scipy.stats import qmc  # slow to import

    space = model.parameters
    count = int(np.ceil(NODES_PER_TERM * len(exponents(len(moving), degree)) / (1 - UNSEEN)))
    unit = qmc.Sobol(len(moving), scramble=True, rng=0).random(2 ** int(np.ceil(np.log2(count))))[:count]
    vectors = np.tile(np.asarray(space.baseline, float), (count, 1))
    for column, (name, (low, high)) in zip(np.cos(np.pi * unit).T, moving.items(), strict=True):
        vectors[:, space.names.index(name)] = (low + high + (high - low) * column) / 2
    return list(vectors)


def _fitted(
    search: SteadySearch, moving: Moving, degree: int, placed: list[Placed]
) -> tuple[Float[np.ndarray, "terms values"], float]:
    """Least squares, and the largest error in steady states left out of it; then with them."""
    rows = np.stack([np.concatenate([np.ravel(part) for part in at]) for _, at in placed])
    at = jit(jax.vmap(lambda vector: terms(moving, degree, search.theta(vector))))
    basis = np.asarray(at(jnp.asarray([vector for vector, _ in placed])))
    fit = lambda count: np.linalg.lstsq(basis[:count], rows[:count], rcond=None)[0]
    seen, known = len(rows) - int(UNSEEN * len(rows)), len(search.names)
    off = np.abs(basis[seen:] @ fit(seen) - rows[seen:])
    relative = off[:, :known] / np.maximum(np.abs(rows[seen:, :known]), LEAST)
    values = off[:, known : (rows.shape[1] + known) // 2]
    return fit(len(rows)), float(max(relative.max(initial=0.0), values.max(initial=0.0)))


def _along_paths(search: SteadySearch, around: list[Placed], seen) -> tuple[np.ndarray, np.ndarray]:
    """Deviations of log values, and of the measures' means, along random paths around these steady states."""
    along = jit(jax.vmap(lambda vector, at, key: random_path(search, vector, at, seen, key), (None, None, 0)))
    found = []
    for turn, (vector, at) in enumerate(around):
        keys = jax.random.split(jax.random.fold_in(jax.random.key(0), turn), PATHS)
        found.append(along(jnp.asarray(vector), at, keys))
    values, means = (np.concatenate([np.asarray(part) for part in parts]) for parts in zip(*found, strict=True))
    # On a path on which somebody cannot pay any more nothing is a number.
    fine = np.isfinite(values).all(axis=(1, 2, 3)) & np.isfinite(means).all(axis=(1, 2))
    if not fine.mean() >= FINE:
        raise NotSolvedError(
            f"households of '{search.model.name}' cannot pay on {(~fine).mean():.0%} of the random paths of prices; "
            f"say in {type(search.model).__name__}.moves that they move less"
        )
    return np.concatenate(list(values[fine])), np.concatenate(list(means[fine]))


def _modes(
    values: Float[np.ndarray, "looks assets types"], weights: Float[np.ndarray, "assets types"], count: int
) -> tuple[Float[np.ndarray, "modes assets types"], float]:
    """The functions, orthonormal under `weights`, that leave least of the values; and how much they leave."""
    root = np.sqrt(weights)
    _, sizes, directions = np.linalg.svd((values * root).reshape(len(values), -1), full_matrices=False)
    largest = np.abs(directions).argmax(axis=1)
    signed = directions * np.sign(directions[np.arange(len(directions)), largest])[:, None]
    left = np.sqrt(np.sum(sizes[count:] ** 2) / len(values))
    return signed[:count].reshape(-1, *weights.shape) / root, float(left)


def _mixing(
    means: Float[np.ndarray, "looks measures"], largest: Float[np.ndarray, " measures"]
) -> tuple[np.ndarray, np.ndarray]:
    """Which measures say something that those before them do not, and uncorrelated numbers of order one from them.

    `largest`: each measure's value, at most; types whose shares stand still move by rounding only.
    """
    kept: list[int] = []
    rows: list[np.ndarray] = []
    for i, own in enumerate(means.T):
        slopes = np.linalg.lstsq(means[:, kept], own, rcond=None)[0]
        size = np.sqrt(np.mean((own - means[:, kept] @ slopes) ** 2))
        if size > max(SEEN * np.sqrt(np.mean(own**2)), NOTHING * largest[i]):
            rows.append(np.append(-slopes, 1.0) / size)
            kept.append(i)
    return np.array(kept, int), np.stack([np.pad(row, (0, len(rows) - len(row))) for row in rows])
