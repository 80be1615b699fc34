"""How large a network is to compile: in memory, asked as soon as its weights are known, and in time."""

from __future__ import annotations

from snnc.errors import fail
from snnc.files.memory import machine_memory, over_limit
from snnc.ir import Conv2d, Graph, Linear
from snnc.ir.scaling import weights_of

COPIES = 3
"""Of every weight, at the same time: in thresholds, on the grid, and as an integer of the program."""

BYTES = 8


LARGE = 4_000_000
"""Weights from which a network takes so long to compile that few ways are tried."""


def is_large(graph: Graph) -> bool:
    """Whether a network takes long to compile."""
    ops = [op for p in graph.projections for op in p.ops if isinstance(op, Conv2d | Linear)]
    return sum(op.weight.size for op in ops) >= LARGE


def refuse_too_large(graph: Graph) -> None:
    """Refuse a network that cannot fit, before minutes are spent on it.

    The estimate is low: the model itself and what a pass needs for its own work come on top. What the
    process takes already is not counted, because much of it may be free to be used again.

    Args:
        graph: whose projections are one operation each.

    Raises:
        UserError: D629 it cannot.
    """
    sizes = {p.label: weights_of(p.op).size for p in graph.projections}
    needed, most = COPIES * BYTES * sum(sizes.values()), machine_memory()
    if needed <= most:
        return
    largest = max(sizes, key=lambda label: sizes[label])
    taken, allowed = over_limit(needed, most)
    raise fail(
        "D629",
        f"compiling takes at least {taken} of memory, and {allowed} may be used",
        where=largest,
        why=f"it has {sizes[largest]:,} of {sum(sizes.values()):,} weights, each held "
        f"{COPIES} times with {BYTES} bytes",
        help="use a machine with more memory, or raise --memory where that is the limit",
    )
