"""The economies that ship with the library."""

from ..errors import UnknownNameError
from ..model import Model
from .hank import HANK as HANK
from .nk import LinearNK as LinearNK
from .rank import RANK as RANK

SHIPPED: tuple[type[Model], ...] = (LinearNK, RANK, HANK)


def shipped(name: str) -> Model:
    """The shipped model of this name; raises `UnknownNameError` with the nearest one."""
    for model in SHIPPED:
        if model.name == name:
            return model()
    raise UnknownNameError("model", name, [model.name for model in SHIPPED])
