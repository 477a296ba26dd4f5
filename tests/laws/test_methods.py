"""Every training method and way of sampling through one set of laws."""

import dataclasses
import weakref

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import hanknn
from hanknn import Recipe, Store
from hanknn.economy import Equations
from hanknn.economy.expectations import GaussHermite, ScrambledSobol
from hanknn.economy.networks import KMRNetwork, SmoothNetwork
from hanknn.machine import work
from hanknn.machine.errors import RunFolderError, SettingError, TrainingStopped
from hanknn.training.first_order import FirstOrder
from hanknn.training.gauss_newton import Curvature, GaussNewton
from hanknn.training.gauss_newton.curvature import parameter_space_solver, sample_space_solver
from hanknn.training.sample import Drawn, Fixed, Renewed, Simulated, Walked
from hanknn.training.weighting import EquationWeights, PolicyUnits

NETWORKS = {FirstOrder: KMRNetwork(width=12, depth=2), GaussNewton: SmoothNetwork(8, 2, 4, 1)}
FIRST = FirstOrder(iterations=1000, batch=64, learning_rate=1e-2)
NEWTON = GaussNewton(10, Fixed(points=256, start=128, double_every=5), GaussHermite(3))
SINGLE = Curvature(least_damping=1e-3, float32_until=0.0, bend=False)  # less to compile
DOUBLE = dataclasses.replace(NEWTON, curvature=Curvature(float32_until=1.0, bend=False))  # and less again


def _walked(points, memory=0.0, least_damping=0.0, **settings):
    """On `points` of a walk, where nothing else is asked of economies than their equations."""
    curvature = dataclasses.replace(DOUBLE.curvature, memory=memory, least_damping=least_damping)
    return dataclasses.replace(DOUBLE, sample=Walked(points, stability=0.0), curvature=curvature, **settings)


METHODS = {
    "fresh": FIRST,
    "kept": dataclasses.replace(FIRST, sampling=Drawn(redraw_every=100)),
    "simulated": dataclasses.replace(FIRST, sampling=Simulated(steps=10, redraw_every=1)),
    "simulated-kept": dataclasses.replace(FIRST, sampling=Simulated(steps=10, redraw_every=100)),
    "inner-steps": dataclasses.replace(FIRST, inner_steps=5),
    "adam": dataclasses.replace(FIRST, weight_decay=0.0, clip_norm=0.0),
    "weighted": dataclasses.replace(FIRST, weighting=EquationWeights({"euler": 2.0}), expectation=ScrambledSobol(8)),
    "policy-units": dataclasses.replace(FIRST, weighting=PolicyUnits()),
    "gauss-newton": NEWTON,
    "sample-space": dataclasses.replace(NEWTON, sample=Fixed(points=64, start=32, double_every=5)),
    "float64-gram": dataclasses.replace(DOUBLE, weighting=EquationWeights()),
    "cautious": dataclasses.replace(NEWTON, curvature=SINGLE),
    "renewed": dataclasses.replace(_walked(256, memory=0.5), sample=Renewed(256)),
    "remembering": dataclasses.replace(_walked(256, memory=0.5), sample=Walked(256, steps=2)),
}


def _solve(nk, method, seed=0, **options):
    return hanknn.solve(nk, Recipe(NETWORKS[type(method)], (method,)), seed, **options)


@pytest.fixture(scope="module")
def trained(nk, tmp_path_factory):
    """Each method's result at seed 0, trained once, and the checkpoint that a kill half-way would have left."""
    results = {}

    def get(name):
        if name not in results:
            folder = tmp_path_factory.mktemp(name)
            saved, half_way = folder / "whole" / "checkpoint.npz", folder / "half" / "checkpoint.npz"
            saved.parent.mkdir()
            half_way.parent.mkdir()

            def keep(step):
                if saved.exists() and step.done > METHODS[name].iterations // 2:
                    saved.rename(half_way)

            whole = _solve(nk, METHODS[name], report=keep, store=Store(saved.parent, every=0.0))
            results[name] = whole, half_way.parent
        return results[name]

    return get


@pytest.fixture(scope="module")
def solved(trained):
    return lambda name: trained(name)[0]


BETWEEN = {"adam", "policy-units", "float64-gram", "cautious"}
"""What they do, other methods do too, in other company."""


def _with_slow(slow):
    return [pytest.param(name, marks=pytest.mark.slow) if name in slow else name for name in METHODS]


@pytest.mark.parametrize("name", _with_slow(BETWEEN))
def test_every_method_learns(name, solved):
    table, checks = solved(name).history.table, solved(name).history.validation
    assert list(table["iteration"]) == list(range(len(table)))
    # A policy of zero leaves half the variance of ζ/σ, near 3e-5.
    assert checks["mean_square"].iloc[-1] < 3e-6
    assert np.isfinite(table.to_numpy()).all()


SAME_STATE = BETWEEN | {"kept", "simulated"}
"""What they keep between iterations is what another method keeps; it is saved and read in the same way."""


