"""The household block at given prices in a steady state: policies, stationary distribution, aggregates."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from ...economy.households import Choices, Grids, Prices, choose
from ...economy.households.grids import lottery
from ...economy.points import Point


class Block(NamedTuple):
    """Households at given prices; arrays over households have shape (assets, productivities).

    `euler_consumption`: consumption that equation (69) asks for where next period's assets are the node's.
    `labor`: ∫e^s H. `tax_base`: ∫(W e^s H)^{1−γ}. `assets`: ∫B'. `consumption`: ∫C.
    `settled`: whether policies converged.
    """

    euler_consumption: Float[Array, "assets productivities"]
    choices: Choices
    distribution: Float[Array, "assets productivities"]
    labor: Float[Array, ""]
    tax_base: Float[Array, ""]
    assets: Float[Array, ""]
    consumption: Float[Array, ""]
    settled: Bool[Array, ""]


def household_block(
    grids: Grids,
    theta: Point,
    prices: Prices,
    start: Float[Array, "assets productivities"],
    tolerance: float,
    max_iterations: int,
) -> Block:
    """Policies by iterating the Euler equation from `start`, then the distribution they imply; a pure function."""

    def unsettled(state):
        _, change, i = state
        return (change > tolerance) & (i < max_iterations)

    def step(state):
        old, _, i = state
        consumption = choose(grids, theta, prices, old).consumption
        new = expected_consumption(grids, theta, prices.real_return, consumption)
        return new, jnp.max(jnp.abs(jnp.log(new / old))), i + 1

    euler_consumption, change, _ = jax.lax.while_loop(unsettled, step, (start, jnp.asarray(jnp.inf), jnp.asarray(0)))
    chosen = choose(grids, theta, prices, euler_consumption)
    nodes = grids.asset_nodes(theta.borrowing_limit)
    distribution = stationary(grids, nodes, chosen.assets)
    effective = grids.productivity(theta.sigma_s)[None, :] * chosen.hours
    return Block(
        euler_consumption,
        chosen,
        distribution,
        jnp.sum(distribution * effective),
        jnp.sum(distribution * (prices.wage * effective) ** (1 - theta.gamma)),
        jnp.sum(distribution * chosen.assets),
        jnp.sum(distribution * chosen.consumption),
        change <= tolerance,
    )


def expected_consumption(
    grids: Grids, theta: Point, real_return: Array, consumption: Float[Array, "assets productivities"]
) -> Float[Array, "assets productivities"]:
    """Consumption today that satisfies equation (69) without aggregate risk, the limit slack, by assets chosen."""
    transition = jnp.asarray(grids.chain.transition, consumption.dtype)
    return (theta.beta * real_return * (consumption**-theta.sigma) @ transition.T) ** (-1 / theta.sigma)


def transition_matrix(
    grids: Grids, nodes: Float[Array, " assets"], assets: Float[Array, "assets productivities"]
) -> Float[Array, "households households"]:
    """Probabilities of moving from a row's node to a column's, by Young's lottery and the chain."""
    i, share = lottery(nodes, assets)
    rows, columns = jnp.indices(grids.shape)
    spread = jnp.zeros((*grids.shape, grids.assets), assets.dtype)
    spread = spread.at[rows, columns, i].set(1 - share).at[rows, columns, i + 1].set(share)
    chain = jnp.asarray(grids.chain.transition, assets.dtype)
    n = grids.assets * grids.productivities
    return jnp.einsum("ase,st->aset", spread, chain).reshape(n, n)


def stationary(
    grids: Grids, nodes: Float[Array, " assets"], assets: Float[Array, "assets productivities"]
) -> Float[Array, "assets productivities"]:
    """The distribution that asset choices leave unchanged, by one linear solve: its mass is one."""
    matrix = transition_matrix(grids, nodes, assets)
    n = len(matrix)
    system = (matrix.T - jnp.eye(n, dtype=matrix.dtype)).at[-1].set(1.0)
    return jnp.linalg.solve(system, jnp.zeros(n, matrix.dtype).at[-1].set(1.0)).reshape(grids.shape)
