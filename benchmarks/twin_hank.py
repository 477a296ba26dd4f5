"""`hank`'s representative twin: how large preference shocks may be before its equilibrium is gone.

python benchmarks/twin_hank.py                     a minute: where its two equilibria meet, and the frontier
python benchmarks/twin_hank.py --draws 600         ten minutes more: the shipped `hank` where the twin has one
python benchmarks/twin_hank.py --figure twin.png   the curve of both equilibria
"""

import argparse

import jax
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import hanknn
from hanknn.models import HANK, RANK
from hanknn.references import equilibrium_branch, representative_twin, twin_frontier
from hanknn.references.hank.twin import BESIDE_THE_FRONTIER
from hanknn.solution.accuracy.thirds import THIRDS, thirds

MOVED = ("sigma_s", "borrowing_limit", "varphi", "theta_pi", "theta_y")


def frontiers() -> pd.DataFrame:
    """At the ends of each range, the other parameters at KMR's true values."""
    space = HANK.parameters
    rows = {("", ""): {}}
    rows |= {(name, end): {name: space[name].bounds[end == "upper"]} for name in MOVED for end in ("lower", "upper")}
    thetas = np.stack([space.resolve(values) for values in rows.values()])
    values = [next(iter(changed.values()), np.nan) for changed in rows.values()]
    names = [name or "true values" for name, _ in rows]
    return pd.DataFrame({"changed": names, "to": values, "largest sigma_zeta": twin_frontier(thetas)})


def box(draws: int) -> None:
    """Residuals of the shipped solution where the twin has an equilibrium and where it has none."""
    hank = hanknn.load("hank")
    space = hank.model.parameters
    thetas = space.sample(draws, seed=0)
    exists = BESIDE_THE_FRONTIER.solve(representative_twin(thetas)).converged
    solved = hank.solved(thetas)
    third = thirds(thetas[:, space.names.index("sigma_zeta")], *space["sigma_zeta"].bounds)
    parts = {f"{name} third": third == k for k, name in enumerate(THIRDS)} | {"whole range": third >= 0}
    shares = pd.DataFrame(
        {
            "sigma_zeta": list(parts),
            "draws": [part.sum() for part in parts.values()],
            "twin exists (%)": [100 * exists[part].mean() for part in parts.values()],
            "counts as solved (%)": [100 * solved[part].mean() for part in parts.values()],
        }
    )
    print(shares.to_string(index=False, float_format="{:.1f}".format))
    print(f"of economies whose twin exists, {100 * solved[exists].mean():.1f} % count as solved")
    tables = {}
    for name, part in (("twin exists", exists), ("it does not", ~exists & solved)):
        report = hanknn.check(hank, parameters=dict(zip(space.names, thetas[part].T, strict=True)))
        tables[name] = report.residuals["mean_square"]
    print(pd.DataFrame(tables).to_string(float_format="{:.2e}".format))


def draw(curve: pd.DataFrame, path: str) -> None:
    figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
    stable = curve["radius"] <= 1
    turn = int(np.flatnonzero(stable)[-1])
    shown = 100 * curve["sigma_zeta"], 100 * curve["zlb"]
    axes.plot(*(a[: turn + 2] for a in shown), color="black", label="intended equilibrium")
    axes.plot(*(a[turn + 1 :] for a in shown), color="black", linestyle="--", label="deflationary equilibrium")
    true = 100 * HANK.parameters["sigma_zeta"].value
    axes.axvline(true, color="tab:blue", linestyle=":", label="KMR's true value")
    axes.set_xlabel(f"{RANK.parameters.label('sigma_zeta')} (percent)")
    axes.set_ylabel("rate at its bound (percent of quarters)")
    axes.legend(frameon=False)
    figure.savefig(path, dpi=150)


def main() -> None:
    jax.config.update("jax_num_cpu_devices", 2)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=0)
    parser.add_argument("--figure")
    arguments = parser.parse_args()
    curve = equilibrium_branch(representative_twin())
    print(curve.to_string(index=False, float_format="{:.4f}".format))
    print(frontiers().to_string(index=False, float_format="{:.4f}".format))
    if arguments.figure:
        draw(curve, arguments.figure)
    if arguments.draws:
        box(arguments.draws)


if __name__ == "__main__":
    main()
