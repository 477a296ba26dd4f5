"""The one loop that runs every training method, in compiled chunks."""

import time
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree
from jaxtyping import PRNGKeyArray

from ..economy import Economy, Equations
from ..economy.definition import disagreement
from ..economy.draws import ergodic_sample, ergodic_states, plausible
from ..economy.misfit import SOLVED, misfit
from ..economy.networks import PolicyNetwork, network_policy
from ..economy.points import Point
from ..economy.which_rule import FEW
from ..machine.batches import in_batches
from ..machine.compiled import jit, once
from ..machine.errors import RunFolderError, TrainingStopped
from ..machine.storage import leaves_from_numpy, leaves_to_numpy
from ..machine.work import Report, Saved, Step, Store
from .history import History
from .method import Info, Method
from .recipes import Recipe
from .sample.walked import LOST, walk

CHECKPOINT = "checkpoint"
"""What a store keeps training's state under."""


class Trained(NamedTuple):
    """`status`: how training ended, in words. `compile_seconds`: spent before iterating. `definition`: of the model."""

    network: PolicyNetwork
    history: History
    status: str
    seconds: float
    compile_seconds: float
    definition: dict[str, Any]


class Training:
    """A recipe's methods, one after another, as one `run`.

    `store` saves every few seconds and goes on from what it finds; `definition`: what that must have been made for.
    Residuals are validated at 10,000 points, 2,000 where economies may have no equilibrium, each of which is then
    tried at several states, or 256 where those have many shocks as well or come from simulation. Raises
    `TrainingStopped` where a residual or gradient is not finite; the error carries the last good result as
    `trained`.
    """

    def __init__(self, equations: Equations, recipe: Recipe, seed: int, report: Report, store: Store, definition):
        self.equations, self.recipe, self.report = equations, recipe, report
        self.store = store.within(model=equations.model.name, recipe=recipe, seed=seed)
        self.key = jax.random.key(seed)
        self.definition = definition
        self.history = History(equations.equation_names)
        self.seconds, self.compile_seconds, self.saved_at = 0.0, 0.0, time.monotonic()
        self.status = "nothing to do"
        few = 256 if equations.model.arrays or len(equations.shocks) > FEW else 2_000
        draws = few if equations.constraints else 10_000
        self.points = _validation_sample(equations, jax.random.fold_in(self.key, 2**30), draws)

    def run(self) -> Trained:
        model = self.equations.model
        counts = len(self.equations.inputs_seen), len(model.parameters.free), self.equations.output_size
        build = lambda key: self.recipe.network.build(*counts, key, self.recipe.methods[0].dtype)
        network = once(build)(jax.random.fold_in(self.key, 0))
        network = network.silent() if model.linearises else network
        saved = self._restore()
        first = 0 if saved is None else saved.header["stage"]
        for stage, method in enumerate(self.recipe.methods):
            network = jax.tree.map(lambda leaf: leaf.astype(method.dtype), network)  # noqa: B023
            if stage >= first:
                network = self._run_stage(stage, method, network, saved if stage == first else None)
        return self._result(network)

    def _result(self, network: PolicyNetwork) -> Trained:
        return Trained(network, self.history, self.status, self.seconds, self.compile_seconds, self.definition)

    def _run_stage(self, stage: int, method: Method, network, saved: Saved | None) -> PolicyNetwork:
        equations = self.equations
        rebuild = ravel_pytree(network)[1]
        state = method.init(equations, network, jax.random.fold_in(self.key, stage + 1))
        iteration = begin = 0 if saved is None else saved.header["iteration"]
        if saved is not None:
            state = leaves_from_numpy(state, saved.arrays, saved.path)
            saved.arrays.clear()  # what is remembered of the curvature would stay in memory twice
        advance = self._compile(_chunk(equations, method, network, method.chunk), state)
        points = jax.tree.map(lambda a: a.astype(method.dtype) if a.dtype == jnp.float64 else a, self.points)
        validate = self._compile(_validator(equations, method.dtype, rebuild), method.weights(state), points)
        try:
            while iteration < method.iterations:
                began = time.perf_counter()
                size = min(method.chunk, method.iterations - iteration)
                new, info = (advance if size == method.chunk else jit(_chunk(equations, method, network, size)))(state)
                bad = ~np.asarray(info.good)
                if bad.any():
                    self._stop(iteration, int(np.argmax(bad)), info, new, rebuild(method.weights(new)))
                mean_squares = np.asarray(validate(method.weights(new), points))
                state = new
                elapsed = time.perf_counter() - began
                self.seconds += elapsed
                self.history.add(stage, iteration, info, self.seconds)
                iteration += size
                self.history.check(stage, iteration, self.seconds, mean_squares)
                note = f"residual² {mean_squares.mean():.1e}  {size / elapsed:,.1f} iterations/s"
                self.report(Step(type(method).__name__, iteration, method.iterations, note))
                self._save(stage, iteration, state, finished=iteration == method.iterations)
                if np.asarray(info.done)[-1]:
                    break
        except KeyboardInterrupt:
            # Before its first chunk a run has nothing to keep, and has not yet taken its folder.
            if iteration > begin:
                self._save(stage, iteration, state, finished=True)
            raise
        self.status = "iterations used up" if iteration == method.iterations else "stopped early: nothing left to gain"
        return rebuild(method.weights(state))

    def _compile(self, function, *arguments):
        began = time.perf_counter()
        compiled = jit(function).lower(*arguments).compile()
        self.compile_seconds += time.perf_counter() - began
        return compiled

    def _stop(self, iteration: int, offset: int, info: Info, state, network: PolicyNetwork) -> None:
        squares = np.asarray(info.mean_squares)[offset]
        names = tuple(n for n, v in zip(self.equations.equation_names, squares, strict=True) if not np.isfinite(v))
        self.status = "stopped: not finite"
        raise TrainingStopped(iteration + offset, names, self._result(network))

    def _save(self, stage: int, iteration: int, state, finished: bool) -> None:
        if not finished and time.monotonic() - self.saved_at < self.store.every:
            return
        header = {
            "definition": self.definition,
            "stage": stage,
            "iteration": iteration,
            "seconds": self.seconds,
            "compile_seconds": self.compile_seconds,
        }
        self.store.save(CHECKPOINT, header, [*self.history.arrays(), *leaves_to_numpy(state)])
        self.saved_at = time.monotonic()

    def _restore(self) -> Saved | None:
        """What to go on from: the state's arrays, where the history's are read already."""
        saved = self.store.load(CHECKPOINT)
        if saved is None:
            return None
        differs = disagreement(saved.header["definition"], self.definition)
        if differs is not None:
            raise RunFolderError(
                f"'{saved.path}' was made for another definition of model "
                f"'{self.equations.model.name}' ({differs}); start over, or bring the model back to what it was"
            )
        self.history = History.from_arrays(self.equations.equation_names, saved.arrays[:2])
        self.seconds, self.compile_seconds = saved.header["seconds"], saved.header["compile_seconds"]
        del saved.arrays[:2]
        return saved