@pytest.mark.parametrize("name", _with_slow(SAME_STATE))
def test_training_goes_on_to_the_same_result_after_a_kill(name, trained, nk):
    whole, half_way = trained(name)
    _same(_solve(nk, METHODS[name], store=Store(half_way)), whole)


def _interrupt(progress):
    raise KeyboardInterrupt


def test_training_goes_on_to_the_same_result_after_an_interruption(solved, nk, tmp_path):
    store = Store(str(tmp_path))  # as the guide writes it
    with pytest.raises(KeyboardInterrupt):
        _solve(nk, FIRST, report=_interrupt, store=store)
    assert (tmp_path / "checkpoint.npz").exists()
    _same(_solve(nk, FIRST, store=dataclasses.replace(store, resume=False)), solved("fresh"))
    _same(_solve(nk, FIRST, store=store), solved("fresh"))


def test_what_a_resumed_run_read_does_not_stay_in_memory(nk, tmp_path, monkeypatch):
    read, references, alive = work.storage.read, [], []

    def watched(*arguments):
        header, arrays = read(*arguments)
        references.extend(map(weakref.ref, arrays[2:]))
        return header, arrays

    def count(progress):
        alive.append(sum(reference() is not None for reference in references))

    store = Store(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        _solve(nk, FIRST, report=_interrupt, store=store)
    monkeypatch.setattr(work.storage, "read", watched)
    _solve(nk, FIRST, report=count, store=store)
    assert references and alive[-1] == 0


def _same(one, other):
    for a, b in zip(*(jax.tree.leaves(s.solution.network) for s in (one, other)), strict=True):
        np.testing.assert_array_equal(a, b)
    columns = [c for c in other.history.table if c != "seconds"]
    np.testing.assert_array_equal(one.history.table[columns], other.history.table[columns])


def test_another_seed_gives_another_result(solved, nk):
    first = jax.tree.leaves(solved("fresh").solution.network)[0]
    second = jax.tree.leaves(_solve(nk, FIRST, seed=1).solution.network)[0]
    assert not np.allclose(first, second)


def test_resuming_with_other_settings_is_refused(nk, trained):
    store = Store(trained("fresh")[1])
    with pytest.raises(RunFolderError, match="recipe"):
        _solve(nk, dataclasses.replace(FIRST, batch=128), store=store)
    with pytest.raises(RunFolderError, match="seed"):
        _solve(nk, FIRST, seed=3, store=store)


@pytest.mark.slow
def test_gauss_newton_never_raises_its_loss_on_a_fixed_design(nk):
    fixed, double = Fixed(points=128, start=128), Curvature(float32_until=1.0)
    method = dataclasses.replace(NEWTON, iterations=25, sample=fixed, curvature=double)
    loss = _solve(nk, method).history.table["loss"].to_numpy()
    assert (np.diff(loss) <= 0).all()
    assert loss[-1] < 1e-3 * loss[0]


@pytest.mark.slow
def test_remembered_curvature_steadies_what_few_new_states_an_iteration_teach(nk):
    """A network too small to fit: without memory its errors follow each iteration's 64 states."""

    def spread(memory):
        method = _walked(64, memory, least_damping=1e-9, iterations=60)
        solved = hanknn.solve(nk, Recipe(SmoothNetwork(3, 1, 2, 1), (method,)), 0)
        return np.log(solved.history.validation["mean_square"].to_numpy()[-6:])

    alone, remembering = spread(0.0), spread(0.9)
    assert remembering.std() < 0.5 * alone.std()
    assert remembering.mean() < alone.mean() + 0.1, "and are no larger"


@pytest.mark.slow
def test_steps_are_judged_by_the_curvature_of_the_states_that_they_are_tried_on(nk):
    """Few rows bend far more along their own gradient than all the remembered ones do: a fall that falls short for that
    reason must not keep the damping up."""
    damping = _solve(nk, _walked(128, memory=0.9, iterations=24)).history.table["rate"].to_numpy()
    assert damping[-1] < 1e-5 * damping[0]


@pytest.mark.parametrize("memory", [1.0, -0.1])
def test_memory_is_a_share(memory):
    with pytest.raises(SettingError, match="memory is"):
        Curvature(memory=memory)


def test_memory_needs_states_that_move():
    with pytest.raises(SettingError, match="states that stay need no memory"):
        GaussNewton(curvature=Curvature(memory=0.5))


def test_memory_with_fewer_residuals_than_weights_is_refused(nk):
    with pytest.raises(SettingError, match="take more"):
        _solve(nk, _walked(16, memory=0.5))


def test_both_linear_systems_give_the_same_step():
    with jax.enable_x64(True):
        key = jax.random.key(0)
        jacobian = jax.random.normal(key, (6, 5))
        gradient = jax.random.normal(jax.random.fold_in(key, 1), (5,))
        damping, gram = jnp.asarray(0.1), jacobian.T @ jacobian / 6
        expected = np.linalg.solve(np.asarray(gram + damping * np.eye(5)), np.asarray(gradient))
        for solver in (parameter_space_solver(gram, damping), sample_space_solver(jacobian, jnp.asarray(6), damping)):
            np.testing.assert_allclose(solver(gradient), expected, rtol=1e-12)


@pytest.mark.slow
def test_first_order_training_can_precede_gauss_newton(nk):
    solved = hanknn.solve(nk, Recipe(NETWORKS[GaussNewton], (FIRST, NEWTON)))
    ends = solved.history.validation.groupby("stage")["mean_square"].last()
    assert ends[1] < ends[0]
    assert jax.tree.leaves(solved.solution.network)[0].dtype == np.float64


@pytest.mark.slow
def test_damping_stays_above_its_least(solved):
    free, cautious = (solved(name).history.table["rate"].to_numpy() for name in ("gauss-newton", "cautious"))
    assert free.min() < 0.05 * free[0] and cautious.min() > 0.2 * cautious[0]


def test_target_stops_gauss_newton_early(nk):
    method = dataclasses.replace(DOUBLE, sample=Fixed(points=128, start=128), iterations=100, target=1e-6)
    solved = _solve(nk, method)
    assert len(solved.history.table) < 100
    assert "early" in solved.solution.header["status"]


class Fragile(hanknn.Model):
    """A policy whose logarithm stops existing once training pushes it below zero."""

    name = "fragile"
    parameters = hanknn.ParameterSpace(level=hanknn.Parameter(0.5, range=(0.1, 0.9)))
    states = {"z": hanknn.Variable("z", "state")}
    shocks = {"e": hanknn.Variable("e", "shock")}
    policies = {"c": hanknn.Variable("c", "policy")}

    def __init__(self, shift):
        self.shift = shift

    def transition(self, now, shock, theta):
        return {"z": 0.5 * now.z + shock.e}

    def expectands(self, now, next, theta):
        return {"c": next.c}

    def residuals(self, now, expected, theta):
        return {"calm": now.c - theta.level * expected.c, "logarithm": jnp.log(now.c + self.shift) + 5 * theta.level}

    def state_scale(self, theta):
        return {"z": 1.0}


@pytest.mark.parametrize("method", [dataclasses.replace(FIRST, learning_rate=0.5), DOUBLE], ids=["first", "newton"])
def test_a_residual_that_is_not_finite_stops_training_and_names_the_equation(method):
    with pytest.raises(TrainingStopped, match="logarithm") as stopped:
        hanknn.solve(Fragile(-1.0), Recipe(NETWORKS[type(method)], (method,)))
    assert stopped.value.equations == ("logarithm",)
    assert stopped.value.iteration == 0
    for leaf in jax.tree.leaves(stopped.value.trained.network):
        assert np.isfinite(leaf).all()


def test_the_last_good_weights_survive_a_late_failure():
    method = dataclasses.replace(FIRST, learning_rate=0.3, clip_norm=0.0, sampling=Drawn())
    with pytest.raises(TrainingStopped) as stopped:
        hanknn.solve(Fragile(2.0), Recipe(NETWORKS[GaussNewton], (method,)))
    assert stopped.value.iteration > 0
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(stopped.value.trained.network))


