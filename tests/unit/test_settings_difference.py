"""A refusal names the one setting that differs, however large the settings are."""

import json

import numpy as np
import pytest

from hanknn.inference.estimation import Direct, ViaSurrogate
from hanknn.inference.surrogate import Design
from hanknn.machine.errors import SettingError
from hanknn.machine.settings_difference import described, difference

SETTINGS = {"seed": 0, "method": ViaSurrogate(), "set": None, "fixed": {"rho": 0.9}, "names": ["phi", "rho"]}


def test_what_was_written_is_what_was_given():
    read = json.loads(json.dumps(described(SETTINGS)))
    assert difference(read, SETTINGS) is None and difference(SETTINGS, read) is None
    assert described(read) == read


@pytest.mark.parametrize(
    "changed, told",
    [
        ({"seed": 1}, ("seed", "0", "1")),
        ({"method": ViaSurrogate(design=Design(6000))}, ("method.design.points", "10000", "6000")),
        ({"method": Direct()}, ("method", "ViaSurrogate", "Direct")),
        ({"method": ViaSurrogate(refinement=None)}, ("method.refinement", "Design", "null")),
        ({"set": ["rho=0.9"]}, ("set", "null", '["rho=0.9"]')),
        ({"fixed": {"rho": np.nextafter(0.9, 1)}}, ("fixed.rho", "0.9", "0.9000000000000001")),
        ({"fixed": {}}, ("fixed.rho", "0.9", "absent")),
        ({"names": ["phi", "beta"]}, ("names[1]", "rho", "beta")),
        ({"more": True}, ("more", "absent", "true")),
        ({"seed": False}, ("seed", "0", "false")),
    ],
)
def test_the_setting_that_differs_is_named(changed, told):
    assert difference(json.loads(json.dumps(described(SETTINGS))), {**SETTINGS, **changed}) == told


def test_long_values_are_shortened_and_arrays_compared_by_every_value():
    name, old, new = difference({"data": np.zeros(500)}, {"data": np.append(np.zeros(499), 1e-12)})
    assert name == "data" and len(old) == len(new) == 16 and old != new
    assert [len(text) for text in difference({"a": "x" * 999}, {"a": list(range(999))})] == [1, 40, 40]
    assert difference({"a": float("nan")}, {"a": float("nan")}) is None
    with pytest.raises(SettingError, match="cannot read"):
        described({"a": object()})
