"""What the command line prints: as it is, with no markup, on any terminal."""

import codecs
import io
import sys
import unicodedata
from typing import Any

from rich.console import Console

out = Console(highlight=False, markup=False, emoji=False)
"""For tables; what users named, such as a folder `runs [new]`, is never read as markup."""

SPELT = {"²": "^2", "…": "...", "–": "-", "—": "-", "−": "-", "±": "+/-", "≤": "<=", "≥": ">=", "·": ".", "×": "x"}
SPELT |= {"\u0302": "^", "\u0303": "~", "\u0304": "_bar", "√": "sqrt", "∞": "inf", "‘": "'", "’": "'"}


def tell(text: str) -> None:
    """A line that is not broken: paths can be copied from it."""
    out.print(text, soft_wrap=True)


def show(table: Any, digits: int = 4) -> None:
    """A pandas table, its numbers with so many significant digits."""
    print(table.to_string(float_format=f"{{:.{digits}g}}".format))


def note(text: str) -> None:
    """Something to know besides the result, on standard error."""
    print(f"note: {text}", file=sys.stderr)


def spell_what_cannot_be_shown() -> None:
    """Standard output and error never fail at a symbol that their encoding lacks: ζ becomes zeta, L̂ becomes L^."""
    codecs.register_error("spelt", _spelt)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="spelt")


def _spelt(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(spelt(symbol) for symbol in error.object[error.start : error.end]), error.end


def spelt(symbol: str) -> str:
    """One symbol in ASCII."""
    if symbol in SPELT:
        return SPELT[symbol]
    name = unicodedata.name(symbol, "")
    if name.startswith("GREEK ") and " LETTER " in name:
        letter = name.split(" LETTER ")[1].split()[0]
        return letter.capitalize() if " CAPITAL " in name else letter.lower()
    plain = unicodedata.normalize("NFKD", symbol).encode("ascii", "ignore").decode()
    return plain or ("" if unicodedata.combining(symbol) else "?")
