"""Brock-Mirman stochastic growth: log utility, full depreciation, and a closed form to check against.

    max E Σ βᵗ log c      c + k' = y = exp(z) k^α      z' = ρ z + σ ε

The exact policy saves the share αβ of output in every state (Brock and Mirman 1972).
"""

import jax.numpy as jnp

from hanknn import Model, Parameter, ParameterSpace, Point, Variable


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
        "z": Variable(r"$z_t$", "productivity", "log"),
    }
    shocks = {"eps": Variable(r"$\varepsilon_t$", "productivity shock", "s.d.")}
    policies = {"savings_rate": Variable(r"$s_t$", "savings rate", "share of output")}

    def transition(self, now: Point, shock: Point, theta: Point):
        return {
            "log_k": jnp.log(now.savings_rate) + log_output(now, theta),
            "z": theta.rho * now.z + theta.sigma * shock.eps,
        }

    def expectands(self, now: Point, next: Point, theta: Point):
        return_on_capital = theta.alpha * jnp.exp(log_output(next, theta) - next.log_k)
        return {"discounted_return": theta.beta * return_on_capital / consumption(next, theta)}

    def residuals(self, now: Point, expected: Point, theta: Point):
        # The Euler error in consumption units: what consumption should be, relative to what it is.
        return {"euler": 1 / (expected.discounted_return * consumption(now, theta)) - 1}

    def state_center(self, theta: Point):
        return {"log_k": jnp.log(theta.alpha * theta.beta) / (1 - theta.alpha), "z": 0.0}

    def state_scale(self, theta: Point):
        sd_z = theta.sigma / jnp.sqrt(1 - theta.rho**2)
        persistence = theta.alpha * theta.rho
        return {"log_k": sd_z * jnp.sqrt((1 + persistence) / ((1 - persistence) * (1 - theta.alpha**2))), "z": sd_z}

    def ergodic_state(self, normal: Point, theta: Point):
        # Capital follows productivity, so the two are drawn from their joint normal distribution.
        center, scale = self.state_center(theta), self.state_scale(theta)
        covariance = theta.rho * scale["z"] ** 2 / (1 - theta.alpha * theta.rho)
        correlation = covariance / (scale["log_k"] * scale["z"])
        capital = correlation * normal.z + jnp.sqrt(1 - correlation**2) * normal.log_k
        return {"log_k": center["log_k"] + scale["log_k"] * capital, "z": scale["z"] * normal.z}

    def policy_center(self, theta: Point):
        return {"savings_rate": 0.3}

    def policy_scale(self, theta: Point):
        return {"savings_rate": 0.1}

    def closed_form(self, state: Point, theta: Point):
        return {"savings_rate": theta.alpha * theta.beta}


def log_output(at: Point, theta: Point):
    return at.z + theta.alpha * at.log_k


def consumption(at: Point, theta: Point):
    return (1 - at.savings_rate) * jnp.exp(log_output(at, theta))
