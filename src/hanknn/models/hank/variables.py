"""States, shocks, policies and observables of the heterogeneous-agent model."""

from ...economy.model import Variable
from .tables import HouseholdTables

AGGREGATES = {
    "zeta": Variable(r"$\zeta_t$", "preference shock", "log"),
    "z": Variable(r"$z_t$", "growth shock", "log"),
    "mp": Variable(r"$mp_t$", "monetary policy shock", "log"),
    "last_rate": Variable(r"$\log R_{t-1}$", "nominal interest rate of last quarter", "log, quarterly"),
}
SHOCKS = {
    "eps_zeta": Variable(r"$\varepsilon^\zeta_t$", "preference shock", "s.d."),
    "eps_z": Variable(r"$\varepsilon^z_t$", "growth shock", "s.d."),
    "eps_m": Variable(r"$\varepsilon^m_t$", "monetary policy shock", "s.d."),
}
PRICES = {
    "inflation": Variable(r"$\Pi_t$", "inflation", "gross, quarterly"),
    "labor": Variable(r"$N_t$", "labour, output and consumption", "level"),
    "tax_level": Variable(r"$\tau_t$", "level of after-tax income", "level"),
}
PRESSURE = {"price_pressure": Variable(r"$E_t[\cdot]$", "expected price pressure", "level")}
CONSTRAINTS = {"zlb": Variable(r"$\log R^N_t$", "zero lower bound", "log of the notional rate")}
OBSERVABLES = {
    "output": Variable(r"$100(Y_t/\bar Y-1)$", "output", "percent of the steady state's"),
    "output_growth": Variable(r"$400(a_tY_t/Y_{t-1}-1)$", "output growth", "percent, annualised"),
    "inflation_rate": Variable(r"$400(\Pi_t-1)$", "inflation rate", "percent, annualised"),
    "interest_rate": Variable(r"$400(R_t-1)$", "nominal interest rate", "percent, annualised"),
    "notional_rate": Variable(r"$400(R^N_t-1)$", "notional interest rate", "percent, annualised"),
    "in_debt": Variable("in debt", "households with negative assets", "percent"),
    "at_the_limit": Variable("at the limit", "households at the borrowing limit", "percent"),
    "gini": Variable("Gini", "Gini coefficient of assets", "index"),
}


def states(tables: HouseholdTables) -> dict[str, Variable]:
    """The aggregates and the distribution on its grid."""
    shape = tables.grids.shape
    return {**AGGREGATES, "distribution": Variable(r"$\mu_t$", "households by assets and productivity", "share", shape)}


def outputs(tables: HouseholdTables) -> dict[str, Variable]:
    """What the network learns: log prices (Π, N, τ), price pressure and the value's coefficients, as `regime_shape`."""
    shape = regime_shape(tables)
    return {
        "free": Variable("rule", "prices and expectations where the rule is in force", "deviations", shape),
        "turn": Variable("turn", "their change at the bound, by how far the notional rate is below it", "ratio", shape),
    }


def regime_shape(tables: HouseholdTables) -> tuple[int]:
    """Three prices, one price pressure, the value's coefficients."""
    return (4 + tables.summaries.modes,)


def policies(tables: HouseholdTables) -> dict[str, Variable]:
    """Prices and expectations: those that rule, and in either regime."""
    shape = (tables.summaries.modes,)
    value = Variable(r"$\log E_t[\cdot]$", "expected marginal value of assets", "coefficients", shape)
    bound = "prices and expectations where the rate is at its bound"
    regimes = {
        "free": outputs(tables)["free"],
        "bound": Variable("bound", bound, "deviations", regime_shape(tables)),
    }
    return {**PRICES, "value": value, **PRESSURE, **regimes}
