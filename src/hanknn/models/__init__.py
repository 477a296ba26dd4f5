"""The economies that ship with the library."""

from ..economy.model import Model
from ..machine.errors import SettingError, UnknownNameError
from .hank import HANK as HANK
from .huggett import Huggett as Huggett
from .irreversible import IrreversibleInvestment as IrreversibleInvestment
from .krusell_smith import KrusellSmith as KrusellSmith
from .nk import LinearNK as LinearNK
from .rank import RANK as RANK
from .rbc import RBC as RBC
from .smets_wouters import LinearSmetsWouters as LinearSmetsWouters, SmetsWouters as SmetsWouters

SHIPPED: tuple[type[Model], ...] = (
    LinearNK,
    RANK,
    HANK,
    RBC,
    IrreversibleInvestment,
    LinearSmetsWouters,
    SmetsWouters,
    KrusellSmith,
    Huggett,
)


def shipped(name: str) -> Model:
    """The shipped model of this name; raises `UnknownNameError` with the nearest one."""
    for model in SHIPPED:
        if model.name == name:
            return model()
    raise UnknownNameError("model", name, [model.name for model in SHIPPED])


def as_model(given: object) -> Model:
    """The model itself, one of a class, or the shipped one of a name; raises `SettingError` for anything else."""
    if isinstance(given, Model):
        return given
    if isinstance(given, str):
        return shipped(given)
    if isinstance(given, type) and issubclass(given, Model):
        return given()
    raise SettingError(
        f"a model is wanted, such as hanknn.models.LinearNK() or 'nk'; this is of type {type(given).__name__}"
    )
