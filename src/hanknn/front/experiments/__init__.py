"""Published results, each with a target and a tolerance: `hanknn reproduce NAME`."""

import importlib

from .experiment import Experiment as Experiment, Finding as Finding

EXPERIMENTS = {
    "recommended": "nk: the Julia port's recommended training procedure in full (four minutes)",
    "table5": "rank: posterior on 500 simulated quarters against time iteration for every draw (twenty minutes)",
    "figure6": "rank: posterior cuts, network against time iteration (three minutes)",
    "figure7": "hank: output and the rate against the preference shock; steady states, Lorenz curves (two minutes)",
    "figure8": "hank: output volatility and the frequency of the bound against households' risk (twenty minutes)",
    "figure11": "rank: training loss with the zero lower bound phased in (two minutes)",
}
"""Each is a module of this folder, imported when it is run, and in it a class of its name."""


def experiment(name: str) -> Experiment:
    """One of `EXPERIMENTS`."""
    return getattr(importlib.import_module(f".{name}", __name__), name.capitalize())()
