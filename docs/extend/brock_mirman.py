"""Brock-Mirman stochastic growth: log utility, full depreciation, and a closed form to check against.

    max E Σ βᵗ log c      c + k' = y = exp(z) k^α      z' = ρ z + σ ε

The exact policy saves the share αβ of output in every state (Brock and Mirman 1972).
"""

import jax.numpy as jnp

from hanknn import AR1, Model, Parameter, ParameterSpace, Point, Variable


class BrockMirman(Model):
    name = "brock_mirman"
    parameters = ParameterSpace(
        alpha=Parameter(0.36, range=(0.25, 0.45), label=r"$\alpha$", text="capital share"),
        beta=Parameter(0.96, range=(0.90, 0.99), label=r"$\beta$", text="discount factor"),
        rho=Parameter(0.90, range=(0.70, 0.95), label=r"$\rho$", text="persistence of productivity"),
        sigma=Parameter(0.02, range=(0.005, 0.05), label=r"$\sigma$", text="s.d. of the productivity shock"),
    )
    states = {
        "log_k": Variable(r"$\log k_t$", "capital", "log"),
        "z": AR1("rho", "sigma", r"$z_t$", "productivity", "log", shock="eps"),
    }
    policies = {"savings_rate": Variable(r"$s_t$", "savings rate", "share of output")}

    def transition(self, now: Point, shock: Point, theta: Point):
        return {"log_k": jnp.log(now.savings_rate) + log_output(now, theta)}

    def expectands(self, now: Point, next: Point, theta: Point):
        return_on_capital = theta.alpha * jnp.exp(log_output(next, theta) - next.log_k)
        return {"discounted_return": theta.beta * return_on_capital / consumption(next, theta)}

    def residuals(self, now: Point, expected: Point, theta: Point):
        # The Euler error in consumption units: what consumption should be, relative to what it is.
        return {"euler": 1 / (expected.discounted_return * consumption(now, theta)) - 1}

    def closed_form(self, state: Point, theta: Point):
        return {"savings_rate": theta.alpha * theta.beta}


def log_output(at: Point, theta: Point):
    return at.z + theta.alpha * at.log_k


def consumption(at: Point, theta: Point):
    return (1 - at.savings_rate) * jnp.exp(log_output(at, theta))
