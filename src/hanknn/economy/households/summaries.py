"""A few numbers in which households near a steady state can be told: how their value moves, what of them matters."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..points import Point
from .choice import Prices, choose
from .distribution import advance, split
from .grids import Grids

PERSISTENCES = (0.0, 0.4, 0.7, 0.9)
HORIZON = 60


class Steady(NamedTuple):
    """A steady state: prices, Euler consumption and distribution by assets and productivity."""

    prices: Prices
    euler_consumption: Float[Array, "assets productivities"]
    distribution: Float[Array, "assets productivities"]


def value_responses(grids: Grids, theta: Point, steady: Steady) -> Float[Array, "responses assets productivities"]:
    """Responses of log E[C'^{−σ} r'] to expected log changes of each price from next quarter on, dying out at a rate.

    One for each price and each of `PERSISTENCES`, price by price within a persistence.
    """
    transition = jnp.asarray(grids.chain.transition, steady.euler_consumption.dtype)
    log_prices = jnp.log(jnp.stack(steady.prices))

    def value(change, persistence):
        def back(euler_consumption, ahead):
            prices = Prices(*jnp.exp(log_prices + change * persistence**ahead))
            consumption = choose(grids, theta, prices, euler_consumption).consumption
            marginal = prices.real_return * consumption**-theta.sigma @ transition.T
            return (theta.beta * marginal) ** (-1 / theta.sigma), jnp.log(marginal)

        return jax.lax.scan(back, steady.euler_consumption, jnp.arange(HORIZON, -1.0, -1.0))[1][-1]

    derivative = jax.jacfwd(value)
    each = [derivative(jnp.zeros(4), persistence) for persistence in PERSISTENCES]
    return jnp.concatenate([jnp.moveaxis(found, -1, 0) for found in each])


def next_distribution(grids: Grids, theta: Point, steady: Steady) -> Float[Array, "assets productivities"]:
    """Households by asset choice and today's productivity: whom the Euler equations hold for."""
    nodes = grids.asset_nodes(theta.borrowing_limit)
    chosen = choose(grids, theta, steady.prices, steady.euler_consumption).assets
    return split(nodes, steady.distribution, chosen)


def orthonormal(
    modes: Float[Array, "modes assets productivities"], weights: Float[Array, "assets productivities"]
) -> Float[Array, "modes assets productivities"]:
    """Modes orthonormal under `weights`, each from those before it (Gram-Schmidt, by Cholesky)."""
    gram = jnp.einsum("iab,jab,ab->ij", modes, modes, weights)
    factor = jnp.linalg.cholesky(gram)
    return jax.scipy.linalg.solve_triangular(factor, modes.reshape(len(modes), -1), lower=True).reshape(modes.shape)


def distribution_weights(
    grids: Grids, theta: Point, steady: Steady, ahead: tuple[int, ...]
) -> Float[Array, "weights assets productivities"]:
    """Functions of assets and productivity whose means summarise a distribution.

    Consumption and effective labour now, and consumption expected so many quarters later (`ahead`, rising), at
    steady-state policies.
    """
    chosen = choose(grids, theta, steady.prices, steady.euler_consumption)
    nodes = grids.asset_nodes(theta.borrowing_limit)
    earlier = jax.vjp(lambda mass: advance(grids, nodes, mass, chosen.assets), steady.distribution)[1]
    kept, found = chosen.consumption, []
    for quarter in range(1, max(ahead) + 1):
        kept = earlier(kept)[0]
        found += [kept] if quarter in ahead else []
    return jnp.stack([chosen.consumption, grids.productivity(theta.sigma_s)[None, :] * chosen.hours, *found])


def weight_units(ahead: tuple[int, ...]) -> tuple[float, ...]:
    """Ergodic s.d., roughly, of the means of `distribution_weights`: they fall by the quarter."""
    return (1e-3, 1e-3, *(5e-4 * 0.26 ** ((quarter - 4) / 12) for quarter in ahead))
