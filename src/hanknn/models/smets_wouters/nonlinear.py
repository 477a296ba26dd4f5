"""A nonlinear New Keynesian model of the size of Smets and Wouters (2007) with a zero lower bound."""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array

from ...economy.exogenous import AR1
from ...economy.model import Model, Pairs, Scalars, Variable
from ...economy.points import Point
from .parameters import NONLINEAR


class SmetsWouters(Model):
    """Habits, sticky prices and wages with indexation, capital with utilisation and adjustment costs; seven shocks.

    To first order it is Smets and Wouters (2007) but for the rule, which responds to output and its growth, not to the
    output gap, for mark-ups without moving averages, and for lower trends; parameters mean what they mean in
    `LinearSmetsWouters`.

    Levels are detrended by γᵗ; hours are one in the steady state. Utility is the paper's, external habits in
    (C − hC₋₁)^(1−σ_c)/(1−σ_c) · exp(χ(σ_c−1)/(1+σ_l) L^(1+σ_l)), so that growth is balanced (King, Plosser and Rebelo
    1988). Firms and unions pay quadratic fees for changing prices and wages (Rotemberg 1982), of such a size that
    Phillips curves have the slopes of Calvo's ξ. Fees are handed back: as a use of output they would make a fall of
    inflation a fall of supply. Mark-up shocks are taxes on sales and wages, handed back, which enter Phillips curves
    additively. Disturbances are scaled as in the linear model. The policy shock is part of `inherited`, what the rule
    takes over from the last period: the rate and output then, in one state.
    """

    name = "smets_wouters"
    parameters = NONLINEAR
    states = {
        "capital": Variable(r"$\bar k_{t-1}$", "installed capital", "detrended", positive=True),
        "last_consumption": Variable("$c_{t-1}$", "last consumption", "detrended", positive=True),
        "last_investment": Variable("$i_{t-1}$", "last investment", "detrended", positive=True),
        "last_wage": Variable("$w_{t-1}$", "last real wage", "detrended", positive=True),
        "last_inflation": Variable(r"$\Pi_{t-1}$", "last inflation", "gross, quarterly", positive=True),
        "inherited": Variable("$s_t$", "what the policy rule takes over", "log, quarterly"),
        "a": AR1("rho_a", "sigma_a", r"$\varepsilon^a_t$", "technology", "percent"),
        "b": AR1("rho_b", "sigma_b", r"$\varepsilon^b_t$", "risk premium, sign reversed", "percent of consumption"),
        "g": AR1(
            "rho_g", "sigma_g", r"$\varepsilon^g_t$", "spending", "percent of output", also={"eps_a": "answer_to_a"}
        ),
        "i": AR1("rho_i", "sigma_i", r"$\varepsilon^i_t$", "investment-specific technology", "percent of investment"),
        "p": AR1("rho_p", "sigma_p", r"$\varepsilon^p_t$", "price mark-up", "percent of prices"),
        "w": AR1("rho_w", "sigma_w", r"$\varepsilon^w_t$", "wage mark-up", "percent of wages"),
    }
    shocks = {"eps_r": Variable(r"$\varepsilon^r_t$", "policy shock", "s.d.")}
    policies = {
        "consumption": Variable("$c_t$", "consumption", "detrended", positive=True),
        "investment": Variable("$i_t$", "investment", "detrended", positive=True),
        "labor": Variable("$L_t$", "hours", "of steady state", positive=True),
        "value": Variable("$q_t$", "value of capital", "in goods", positive=True),
        "wage": Variable("$w_t$", "real wage", "detrended", positive=True),
        "inflation": Variable(r"$\Pi_t$", "inflation", "gross, quarterly", positive=True),
        "log_rate": Variable(r"$\log R_t$", "policy rate", "log, quarterly"),
    }
    constraints = {"zlb": Variable(r"$\log R_t$", "zero lower bound", "log of the notional rate")}
    observables = {
        "output_growth": Variable(r"$400\,\Delta\log Y_t$", "output growth", "percent, annualised"),
        "consumption_growth": Variable(r"$400\,\Delta\log C_t$", "consumption growth", "percent, annualised"),
        "investment_growth": Variable(r"$400\,\Delta\log I_t$", "investment growth", "percent, annualised"),
        "wage_growth": Variable(r"$400\,\Delta\log W_t$", "growth of real wages", "percent, annualised"),
        "hours": Variable(r"$100\log L_t$", "hours", "percent"),
        "inflation_rate": Variable(r"$400\log\Pi_t$", "inflation rate", "percent, annualised"),
        "interest_rate": Variable(r"$400\log R_t$", "nominal interest rate", "percent, annualised"),
    }

    def derived(self, theta: Point) -> Scalars:
        return constants(theta)

    def steady_state(self, theta: Point) -> Scalars:
        """Exact."""
        target = 1 + theta.pi_bar / 100
        steady = {
            "capital": theta.capital_ss,
            "consumption": theta.consumption_ss,
            "investment": theta.investment_ss,
            "wage": theta.wage_ss,
            "inflation": target,
            "labor": 1.0,
            "value": 1.0,
            "log_rate": theta.log_rate_ss,
        }
        lags = {"last_investment": theta.investment_ss, "last_wage": theta.wage_ss, "last_inflation": target}
        nothing = dict.fromkeys((*self.exogenous, "inherited"), 0.0)
        return steady | lags | nothing | {"last_consumption": theta.consumption_ss}

    def transition(self, now: Point, shock: Point, theta: Point) -> Scalars:
        at = within(now, theta)
        added = at.technology * (1 - theta.phi / 2 * at.stretch**2) * now.investment
        inherited = theta.rho * (now.log_rate - theta.log_rate_ss) - theta.r_dy * jnp.log(at.output / theta.output_ss)
        return {
            "capital": ((1 - theta.delta) * now.capital + added) / theta.gamma,
            "last_consumption": now.consumption,
            "last_investment": now.investment,
            "last_wage": now.wage,
            "last_inflation": now.inflation,
            "inherited": inherited + theta.sigma_r / 100 * shock.eps_r,
        }

    def expectands(self, now: Point, next: Point, theta: Point) -> Scalars:
        """Each discounted, and relative to what it is worth today."""
        here, there = within(now, theta), within(next, theta)
        patience = theta.discount / theta.gamma * there.marginal_utility / here.marginal_utility
        income = theta.gamma * patience * there.output / here.output
        wages = theta.gamma * patience * next.wage * next.labor / (now.wage * now.labor)
        earned = there.rent * there.utilisation - there.upkeep + (1 - theta.delta) * next.value
        eased = next.value * there.technology * theta.phi * there.stretch * (there.stretch + theta.gamma) ** 2
        return {
            "bond": patience / next.inflation,
            "capital": patience * earned / now.value,
            "eased": patience * eased,
            "prices": income * (there.price_gap - 1) * there.price_gap,
            "wages": wages * (there.wage_gap - 1) * there.wage_gap,
        }

    def residuals(self, now: Point, expected: Point, theta: Point) -> Scalars:
        """Relative errors of output, consumption, the value of capital, investment, and of marginal costs: of goods in
        the Phillips curve of prices, of hours in that of wages."""
        at = within(now, theta)
        bond = jnp.exp(now.log_rate - now.b / (100 * theta.c_3)) * expected.bond
        marginal = 1 - theta.phi / 2 * at.stretch**2 - theta.phi * at.stretch * (at.stretch + theta.gamma)
        asked = theta.phi_w * at.marginal_rate / now.wage
        tax_p, tax_w = (1 + theta.discount * theta.iota_p) * now.p / 100, (1 + theta.discount) * now.w / 100
        prices = (at.price_gap - 1) * at.price_gap - expected.prices - tax_p
        wages = (at.wage_gap - 1) * at.wage_gap - expected.wages - tax_w
        return {
            "resources": 1 - at.demand / at.output,
            "euler": theta.c_3 * (1 - bond),
            "capital": 1 - expected.capital,
            "investment": (now.value * at.technology * marginal + expected.eased - 1) / theta.adjustment,
            "prices": prices / theta.slope_p - (at.cost - 1),
            "wages": wages / theta.slope_w - (asked - 1),
        }

    def bounds(self, now: Point, theta: Point) -> Pairs:
        return {"zlb": (now.log_rate, now.log_rate - log_notional_rate(now, theta))}

    def observe(self, now: Point, last: Point, theta: Point) -> Scalars:
        here, before = within(now, theta), within(last, theta)
        growth = lambda one, other: 400 * jnp.log(theta.gamma * one / other)
        return {
            "output_growth": growth(here.output, before.output),
            "consumption_growth": growth(now.consumption, last.consumption),
            "investment_growth": growth(now.investment, last.investment),
            "wage_growth": growth(now.wage, last.wage),
            "hours": 100 * jnp.log(now.labor),
            "inflation_rate": 400 * jnp.log(now.inflation),
            "interest_rate": 400 * now.log_rate,
        }


