"""A solution knows what it is a solution of: whatever changes the equations is another definition."""

import copy
import pickle
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import hanknn
from hanknn.economy import Equations
from hanknn.economy.definition import computed, declared, definition, disagreement, functions_at
from hanknn.economy.households.grids import Grids
from hanknn.economy.networks import Architecture, KMRNetwork, SmoothNetwork
from hanknn.machine.errors import ModelError, RunFolderError, SettingError, SolutionFileError, UnknownNameError
from hanknn.models import HANK, RANK, LinearNK, as_model, shipped
from hanknn.training.first_order import FirstOrder

FEW = hanknn.Recipe(KMRNetwork(4, 1), (FirstOrder(iterations=2, batch=16),))


class Edited(LinearNK):
    """`nk` after somebody edited an equation."""

    def residuals(self, now, expected, theta):
        found = dict(super().residuals(now, expected, theta))
        return found | {"phillips_curve": found["phillips_curve"] + 0.01 * now.output_gap}


class Rewritten(LinearNK):
    """The same mathematics in another order."""

    def transition(self, now, shock, theta):
        return {"zeta": sum(reversed([super().transition(now, shock, theta)["zeta"] * 0.5] * 2))}


@pytest.mark.parametrize("name", ["nk", "rank", "hank"])
def test_shipped_solutions_are_those_of_the_shipped_models(name):
    # Loading trusts them within a version of the library; this holds the library to it.
    header = hanknn.load(name).header
    assert disagreement(header["definition"], definition(Equations(shipped(name)))) is None


@pytest.mark.parametrize("name", ["nk", "rank", "hank", "rbc"])
def test_every_parameter_is_read_by_some_equation(name):
    with jax.enable_x64(True):
        equations = Equations(shipped(name))
        space = equations.model.parameters
        base = jnp.asarray(space.baseline)
        moved = jnp.concatenate([base[None], base[None] + jnp.diag(1e-4 * jnp.abs(base))])
        rest = (
            jnp.linspace(-1.5, 1.0, len(equations.scalar_states)),
            jnp.linspace(-1.0, 1.5, equations.output_size),
            jnp.linspace(-1.0, 1.2, len(equations.shocks)),
        )
        rows = jax.jit(jax.vmap(lambda t: functions_at(equations, t, *rest)))(moved)
    values = np.concatenate([np.asarray(rows[key]) for key in sorted(rows)], axis=1)
    unread = [n for n, row in zip(space.names, values[1:], strict=True) if np.allclose(row, values[0], rtol=1e-12)]
    assert not unread


def test_an_edited_equation_is_another_definition_and_a_rewritten_one_is_not(quick, tmp_path):
    path = quick.save(tmp_path / "nk.npz")
    with pytest.raises(SolutionFileError, match=r"what the equations compute \(residuals\)"):
        hanknn.load(path, Edited())
    assert hanknn.load(path, Rewritten()).policy({"zeta": 0.1}).equals(quick.policy({"zeta": 0.1}))


@pytest.mark.parametrize("other", [RANK().changed(relaxation=1.0), RANK().changed(relaxation=0.3)])
def test_without_the_bound_it_is_another_economy(other, tmp_path):
    # Both by what is declared and by what the equations compute: the bound binds at some of the points.
    told = definition(Equations(RANK()))
    assert "relaxation" in disagreement(told, declared(other))
    assert "bounds" in disagreement(told, {"equations": computed(Equations(other))})
    path = hanknn.solve(other, FEW).solution.save(tmp_path / "free.npz")
    with pytest.raises(SolutionFileError, match="relaxation = "):
        hanknn.load(path)
    assert hanknn.load(path, other).model.relaxation == other.relaxation


def test_smaller_shocks_and_other_tables_are_another_economy():
    own = HANK()
    told = declared(own)
    assert disagreement(told, declared(HANK())) is None
    assert "shock_share" in disagreement(told, declared(HANK(shock_share=0.1)))
    steady = copy.copy(own.tables.steady)
    object.__setattr__(steady, "quarters", 3)
    tables = copy.copy(own.tables)
    object.__setattr__(tables, "steady", steady)
    assert "tables" in disagreement(told, declared(HANK(tables=tables)))


def test_a_checkpoint_of_other_equations_is_refused(tmp_path):
    store = hanknn.Store(tmp_path)
    hanknn.solve(LinearNK(), FEW, store=store)
    hanknn.solve(LinearNK(), FEW, store=store)
    with pytest.raises(RunFolderError, match=r"what the equations compute \(residuals\)"):
        hanknn.solve(Edited(), FEW, store=store)