AT_ONCE = 500
"""Points of the validation sample that are looked at at once, times states: for each point it is asked at some states a
dimension whether its economy is solved."""

SETTLED = 60
"""Quarters after which a simulated economy has forgotten where it started."""


def _chunk(equations: Equations, method: Method, network: PolicyNetwork, size: int):
    """`size` iterations as one function to compile; a step that is not finite leaves the state as it was."""

    def guarded(state, _):
        new, info = method.step(equations, network, state)
        return jax.lax.cond(info.good, lambda: new, lambda: state), info

    return lambda state: jax.lax.scan(guarded, state, length=size)


def _validation_sample(equations: Equations, key: PRNGKeyArray, draws: int) -> tuple[Point, Point]:
    """Parameters and a state of each, where states are simulated those with an equilibrium as far as is known."""
    if not equations.model.arrays:
        drawn = ergodic_sample(equations, key, draws, jnp.float64)
        return drawn.known, drawn.state
    first, second = jax.random.split(key)
    thetas = once(jax.vmap(lambda k: plausible(equations, k, jnp.float64)))(jax.random.split(first, draws))
    return once(jax.vmap(equations.parameters))(thetas), ergodic_states(equations, thetas, second)


def _validator(equations: Equations, dtype, rebuild):
    """Each equation's mean square on the validation sample, as a function of the weights and of that.

    Where constraints may leave economies without an equilibrium, over the economies that are solved; where the
    ergodic distribution is known by simulation only, over the paths that are not lost `SETTLED` quarters on.
    """
    rule, key = equations.judging_rule, jax.random.key(0)

    def validate(weights, points):
        thetas, states = points
        economy = Economy(equations, network_policy(rebuild(weights), equations))
        if equations.model.arrays:
            there = walk(economy, thetas, states, SETTLED, jnp.ones(thetas.rows, dtype), key, rule)
            # Were most paths lost, nothing would be solved: the size at which they were given up says so.
            kept = jnp.mean(there.residuals**2, axis=0, where=~there.lost[:, None])
            return equations.by_equation(jnp.where(jnp.mean(there.lost) > 0.5, LOST**2, kept))

        def at(theta, state):
            solved = misfit(economy, theta, rule) <= SOLVED if equations.constraints else equations.determinate(theta)
            return equations.by_equation(economy.residuals(state, theta, rule, key) ** 2), jnp.asarray(solved)

        squares, solved = in_batches(at, points, max(AT_ONCE // len(equations.states), 1))
        counted = jnp.where(jnp.any(solved), solved, True)
        return jnp.sum(jnp.where(counted[:, None], squares, 0), axis=0) / jnp.sum(counted)

    return validate
