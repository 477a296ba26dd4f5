"""Parameters of the two models after Smets and Wouters (2007, American Economic Review 97(3)).

Baselines are the posterior modes of their Tables 1A and 1B, priors those of the tables, truncated to the range; names
are the paper's symbols. Shocks and trends are in percent.

Two departures. Inverse gammas are those of a s.d. itself; the paper's are of its square, with the same mean and "two
degrees of freedom". The answer of spending to technology, ρ_ga, has the normal prior of the authors' program, for that
of the table is none of theirs (Pfeifer, DSGE_mod, header of Smets_Wouters_2007_45.mod).
"""

from dataclasses import replace

from ...economy.parameters import Parameter, ParameterSpace
from ...economy.priors import Beta, Gamma, InverseGamma, TruncatedNormal

SPREAD = InverseGamma(0.10, 2.0)
"""Prior of every shock's s.d."""
MEMORY = Beta(0.50, 0.20)
"""Prior of every autocorrelation and moving average."""

STRUCTURE = dict(
    phi=Parameter(5.48, (2.5, 9.0), TruncatedNormal(4.0, 1.5), r"$\varphi$", "investment adjustment cost"),
    sigma_c=Parameter(1.39, (1.05, 1.9), TruncatedNormal(1.5, 0.37), r"$\sigma_c$", "relative risk aversion"),
    h=Parameter(0.71, (0.5, 0.85), Beta(0.7, 0.1), r"$\lambda$", "external habit"),
    xi_w=Parameter(0.73, (0.5, 0.88), Beta(0.5, 0.1), r"$\xi_w$", "share of wages not set anew"),
    sigma_l=Parameter(1.92, (0.5, 4.0), TruncatedNormal(2.0, 0.75), r"$\sigma_l$", "inverse Frisch elasticity"),
    xi_p=Parameter(0.65, (0.45, 0.82), Beta(0.5, 0.1), r"$\xi_p$", "share of prices not set anew"),
    iota_w=Parameter(0.59, (0.2, 0.9), Beta(0.5, 0.15), r"$\iota_w$", "indexation of wages"),
    iota_p=Parameter(0.22, (0.03, 0.55), Beta(0.5, 0.15), r"$\iota_p$", "indexation of prices"),
    psi=Parameter(0.54, (0.25, 0.85), Beta(0.5, 0.15), r"$\psi$", "cost of utilisation"),
    phi_p=Parameter(1.61, (1.3, 1.9), TruncatedNormal(1.25, 0.12), r"$\phi_p$", "one plus the share of fixed costs"),
    r_pi=Parameter(2.03, (1.4, 2.8), TruncatedNormal(1.5, 0.25), r"$r_\pi$", "policy response to inflation"),
    rho=Parameter(0.81, (0.65, 0.9), Beta(0.75, 0.1), r"$\rho$", "smoothing of the policy rate"),
    r_y=Parameter(0.08, (0.01, 0.18), TruncatedNormal(0.12, 0.05), r"$r_y$", "policy response to output"),
    r_dy=Parameter(0.22, (0.08, 0.36), TruncatedNormal(0.12, 0.05), r"$r_{\Delta y}$", "policy response to its growth"),
    pi_bar=Parameter(0.81, (0.4, 1.2), Gamma(0.62, 0.1), r"$\bar\pi$", "steady-state inflation", "percent, quarterly"),
)
FIXED = dict(
    delta=Parameter(0.025, label=r"$\delta$", text="depreciation"),
    phi_w=Parameter(1.5, label=r"$\phi_w$", text="steady-state mark-up of wages, gross"),
    g_y=Parameter(0.18, label="$g_y$", text="steady-state share of spending in output"),
    eps_p=Parameter(10.0, label=r"$\varepsilon_p$", text="curvature of the demand for goods (Kimball)"),
    eps_w=Parameter(10.0, label=r"$\varepsilon_w$", text="curvature of the demand for labour (Kimball)"),
)
SHOCKS = dict(
    sigma_a=Parameter(0.45, (0.3, 0.65), SPREAD, r"$\sigma_a$", "s.d. of technology's shock", "percent"),
    sigma_b=Parameter(0.24, (0.1, 0.36), SPREAD, r"$\sigma_b$", "s.d. of the risk premium's shock", "percent"),
    sigma_g=Parameter(0.52, (0.38, 0.7), SPREAD, r"$\sigma_g$", "s.d. of spending's shock", "percent of output"),
    sigma_i=Parameter(0.45, (0.25, 0.7), SPREAD, r"$\sigma_i$", "s.d. of investment's shock", "percent"),
    sigma_r=Parameter(0.24, (0.17, 0.33), SPREAD, r"$\sigma_r$", "s.d. of the policy shock", "percent, quarterly"),
    sigma_p=Parameter(0.14, (0.08, 0.2), SPREAD, r"$\sigma_p$", "s.d. of the price mark-up's shock", "percent"),
    sigma_w=Parameter(0.24, (0.14, 0.34), SPREAD, r"$\sigma_w$", "s.d. of the wage mark-up's shock", "percent"),
    rho_a=Parameter(0.95, (0.88, 0.985), MEMORY, r"$\rho_a$", "persistence of technology"),
    rho_b=Parameter(0.18, (0.02, 0.6), MEMORY, r"$\rho_b$", "persistence of the risk premium"),
    rho_g=Parameter(0.97, (0.92, 0.99), MEMORY, r"$\rho_g$", "persistence of spending"),
    rho_i=Parameter(0.71, (0.5, 0.88), MEMORY, r"$\rho_i$", "persistence of investment's shock"),
    rho_ga=Parameter(0.52, (0.2, 0.85), TruncatedNormal(0.5, 0.25), r"$\rho_{ga}$", "answer of spending to technology"),
)
TRENDS = dict(
    beta_bar=Parameter(
        0.16, (0.02, 0.4), Gamma(0.25, 0.1), r"$100(\beta^{-1}-1)$", "discount rate", "percent, quarterly"
    ),
    gamma_bar=Parameter(
        0.43, (0.35, 0.51), TruncatedNormal(0.4, 0.1), r"$\bar\gamma$", "trend growth", "percent, quarterly"
    ),
    alpha=Parameter(0.19, (0.13, 0.27), TruncatedNormal(0.3, 0.05), r"$\alpha$", "capital share"),
)

