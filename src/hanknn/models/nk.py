"""The linearised three-equation New Keynesian model (KMR section 3.1)."""

import jax.numpy as jnp
from jaxtyping import Array

from ..economy.model import Model, Scalars, Variable
from ..economy.parameters import Parameter, ParameterSpace
from ..economy.points import Point


class LinearNK(Model):
    """Euler equation (20), Phillips curve (21) and the natural rate (22), with closed form (23)-(24).

    Variables are deviations from steady state, not percent; periods are quarters.
    """

    name = "nk"
    parameters = ParameterSpace(
        beta=Parameter(0.97, range=(0.95, 0.99), label=r"$\beta$", text="discount factor"),
        sigma=Parameter(2.0, range=(1.0, 3.0), label=r"$\sigma$", text="relative risk aversion"),
        eta=Parameter(1.125, range=(0.25, 2.0), label=r"$\eta$", text="inverse Frisch elasticity"),
        phi=Parameter(0.7, range=(0.5, 0.9), label=r"$\phi$", text="price duration (Calvo)"),
        phi_pi=Parameter(1.875, range=(1.25, 2.5), label=r"$\phi_\pi$", text="policy response to inflation"),
        phi_y=Parameter(0.25, range=(0.0, 0.5), label=r"$\phi_y$", text="policy response to output"),
        rho=Parameter(0.875, range=(0.8, 0.95), label=r"$\rho$", text="persistence of the TFP shock"),
        sigma_shock=Parameter(0.06, range=(0.02, 0.1), label=r"$\sigma_A$", text="s.d. of the TFP shock"),
    )
    states = {"zeta": Variable(r"$\zeta_t$", "natural rate of interest", "deviation")}
    shocks = {"eps": Variable(r"$\varepsilon_t$", "TFP shock", "s.d.")}
    policies = {
        "output_gap": Variable(r"$X_t$", "output gap", "deviation"),
        "inflation": Variable(r"$\pi_t$", "inflation", "deviation"),
    }
    observables = {
        "output_growth": Variable(r"$\Delta y_t$", "output growth", "percent, annualised"),
        "inflation_rate": Variable(r"$400\,\pi_t$", "inflation rate", "percent, annualised"),
        "interest_rate": Variable(r"$400\,i_t$", "nominal interest rate", "percent, annualised"),
    }
    wide_scale = 10.0
    probe_states = ({"zeta": 0.01}, {"zeta": 0.1}, {"zeta": 0.5})

    def transition(self, now: Point, shock: Point, theta: Point) -> Scalars:
        return {"zeta": theta.rho * now.zeta + innovation(theta) * shock.eps}

    def expectands(self, now: Point, next: Point, theta: Point) -> Scalars:
        return {"output_gap": next.output_gap, "inflation": next.inflation}

    def residuals(self, now: Point, expected: Point, theta: Point) -> Scalars:
        nominal_rate = theta.phi_pi * now.inflation + theta.phi_y * now.output_gap
        real_rate_gap = nominal_rate - expected.inflation - now.zeta
        kappa = phillips_slope(theta)
        return {
            "euler": now.output_gap - expected.output_gap + real_rate_gap / theta.sigma,
            "phillips_curve": now.inflation - kappa * now.output_gap - theta.beta * expected.inflation,
        }

    def observe(self, now: Point, last: Point, theta: Point) -> Scalars:
        # Output is the gap plus natural output, ω a, and equation (22) gives ω a = ζ / (σ (ρ − 1)).
        natural_growth = (now.zeta - last.zeta) / (theta.sigma * (theta.rho - 1))
        return {
            "output_growth": 400 * (now.output_gap - last.output_gap + natural_growth),
            "inflation_rate": 400 * now.inflation,
            "interest_rate": 400 * (theta.phi_pi * now.inflation + theta.phi_y * now.output_gap),
        }

    def state_scale(self, theta: Point) -> Scalars:
        return {"zeta": jnp.abs(innovation(theta)) / jnp.sqrt(1 - theta.rho**2)}

    def policy_scale(self, theta: Point) -> Scalars:
        return dict.fromkeys(self.policies, self.state_scale(theta)["zeta"])

    def closed_form(self, state: Point, theta: Point) -> Scalars:
        kappa = phillips_slope(theta)
        discounted = 1 - theta.beta * theta.rho
        demand = theta.sigma * (1 - theta.rho) + theta.phi_y
        determinant = demand * discounted + kappa * (theta.phi_pi - theta.rho)
        return {
            "output_gap": discounted * state.zeta / determinant,
            "inflation": kappa * state.zeta / determinant,
        }


def phillips_slope(theta: Point) -> Array:
    """κ of equation (21)."""
    return (1 - theta.phi) * (1 - theta.phi * theta.beta) * (theta.sigma + theta.eta) / theta.phi


def innovation(theta: Point) -> Array:
    """What a shock of one s.d. adds to the natural rate, equation (22); negative: better technology lowers it."""
    omega = (1 + theta.eta) / (theta.sigma + theta.eta)
    return theta.sigma_shock * theta.sigma * (theta.rho - 1) * omega
