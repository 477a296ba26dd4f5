"""A real-business-cycle model with capital and labour: a start, to be changed into a model of your own.

    max E Σ βᵗ [log c − χ n^(1 + 1/ν) / (1 + 1/ν)]
    c + k' = y + (1 − δ) k,   y = exp(z) k^α n^(1−α),   z' = ρ z + σ ε

If you know Dynare: `parameters`, `states` and `policies` stand for `parameters` and `var`, `AR1` for a shock process
and its `varexo`, `residuals` for the `model` block, `observables` for `varobs`, priors for `estimated_params`.
Nothing is log-linearised by hand, and the model is solved at all parameter values in the ranges at once.

What to type, from the folder of this file (each has --help):

    is it sound?     hanknn show my_model.py:MyModel
    a first look     hanknn solve my_model.py:MyModel --recipe quick --out runs/my_model
    how exact?       hanknn check runs/my_model --model my_model.py:MyModel
    moments          hanknn simulate runs/my_model --model my_model.py:MyModel
    responses        hanknn irf runs/my_model --model my_model.py:MyModel --set rho=0.9
    estimation       hanknn estimate runs/my_model --model my_model.py:MyModel --observe output_growth,hours_gap

Without --observe, --set and --recipe you get the defaults; `hanknn solve` without --recipe is more exact.

What to change first: a parameter's value and range, then `hanknn show` again. Then one equation, and so on: every
mistake is reported with the function and the line that it is in.
"""

import jax.numpy as jnp

from hanknn import AR1, Model, Parameter, ParameterSpace, Point, Variable, priors

# The one thing to know of JAX: write jnp.exp, jnp.log, jnp.sqrt, jnp.maximum (not math.exp, np.exp or max), and
# jnp.where(condition, a, b) in the place of `if`.


class MyModel(Model):
    name = "my_model"  # names the folders of runs

    # One line a parameter: value, range, prior, label for figures, text for tables. The model is solved for every value
    # in the range; without a range the parameter stays fixed. The prior, truncated to the range, is for estimation.
    # A prior's two numbers are its mean and standard deviation; without a prior it is uniform over the range.
    parameters = ParameterSpace(
        alpha=Parameter(0.33, (0.25, 0.40), priors.TruncatedNormal(0.33, 0.02), r"$\alpha$", "capital share"),
        beta=Parameter(0.99, (0.98, 0.995), priors.Beta(0.99, 0.002), r"$\beta$", "discount factor"),
        delta=Parameter(0.025, label=r"$\delta$", text="depreciation rate"),
        chi=Parameter(1.0, label=r"$\chi$", text="weight of labour in utility"),
        nu=Parameter(1.0, (0.5, 2.0), priors.Gamma(1.0, 0.25), r"$\nu$", "Frisch elasticity"),
        rho=Parameter(0.95, (0.80, 0.98), priors.Beta(0.95, 0.02), r"$\rho$", "persistence of productivity"),
        sigma=Parameter(0.007, (0.003, 0.015), priors.InverseGamma(0.007, 0.002), r"$\sigma$", "s.d. of the shock"),
    )

    # What is known when a period begins. An AR1 brings its own law of motion and its shock, here `eps_z`: neither needs
    # another line. A level above zero is `positive=True`: the library then works with its logarithm, you read the
    # level.
    states = {
        "capital": Variable("$k$", "capital", "level", positive=True),
        "z": AR1("rho", "sigma", "$z$", "productivity", "log"),
    }

    # What is decided in the period: as many as there are equations in `residuals`. What follows from these at once,
    # such as output, is best an ordinary function (below).
    policies = {
        "consumption": Variable("$c$", "consumption", "level", positive=True),
        "hours": Variable("$n$", "hours worked", "level", positive=True),
    }

    # What data may show, besides states and policies themselves; computed in `observe`.
    observables = {
        "output_growth": Variable(r"$400 (y_t / y_{t-1} - 1)$", "output growth", "percent, annualised"),
        "hours_gap": Variable("$100 \\log (n / \\bar n)$", "hours, from the steady state", "percent"),
    }

    def transition(self, now: Point, shock: Point, theta: Point):
        """Next period's states, but those that are an AR1: `now` holds states and policies of today.

        Timing: a state is what was decided before. Dynare's k(-1) is `now.capital` here, Dynare's k what this returns.
        Yesterday's consumption is a state, too: declare `C_last` among the states, and return `"C_last": now.C` here.
        A shock that is not an AR1's is declared in `shocks = {...}` and read as `shock.NAME`: a standard normal.
        """
        return {"capital": (1 - theta.delta) * now.capital + output(now, theta) - now.consumption}

    def expectands(self, now: Point, next: Point, theta: Point):
        """What stands inside an expectation: all that has (+1) in Dynare is read from `next`, under any name of yours.

        Only `expectands` sees next period.
        """
        marginal_product = theta.alpha * output(next, theta) / next.capital
        discount = theta.beta * now.consumption / next.consumption
        return {"discounted_return": discount * (marginal_product + 1 - theta.delta)}

    def residuals(self, now: Point, expected: Point, theta: Point):
        """The equilibrium conditions, each zero in equilibrium, by names that tables show.

        `expected` holds the means of what `expectands` returns. Write each without units, as a share of something:
        a residual of 0.001 is then an error of 0.1 %.
        """
        wage = (1 - theta.alpha) * output(now, theta) / now.hours
        return {
            "euler": expected.discounted_return - 1,
            "labour_supply": theta.chi * now.hours ** (1 / theta.nu) * now.consumption / wage - 1,
        }

    def observe(self, now: Point, last: Point, theta: Point):
        """The observables, from this period's and last period's states and policies; no measurement error."""
        return {
            "output_growth": 400 * (output(now, theta) / output(last, theta) - 1),
            "hours_gap": 100 * jnp.log(now.hours / theta.steady.hours),
        }

    # The steady state is searched for. Where that fails, give a guess, of some variables or of all:
    #
    # def steady_state(self, theta: Point):
    #     return {"capital": 10.0, "hours": 1.0}


# An ordinary function that several equations use: `at` may be `now`, `next` or `last`.
def output(at: Point, theta: Point):
    return jnp.exp(at.z) * at.capital**theta.alpha * at.hours ** (1 - theta.alpha)
