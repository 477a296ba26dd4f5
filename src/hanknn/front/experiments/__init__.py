"""Published results, each with a target and a tolerance: `hanknn reproduce NAME`."""

import importlib

from .experiment import Experiment as Experiment, Finding as Finding

EXPERIMENTS = {
    "kmr-julia": "nk: the training that the Julia port of KMR's code recommends, in full (four minutes)",
    "table2": "hank: recovery on ten simulated data sets of 144 quarters, and at KMR's own values (two hours)",
    "table3": "hank: posterior on US data from --data FILE, beside KMR's (an hour)",
    "table4": "hank: moments at that posterior, beside the data's and KMR's (goes on from table3 with --resume)",
    "table5": "rank: posterior on 500 simulated quarters against time iteration for every draw (twenty minutes)",
    "figure6": "rank: posterior cuts, network against time iteration (three minutes)",
    "figure7": "hank: output and the rate against the preference shock; steady states, Lorenz curves (two minutes)",
    "figure8": "hank: output volatility and the frequency of the bound against households' risk (twenty minutes)",
    "figure11": "rank: training loss with the zero lower bound phased in (two minutes)",
}
"""Each is a module of this folder with a class of that name, underscores for dashes; imported when it is run."""


def experiment(name: str) -> Experiment:
    """One of `EXPERIMENTS`."""
    words = name.split("-")
    return getattr(importlib.import_module(f".{'_'.join(words)}", __name__), "".join(map(str.capitalize, words)))()
