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


IN_A_MODEL = r"""
import sys
from pathlib import Path
import hanknn
from hanknn.economy import Equations
from hanknn.front.cli.names import find_model
from hanknn.front.starting_file import starting_file

SOUND = starting_file("my_model.py").text.replace("import jax", "import math\nimport numpy as np\nimport jax", 1)
WAGE, EULER, TRANSITION = "        wage = ", "expected.discounted_return - 1,", 'return {"capital": (1'
GUESS = "    def steady_state(self, theta):\n        return "
BEFORE = "    # The steady state is searched"

# What is written for what, and the words of the message: the function, the variable, what to do.
MISTAKES = [
    ("theta.chi *", "now.capitol *", ["MyModel.residuals", "'capitol'", "did you mean 'capital'"]),
    ("theta.chi *", "theta.chii *", ["MyModel.residuals", "parameter 'chii'", "did you mean 'chi'"]),
    ("theta.chi *", "now.chi *", ["MyModel.residuals", "write theta.chi"]),
    ("theta.chi *", "chi *", ["MyModel.residuals", "'chi' is not defined", "write theta.chi"]),
    ("now.consumption / wage", "theta.consumption / wage", ["MyModel.residuals", "write now.consumption"]),
    ("expected.discounted", "expected.discount", ["MyModel.residuals", "did you mean 'discounted_return'"]),
    (TRANSITION, 'return {"capital": shock.eps_zz + (1', ["MyModel.transition", "'eps_zz'", "'eps_z'"]),
    ("- now.consumption}", "- next.consumption}", ["MyModel.transition", "only expectands sees next period"]),
    (TRANSITION, 'return {"z": now.z, "capital": (1', ["'z'", "AR1", "leave it out of MyModel.transition"]),
    ('AR1("rho"', 'AR1("rhoz"', ["'rhoz'", "AR1 of state 'z'", "did you mean 'rho'"]),
    ('"hours": Var', '"capital": Var', ["'capital' is both a state and a policy"]),
    ('"hours": Var', '"hour": Var', ["in output", "'hours'", "did you mean 'hour'"]),
    ('"hours": Variable(', '"hours": AR1("rho", "sigma", "n", "hours"), "x": Variable(', ["'hours'", "the states"]),
    ('"capital": Variable("$k$", "capital", "level", positive=True)', '"capital": 1', ["'capital'", "write Variable("]),
    ('            "euler"', '            "third": now.z,\n            "euler"', ["3 equations for 2 policies"]),
    ("        chi=P", "        lambda=Parameter(1.0),\n        chi=P", ["'lambda' is a word of Python's", "lambda_"]),
    ("        chi=P", "        steady=Parameter(1.0),\n        chi=P", ["'steady'", "rename it"]),
    ("        chi=P", "        extra=1.0,\n        chi=P", ["'extra' is 1.0", "extra=Parameter("]),
    ("(0.25, 0.40)", "(0.35, 0.40)", ["'alpha'", "outside its range (0.35, 0.4)", "(line "]),
    (EULER, "jnp.ones(3) * " + EULER, ["'euler' in MyModel.residuals", "return a scalar"]),
    ("jnp.exp(at.z)", "np.exp(at.z)", ["MyModel.transition, in output", "np.exp cannot", "write jnp.exp"]),
    ("jnp.exp(at.z)", "math.exp(at.z)", ["in output", "math.exp cannot", "write jnp.exp"]),
    ("jnp.exp(at.z)", "float(at.z)", ["in output", "float()"]),
    ("jnp.exp(at.z)", "jnp.expp(at.z)", ["in output", "did you mean 'exp'"]),
    (WAGE, "        if now.z > 0:\n            pass\n" + WAGE, ["MyModel.residuals", "jnp.where", "if now.z > 0:"]),
    (WAGE, "        top = max(now.z, 0)\n" + WAGE, ["MyModel.residuals", "jnp.maximum"]),
    (WAGE, "        now.z = 0\n" + WAGE, ["MyModel.residuals", "'z' cannot be set"]),
    ('return {\n            "euler"', '{\n            "euler"', ["MyModel.residuals returns nothing", "return {"]),
    ('return {"discounted_return"', '{"discounted_return"', ["MyModel.expectands returns nothing"]),
    ('return {"capital"', '{"capital"', ["MyModel.transition returns nothing"]),
    (TRANSITION, "return [1.0]\n        " + TRANSITION, ["MyModel.transition returns a list"]),
    (TRANSITION, 'return {"capital": "k"}\n        ' + TRANSITION, ["'capital' in MyModel.transition is 'k'"]),
    ("    return jnp.exp", "    jnp.exp", ["MyModel.transition", "a function without return"]),
    ("now.hours ** (1", "now.hours ^ (1", ["MyModel.residuals", "powers are written **"]),
    ("(self, now: Point, expected: Point", "(self, now: Point", ["MyModel.residuals", "def residuals(self, now, e"]),
    ("def residuals(", "def residual(", ["MyModel", "no function residuals"]),
    ('            "hours_gap": 100', '            "hours_gapp": 100', ["MyModel.observe", "did you mean 'hours_gap'"]),
    ('            "hours_gap": 100 * jnp.log(now.hours / theta.steady.hours),\n', "", ["observe returns no 'hours"]),
    (EULER, "jnp.log(-now.hours) + " + EULER, ["MyModel.residuals", "logarithm", "hours = 1", '"euler"']),
    ("/ wage - 1", "/ (now.hours - now.hours) - 1", ["MyModel.residuals", "division by 0", '"labour_supply"']),
    (EULER, "jnp.exp(now.hours) + expected.discounted_return,", ["no steady state", "euler is off", "steady_state("]),
    (BEFORE, GUESS + '{"kapital": 10.0}\n' + BEFORE, ["MyModel.steady_state", "did you mean 'capital'"]),
    (BEFORE, GUESS + '{"capital": np.exp(theta.nu)}\n' + BEFORE, ["MyModel.steady_state", "write jnp.exp"]),
    (BEFORE, GUESS + '{"capital": -1.0}\n' + BEFORE, ["MyModel.steady_state gives capital = -1", "not above 0"]),
]
for k, (right, wrong, words) in enumerate(MISTAKES):
    assert right in SOUND, right
    file = Path(sys.argv[1]) / f"m{k}.py"
    file.write_text(SOUND.replace(right, wrong, 1 if right != "expected.discounted" else -1), encoding="utf-8")
    try:
        Equations(find_model(f"{file}:MyModel"))
    except hanknn.HanknnError as error:
        missing = [word for word in words if word not in str(error)]
        assert not missing, (wrong, missing, str(error))
        number = str(error).partition(f"m{k}.py, line ")[2].partition(")")[0]
        if number:  # of the line that was changed, or of the one that meets what was changed
            assert file.read_text(encoding="utf-8").splitlines()[int(number) - 1].strip()[:40] in str(error), str(error)
    else:
        raise AssertionError(f"accepted: {wrong}")
print(len(MISTAKES))
"""


def test_a_first_models_mistakes_are_told_with_function_variable_and_line(tmp_path):
    script = [sys.executable, "-W", "error::UserWarning", "-c", IN_A_MODEL, str(tmp_path)]
    done = subprocess.run(script, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-1500:]
    # Nothing else is printed, such as JAX's own remarks on what is not a number.
    assert int(done.stdout) > 40
