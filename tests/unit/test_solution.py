"""Solutions: asking by name, saving, loading, refusing."""

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest

import hanknn
from hanknn import ExtrapolationWarning
from hanknn.economy.networks import KMRNetwork
from hanknn.machine.errors import OutOfRangeError, ShapeError, SolutionFileError, UnknownNameError
from hanknn.models import LinearNK
from hanknn.solution import Solution
from hanknn.training.first_order import FirstOrder


def test_scalars_give_a_series_and_columns_a_table(quick):
    one = quick.policy({"zeta": 0.01})
    assert isinstance(one, pd.Series) and list(one.index) == ["output_gap", "inflation"]
    many = quick.policy({"zeta": [0.01, 0.02]}, {"beta": [0.96, 0.97]})
    assert isinstance(many, pd.DataFrame) and many.shape == (2, 2)
    np.testing.assert_allclose(many.iloc[0], quick.policy({"zeta": 0.01}, {"beta": 0.96}), rtol=1e-12)
    np.testing.assert_allclose(many.iloc[1], quick.policy({"zeta": 0.02}), rtol=1e-12)


def test_a_pandas_index_is_kept(quick):
    quarters = pd.period_range("2001Q1", periods=3, freq="Q")
    table = quick.policy(pd.DataFrame({"zeta": [0.0, 0.1, 0.2]}, index=quarters))
    assert table.index.equals(quarters)
    draws = pd.DataFrame({"phi": [0.6, 0.7]}, index=["a", "b"])
    assert list(quick.policy({"zeta": 0.01}, draws).index) == ["a", "b"]


def test_questions_that_make_no_sense_are_refused(quick):
    with pytest.raises(ShapeError, match=r"shape \(1, 3\)"):
        quick.policy({"zeta": np.ones((1, 3))})
    with pytest.raises(ShapeError, match="'zeta' has no value"):
        quick.policy({})
    with pytest.raises(UnknownNameError, match="did you mean 'zeta'"):
        quick.policy({"zetta": 1.0})
    with pytest.raises(UnknownNameError, match="did you mean 'phi_pi'"):
        quick.policy({"zeta": 1.0}, {"phipi": 1.5})
    with pytest.raises(ShapeError, match="differ in length"):
        quick.policy({"zeta": [0.1, 0.2]}, {"beta": [0.96, 0.97, 0.98]})


def test_parameters_outside_the_ranges_are_refused_or_flagged(quick):
    with pytest.raises(OutOfRangeError, match=r"'beta' = 0\.9"):
        quick.policy({"zeta": 0.01}, {"beta": 0.9})
    with pytest.warns(ExtrapolationWarning):
        table = quick.policy({"zeta": 0.01}, {"beta": [0.9, 0.97]}, extrapolate=True)
    assert list(table["extrapolated"]) == [True, False]


def test_a_saved_solution_answers_the_same(quick, tmp_path):
    loaded = hanknn.load(quick.save(tmp_path / "made" / "on the way" / "nk.npz"))
    zeta = np.linspace(-0.5, 0.5, 11)
    pd.testing.assert_frame_equal(loaded.policy({"zeta": zeta}), quick.policy({"zeta": zeta}), check_exact=True)
    for entry in ("model", "version", "seed", "recipe", "packages", "definition", "sha256", "created", "status"):
        assert entry in loaded.header


def test_a_loaded_solution_with_other_weights_is_saved_as_what_it_is(quick, tmp_path):
    quick.save(tmp_path / "one.npz")
    loaded = hanknn.load(tmp_path / "one.npz")
    network = jax.tree.map(lambda leaf: 2 * np.asarray(leaf), loaded.network)
    Solution(loaded.model, loaded.architecture, network, loaded.header).save(tmp_path / "two.npz")
    first, second = (hanknn.load(tmp_path / f"{name}.npz").policy({"zeta": 0.01}) for name in ("one", "two"))
    assert (first != second).all()
    architecture = KMRNetwork(width=3, depth=1)
    network = architecture.build(1, len(loaded.model.parameters.free), 2, jax.random.key(0), jnp.float32)
    Solution(loaded.model, architecture, network, loaded.header).save(tmp_path / "three.npz")
    assert hanknn.load(tmp_path / "three.npz").architecture == architecture