LINEAR = ParameterSpace(
    **STRUCTURE,
    **TRENDS,
    l_bar=Parameter(-0.1, (-4.0, 4.0), TruncatedNormal(0.0, 2.0), r"$\bar l$", "steady-state hours", "percent"),
    **SHOCKS,
    rho_r=Parameter(0.12, (0.02, 0.4), MEMORY, r"$\rho_r$", "persistence of the policy shock"),
    rho_p=Parameter(0.90, (0.7, 0.97), MEMORY, r"$\rho_p$", "persistence of the price mark-up"),
    rho_w=Parameter(0.97, (0.88, 0.99), MEMORY, r"$\rho_w$", "persistence of the wage mark-up"),
    mu_p=Parameter(0.74, (0.4, 0.92), MEMORY, r"$\mu_p$", "moving average of the price mark-up"),
    mu_w=Parameter(0.88, (0.65, 0.95), MEMORY, r"$\mu_w$", "moving average of the wage mark-up"),
    **FIXED,
)
"""36 free parameters, as published."""

NONLINEAR = ParameterSpace(
    **STRUCTURE | dict(pi_bar=replace(STRUCTURE["pi_bar"], value=0.5, range=(0.3, 0.8))),
    **SHOCKS,
    rho_p=Parameter(0.25, (0.05, 0.6), MEMORY, r"$\rho_p$", "persistence of the price mark-up"),
    rho_w=Parameter(0.20, (0.05, 0.6), MEMORY, r"$\rho_w$", "persistence of the wage mark-up"),
    beta_bar=replace(TRENDS["beta_bar"], value=0.1, range=None),
    gamma_bar=replace(TRENDS["gamma_bar"], value=0.4, range=None),
    alpha=replace(TRENDS["alpha"], range=None),
    **FIXED,
)
"""29 free parameters. Mark-ups are AR(1), not ARMA(1, 1), with about the variance and first autocorrelation of the
published ones; the policy shock has no memory beside the smoothing of the rate. Inflation and discount rate are those
of the decades after the paper's, in which the bound was met."""
