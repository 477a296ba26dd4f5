"""How many productivities `hank` needs: steady state and linear spread of output against their number.

    python benchmarks/productivities_hank.py              a minute or two
    python benchmarks/productivities_hank.py 7 14 21 42   numbers of one's own
    python benchmarks/productivities_hank.py 7 --assets 60 120 240

At the true values but for σ_ζ = 0.012, to first order and without the bound; `output` and `inflation` are standard
deviations relative to those of the first row, in percent.
"""

import argparse
import itertools

import numpy as np
import pandas as pd

from hanknn.economy.households import Grids
from hanknn.references import PerfectForesight

QUARTERS = 150


def spread(grids: Grids) -> dict[str, float]:
    economy = PerfectForesight(grids, QUARTERS).at({"sigma_zeta": 0.012})
    responses = [economy.linear(shock, 1.0, QUARTERS) for shock in ("zeta", "z", "mp")]
    deviation = {
        name: np.sqrt(sum((response[name] ** 2).sum().item() for response in responses))
        for name in ("output", "inflation")
    }
    at_limit, in_debt = (100 * float(x) for x in (economy.steady.share_at_limit, economy.steady.share_with_debt))
    return {"at limit, %": at_limit, "in debt, %": in_debt} | deviation


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("numbers", type=int, nargs="*", default=[7, 10, 14, 20])
    parser.add_argument("--assets", type=int, nargs="+", default=[Grids().assets])
    arguments = parser.parse_args()
    sizes = list(itertools.product(arguments.assets, arguments.numbers))
    rows = pd.MultiIndex.from_tuples(sizes, names=["assets", "productivities"])
    table = pd.DataFrame([spread(Grids(*size)) for size in sizes], rows)
    for name in ("output", "inflation"):
        table[name] = 100 * (table[name] / table[name].iloc[0] - 1)
    print(table.to_string(float_format="{:.3f}".format))


if __name__ == "__main__":
    main()