def test_a_setting_that_a_model_does_not_have_is_refused():
    with pytest.raises(UnknownNameError, match="did you mean 'relaxation'"):
        RANK().changed(relaxaton=1.0)
    with pytest.raises(ModelError, match="'states' of model 'hank' follows"):
        HANK().changed(states={})


@pytest.mark.parametrize("name, value", [("beta", 0.99), ("gamma", 0.2), ("debt", 0.8), ("rho_zeta", 0.8)])
def test_households_tables_are_refused_for_parameters_that_they_were_not_made_for(name, value):
    with pytest.raises(ModelError, match=f"parameter '{name}' of model 'hank'.*was made for"):
        HANK().only("sigma_s", **{name: value})


def test_households_tables_are_refused_beyond_their_ranges():
    wider = hanknn.ParameterSpace(
        **{name: HANK.parameters[name] for name in HANK.parameters if name != "sigma_s"},
        sigma_s=hanknn.Parameter(0.05, (0.01, 0.1)),
    )
    with pytest.raises(ModelError, match="'sigma_s' of model 'hank' goes over"):
        HANK().changed(parameters=wider)
    assert Grids().persistence == 0.9 and "rho_s" not in HANK.parameters


@dataclass(frozen=True)
class Narrow(Architecture):
    """An architecture that a user writes."""

    width: int = 3
    activation: object = None

    def build(self, states, parameters, policies, key, dtype):
        return SmoothNetwork(width=self.width).build(states, parameters, policies, key, dtype)


def test_an_architecture_of_ones_own_loads_and_one_that_no_file_can_hold_is_refused_at_once(tmp_path):
    recipe = hanknn.Recipe(Narrow(2), (FirstOrder(iterations=1, batch=16),))
    solved = hanknn.solve(LinearNK(), recipe).solution
    loaded = hanknn.load(solved.save(tmp_path / "own.npz"))
    assert loaded.architecture == Narrow(2) and loaded.policy({"zeta": 0.1}).equals(solved.policy({"zeta": 0.1}))
    with pytest.raises(SettingError, match="frozen dataclass"):
        hanknn.solve(LinearNK(), hanknn.Recipe(Narrow(2, jnp.tanh), (FirstOrder(iterations=1, batch=16),)))


def test_a_header_with_an_unknown_setting_of_a_network_is_refused(quick, tmp_path):
    from hanknn.machine import storage

    header, arrays = storage.read(quick.save(tmp_path / "nk.npz"), "solution")
    header["architecture"]["colour"] = "red"
    storage.write(tmp_path / "odd.npz", header, arrays)
    with pytest.raises(SolutionFileError, match=r"settings than it has \(colour\)"):
        hanknn.load(tmp_path / "odd.npz")


@pytest.mark.parametrize("name", ["nk", "rank"])
def test_a_solution_travels_between_processes_with_its_weights_as_they_are(name):
    solution = hanknn.load(name)
    other = pickle.loads(pickle.dumps(solution))
    assert {str(leaf.dtype) for leaf in jax.tree.leaves(other.network)} == {"float64"}
    jax.tree.map(np.testing.assert_array_equal, solution.network, other.network)
    assert other.header == solution.header


def test_names_of_shipped_solutions_work_wherever_a_solution_does():
    assert hanknn.irf("nk", periods=2).equals(hanknn.irf(hanknn.load("nk"), periods=2))
    assert hanknn.irf(solution="nk", periods=2).attrs["model"] == "nk"
    with pytest.raises(SettingError, match="of type LinearNK; solve it first"):
        hanknn.simulate(LinearNK())
    with pytest.raises(SettingError, match="model class LinearNK; solve it first"):
        hanknn.check(LinearNK)
    with pytest.raises(SettingError, match="type int"):
        hanknn.check(3)
    with pytest.raises(UnknownNameError, match="did you mean 'rank'"):
        hanknn.irf("rnak")
    with pytest.raises(UnknownNameError, match="unknown model 'nkk'"):
        hanknn.solve("nkk")


def test_a_folder_called_like_a_shipped_solution_hides_nothing(quick, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    quick.save(tmp_path / "nk" / "solution.npz")
    assert hanknn.load("nk").header["recipe"] != quick.header["recipe"]
    assert hanknn.load("./nk").header["recipe"] == quick.header["recipe"]
    assert hanknn.load(tmp_path / "nk").header["recipe"] == quick.header["recipe"]


def test_what_is_no_model_is_refused():
    assert isinstance(as_model(LinearNK), LinearNK) and isinstance(as_model("rank"), RANK)
    with pytest.raises(SettingError, match="this is of type int"):
        as_model(3)


def test_modules_that_are_documented_are_there():
    assert hanknn.figures.save and hanknn.cluster.on_cluster
    with pytest.raises(AttributeError, match="no attribute 'figurs'"):
        hanknn.figurs  # noqa: B018
