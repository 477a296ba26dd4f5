"""Krusell and Smith's economy at Den Haan, Judd and Juillard's calibration, against its reference and by its own test.

Run: python benchmarks/krusell_smith.py [box] [FILE] (FILE: a solution, in place of a new one; `box`: over all five
parameters, with five draws of them beside the calibration, 2,000 quarters each).
Along 10,000 quarters that solving did not see: aggregate capital against the path of the independent reference
(`benchmarks/krusell_smith_reference.py`) under the same productivity, and against the path on which households do in
every quarter what the Euler equation asks for, expectations taken exactly (Den Haan 2010: a dynamic Euler-equation
test); Euler errors of the households there, in units of consumption.
"""

import sys
import time
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from scipy.interpolate import CubicSpline
from scipy.special import ndtri

import hanknn
from hanknn.economy.economy import Economy
from hanknn.economy.expectations import GaussHermite
from hanknn.economy.households.distribution import split
from hanknn.economy.points import Point, join, replaced
from hanknn.machine.precision import in_float64
from hanknn.models import KrusellSmith
from hanknn.references import KrusellSmithReference

QUARTERS, FEWER, DRAWS, EVERY, BURN, HELD = 10_000, 2_000, 5, 100, 100, 1e-10


def shocks(z: np.ndarray, stay: float) -> np.ndarray:
    """Standard normals that lead through these times."""
    bad = np.where(z[:-1] == 0, stay, 1 - stay)
    return ndtri(np.where(z[1:] == 0, bad / 2, (1 + bad) / 2))[:, None]


def asked_for(economy: Economy, state: Point, theta: Point) -> tuple[Point, Point]:
    """What households choose, and what they would by the expected marginal value that the policies lead to."""
    equations, model = economy.equations, economy.equations.model
    assert isinstance(model, hanknn.HouseholdModel)
    now = join(state, economy.policy(state, theta))
    nodes = economy.nodes(state, theta, GaussHermite(1), jax.random.key(0))
    draws = equations.expectand_draws(economy.policy, state, theta, nodes.places)
    expected = jnp.tensordot(nodes.weights, draws.marginal_value, 1)
    seen, choices = model.chosen(now, theta)
    return choices, join(model.household.chosen(expected, seen, theta), Point({"expected": expected}))


class Along(NamedTuple):
    """Capital, percent off the reference and off households that obey the Euler equation; Euler errors and masses."""

    capital: np.ndarray
    reference: np.ndarray
    off_reference: np.ndarray
    off_euler: np.ndarray
    sizes: np.ndarray
    masses: np.ndarray


def along(solution: hanknn.Solution, values: dict[str, float], quarters: int) -> Along:
    """A path that solving did not see."""
    economy, model = solution.economy, solution.model
    assert isinstance(model, hanknn.HouseholdModel)
    theta = economy.parameters(jnp.asarray(model.parameters.resolve(values)))
    nodes = model.household.nodes(theta)
    reference = KrusellSmithReference().solve(values)
    z = reference.times(quarters, seed=1)
    news = jnp.asarray(shocks(z, 1 - 1 / float(theta.duration)))
    start = replaced(economy.center(theta).state, z=jnp.asarray(float(z[0])))

    def exact(state, shock):
        """A quarter on which households do what the Euler equation asks for."""
        held = split(nodes, state.distribution, asked_for(economy, state, theta)[1].assets)
        later = model.moved(join(state, Point({"held": held})), Point({"eps_z": shock[0]}), theta)
        return Point(dict(later), "state"), jnp.sum(state.distribution * nodes[:, None])

    capital = lambda last, now, shock: (jnp.sum(now.state.distribution * nodes[:, None]), now.state.z)
    ours, times = (np.asarray(a) for a in jax.jit(lambda s: economy.path(s, news, theta, capital))(start))
    assert (times == z[: len(times)]).all()
    tested = np.asarray(jax.jit(lambda s: jax.lax.scan(exact, s, news)[1])(start))
    other = reference.simulate(z).capital[: len(ours)]
    off = [100 * np.abs(ours / path - 1)[BURN:] for path in (other, tested)]
    return Along(ours[BURN:], other[BURN:], *off, *euler_errors(economy, start, news, theta))


def told(found: Along) -> dict[str, float]:
    """The figures of a row."""
    sizes, masses = found.sizes, found.masses
    return {
        "capital": found.capital.mean(),
        "reference": found.reference.mean(),
        "off it, %, mean": found.off_reference.mean(),
        "largest": found.off_reference.max(),
        "off Euler, %, mean": found.off_euler.mean(),
        "largest ": found.off_euler.max(),
        "Euler, log10, mean": np.log10((sizes * masses).sum() / masses.sum()),
        "largest  ": np.log10(sizes[masses > HELD].max()),
    }


@in_float64
def main() -> None:
    begin = time.perf_counter()
    given = [a for a in sys.argv[1:] if a != "box"]
    box = KrusellSmith() if "box" in sys.argv else KrusellSmith().only()
    if given:
        solution = hanknn.load(given[0], box)
    else:
        solved = hanknn.solve(box)
        solution = solved.solution
        print(f"solved in {time.perf_counter() - begin:.0f} s, {solved.compile_seconds:.0f} of them compilation")
    rows = {"baseline": told(along(solution, {}, QUARTERS))}
    space = box.parameters
    for vector in space.sample(DRAWS if "box" in sys.argv else 0, seed=3):
        whole = zip(space.names, map(float, vector), strict=True)
        values = {name: value for name, value in whole if name in space.free}
        rows[", ".join(f"{name} {value:.4g}" for name, value in values.items())] = told(along(solution, values, FEWER))
    print(pd.DataFrame(rows).T.to_string(float_format="{:.4f}".format))


def euler_errors(economy, start: Point, news, theta: Point) -> tuple[np.ndarray, np.ndarray]:
    """Their size, expectations interpolated to what households choose, and the masses of those not at the limit."""
    nodes, gamma, beta = np.asarray(economy.equations.model.household.nodes(theta)), theta.gamma, theta.beta
    onward = jax.jit(lambda state, shocks: economy.after(state, shocks, theta))
    look, state, sizes, masses = jax.jit(lambda state: asked_for(economy, state, theta)), start, [], []
    for quarter in range(0, len(news) - EVERY, EVERY):
        state = onward(state, news[quarter : quarter + EVERY])
        choices, asked = look(state)
        own, logs = np.asarray(choices.assets), np.log(np.asarray(asked.expected))
        there = np.stack([CubicSpline(nodes, logs[:, e])(own[:, e]) for e in range(2)], axis=1)
        consumed = np.asarray((beta * np.exp(there)) ** (-1 / gamma))
        free = own > nodes[0] + 1e-9
        sizes.append(np.abs(consumed / np.asarray(choices.consumption) - 1))
        masses.append(np.asarray(state.distribution) * free)
    return np.stack(sizes), np.stack(masses)


if __name__ == "__main__":
    main()
