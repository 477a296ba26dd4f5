"""Mistakes that anybody makes, in a process without annotation checks: a sentence each, never a traceback."""

import subprocess
import sys

SCRIPT = """
import numpy as np, pandas as pd, hanknn
from hanknn.inference.data import Level, StandardDeviation, prepare

nk = hanknn.load("nk")
quarters = pd.period_range("1999Q1", periods=12, freq="Q")
rate = {"interest_rate": Level("rate", "percent, annualised")}
own = lambda values: prepare(pd.DataFrame({"rate": values}, index=quarters), nk.model, rate, StandardDeviation(0.5))
empty = pd.DataFrame({"rate": []}, index=pd.Index([], dtype=str))

MISTAKES = {
    "no rows with a date": lambda: prepare(empty, nk.model, rate, StandardDeviation(0.5)),
    "holds complex numbers": lambda: own(np.arange(12) + 1j),
    "holds true and false": lambda: own(np.arange(12) > 3),
    "scale is nan": lambda: Level("rate", "percent, annualised", scale=float("nan")),
    "state 'zeta' has no values": lambda: nk.policy({"zeta": []}),
    "periods is 2.5; it must be a whole number of at least 1": lambda: hanknn.irf(nk, periods=2.5),
    "size is nan; it must be a finite number": lambda: hanknn.irf(nk, size=float("nan")),
    "seed is -1": lambda: hanknn.simulate(nk, 3, seed=-1),
    "seed is 1099511627776": lambda: hanknn.simulate(nk, 3, seed=2**40),
    "burn is -1": lambda: hanknn.simulate(nk, 3, burn=-1),
    "give what simulate returns, not DataFrame": lambda: hanknn.moments(pd.DataFrame({"a": [1]})),
    "model 'nk' has no constraint": lambda: hanknn.constraint_spells(hanknn.simulate(nk, 5)),
    "'nk' has no constraint that could bind": lambda: hanknn.states_where(nk),
    "sizes is 2.0; give a list": lambda: hanknn.girf(nk, sizes=2.0),
    "draws is 1000.0": lambda: hanknn.check(nk, draws=1e3),
    "draws is 1.5": lambda: hanknn.girf(nk, draws=1.5),
    "quarters is 10; it must be a whole number of at least 200": lambda: hanknn.long_run(nk, quarters=10),
    "recipe is 'quick'; give one such as": lambda: hanknn.solve("nk", "quick"),
    "seed is 1.5": lambda: hanknn.solve("nk", seed=1.5),
    "parameter 'phi' is 'a'; give a number": lambda: nk.model.only(phi="a"),
    "parameter 'phi' is (0.6, 0.7, 0.8)": lambda: nk.model.only(phi=(0.6, 0.7, 0.8)),
}
for words, mistake in MISTAKES.items():
    try:
        mistake()
    except hanknn.HanknnError as error:
        assert words in str(error), (words, str(error))
    else:
        raise AssertionError(f"accepted: {words}")
"""


def test_each_is_refused_in_a_sentence_that_says_what_is_wrong():
    done = subprocess.run([sys.executable, "-W", "error::UserWarning", "-c", SCRIPT], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-1500:]