@pytest.mark.parametrize(
    "make",
    [
        lambda: FirstOrder(iterations=0),
        lambda: FirstOrder(learning_rate=0.0),
        lambda: Fixed(points=1000),
        lambda: Fixed(points=64, start=128),
        lambda: Fixed(double_every=0),
        lambda: Fixed(screen_every=0),
        lambda: Fixed(wide_share=1.5),
        lambda: Renewed(points=1000),
        lambda: Renewed(bound_share=-0.1),
        lambda: Renewed(bound_share=1.0),
        lambda: Curvature(at_once=100),
        lambda: GaussNewton(iterations=0),
        lambda: Drawn(redraw_every=0),
        lambda: Simulated(steps=0),
    ],
)
def test_settings_that_make_no_sense_are_refused(make):
    with pytest.raises(SettingError):
        make()


@pytest.mark.slow
def test_the_gradient_is_the_same_from_the_jacobian_as_from_a_reverse_pass_of_its_own(nk):
    """Double precision takes it from the Jacobian; where that is in single precision, from a pass of its own."""

    def first_gradient(float32_until):
        curvature = Curvature(float32_until=float32_until, bend=False)
        method = dataclasses.replace(NEWTON, curvature=curvature, weighting=EquationWeights())
        with jax.enable_x64(True):
            equations, key = Equations(nk), jax.random.key(0)
            counts = len(equations.inputs_seen), len(nk.parameters.free), equations.output_size
            network = NETWORKS[GaussNewton].build(*counts, key, jnp.float64)
            start = method.init(equations, network, key)
            state, _ = jax.jit(lambda s: method.step(equations, network, s))(start)
            return np.asarray(state.here.gradient)

    np.testing.assert_allclose(first_gradient(1.0), first_gradient(0.0), rtol=1e-9, atol=1e-14)
