"""Krusell and Smith's (1998) economy, in Den Haan, Judd and Juillard's version (2010): a period is a quarter."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from ..economy.households import AssetGrid, HouseholdModel, Saving
from ..economy.markov import MarkovChain, between
from ..economy.model import Scalars, Variable
from ..economy.parameters import Parameter, ParameterSpace
from ..economy.points import Point
from ..machine.work import Report, silent
from .shipped_tables import with_shipped_tables


def income(prices: Point, theta: Point) -> Float[Array, " types"]:
    """The benefit, or the wage after the tax that pays it."""
    return prices.wage * jnp.stack([theta.mu, (1 - prices.tax) * theta.l_bar])


def chances(now: Point, later: Point, theta: Point) -> Float[Array, "types types"]:
    """Of finding, keeping and losing a job, by what times are and will be."""
    return jnp.einsum("z,w,zwef->ef", between(now.z, 2), between(later.z, 2), theta.jobs)


class KrusellSmith(HouseholdModel):
    """Households insure themselves against unemployment by capital; productivity and unemployment move together.

    Prices depend on what households hold, and so on the whole distribution. Times are bad (z = 0) or good.
    """

    name = "krusell_smith"
    parameters = ParameterSpace(
        beta=Parameter(0.99, (0.982, 0.991), label=r"$\beta$", text="discount factor"),
        gamma=Parameter(1.0, (1.0, 3.0), label=r"$\gamma$", text="relative risk aversion"),
        mu=Parameter(0.15, (0.1, 0.4), label=r"$\mu$", text="unemployment benefit, a share of the wage"),
        spread=Parameter(0.01, (0.005, 0.02), label=r"$\Delta_a$", text="productivity is 1 less or plus this"),
        duration=Parameter(8.0, (6.0, 12.0), label="$d$", text="duration of bad and of good times", unit="quarters"),
        alpha=Parameter(0.36, label=r"$\alpha$", text="capital share"),
        delta=Parameter(0.025, label=r"$\delta$", text="depreciation rate"),
        l_bar=Parameter(1 / 0.9, label=r"$\bar l$", text="hours of the employed"),
        unemployment_bad=Parameter(0.10, label="$u_b$", text="unemployment in bad times"),
        unemployment_good=Parameter(0.04, label="$u_g$", text="unemployment in good times"),
        spell_bad=Parameter(2.5, label="$s_b$", text="duration of unemployment in bad times", unit="quarters"),
        spell_good=Parameter(1.5, label="$s_g$", text="duration of unemployment in good times", unit="quarters"),
        turning_bad=Parameter(1.25, label="$t_b$", text="factor of staying unemployed when times turn bad"),
        turning_good=Parameter(0.75, label="$t_g$", text="factor of staying unemployed when times turn good"),
    )
    states = {"z": MarkovChain("times", r"$z_t$", "bad and good times")}
    household = Saving(("unemployed", "employed"), income, chances, AssetGrid(150, top=300.0, power=3.5))
    observables = {
        "capital": Variable(r"$K_t$", "capital", "level"),
        "output": Variable(r"$Y_t$", "output", "level"),
        "unemployment": Variable(r"$100\,u_t$", "unemployment rate", "percent"),
    }

    def derived(self, theta: Point) -> Scalars:
        """Probabilities of times, and of jobs [z, z', e, e']: unemployment depends on the times alone."""
        rates = jnp.stack([theta.unemployment_bad, theta.unemployment_good])
        bad, good = 1 - 1 / theta.spell_bad, 1 - 1 / theta.spell_good
        stays = jnp.array([[bad, theta.turning_good * good], [theta.turning_bad * bad, good]])
        loses = (rates[None, :] - rates[:, None] * stays) / (1 - rates[:, None])
        turns = 1 / theta.duration
        return {
            "times": jnp.array([[1 - turns, turns], [turns, 1 - turns]]),
            "jobs": jnp.stack([jnp.stack([stays, 1 - stays], -1), jnp.stack([loses, 1 - loses], -1)], axis=2),
        }

    def prepared(self, report: Report = silent) -> HouseholdModel:
        return HouseholdModel.prepared(with_shipped_tables(self) if type(self) is KrusellSmith else self, report)

    def prices(self, now: Point, theta: Point) -> Scalars:
        productivity, labor = 1 + theta.spread * (2 * now.z - 1), theta.l_bar * now.masses[1]
        output = productivity * now.assets**theta.alpha * labor ** (1 - theta.alpha)
        return {
            "output": output,
            "gross_return": 1 - theta.delta + theta.alpha * output / now.assets,
            "wage": (1 - theta.alpha) * output / labor,
            "tax": theta.mu * now.masses[0] / labor,
        }

    def steady_state(self, theta: Point) -> Scalars:
        """Households hold a little more than if they shared their risks."""
        ratio = (theta.alpha / (1 / theta.beta - 1 + theta.delta)) ** (1 / (1 - theta.alpha))
        return {"assets": 1.01 * ratio * theta.l_bar * (1 - (theta.unemployment_bad + theta.unemployment_good) / 2)}

    def observe(self, now: Point, last: Point, theta: Point) -> Scalars:
        seen = self.seen(now, theta)
        return {"capital": seen.assets, "output": seen.output, "unemployment": 100 * seen.masses[0]}
