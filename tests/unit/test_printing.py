"""What is printed reaches any terminal, and users' words are never read as markup."""

import io
import sys

import pytest

from hanknn.front.cli import printing


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("log L̂ differs", "log L^ differs"),
        ("ζ and σ_s, Σ", "zeta and sigma_s, Sigma"),
        ("residual² ≤ 1 ± 2 …", "residual^2 <= 1 +/- 2 ..."),
        ("Müller", "Muller"),
        ("世", "?"),
        ("\udcff", "?"),
    ],
)
@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_a_symbol_that_an_encoding_lacks_is_spelt(text, plain, encoding, monkeypatch):
    inside = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(inside, encoding=encoding))
    printing.spell_what_cannot_be_shown()
    printing.tell(text)
    sys.stdout.flush()
    shown = inside.getvalue().decode(encoding).rstrip("\n")
    if encoding == "ascii":
        assert shown == plain
    else:
        assert shown.encode(encoding) and len(shown) >= len(plain.replace("zeta", "ζ")) - 12


@pytest.mark.parametrize("path", ["runs [new]/f", "a[/b]", "[red]x", ":smile:", "x" * 300])
def test_paths_are_printed_as_they_are(path, capsys):
    printing.tell(f"Everything is in {path}")
    assert capsys.readouterr().out == f"Everything is in {path}\n"
