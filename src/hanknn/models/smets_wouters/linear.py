"""Smets and Wouters (2007, American Economic Review 97(3)), linear, as published."""

from typing import NamedTuple

from jaxtyping import Array

from ...economy.exogenous import AR1
from ...economy.model import Model, Scalars, Variable
from ...economy.points import Point
from .parameters import LINEAR


class LinearSmetsWouters(Model):
    """Equations (1)-(14) of the paper, beside the same economy with flexible prices and wages (`..._f`).

    Variables are percent deviations from steady state, a period is a quarter. Names of coefficients are the paper's
    (`coefficients`). Output, utilisation, rents and marginal costs follow within the period (`Firms`).

    Shocks are scaled as the s.d. of Table 1B: b is −c₃ times the risk premium of equation (2), and enters it with
    coefficient one. The law of motion of capital, (8), is the paper's; the authors' program leaves out the factor
    1 + βγ^(1−σ_c) of k₂ (Del Negro and Schorfheide 2012).
    """

    name = "smets_wouters_linear"
    parameters = LINEAR
    states = {
        "last_consumption": Variable("$c_{t-1}$", "last consumption", "percent"),
        "last_investment": Variable("$i_{t-1}$", "last investment", "percent"),
        "capital": Variable("$k_{t-1}$", "installed capital", "percent"),
        "last_inflation": Variable(r"$\pi_{t-1}$", "last inflation", "percent"),
        "last_wage": Variable("$w_{t-1}$", "last real wage", "percent"),
        "last_rate": Variable("$r_{t-1}$", "last policy rate", "percent"),
        "last_gap": Variable("$y_{t-1}-y^p_{t-1}$", "last output gap", "percent"),
        "last_consumption_f": Variable("$c^f_{t-1}$", "last consumption, flexible prices", "percent"),
        "last_investment_f": Variable("$i^f_{t-1}$", "last investment, flexible prices", "percent"),
        "capital_f": Variable("$k^f_{t-1}$", "installed capital, flexible prices", "percent"),
        "a": AR1("rho_a", "sigma_a", r"$\varepsilon^a_t$", "technology", "percent"),
        "b": AR1("rho_b", "sigma_b", r"$-c_3\varepsilon^b_t$", "risk premium, sign reversed", "percent of consumption"),
        "g": AR1(
            "rho_g", "sigma_g", r"$\varepsilon^g_t$", "spending", "percent of output", also={"eps_a": "answer_to_a"}
        ),
        "i": AR1("rho_i", "sigma_i", r"$\varepsilon^i_t$", "investment-specific technology", "percent of investment"),
        "r": AR1("rho_r", "sigma_r", r"$\varepsilon^r_t$", "policy", "percent"),
        "p": AR1("rho_p", "sigma_p", r"$\varepsilon^p_t$", "price mark-up", "percent", moving_average="mu_p"),
        "w": AR1("rho_w", "sigma_w", r"$\varepsilon^w_t$", "wage mark-up", "percent", moving_average="mu_w"),
    }
    policies = {
        "consumption": Variable("$c_t$", "consumption", "percent"),
        "investment": Variable("$i_t$", "investment", "percent"),
        "value": Variable("$q_t$", "value of capital", "percent"),
        "labor": Variable("$l_t$", "hours", "percent"),
        "inflation": Variable(r"$\pi_t$", "inflation", "percent"),
        "wage": Variable("$w_t$", "real wage", "percent"),
        "rate": Variable("$r_t$", "policy rate", "percent"),
        "consumption_f": Variable("$c^f_t$", "consumption, flexible prices", "percent"),
        "investment_f": Variable("$i^f_t$", "investment, flexible prices", "percent"),
        "value_f": Variable("$q^f_t$", "value of capital, flexible prices", "percent"),
        "labor_f": Variable("$l^f_t$", "hours, flexible prices", "percent"),
        "real_rate_f": Variable("$r^f_t$", "real rate, flexible prices", "percent"),
    }
    observables = {
        "output_growth": Variable("dlGDP", "output growth", "percent, quarterly"),
        "consumption_growth": Variable("dlCONS", "consumption growth", "percent, quarterly"),
        "investment_growth": Variable("dlINV", "investment growth", "percent, quarterly"),
        "wage_growth": Variable("dlWAG", "wage growth", "percent, quarterly"),
        "hours": Variable("lHOURS", "hours", "percent"),
        "inflation_rate": Variable("dlP", "inflation rate", "percent, quarterly"),
        "interest_rate": Variable("FEDFUNDS", "nominal interest rate", "percent, quarterly"),
    }

    def derived(self, theta: Point) -> Scalars:
        return coefficients(theta)

    def transition(self, now: Point, shock: Point, theta: Point) -> Scalars:
        installed = lambda capital, investment: (
            theta.k_1 * capital + (1 - theta.k_1) * investment + theta.k_2 * now.i  # (8)
        )
        return {
            "last_consumption": now.consumption,
            "last_investment": now.investment,
            "capital": installed(now.capital, now.investment),
            "last_inflation": now.inflation,
            "last_wage": now.wage,
            "last_rate": now.rate,
            "last_gap": output_gap(now, theta),
            "last_consumption_f": now.consumption_f,
            "last_investment_f": now.investment_f,
            "capital_f": installed(now.capital_f, now.investment_f),
        }

    def expectands(self, now: Point, next: Point, theta: Point) -> Scalars:
        kept = ("consumption", "investment", "value", "labor", "inflation", "wage")
        kept_f = ("consumption_f", "investment_f", "value_f", "labor_f")
        return {
            **{name: getattr(next, name) for name in (*kept, *kept_f)},
            "rent": firms(next, theta).rent,
            "rent_f": firms_f(next, theta).rent,
        }

    def residuals(self, now: Point, expected: Point, theta: Point) -> Scalars:
        t, e = theta, expected
        made, made_f, gap, real_rate = firms(now, t), firms_f(now, t), output_gap(now, t), now.rate - e.inflation
        less_labor, less_labor_f = now.labor - e.labor, now.labor_f - e.labor_f
        indexed = t.pi_1 * now.last_inflation + t.pi_2 * e.inflation
        wage = t.w_1 * now.last_wage + (1 - t.w_1) * (e.wage + e.inflation)
        indexed_wage = wage - t.w_2 * now.inflation + t.w_3 * now.last_inflation
        markup_w = now.wage - marginal_rate(now.labor, now.consumption, now.last_consumption, t)  # (12)
        response = t.r_pi * now.inflation + t.r_y * gap
        rule = t.rho * now.last_rate + (1 - t.rho) * response + t.r_dy * (gap - now.last_gap)
        last_f, e_f = now.last_consumption_f, e.consumption_f
        return {
            "resources (1)": made.output - spending(now.consumption, now.investment, made.utilisation, now.g, t),
            "consumption (2)": now.consumption
            - euler(now.last_consumption, e.consumption, less_labor, real_rate, now.b, t),
            "investment (3)": now.investment - investing(now.last_investment, e.investment, now.value, now.i, t),
            "value (4)": now.value - arbitrage(e.value, e.rent, real_rate, now.b, t),
            "prices (10)": now.inflation - indexed + t.pi_3 * made.markup - now.p,
            "wages (13)": now.wage - indexed_wage + t.w_4 * markup_w - now.w,
            "rule (14)": now.rate - rule - now.r,
            "resources (1), flexible": made_f.output
            - spending(now.consumption_f, now.investment_f, made_f.utilisation, now.g, t),
            "consumption (2), flexible": now.consumption_f
            - euler(last_f, e_f, less_labor_f, now.real_rate_f, now.b, t),
            "investment (3), flexible": now.investment_f
            - investing(now.last_investment_f, e.investment_f, now.value_f, now.i, t),
            "value (4), flexible": now.value_f - arbitrage(e.value_f, e.rent_f, now.real_rate_f, now.b, t),
            "prices (9), flexible": made_f.markup,
        }

    def observe(self, now: Point, last: Point, theta: Point) -> Scalars:
        """Equation (15)."""
        return {
            "output_growth": theta.gamma_bar + firms(now, theta).output - firms(last, theta).output,
            "consumption_growth": theta.gamma_bar + now.consumption - last.consumption,
            "investment_growth": theta.gamma_bar + now.investment - last.investment,
            "wage_growth": theta.gamma_bar + now.wage - last.wage,
            "hours": theta.l_bar + now.labor,
            "inflation_rate": theta.pi_bar + now.inflation,
            "interest_rate": theta.r_bar + now.rate,
        }


