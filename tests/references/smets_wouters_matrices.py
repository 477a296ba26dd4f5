"""Smets and Wouters (2007) a second time: the paper's equations as matrices in numpy, solved by ordered QZ.

Γ₀ x = Γ₁ E[x'] + Γ₂ x₋₁ + Ψ ε. Shares nothing with the library. Equation numbers are the paper's.
"""

from collections.abc import Mapping

import numpy as np
import scipy.linalg

STICKY = ["y", "c", "i", "q", "ks", "k", "z", "rk", "mu_p", "pi", "mu_w", "w", "l", "r"]
FLEXIBLE = ["yf", "cf", "if", "qf", "ksf", "kf", "zf", "rkf", "wf", "lf", "rf"]
PROCESSES = ["e_a", "e_b", "e_g", "e_i", "e_r", "e_p", "e_w", "n_p", "n_w"]
LAGS = ["y_1", "c_1", "i_1", "w_1"]
NAMES = [*STICKY, *FLEXIBLE, *PROCESSES, *LAGS]
SHOCKS = ["a", "b", "g", "i", "r", "p", "w"]
OBSERVED = {
    "output_growth": {"y": 1, "y_1": -1},
    "consumption_growth": {"c": 1, "c_1": -1},
    "investment_growth": {"i": 1, "i_1": -1},
    "wage_growth": {"w": 1, "w_1": -1},
    "hours": {"l": 1},
    "inflation_rate": {"pi": 1},
    "interest_rate": {"r": 1},
}
OBSERVE = np.array([[of.get(name, 0.0) for name in NAMES] for of in OBSERVED.values()])


class Matrices:
    """Equations, written one by one as coefficients of this period's, expected and last period's variables."""

    def __init__(self) -> None:
        size = len(NAMES)
        self.now, self.ahead, self.before = (np.zeros((size, size)) for _ in range(3))
        self.hit, self.row = np.zeros((size, len(SHOCKS))), 0

    def equation(self, left: str, now=None, ahead=None, before=None, shocks=None) -> None:
        """left = Σ now + Σ E[ahead] + Σ before + Σ shocks."""
        self.now[self.row, NAMES.index(left)] += 1
        for given, matrix, sign in ((now, self.now, -1), (ahead, self.ahead, 1), (before, self.before, 1)):
            for name, value in (given or {}).items():
                matrix[self.row, NAMES.index(name)] += sign * value
        for name, value in (shocks or {}).items():
            self.hit[self.row, SHOCKS.index(name)] += value
        self.row += 1


