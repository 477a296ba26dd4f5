"""`hank` without aggregate risk: markets, grids, limits and independent answers."""

import numpy as np
import pytest

from hanknn.references import SteadyState


@pytest.fixture(scope="module")
def steady():
    return SteadyState().solve()


def test_all_markets_clear(steady):
    assert list(steady.residuals().index) == ["bonds", "labour", "government budget", "goods"]
    assert np.abs(steady.residuals()).max() < 1e-8
    assert steady.distribution.sum() == pytest.approx(1, abs=1e-12) and steady.distribution.min() > -1e-15


def test_the_table_names_everything_with_units(steady):
    table = steady.table()
    assert (table["unit"] != "").all() and np.isfinite(table["value"]).all()
    assert table.loc["share with negative assets", "value"] == pytest.approx(38, abs=1)