class Firms(NamedTuple):
    """What firms choose at given wages, hours and installed capital."""

    utilisation: Array
    rent: Array
    output: Array
    markup: Array


def _firms(wage: Array, labor: Array, capital: Array, a: Array, theta: Point) -> Firms:
    rent = (wage + labor - capital) / (1 + theta.z_1)  # (11), with (6) and (7) in it
    utilisation = theta.z_1 * rent  # (7)
    services = capital + utilisation  # (6)
    output = theta.phi_p * (theta.alpha * services + (1 - theta.alpha) * labor + a)  # (5)
    return Firms(utilisation, rent, output, theta.alpha * (services - labor) + a - wage)  # (9)


def firms(now: Point, theta: Point) -> Firms:
    """In the economy."""
    return _firms(now.wage, now.labor, now.capital, now.a, theta)


def firms_f(now: Point, theta: Point) -> Firms:
    """With flexible prices and wages: mark-ups of wages, (12), are zero."""
    wage = marginal_rate(now.labor_f, now.consumption_f, now.last_consumption_f, theta)
    return _firms(wage, now.labor_f, now.capital_f, now.a, theta)


def output_gap(now: Point, theta: Point) -> Array:
    """Output above that with flexible prices and wages."""
    return firms(now, theta).output - firms_f(now, theta).output


