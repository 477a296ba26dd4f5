"""Huggett's economy with aggregate risk: markets and Euler errors along simulations, linear responses beside its own.

Run: python benchmarks/huggett.py [FILE] (FILE: a solution of the calibration, in place of a new one).
"""

import sys
import time

import jax
import jax.numpy as jnp
import numpy as np

import hanknn
from hanknn.economy.points import join
from hanknn.machine.precision import in_float64
from hanknn.models import Huggett
from hanknn.references.households import linear_responses

PERIODS, BURN, SIZE = 10_000, 100, 0.5


@in_float64
def main() -> None:
    begin = time.perf_counter()
    if len(sys.argv) > 1:
        solution = hanknn.load(sys.argv[1], Huggett().only())
    else:
        solved = hanknn.solve(Huggett().only())
        solution = solved.solution
        print(f"solved in {time.perf_counter() - begin:.0f} s, {solved.compile_seconds:.0f} of them compilation")
    economy, model = solution.economy, solution.model
    assert isinstance(model, Huggett)
    theta = economy.parameters(jnp.asarray(model.parameters.baseline))
    nodes = model.household.nodes(theta)

    def look(last, now, shock):
        whole = join(*now)
        choices = model.chosen(whole, theta)[1]
        held = jnp.sum(now.state.distribution * nodes[:, None])
        return held, model.totals(whole, choices).assets, model.totals(whole, choices).consumption, now.state.z

    shocks = jax.random.normal(jax.random.key(1), (PERIODS, 1))
    run = jax.jit(lambda: economy.path(economy.center(theta).state, shocks, theta, look))
    held, asked, consumed, z = (np.asarray(a)[BURN:] for a in run())
    endowment = np.exp(z) * (consumed / np.exp(z)).mean()
    print(f"bonds, largest in all: {np.abs(held).max():.1e}; that households ask for: {np.abs(asked).max():.1e}")
    print(f"consumption off the endowment, largest, relative: {np.abs(consumed / endowment - 1).max():.1e}")
    print(hanknn.check(solution).residuals.to_string(float_format="{:.3g}".format))
    ours = hanknn.irf(solution, size=SIZE)["bond_price"].to_numpy() / SIZE
    linear = linear_responses(model, "eps_z")["bond_price"].to_numpy()
    off = np.abs(ours - linear).max() / np.abs(linear).max()
    print(f"response of the bond price off the linear one: {off:.2%} of its peak")


if __name__ == "__main__":
    main()
