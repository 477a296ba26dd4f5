"""The Julia port's recommended procedure in full: 50,000 iterations of 5 gradient steps.

Run: python experiments/recommended.py (about ten minutes on two cores). The port reached a loss
(sum over a batch of 100, both equations) of 1.3e-6 and errors at ζ = 0.01 of 1.49 % (X) and 0.45 %
(inflation) at the baseline; at ζ = 0.5 it was off by 137 % and 9 %.
"""

import os
import sys

import jax

import hanknn
from hanknn.training.recipes import RECIPES

TARGETS = {"loss": 1.3e-6, "output_gap": 0.0149, "inflation": 0.0045}


def main() -> int:
    jax.config.update("jax_num_cpu_devices", os.cpu_count() or 1)
    solved = hanknn.solve(hanknn.models.LinearNK(), RECIPES["recommended-full"](), seed=0)
    report = hanknn.check(solved.solution)
    near = report.probes.iloc[0]
    found = {
        "loss": float(solved.history.table["loss"].tail(1000).mean()),
        "output_gap": abs(near["error_output_gap"]),
        "inflation": abs(near["error_inflation"]),
    }
    print(f"{solved.seconds:.0f} s; mean squared residual on fresh draws {report.mean_square:.1e}")
    print("mean loss of the last 1,000 iterations (sum over a batch of 100), errors at ζ = 0.01")
    for name, target in TARGETS.items():
        print(f"{name:12s} {found[name]:.3g}   target {target:.3g}   {'met' if found[name] <= target else 'MISSED'}")
    print(report.probes.to_string(index=False))
    return int(any(found[name] > target for name, target in TARGETS.items()))


if __name__ == "__main__":
    sys.exit(main())
