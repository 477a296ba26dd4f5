"""Gradient steps a second at KMR's settings, alternating with another program's on the same machine.

Run: python benchmarks/kmr_rate.py [--beside COMMAND] [--rounds N]. COMMAND is any program whose
last word of output is its own rate, such as KMR's unchanged `train_model` with a clock around it.
The rounds alternate, so that whatever else the machine does hits both.
"""

import argparse
import os
import shlex
import statistics
import subprocess

import jax

import hanknn
from hanknn.training.recipes import kmr
from hanknn.training.sample import Simulated

INNER_STEPS = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--beside", help="a command that prints its gradient steps a second as its last word")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    jax.config.update("jax_num_cpu_devices", os.cpu_count() or 1)
    recipe = kmr(Simulated(steps=10, redraw_every=1), INNER_STEPS, iterations=2_000)
    ours, theirs = [], []
    for _ in range(arguments.rounds):
        solved = hanknn.solve(hanknn.models.LinearNK(), recipe)
        ours.append(recipe.methods[0].iterations * INNER_STEPS / solved.seconds)
        if arguments.beside:
            said = subprocess.run(shlex.split(arguments.beside), capture_output=True, text=True, check=True).stdout
            theirs.append(float(said.split()[-1]))
    print(f"{os.cpu_count()} cores; gradient steps a second, {arguments.rounds} rounds")
    print("here  ", *(f"{rate:.0f}" for rate in ours))
    if theirs:
        print("beside", *(f"{rate:.0f}" for rate in theirs))
        print(f"ratio of the medians: {statistics.median(ours) / statistics.median(theirs):.2f}")


if __name__ == "__main__":
    main()
