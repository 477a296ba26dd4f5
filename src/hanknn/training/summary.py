"""A law of motion for what a network sees of states that are arrays, learned from simulations of its solution."""

from dataclasses import replace
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, PRNGKeyArray

from ..economy import Economy
from ..economy.draws import BEYOND
from ..economy.networks import Layer, silu_network
from ..economy.points import Point, replaced
from ..economy.summarised import HIDDEN, SummaryLaw, features
from ..machine.arguments import require_seed
from ..machine.compiled import jit, once
from ..machine.errors import ModelError, NotSolvedError
from ..machine.precision import in_float64
from ..machine.work import Report, Step, silent
from ..solution import Solution, reads_solution

ECONOMIES, QUARTERS, BURN, AT_ONCE = 2000, 40, 60, 100
HELD_OUT = 0.05
"""Share of the economies on which errors are measured."""
STEPS, BATCH, RATE, CHUNK = 30_000, 1024, 3e-3, 500
RIDGE = 1e-6
TRIES = 50


class Moved(NamedTuple):
    """Quarter by quarter, what the law sees, and the summaries a quarter later."""

    features: Float[Array, "*economies quarters features"]
    summaries: Float[Array, "*economies quarters summaries"]


@reads_solution
@in_float64
def summarise(solution: Solution, seed: int = 0, report: Report = silent) -> Solution:
    """The solution with a law of motion for what its network sees of states that are arrays.

    Such as the distribution of households: `Solution.economy.summarised` is then an economy of a few numbers, on which
    a filter is many times as fast (`OnSummaries`), and which tells `Twisted` where to look. `ECONOMIES` of the box, up
    to a strain of `BEYOND`, are simulated; a linear law and a small network are fitted to them (the idea is Krusell and
    Smith's, 1998; the summaries are what the network sees). `law_errors` in the header holds, by summary, the root mean
    square of one-step errors on economies not seen, as a share of the summary's s.d. Same seed, same law.

    Raises `ModelError` for a model without arrays, and where its scalar states move with them.

    Example: `summarise(hanknn.load("hank")).header["law_errors"]`.
    """
    key = jax.random.key(require_seed(seed))
    economy, model = solution.economy, solution.model
    if not model.arrays:
        raise ModelError(f"model '{model.name}' has no state that is an array: nothing is to be summarised")
    if model.chains:
        raise ModelError(
            f"'{model.arrays[0]}' of model '{model.name}' may move with the shock to '{next(iter(model.chains))}', and "
            "a law of summaries sees no shock: economies with a MarkovChain have none"
        )
    first, second, third, fourth = jax.random.split(key, 4)
    names, shown = _split(economy, first)
    vectors = _economies(solution, second)
    moved = _simulated(economy, names, vectors, third, report)
    seen = int(len(vectors) * (1 - HELD_OUT))
    law = _fitted(Moved(*(a[:seen] for a in moved)), names, shown, fourth, report)
    errors = np.asarray(jit(jax.vmap(jax.vmap(law)))(jnp.asarray(moved.features[seen:]))) - moved.summaries[seen:]
    shares = np.sqrt(np.mean(errors**2, axis=(0, 1))) / moved.summaries.std(axis=(0, 1))
    header = {**solution.header, "law_errors": dict(zip(names, map(float, shares), strict=True))}
    return replace(solution, law=law, header=header)


