"""Every training procedure of the earlier implementations, 25,000 gradient steps each, one seed.

Run: python benchmarks/procedures.py (about five minutes on two cores). KMR's network (5 × 64 CELU,
float32), AdamW, batch 100, 10 antithetic draws, cosine annealing 1e-3 to 1e-10, judged on 10,000
fresh ergodic draws over the whole box with exact expectations.
"""

import os

import jax

import hanknn
from hanknn.training.recipes import RECIPES

STEPS = 25_000
PROCEDURES = {
    "kmr-fresh": "fresh parameters, ergodic states and shocks every iteration",
    "kmr-kept": "parameters and states kept for 100 iterations, new shocks",
    "kmr-simulated": "states stepped 10 periods, parameters redrawn every iteration (KMR)",
    "kmr-simulated-kept": "states stepped 10 periods, parameters redrawn every 100 iterations",
    "kmr-julia": "fresh, 5 inner gradient steps an iteration",
}


def main() -> None:
    jax.config.update("jax_num_cpu_devices", os.cpu_count() or 1)
    model = hanknn.models.LinearNK()
    print("| procedure | what | mean squared residual | X, relative L2 | inflation, relative L2 | seconds |")
    print("|---|---|---|---|---|---|")
    results = {}
    for name, text in PROCEDURES.items():
        recipe = RECIPES[name]()
        method = recipe.methods[0]
        assert method.iterations * method.inner_steps == STEPS
        solved = hanknn.solve(model, recipe, seed=0)
        report = hanknn.check(solved.solution)
        results[name] = report.mean_square
        x, pi = report.policy_errors["relative_l2"]
        print(
            f"| {name} | {text} | {report.mean_square:.1e} | {100 * x:.2f} % | {100 * pi:.2f} % "
            f"| {solved.seconds:.0f} |",
            flush=True,
        )
    print(f"worst over best: {max(results.values()) / min(results.values()):.1f}")


if __name__ == "__main__":
    main()