def matrices(p: Mapping[str, float], to_gap: bool = True) -> Matrices:
    """`to_gap`: whether the rule looks at the output gap, as published, or at output."""
    gam, beta = 1 + p["gamma_bar"] / 100, 1 / (1 + p["beta_bar"] / 100)
    sc, al, de, hab, bg = p["sigma_c"], p["alpha"], p["delta"], p["h"] / gam, beta * gam ** (1 - p["sigma_c"])
    rk = gam**sc / beta - 1 + de
    w = ((al / rk) ** al * (1 - al) ** (1 - al) / p["phi_p"]) ** (1 / (1 - al))
    k_l = al / (1 - al) * w / rk
    ky = p["phi_p"] * k_l ** (1 - al)
    iy = (gam - 1 + de) * ky
    cy, zy = 1 - p["g_y"] - iy, rk * ky
    whlc = w / p["phi_w"] / (cy * k_l / ky)  # hours are one, output k_l / ky
    c1, c2 = hab / (1 + hab), (sc - 1) * whlc / (sc * (1 + hab))
    c3, i1 = (1 - hab) / ((1 + hab) * sc), 1 / (1 + bg)
    i2, q1 = i1 / (gam**2 * p["phi"]), beta * gam**-sc * (1 - de)
    z1, k1 = (1 - p["psi"]) / p["psi"], (1 - de) / gam
    k2 = (1 - k1) * (1 + bg) * gam**2 * p["phi"]
    xp, xw, ip, iw = p["xi_p"], p["xi_w"], p["iota_p"], p["iota_w"]
    pi3 = (1 - bg * xp) * (1 - xp) / (xp * ((p["phi_p"] - 1) * p["eps_p"] + 1)) / (1 + bg * ip)
    w4 = (1 - bg * xw) * (1 - xw) / (xw * ((p["phi_w"] - 1) * p["eps_w"] + 1)) / (1 + bg)

    m = Matrices()
    for f in ("", "f"):
        v = lambda name: name + f  # noqa: B023
        real = {"r": -1} if not f else {"rf": -1}
        inflation = {"pi": 1} if not f else {}
        scaled = lambda terms, by: {name: by * value for name, value in terms.items()}
        m.equation(v("y"), {v("c"): cy, v("i"): iy, v("z"): zy, "e_g": 1})  # (1)
        m.equation(
            v("c"),
            {v("l"): c2, **scaled(real, c3), "e_b": 1},
            {v("c"): 1 - c1, v("l"): -c2, **scaled(inflation, c3)},
            {v("c"): c1},
        )  # (2), the risk premium scaled by −c₃
        m.equation(v("i"), {v("q"): i2, "e_i": 1}, {v("i"): 1 - i1}, {v("i"): i1})  # (3)
        m.equation(v("q"), {**real, "e_b": 1 / c3}, {v("q"): q1, v("rk"): 1 - q1, **inflation})  # (4)
        m.equation(v("y"), {v("ks"): p["phi_p"] * al, v("l"): p["phi_p"] * (1 - al), "e_a": p["phi_p"]})  # (5)
        m.equation(v("ks"), {v("z"): 1}, before={v("k"): 1})  # (6)
        m.equation(v("z"), {v("rk"): z1})  # (7)
        m.equation(v("k"), {v("i"): 1 - k1, "e_i": k2}, before={v("k"): k1})  # (8)
        m.equation(v("rk"), {v("ks"): -1, v("l"): 1, v("w"): 1})  # (11)
    m.equation("mu_p", {"ks": al, "l": -al, "e_a": 1, "w": -1})  # (9)
    m.equation("wf", {"ksf": al, "lf": -al, "e_a": 1})  # (9), no mark-up
    m.equation("pi", {"mu_p": -pi3, "e_p": 1}, {"pi": bg / (1 + bg * ip)}, {"pi": ip / (1 + bg * ip)})  # (10)
    m.equation("mu_w", {"w": 1, "l": -p["sigma_l"], "c": -1 / (1 - hab)}, before={"c": hab / (1 - hab)})  # (12)
    m.equation("wf", {"lf": p["sigma_l"], "cf": 1 / (1 - hab)}, before={"cf": -hab / (1 - hab)})  # (12), no mark-up
    m.equation(
        "w",
        {"pi": -(1 + bg * iw) / (1 + bg), "mu_w": -w4, "e_w": 1},
        {"w": bg / (1 + bg), "pi": bg / (1 + bg)},
        {"w": 1 / (1 + bg), "pi": iw / (1 + bg)},
    )  # (13)
    now = (1 - p["rho"]) * p["r_y"] + p["r_dy"]
    m.equation(
        "r",
        {"pi": (1 - p["rho"]) * p["r_pi"], "y": now, "yf": -now * to_gap, "e_r": 1},
        before={"r": p["rho"], "y": -p["r_dy"], "yf": p["r_dy"] * to_gap},
    )  # (14)
    for name in ("a", "b", "i", "r"):
        m.equation(f"e_{name}", before={f"e_{name}": p[f"rho_{name}"]}, shocks={name: p[f"sigma_{name}"]})
    m.equation("e_g", before={"e_g": p["rho_g"]}, shocks={"g": p["sigma_g"], "a": p["rho_ga"] * p["sigma_a"]})
    for name in ("p", "w"):
        last = {f"e_{name}": p[f"rho_{name}"], f"n_{name}": -p[f"mu_{name}"]}
        m.equation(f"e_{name}", {f"n_{name}": 1}, before=last)
        m.equation(f"n_{name}", shocks={name: p[f"sigma_{name}"]})
    for name in ("y", "c", "i", "w"):
        m.equation(f"{name}_1", before={name: 1})
    assert m.row == len(NAMES)
    return m


def solution(p: Mapping[str, float], to_gap: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """x = F x₋₁ + H ε. Raises `ArithmeticError` where there are not as many stable eigenvalues as lags."""
    m, size = matrices(p, to_gap), len(NAMES)
    one, nothing = np.eye(size), np.zeros((size, size))
    left = np.block([[m.ahead, nothing], [nothing, one]])  # of (E[x'], x)
    right = np.block([[m.now, -m.before], [one, nothing]])  # of (x, x₋₁)
    # Both sides are singular: variables without a lead have infinite eigenvalues, those without a lag zero.
    _, _, alpha, beta, _, z = scipy.linalg.ordqz(right, left, sort="iuc")
    stable = int((np.abs(alpha) < np.abs(beta)).sum())
    if stable != size:
        raise ArithmeticError(f"{stable} stable eigenvalues for {size} variables")
    # Stable vectors (x, x₋₁): x = F x₋₁.
    move = np.real(z[:size, :size] @ np.linalg.inv(z[size:, :size]))
    now = m.now - m.ahead @ move
    return np.linalg.solve(now, m.before), np.linalg.solve(now, m.hit)


def responses(p: Mapping[str, float], periods: int, to_gap: bool = True) -> np.ndarray:
    """Of `OBSERVED` to a shock of one s.d. each, shape (periods, observables, shocks)."""
    move, hit = solution(p, to_gap)
    paths = [hit]
    while len(paths) < periods:
        paths.append(move @ paths[-1])
    return OBSERVE @ np.stack(paths)


def covariance(p: Mapping[str, float], to_gap: bool = True) -> np.ndarray:
    """Of `OBSERVED`."""
    move, hit = solution(p, to_gap)
    return OBSERVE @ scipy.linalg.solve_discrete_lyapunov(move, hit @ hit.T) @ OBSERVE.T