def test_damaged_files_are_refused(quick, tmp_path):
    good = quick.save(tmp_path / "good.npz").read_bytes()
    bad = tmp_path / "bad.npz"
    damaged = [good[: len(good) // 2], good[:10], b"", b"a text file\n" * 50]
    for place in np.linspace(100, len(good) - 100, 15).astype(int):
        damaged.append(good[:place] + bytes([good[place] ^ 0xFF]) + good[place + 1 :])
    for content in damaged:
        bad.write_bytes(content)
        try:
            loaded = hanknn.load(bad)
        except SolutionFileError as error:
            assert "bad.npz" in str(error)
        else:  # The flipped byte was padding of the archive; then nothing may have changed.
            np.testing.assert_array_equal(loaded.policy({"zeta": 0.1}), quick.policy({"zeta": 0.1}))


def test_other_kinds_of_file_and_missing_files_are_refused(tmp_path):
    from hanknn.machine import storage

    storage.write(tmp_path / "other.npz", {"kind": "checkpoint"}, [np.ones(3)])
    with pytest.raises(SolutionFileError, match="holds a checkpoint"):
        hanknn.load(tmp_path / "other.npz")
    with pytest.raises(SolutionFileError, match="no file"):
        hanknn.load(tmp_path / "none.npz")
    with pytest.raises(UnknownNameError, match="did you mean 'nk'"):
        hanknn.load("nkk")
    with pytest.raises(SolutionFileError, match=r"hanknn solve rbc --out runs/rbc', then give 'runs/rbc'"):
        hanknn.load("rbc")


class Widened(LinearNK):
    """`nk` with another range for one parameter."""

    parameters = hanknn.ParameterSpace(
        **{name: LinearNK.parameters[name] for name in LinearNK.parameters if name != "rho"},
        rho=hanknn.Parameter(0.875, range=(0.5, 0.95)),
    )


def test_a_solution_of_another_definition_is_refused(quick, tmp_path):
    path = quick.save(tmp_path / "nk.npz")
    with pytest.raises(SolutionFileError, match="parameters"):
        hanknn.load(path, model=Widened())


def test_writing_replaces_at_once_and_leaves_nothing_behind(quick, tmp_path):
    path = tmp_path / "nk.npz"
    path.write_text("old")
    quick.save(path)
    assert [p.name for p in tmp_path.iterdir()] == ["nk.npz"]
    hanknn.load(path)


def test_nothing_leaves_float64_switched_on(quick):
    quick.policy({"zeta": 0.1})
    hanknn.check(quick, draws=100)
    assert jnp.ones(1).dtype == jnp.float32


def test_a_solution_over_a_narrower_box_loads_as_what_it_is(tmp_path):
    model = LinearNK().only("phi", beta=0.96, sigma=(1.0, 1.5))
    recipe = hanknn.Recipe(KMRNetwork(4, 1), (FirstOrder(iterations=3, batch=16),))
    solved = hanknn.solve(model, recipe).solution
    loaded = hanknn.load(solved.save(tmp_path / "narrow.npz"))
    assert loaded.model.parameters.free == ("sigma", "phi") and loaded.model.parameters["beta"].value == 0.96
    assert loaded.model.parameters["sigma"].bounds == (1.0, 1.5)
    assert loaded.policy({"zeta": 0.01}).equals(solved.policy({"zeta": 0.01}))
    with pytest.raises(OutOfRangeError, match="beta"):
        loaded.policy({"zeta": 0.01}, {"beta": 0.97})


def test_an_economy_is_asked_once_whether_it_is_solved():
    rank = hanknn.load("rank")
    first = rank.misfit({"rho_zeta": [0.7, 0.75]})
    rank._programs.clear()
    assert rank.misfit({"rho_zeta": [0.75, 0.7, 0.75]}).tolist() == [first[1], first[0], first[1]]
    assert not rank._programs, "nothing was computed"


def test_a_second_question_compiles_nothing(quick):
    ask = lambda: (hanknn.irf(quick, size=2.0, periods=3), hanknn.simulate(quick, 10))
    ask()
    made = dict(quick._programs)
    with jax.log_compiles(True), pytest.MonkeyPatch.context() as patch:
        patch.setattr(jax.stages.Lowered, "compile", lambda *_, **__: pytest.fail("compiled again"))
        hanknn.irf(quick, size=-1.0, periods=3, parameters={"phi": 0.6})
    assert quick._programs == made
