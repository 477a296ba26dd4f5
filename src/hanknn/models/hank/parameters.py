"""Parameters of the heterogeneous-agent model: fixed and estimated values, priors and ranges (KMR section 4)."""

from ...economy.parameters import Parameter, ParameterSpace
from ...economy.priors import TruncatedNormal

PARAMETERS = ParameterSpace(
    sigma_s=Parameter(
        0.05, (0.025, 0.10), TruncatedNormal(0.05, 0.01), r"$\sigma_s$", "s.d. of idiosyncratic productivity's shock"
    ),
    borrowing_limit=Parameter(
        -0.5,
        (-0.65, -0.35),
        TruncatedNormal(-0.5, 0.01),
        r"$\underline{B}$",
        "lowest assets (negative: debt)",
        "detrended",
    ),
    varphi=Parameter(
        100.0, (70.0, 120.0), TruncatedNormal(100.0, 5.0), r"$\varphi$", "price adjustment cost (Rotemberg)"
    ),
    theta_pi=Parameter(
        2.25, (1.75, 2.75), TruncatedNormal(2.25, 0.125), r"$\theta_\Pi$", "policy response to inflation"
    ),
    theta_y=Parameter(1.0, (0.75, 1.25), TruncatedNormal(1.0, 0.025), r"$\theta_Y$", "policy response to output"),
    rho_z=Parameter(0.4, (0.2, 0.6), TruncatedNormal(0.4, 0.025), r"$\rho_z$", "persistence of the growth shock"),
    rho_m=Parameter(0.9, (0.85, 0.95), TruncatedNormal(0.9, 0.005), r"$\rho_m$", "persistence of the monetary shock"),
    sigma_zeta=Parameter(
        0.015, (0.01, 0.02), TruncatedNormal(0.015, 0.001), r"$\sigma_\zeta$", "s.d. of the preference shock"
    ),
    sigma_z=Parameter(0.004, (0.003, 0.006), TruncatedNormal(0.004, 0.001), r"$\sigma_z$", "s.d. of the growth shock"),
    sigma_m=Parameter(
        0.0006, (0.0005, 0.002), TruncatedNormal(0.0006, 0.0001), r"$\sigma_m$", "s.d. of the monetary shock"
    ),
    beta=Parameter(0.9975, label=r"$\beta$", text="discount factor"),
    sigma=Parameter(1.0, label=r"$\sigma$", text="relative risk aversion"),
    eta=Parameter(0.72, label=r"$\eta$", text="inverse Frisch elasticity"),
    epsilon=Parameter(11.0, label=r"$\epsilon$", text="elasticity of substitution between goods"),
    chi=Parameter(0.74, label=r"$\chi$", text="weight of labour in utility"),
    gamma=Parameter(0.18, label=r"$\gamma$", text="progressivity of the labour tax"),
    debt=Parameter(1.0, label=r"$D$", text="government debt", unit="detrended"),
    growth=Parameter(1.0033, label=r"$\bar a$", text="trend growth", unit="gross, quarterly"),
    target=Parameter(1.00625, label=r"$\bar\Pi$", text="inflation target", unit="gross, quarterly"),
    rho_zeta=Parameter(0.7, label=r"$\rho_\zeta$", text="persistence of the preference shock"),
)
