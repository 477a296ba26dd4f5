"""The comparisons behind docs/decisions: weighting and network, one seed each.

Run: python benchmarks/choices.py (about three minutes on two cores).
"""

import dataclasses

import hanknn
from hanknn.economy.networks import KMRNetwork, SmoothNetwork
from hanknn.training.gauss_newton import GaussNewton
from hanknn.training.sample import Fixed
from hanknn.training.weighting import EquationWeights

DEFAULT = GaussNewton()
VARIANTS = {
    "default (policy units, linear term, wide states)": hanknn.Recipe(SmoothNetwork(), (DEFAULT,)),
    "plain residuals": hanknn.Recipe(SmoothNetwork(), (dataclasses.replace(DEFAULT, weighting=EquationWeights()),)),
    "no wide states": hanknn.Recipe(SmoothNetwork(), (GaussNewton(sample=Fixed(wide_share=0.0)),)),
    "dense network (KMR's, 5 × 16)": hanknn.Recipe(KMRNetwork(width=16, depth=5), (DEFAULT,)),
}


def main() -> None:
    print("| variant | mean squared residual | X, relative L2 | inflation, relative L2 | worst at ζ = 0.5 | seconds |")
    print("|---|---|---|---|---|---|")
    for name, recipe in VARIANTS.items():
        solved = hanknn.solve(hanknn.models.LinearNK(), recipe)
        report = hanknn.check(solved.solution)
        x, pi = 100 * report.policy_errors["relative_l2"]
        far = 100 * report.probes[["error_output_gap", "error_inflation"]].iloc[-1].abs().max()
        print(
            f"| {name} | {report.mean_square:.1e} | {x:.2f} % | {pi:.2f} % | {far:.2g} % | {solved.seconds:.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
