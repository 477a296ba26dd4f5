"""A linear New Keynesian model with 3, 5, 7 and 10 shocks, solved over all its parameters, against an exact solution.

Run: python benchmarks/many_shocks.py (a few minutes on two cores). Habits, indexation and interest-rate smoothing make
three lags states; each shock is an AR(1), and some have a moving average. The reference shares nothing with the
library: matrices written by hand, solved by ordered QZ (scipy).
"""

import os
import resource
import time
import warnings

import numpy as np
import pandas as pd
import scipy.linalg

import hanknn
from hanknn import AR1, Parameter, ParameterSpace, Variable

PLACES = ("demand", "costs", "policy")
"""Equations that shocks enter, in turn."""
MOVING = {3: 2, 5: 3, 7: 4, 10: 7}
"""How many shocks have a moving average, by the number of shocks."""


def model(shocks: int) -> hanknn.Model:
    """The economy with so many shocks."""
    names = [f"{PLACES[j % 3]}_{j}" for j in range(shocks)]
    parameters = {
        "sigma": Parameter(1.5, (1.0, 2.5)),
        "habit": Parameter(0.6, (0.3, 0.8)),
        "indexation": Parameter(0.4, (0.1, 0.7)),
        "kappa": Parameter(0.05, (0.02, 0.15)),
        "phi_pi": Parameter(1.8, (1.4, 2.5)),
        "phi_x": Parameter(0.2, (0.05, 0.4)),
        "smoothing": Parameter(0.7, (0.4, 0.85)),
        "beta": Parameter(0.99, (0.98, 0.995)),
    }
    for name in names:
        parameters |= {f"rho_{name}": Parameter(0.7, (0.4, 0.9)), f"sd_{name}": Parameter(0.003, (0.001, 0.006))}
    processes = {
        name: AR1(f"rho_{name}", f"sd_{name}", name, name, moving_average=0.4 if j < MOVING[shocks] else None)
        for j, name in enumerate(names)
    }

    class Linear(hanknn.Model):
        name = f"linear-{shocks}"
        states = {
            **{lag: Variable(lag, lag, "percent") for lag in ("last_gap", "last_inflation", "last_rate")},
            **processes,
        }
        policies = {name: Variable(name, name, "percent") for name in ("gap", "inflation", "rate")}

        def transition(self, now, shock, theta):
            return {"last_gap": now.gap, "last_inflation": now.inflation, "last_rate": now.rate}

        def expectands(self, now, next, theta):
            return {"gap": next.gap, "inflation": next.inflation}

        def residuals(self, now, expected, theta):
            demand, costs, policy = (sum(getattr(now, n) for n in names[k::3]) for k in range(3))
            h, i = theta.habit, theta.indexation
            real_rate = (1 - h) / ((1 + h) * theta.sigma) * (now.rate - expected.inflation)
            rule = theta.phi_pi * now.inflation + theta.phi_x * now.gap
            return {
                "euler": now.gap - (expected.gap + h * now.last_gap) / (1 + h) + real_rate - demand,
                "phillips_curve": now.inflation
                - (theta.beta * expected.inflation + i * now.last_inflation) / (1 + theta.beta * i)
                - theta.kappa * now.gap
                - costs,
                "rule": now.rate - theta.smoothing * now.last_rate - (1 - theta.smoothing) * rule - policy,
            }

    Linear.parameters = ParameterSpace(**parameters)
    return Linear()


def exact(shocks: int, theta: dict[str, float]) -> tuple[np.ndarray, np.ndarray]:
    """Slopes of gap, inflation and rate in the states, in the model's order, and standard deviations of the three."""
    names = [f"{PLACES[j % 3]}_{j}" for j in range(shocks)]
    order = ["last_gap", "last_inflation", "last_rate"]
    for j, name in enumerate(names):
        order += [name, f"last_eps_{name}"] if j < MOVING[shocks] else [name]
    n, at = len(order), {name: k for k, name in enumerate(order)}
    gap, inflation, rate = n, n + 1, n + 2
    left, right, hit = np.zeros((n + 3, n + 3)), np.zeros((n + 3, n + 3)), np.zeros((n, shocks))  # L E[v'] = R v
    for k, jump in enumerate((gap, inflation, rate)):
        left[k, k] = right[k, jump] = 1
    for j, name in enumerate(names):
        s = at[name]
        left[s, s], right[s, s] = 1, theta[f"rho_{name}"]
        hit[s, j] = theta[f"sd_{name}"]
        if j < MOVING[shocks]:
            left[s + 1, s + 1], hit[s + 1, j] = 1, 1
            right[s, s + 1] = -0.4 * theta[f"sd_{name}"]
    h, i, beta, smooth = theta["habit"], theta["indexation"], theta["beta"], theta["smoothing"]
    price = (1 - h) / ((1 + h) * theta["sigma"])
    left[n, [gap, inflation]] = 1 / (1 + h), price
    right[n, [gap, rate, at["last_gap"]]] = 1, price, -h / (1 + h)
    left[n + 1, inflation] = beta / (1 + beta * i)
    right[n + 1, [inflation, gap, at["last_inflation"]]] = 1, -theta["kappa"], -i / (1 + beta * i)
    right[n + 2, [rate, at["last_rate"]]] = 1, -smooth
    right[n + 2, [inflation, gap]] = -(1 - smooth) * theta["phi_pi"], -(1 - smooth) * theta["phi_x"]
    for j, name in enumerate(names):
        right[n + j % 3, at[name]] = -1
    *_, alpha, beta_, _, z = scipy.linalg.ordqz(right, left, sort="iuc")
    if (np.abs(alpha) < np.abs(beta_)).sum() != n:
        return np.full((3, n), np.nan), np.full(3, np.nan)
    slopes = z[n:, :n] @ np.linalg.inv(z[:n, :n])
    move = np.linalg.solve(left[:n, :n], right[:n, :n] + right[:n, n:] @ slopes)
    variance = scipy.linalg.solve_discrete_lyapunov(move, hit @ hit.T)
    return slopes, np.sqrt(np.einsum("ij,jk,ik->i", slopes, variance, slopes))


def main(draws: int = 100) -> None:
    warnings.simplefilter("ignore")
    rows = []
    for shocks in MOVING:
        economy = model(shocks)
        start = time.perf_counter()
        solved = hanknn.solve(economy)
        seconds = time.perf_counter() - start
        space, states = economy.parameters, list(economy.states)
        rng = np.random.default_rng(0)
        errors, refused = [], 0
        for vector in rng.uniform(space.lower, space.upper, (draws, len(space))):
            theta = dict(zip(space.names, vector, strict=True))
            slopes, sds = exact(shocks, theta)
            points = pd.DataFrame(rng.normal(size=(20, len(states))) * 0.01, columns=states)
            if np.isnan(sds).any():
                refused += not solved.solution.solved(vector[None])[0]
                continue
            found = solved.solution.policy(points, theta).to_numpy()
            errors.append(np.abs(found - points.to_numpy() @ slopes.T).max(axis=0) / sds)
        rows.append(
            {
                "shocks": shocks,
                "states": len(states),
                "free parameters": len(space.free),
                "seconds": seconds,
                "of them compiling": solved.compile_seconds,
                "largest policy error, percent of s.d.": 100 * np.max(errors),
                "determinate": len(errors),
                "memory so far, GB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
            }
        )
        print(pd.DataFrame(rows).to_string(index=False, float_format="{:.2g}".format), flush=True)
    print(f"{draws} parameter draws each, {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