def _split(economy: Economy, key: PRNGKeyArray) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What the network sees of the arrays, and the observables that do not depend on them."""
    equations, model = economy.equations, economy.equations.model

    def both(vector):
        theta = economy.parameters(vector)
        now = economy.center(theta)
        keys = jax.random.split(key, len(model.arrays))
        shift = lambda a, k: a * jnp.exp(0.1 * jax.random.normal(k, a.shape, a.dtype))
        arrays = {name: shift(getattr(now.state, name), k) for name, k in zip(model.arrays, keys, strict=True)}
        scalar, names = equations.scalar_states, tuple(model.observables)

        def look(state: Point):
            at = state, now.policy
            later = equations.transition(*at, jnp.zeros(len(equations.shocks), theta.dtype), theta)
            moved = jnp.stack([getattr(later, name) for name in scalar])
            return equations.inputs(state, theta), equations.observe(at, at, theta, names), moved

        return look(now.state), look(replaced(now.state, **arrays))

    one, other = once(both)(jnp.asarray(model.parameters.baseline))
    seen, told, moved = (np.asarray(a) != np.asarray(b) for a, b in zip(one, other, strict=True))
    if moved.any():
        name = equations.scalar_states[int(np.argmax(moved))]
        raise ModelError(f"state '{name}' moves with the '{model.arrays[0]}', so summaries alone cannot say how")
    summaries = tuple(name for name, of_arrays in zip(equations.inputs_seen, seen, strict=True) if of_arrays)
    return summaries, tuple(name for name, of_arrays in zip(model.observables, told, strict=True) if not of_arrays)


def _economies(solution: Solution, key: PRNGKeyArray) -> Float[Array, "economies parameters"]:
    """Draws over the box up to a strain of `BEYOND`."""
    draw = once(jax.vmap(lambda k: solution.model.parameters.draw(k, jnp.float64)))
    kept: list[np.ndarray] = []
    for turn in range(TRIES):
        drawn = np.asarray(draw(jax.random.split(jax.random.fold_in(key, turn), ECONOMIES)))
        kept.append(drawn[solution.strains(drawn) <= BEYOND])
        if sum(map(len, kept)) >= ECONOMIES:
            return jnp.asarray(np.concatenate(kept)[:ECONOMIES])
    raise NotSolvedError("hardly any economy of the box has a strain below one; solve over narrower ranges")


def _simulated(economy: Economy, names: tuple[str, ...], vectors, key: PRNGKeyArray, report: Report) -> Moved:
    equations = economy.equations
    places = jnp.asarray([equations.inputs_seen.index(name) for name in names])

    def one(vector, key):
        theta = economy.parameters(vector)
        first, second = jax.random.split(key)
        start = equations.ergodic_state(equations.normals(first, theta.dtype), theta)
        before, shocks = jnp.split(
            jax.random.normal(second, (BURN + QUARTERS, len(equations.shocks)), theta.dtype), [BURN]
        )

        def step(state, shock):
            now = economy.at(state, theta)
            later = equations.transition(*now, shock, theta)
            seen = features(equations.model, equations.inputs(state, theta), now.policy, theta)
            return later, Moved(seen, equations.inputs(later, theta)[places])

        return jax.lax.scan(step, economy.after(start, before, theta), shocks)[1]

    run, parts = jit(jax.vmap(one)), []
    rows = vectors.reshape(-1, AT_ONCE, vectors.shape[1]), jax.random.split(key, len(vectors)).reshape(-1, AT_ONCE)
    for turn, part in enumerate(zip(*rows, strict=True)):
        report(Step("simulating economies", turn * AT_ONCE, len(vectors)))
        parts.append(jax.tree.map(np.asarray, run(*part)))
    moved = jax.tree.map(lambda *a: np.concatenate(a), *parts)
    fine = np.all([np.isfinite(a).all(axis=(1, 2)) for a in moved], axis=0)
    return Moved(*(a[fine] for a in moved))


def _fitted(moved: Moved, names: tuple[str, ...], shown: tuple[str, ...], key, report: Report) -> SummaryLaw:
    """Least squares for the linear part, then both parts by Adam, in float32: what is wanted is a part in a hundred."""
    flat = Moved(*(a.reshape(-1, a.shape[-1]) for a in moved))
    center, spread, scale = flat.features.mean(0), flat.features.std(0) + 1e-9, flat.summaries.std(0)
    x, y = (flat.features - center) / spread, flat.summaries
    design = np.column_stack([x, np.ones(len(x))])
    gram = design.T @ design + RIDGE * len(x) * np.eye(design.shape[1])
    line = np.linalg.solve(gram, design.T @ y)
    first, key = jax.random.split(key)
    network = silu_network(first, (x.shape[1], *HIDDEN, y.shape[1]))
    narrow = lambda tree: jax.tree.map(lambda a: jnp.asarray(a, jnp.float32), tree)
    parts: Any = narrow((Layer(jnp.asarray(line[:-1]), jnp.asarray(line[-1])), network))
    inputs, outcomes, unit = narrow((x, y, scale))
    descent = optax.adam(optax.cosine_decay_schedule(RATE, STEPS))

    def loss(parts, rows):
        line, curved = parts
        told = jax.vmap(lambda x: line(x) + unit * curved(x))(inputs[rows])
        return jnp.mean(((told - outcomes[rows]) / unit[None]) ** 2)

    def step(carry, key):
        parts, state = carry
        rows = jax.random.randint(key, (BATCH,), 0, len(inputs))
        change, state = descent.update(jax.grad(loss)(parts, rows), state)
        return (optax.apply_updates(parts, change), state), None

    run, carry = jit(lambda carry, keys: jax.lax.scan(step, carry, keys)[0]), (parts, descent.init(parts))
    for done in range(0, STEPS, CHUNK):
        report(Step("learning how summaries move", done, STEPS))
        carry = run(carry, jax.random.split(jax.random.fold_in(key, done), CHUNK))
    line, curved = jax.tree.map(lambda a: a.astype(jnp.float64), carry[0])
    return SummaryLaw(jnp.asarray(center), jnp.asarray(spread), line, curved, jnp.asarray(scale), names, shown)
