"""`hank` without aggregate risk: market clearing, grids, limits, simulated households, the map over the box.

Run: python benchmarks/steady_state.py [parts]
Parts, all by default: markets, grids, limit, households, map.
"""

import argparse
import time

import numpy as np
import pandas as pd
from scipy.optimize import brentq

from hanknn.economy.households import Grids
from hanknn.models.hank.parameters import PARAMETERS
from hanknn.models.hank.steady_map import shipped_map
from hanknn.references import SteadyState
from hanknn.references.hank.simulated_households import simulate_households

A, P = Grids().shape
BASE, BOTH = (A, P), (2 * A, 2 * P)
MORE_ASSETS, MORE_PRODUCTIVITIES = ((2 * A, P), (4 * A, P)), ((A, 2 * P), (A, 4 * P))
SIZES = (BASE, *MORE_ASSETS, *MORE_PRODUCTIVITIES, BOTH)


def show(title: str, table: pd.DataFrame | pd.Series) -> None:
    print(f"\n{title}\n{table.to_string(float_format='{:.7g}'.format)}", flush=True)


def label(size: tuple[int, int]) -> str:
    return "{} x {}".format(*size)


def markets() -> None:
    """Every market's residual, what the steady state looks like, and seconds a solve once compiled."""
    SteadyState().solve(0.06)
    begin = time.perf_counter()
    found = SteadyState().solve()
    seconds = time.perf_counter() - begin
    show("At the true values, default grids", found.table())
    print(f"largest residual {np.abs(found.residuals()).max():.1e} (target 1e-8); {found.evaluations} prices tried")
    print(f"{seconds:.2f} s a solve after compilation (target 3 s)")


def grids() -> None:
    """Doubling each grid and both; extrapolation from the doubling of each."""
    rows = {}
    for size in SIZES:
        found = SteadyState(Grids(*size)).solve()
        rows[label(size)] = (400 * (found.rate - 1), found.output, found.share_with_debt, found.gini)
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["rate (% a year)", "output", "in debt", "Gini"])
    show("Grids (assets x productivities)", table)
    rate, output = table["rate (% a year)"], table["output"]
    base, both = label(BASE), label(BOTH)
    moved = 100 * (rate[both] - rate[base]), output[both] - output[base]
    print(f"both doubled: rate {moved[0]:+.3f} basis points (target 0.5), output {moved[1]:+.1e} (target 1e-5)")
    limit = {
        # Assets: errors fall by about 3.4 a doubling, between first and second order; productivities: by two.
        name: values[base]
        + aitken(values, base, *map(label, MORE_ASSETS))
        + aitken(values, base, *map(label, MORE_PRODUCTIVITIES))
        for name, values in (("rate", rate), ("output", output))
    }
    print(f"extrapolated: rate {limit['rate']:.5f} % a year, output {limit['output']:.7f}")


def aitken(values: pd.Series, coarse: str, middle: str, fine: str) -> float:
    """What is missing from the coarse value when differences fall geometrically."""
    first, second = values[middle] - values[coarse], values[fine] - values[middle]
    return first / (1 - second / first)


def limit() -> None:
    """As risk vanishes: the return against 1/β, output against one household with the same taxes."""
    fixed = {name: PARAMETERS[name].value for name in PARAMETERS}
    wage = 1 - 1 / fixed["epsilon"]
    power = 1 + fixed["eta"] + fixed["sigma"]
    after_taxes = lambda n: wage * n - (1 / fixed["beta"] - 1) * fixed["debt"]
    alone = brentq(lambda n: fixed["chi"] * n**power - (1 - fixed["gamma"]) * after_taxes(n), 0.5, 1.5)
    rows, near = {}, None
    for sigma_s in (0.05, 0.02, 0.01, 0.005, 0.0025, 0.001):
        # Wealth moves so slowly there that rounding leaves 1e-8 of the debt.
        near = SteadyState(tolerance=1e-7).solve(sigma_s, near=near)
        patient = fixed["target"] * fixed["growth"] / fixed["beta"]
        rows[sigma_s] = 4e4 * (patient - near.rate), near.output - alone
    columns = ["rate below Π̄ā/β (basis points a year)", "output above the representative household's"]
    show(
        f"As σ_s goes to zero (representative household: output {alone:.8f})",
        pd.DataFrame.from_dict(rows, "index", columns=columns),
    )


def households() -> None:
    """100,000 households simulated one by one against the histogram, on default and on fine asset grids."""
    for size in (BASE, MORE_ASSETS[-1]):
        found = SteadyState(Grids(*size)).solve()
        table = simulate_households(found)
        table["distance in s.e."] = (table["simulated"] - table["histogram"]) / table["standard_error"]
        show(f"100,000 households, 2,000 quarters, against {label(size)}", table)


def box(points: int = 50) -> None:
    """The map against direct solution at random points of the box."""
    table = shipped_map()
    (low, high), (deepest, shallowest) = table.ranges
    at = np.random.default_rng(1).uniform((low, deepest), (high, shallowest), (points, 2))
    rows = []
    for sigma_s, borrowing_limit in at:
        direct = SteadyState(table.grids, tolerance=1e-9).solve(float(sigma_s), float(borrowing_limit))
        found = table.at(float(sigma_s), float(borrowing_limit))
        rows.append(
            {
                "rate (basis points a year)": 4e4 * abs(float(found["rate"]) - direct.rate),
                "output": abs(float(found["output"]) - direct.output),
                "distribution (total variation)": 0.5
                * np.abs(found["distribution"].to_numpy() - direct.distribution).sum(),
                "consumption (relative, largest)": np.abs(
                    found["consumption"].to_numpy() / direct.choices.consumption - 1
                ).max(),
                "residual of direct solution": np.abs(direct.residuals()).max(),
            }
        )
    show(
        f"The map at {points} random points (targets: 0.1 bp, 1e-5, 1e-4)",
        pd.DataFrame(rows).describe().loc[["50%", "max"]].T,
    )


PARTS = {"markets": markets, "grids": grids, "limit": limit, "households": households, "map": box}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="part", help=", ".join(PARTS))
    chosen = parser.parse_args().parts or list(PARTS)
    if unknown := [part for part in chosen if part not in PARTS]:
        parser.error(f"no part {unknown[0]!r}; choose from {', '.join(PARTS)}")
    for part in chosen:
        PARTS[part]()
