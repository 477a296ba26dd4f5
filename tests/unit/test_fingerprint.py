"""Fingerprints change with everything, and with nothing else."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from hanknn.machine.errors import SettingError
from hanknn.machine.fingerprint import fingerprint


@dataclass(frozen=True)
class Setting:
    size: int
    share: float = 0.5


@dataclass(frozen=True)
class Other:
    size: int
    share: float = 0.5


QUARTERS = pd.period_range("2000Q1", periods=3, freq="Q")
DIFFERENT = [
    (0.0, np.nan),
    ([0.0, 1.0, np.nan], [0.0, np.nan, 1.0]),
    (np.array([1.0, 2.0]), np.array([2.0, 1.0])),
    (np.zeros(4), np.zeros((2, 2))),
    (np.zeros(4, np.float32), np.zeros(4)),
    ({"a": 1, "b": 2}, {"a": 2, "b": 1}),
    (["ab", "c"], ["a", "bc"]),
    (1, "1"),
    (True, 1),
    (1.0, 1),
    (0.1, np.nextafter(0.1, 1)),
    (None, "null"),
    (Setting(3), Setting(4)),
    (Setting(3), Other(3)),
    (pd.DataFrame({"x": [1.0, 2.0, 3.0]}, QUARTERS), pd.DataFrame({"x": [1.0, 2.0, 3.0]}, QUARTERS + 1)),
    (pd.DataFrame({"x": [1.0, 2.0, 3.0]}, QUARTERS), pd.DataFrame({"y": [1.0, 2.0, 3.0]}, QUARTERS)),
    ([[1], [2]], [[1, 2]]),
]


@pytest.mark.parametrize("one, other", DIFFERENT)
def test_what_differs_has_another(one, other):
    assert fingerprint(one) == fingerprint(one)
    assert fingerprint(one) != fingerprint(other)


def test_order_of_names_and_kinds_of_nan_do_not_matter():
    assert fingerprint({"a": 1, "b": 2}) == fingerprint({"b": 2, "a": 1})
    strange = np.frombuffer(np.uint64(0x7FF8000000000001).tobytes(), np.float64)
    assert fingerprint(strange) == fingerprint(np.array([np.nan]))


def test_what_cannot_be_read_is_refused():
    with pytest.raises(SettingError, match="cannot read"):
        fingerprint(object())
    with pytest.raises(SettingError, match="type object"):
        fingerprint(np.array([object()]))
