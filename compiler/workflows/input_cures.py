"""What else helps where a network with an input of values does not fit: another scale or offset."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from snnc.errors import Diagnostic
from snnc.ir import Graph, InputGrid

OVERFLOWS = frozenset({"D319", "D423"})
NO_BIAS = "a bias"


def with_input_cures(
    found: Iterable[Diagnostic], graph: Graph, grid: InputGrid | None
) -> list[Diagnostic]:
    """The messages, with cures of the input where these are nearest.

    Sums of what the input feeds grow with its counts, of which a coarser scale makes fewer. An offset
    becomes a bias, which not every neuron has.

    Args:
        found: why the network was refused.
        graph: as the model has it.
        grid: which values the counts of the input stand for; None where data are counts.
    """
    if grid is None:
        return list(found)
    name = graph.input.name
    fed = {graph.by_name[p.target].origin for p in graph.projections if p.source == name}
    told = []
    for each in found:
        more = ""
        if each.code in OVERFLOWS and each.where.partition("[")[0] in fed:
            counts = max(grid.high, -grid.low)
            more = (
                f"compile with fewer counts than {counts}: a larger --input-scale than {_shown(grid)}"
            )
        elif each.code == "D424" and grid.shifted and NO_BIAS in each.what:
            more = "compile with --input-offset 0: an offset becomes a bias"
        told.append(replace(each, help=f"{each.help}; or {more}") if more else each)
    return told


def _shown(grid: InputGrid) -> str:
    return f"{max(grid.scale):.6g}"
