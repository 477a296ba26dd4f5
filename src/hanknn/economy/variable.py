"""What is said of a state, shock or policy."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Variable:
    """A state, shock or policy: TeX label for figures, text in words, unit.

    `shape`: empty for a scalar; a distribution of households, say, is an array. `positive`: a level above zero, such as
    consumption or capital: the library works with its logarithm, and equations read the level as ever.
    """

    label: str
    text: str
    unit: str = ""
    shape: tuple[int, ...] = ()
    positive: bool = False

    @property
    def attributes(self) -> dict[str, str]:
        """What a labelled array says of it."""
        return {"long_name": self.text, "unit": self.unit}
