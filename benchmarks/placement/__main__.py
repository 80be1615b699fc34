"""``python -m benchmarks.placement``: what placements of three networks cost, by SANA-FE.

Prints a Markdown table: messages and hops of the samples that spikes were counted on, then energy and
time of one sample by SANA-FE. Needs ``../shared/data``, the engine (``snnc targets install sanafe``)
and, for two of the rows, ``pip install pymetis mtkahypar``. Rows are kept in ``build/placement``.
"""

from __future__ import annotations

import argparse

from snnc.placement import METHODS

from .chips import several_chips
from .measure import ENGINES, Row, measured
from .networks import NETWORKS
from .tables import tables


def main() -> None:
    """Measure every network with every placement, or the named ones, and print the tables."""
    parser = argparse.ArgumentParser(description="Placements, judged by SANA-FE.")
    parser.add_argument("--network", choices=[n.name for n in NETWORKS])
    parser.add_argument("--method", choices=METHODS)
    parser.add_argument("--chips", action="store_true", help="what large networks take, no SANA-FE")
    parser.add_argument("--tables", action="store_true", help="a split of loihi1 by traffic, counted")
    asked = parser.parse_args()
    if asked.tables:
        tables()
        return
    if asked.chips:
        several_chips()
        return
    print("| network | placement | cores (over) | to other cores | all | hops | seconds |", end="")
    print("".join(f" {engine}: uJ | of messages | ms |" for engine in ENGINES))
    print("|---" * (7 + 3 * len(ENGINES)) + "|")
    for network in NETWORKS:
        if asked.network in (None, network.name):
            for method in METHODS:
                if asked.method in (None, method):
                    print(line(network.what, measured(network, method)), flush=True)


def line(what: str, row: Row) -> str:
    """A row of the table."""
    counted = row.counted
    cells = [what, row.method, f"{row.cores} ({row.over})"]
    cells += [f"{counted[key]:,}" for key in ("between cores", "messages", "hops")]
    cells.append(f"{row.seconds:.0f}")
    for engine in ENGINES:
        judged = row.judged[engine]
        cells.append(f"{judged['energy'] * 1e6:.1f}")
        cells.append(f"{judged['energy of messages'] * 1e6:.2f}")
        cells.append(f"{judged['time on the chip'] * 1e3:.2f}")
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