def log_notional_rate(now: Point, theta: Point) -> Array:
    """The log rate that the rule asks for, whatever bound the rate has."""
    output = jnp.log(within(now, theta).output / theta.output_ss)
    inflation = jnp.log(now.inflation / (1 + theta.pi_bar / 100))
    response = (1 - theta.rho) * (theta.r_pi * inflation + theta.r_y * output) + theta.r_dy * output
    return theta.log_rate_ss + now.inherited + response


class Within(NamedTuple):
    """What follows within the period from states and policies.

    `upkeep`: cost of utilisation per unit of installed capital. `cost`: marginal cost relative to its steady state.
    `demand`: for output. `stretch`: growth of investment above trend. `technology`: capital made of a unit of it.
    `marginal_rate`: of substitution between hours and consumption. Gaps: changes relative to indexation, gross.
    """

    utilisation: Array
    upkeep: Array
    rent: Array
    output: Array
    cost: Array
    demand: Array
    marginal_utility: Array
    marginal_rate: Array
    stretch: Array
    technology: Array
    price_gap: Array
    wage_gap: Array


def within(now: Point, theta: Point) -> Within:
    share, technology = theta.alpha, jnp.exp(now.a / 100)
    # Firms pay capital and hours in fixed shares, and owners use it until the rent is its marginal upkeep.
    payments = share / (1 - share) * now.wage * now.labor / (theta.rent_ss * now.capital)
    utilisation = payments ** (1 - theta.psi)
    rent = theta.rent_ss * payments**theta.psi
    upkeep = theta.rent_ss * (1 - theta.psi) * (payments - 1)
    output = technology * (utilisation * now.capital) ** share * now.labor ** (1 - share) - theta.fixed_cost
    cost = (now.wage / theta.wage_ss) ** (1 - share) * (rent / theta.rent_ss) ** share / technology
    government = theta.g_y * theta.output_ss * jnp.exp(now.g / (100 * theta.g_y))
    surplus = now.consumption - theta.habit * now.last_consumption
    hours = theta.chi * (theta.sigma_c - 1) / (1 + theta.sigma_l) * now.labor ** (1 + theta.sigma_l)
    indexed = lambda iota: now.last_inflation**iota * (1 + theta.pi_bar / 100) ** (1 - iota)
    return Within(
        utilisation,
        upkeep,
        rent,
        output,
        cost,
        now.consumption + now.investment + government + upkeep * now.capital,
        marginal_utility=surplus**-theta.sigma_c * jnp.exp(hours),
        marginal_rate=theta.chi * surplus * now.labor**theta.sigma_l,
        stretch=theta.gamma * (now.investment / now.last_investment - 1),
        technology=jnp.exp(now.i / 100 * theta.adjustment),
        price_gap=now.inflation / indexed(theta.iota_p),
        wage_gap=now.wage / now.last_wage * now.inflation / indexed(theta.iota_w),
    )


