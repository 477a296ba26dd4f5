"""Make the steady states that ship with `krusell_smith` and `huggett` anew, and tell how exact they are.

Run: python benchmarks/household_tables.py (three minutes on two cores; writes into src/hanknn/models/weights).
"""

import time

from hanknn.economy.households.making import made_tables
from hanknn.models import Huggett, KrusellSmith
from hanknn.models.shipped_tables import table_file, write_tables


def main() -> None:
    for model in (KrusellSmith(), Huggett()):
        begin = time.perf_counter()
        tables = made_tables(model)
        write_tables(model.name, tables)
        size = table_file(model.name).stat().st_size / 1e3
        print(
            f"{model.name}: {len(tables.coefficients)} terms in {', '.join(tables.moving)}, largest error of log "
            f"values and unknowns {tables.error:.1e}, modes leave {tables.left:.1e}, "
            f"{time.perf_counter() - begin:.0f} s, {size:.0f} kB"
        )


if __name__ == "__main__":
    main()
