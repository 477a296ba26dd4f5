"""Tables from files: CSV as it is written here and there, and Parquet."""

import csv
import io
import re
from pathlib import Path

import pandas as pd

from ...machine.arguments import require_once
from ...machine.errors import DataError

DELIMITERS = ",;\t|"


def read(path: str | Path) -> pd.DataFrame:
    """A CSV or Parquet file whose first column (or index) holds the dates.

    A CSV's columns may be separated by commas, semicolons, tabs or bars; where they are not by commas, a comma
    between digits is a decimal point. Raises `DataError` where there is no such file, or it holds no such table.

    Example: `read("data.csv")`, a file with the lines `date,rate`, `1985Q1,8.2`, `1985Q2,7.5`.
    """
    path = Path(path)
    if not path.is_file():
        raise DataError(f"no file '{path}'; check the path")
    try:
        return _parquet(path) if path.suffix in (".parquet", ".pq") else _csv(path)
    except (ValueError, IndexError, OSError) as error:
        raise DataError(
            f"'{path}' cannot be read as a table ({type(error).__name__}: {error}); give a CSV or Parquet file"
        ) from None


def _parquet(path: Path) -> pd.DataFrame:
    table = pd.read_parquet(path)
    return table.set_index(table.columns[0]) if pd.api.types.is_numeric_dtype(table.index) else table


def _csv(path: Path) -> pd.DataFrame:
    text = path.read_text(encoding="utf-8-sig").lstrip()
    header, _, body = text.partition("\n")
    delimiter = max(DELIMITERS, key=lambda mark: len(_fields(header, mark)))
    names = _fields(header, delimiter)
    if len(names) < 2:
        raise DataError(
            f"'{path}' has one column ('{header.strip():.60}'); a table has dates and at least one series, "
            "separated by commas or semicolons"
        )
    require_once(filter(None, names), f"'{path}': column", DataError)
    comma = delimiter != "," and re.search(r"\d,\d", body) is not None
    # Empty lines are kept, so that a row's number in a message is the file's.
    table = pd.read_csv(
        io.StringIO(text),
        index_col=0,
        sep=delimiter,
        decimal="," if comma else ".",
        skipinitialspace=True,
        skip_blank_lines=False,
    )
    # pandas gives up a column for one cell: with the others as numbers, a message can name that one.
    return table.map(_number) if comma else table


def _number(cell: object) -> object:
    return float(cell.replace(",", ".")) if isinstance(cell, str) and re.fullmatch(r"[+-]?\d+,\d+", cell) else cell


def _fields(line: str, delimiter: str) -> list[str]:
    return [field.strip() for field in next(csv.reader([line.strip("\r")], delimiter=delimiter), [])]