def constants(theta: Point) -> dict[str, Array]:
    """What parameters determine: steady-state values (`..._ss`), preferences, slopes and scales.

    `discount`: βγ^(1−σ_c). `adjustment`: investment's error is that of its equation, over this. `c_3`: as in the paper.
    """
    gamma, beta, share = 1 + theta.gamma_bar / 100, 1 / (1 + theta.beta_bar / 100), theta.alpha
    discount, habit = beta * gamma ** (1 - theta.sigma_c), theta.h / gamma
    rent = gamma / discount - (1 - theta.delta)
    wage = (share**share * (1 - share) ** (1 - share) / (theta.phi_p * rent**share)) ** (1 / (1 - share))
    capital = share / (1 - share) * wage / rent
    output = capital**share / theta.phi_p
    investment = (gamma - 1 + theta.delta) * capital
    consumption = (1 - theta.g_y) * output - investment
    slope = lambda xi, markup, curvature: (1 - discount * xi) * (1 - xi) / (xi * ((markup - 1) * curvature + 1))
    steady = dict(rent_ss=rent, wage_ss=wage, capital_ss=capital, output_ss=output)
    steady |= dict(investment_ss=investment, consumption_ss=consumption)
    return steady | dict(
        gamma=gamma,
        discount=discount,
        habit=habit,
        log_rate_ss=jnp.log((1 + theta.pi_bar / 100) * gamma / discount),
        fixed_cost=(theta.phi_p - 1) * output,
        chi=wage / (theta.phi_w * (1 - habit) * consumption),
        slope_p=slope(theta.xi_p, theta.phi_p, theta.eps_p),
        slope_w=slope(theta.xi_w, theta.phi_w, theta.eps_w),
        adjustment=(1 + discount) * gamma**2 * theta.phi,
        c_3=(1 - habit) / ((1 + habit) * theta.sigma_c),
        answer_to_a=theta.rho_ga * theta.sigma_a,
    )