def marginal_rate(labor: Array, consumption: Array, last_consumption: Array, theta: Point) -> Array:
    """Of substitution between hours and consumption, equation (12)."""
    return theta.sigma_l * labor + (consumption - theta.habit * last_consumption) / (1 - theta.habit)


def spending(consumption: Array, investment: Array, utilisation: Array, g: Array, theta: Point) -> Array:
    """What output is used for, the right side of equation (1)."""
    return theta.c_y * consumption + theta.i_y * investment + theta.z_y * utilisation + g


def euler(last: Array, expected: Array, less_labor: Array, real_rate: Array, b: Array, theta: Point) -> Array:
    """Consumption, the right side of equation (2); `less_labor`: hours less expected hours."""
    return theta.c_1 * last + (1 - theta.c_1) * expected + theta.c_2 * less_labor - theta.c_3 * real_rate + b


def investing(last: Array, expected: Array, value: Array, i: Array, theta: Point) -> Array:
    """Investment, the right side of equation (3)."""
    return theta.i_1 * last + (1 - theta.i_1) * expected + theta.i_2 * value + i


def arbitrage(value: Array, rent: Array, real_rate: Array, b: Array, theta: Point) -> Array:
    """The value of capital, the right side of equation (4), from its expected value and rent."""
    return theta.q_1 * value + (1 - theta.q_1) * rent - real_rate + b / theta.c_3


def coefficients(theta: Point) -> dict[str, Array]:
    """The coefficients of the paper's equations (1)-(15), and what spending adds to a shock to technology."""
    gamma, beta = 1 + theta.gamma_bar / 100, 1 / (1 + theta.beta_bar / 100)
    discount, habit, capital_kept = beta * gamma ** (1 - theta.sigma_c), theta.h / gamma, (1 - theta.delta) / gamma
    rent = gamma**theta.sigma_c / beta - (1 - theta.delta)
    share = theta.alpha
    wage = (share**share * (1 - share) ** (1 - share) / (theta.phi_p * rent**share)) ** (1 / (1 - share))
    k_y = theta.phi_p * ((1 - share) / share * rent / wage) ** (share - 1)
    i_y = (gamma - 1 + theta.delta) * k_y
    c_y = 1 - theta.g_y - i_y
    wage_bill = (1 - share) / share * rent * k_y / (theta.phi_w * c_y)  # of what households ask for, in consumption
    adjustment = (1 + discount) * gamma**2 * theta.phi
    slope = lambda xi, markup, curvature: (1 - discount * xi) * (1 - xi) / (xi * ((markup - 1) * curvature + 1))
    in_prices, in_wages = 1 + discount * theta.iota_p, 1 + discount
    found = dict(habit=habit, c_y=c_y, i_y=i_y, z_y=rent * k_y)
    found |= dict(
        c_1=habit / (1 + habit),
        c_2=(theta.sigma_c - 1) * wage_bill / (theta.sigma_c * (1 + habit)),
        c_3=(1 - habit) / ((1 + habit) * theta.sigma_c),
    )
    found |= dict(i_1=1 / (1 + discount), i_2=1 / adjustment, q_1=(1 - theta.delta) / (rent + 1 - theta.delta))
    found |= dict(z_1=(1 - theta.psi) / theta.psi, k_1=capital_kept, k_2=(1 - capital_kept) * adjustment)
    found |= dict(pi_1=theta.iota_p / in_prices, pi_2=discount / in_prices)
    found |= dict(pi_3=slope(theta.xi_p, theta.phi_p, theta.eps_p) / in_prices)
    found |= dict(w_1=1 / in_wages, w_2=(1 + discount * theta.iota_w) / in_wages, w_3=theta.iota_w / in_wages)
    found |= dict(w_4=slope(theta.xi_w, theta.phi_w, theta.eps_w) / in_wages)
    r_bar = 100 * (gamma**theta.sigma_c * (1 + theta.pi_bar / 100) / beta - 1)
    return found | dict(r_bar=r_bar, answer_to_a=theta.rho_ga * theta.sigma_a)
