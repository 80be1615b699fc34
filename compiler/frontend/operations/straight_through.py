"""``x + (floor(y) - x).detach()``: how training gets a gradient past a floor, in the exported program.

Exported while gradients are on, ``snnc.QuantizedReLU`` (and any other straight-through estimator)
leaves these operations behind. Their value is that of the floor; the rest is for the gradient alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from snnc.frontend.archives.exported import Exported, Node, Ref

from .memory import is_in_place

PASSING_ON = frozenset({"alias", "clone", "detach", "detach_"})


def without_straight_through(program: Exported) -> Exported:
    """The program with every straight-through sum replaced by the floor that it is equal to.

    Args:
        program: any; what does not have exactly this form stays as it is.
    """
    for _ in program.nodes:
        found = _first_sum(program)
        if found is None:
            break
        program = _replaced(program, *found)
    return program


def _first_sum(program: Exported) -> tuple[Node, str, set[str]] | None:
    """A straight-through sum, the tensor that it is equal to, and what only the sum needed."""
    makers = {output: node for node in program.nodes for output in node.outputs}
    for node in program.nodes:
        if node.op != "add" or node.arguments.get("alpha", 1) != 1:
            continue
        ends = [node.arguments.get(name) for name in ("self", "other")]
        for given, gap in (ends, ends[::-1]):
            if not isinstance(given, Ref) or not isinstance(gap, Ref):
                continue
            floor = _floor_of(program, makers, given.name, gap.name)
            if floor is not None and program.shapes.get(floor[0]) == program.shapes.get(
                node.outputs[0]
            ):
                return node, *floor
    return None


def _floor_of(
    program: Exported, makers: dict[str, Node], given: str, gap: str
) -> tuple[str, set[str]] | None:
    """The floor of ``(floor - given).detach()``, where nothing else uses the floor or the gap."""
    between: set[str] = set()
    while (node := makers.get(gap)) is not None and node.op in PASSING_ON:
        between.add(gap)
        inner = node.arguments.get("self")
        if not isinstance(inner, Ref):
            return None
        gap = inner.name
    # Without a detach this is x - x + floor(y): as equal, but nothing that training writes.
    if node is None or node.op != "sub" or node.arguments.get("alpha", 1) != 1 or not between:
        return None
    between.add(gap)
    whole, less = node.arguments.get("self"), node.arguments.get("other")
    if not isinstance(whole, Ref) or less != Ref(given):
        return None
    rounded = makers.get(whole.name)
    if rounded is None or rounded.op != "floor":
        return None
    if any(program.uses(name) != 1 for name in (whole.name, *between)):
        return None
    # A write between the two uses of x would make it another x.
    if any(is_in_place(n) and n.op not in PASSING_ON for n in _between(program, node, gap, between)):
        return None
    return whole.name, between


def _between(program: Exported, first: Node, gap: str, chain: set[str]) -> Iterator[Node]:
    """The operations from the difference to the sum that takes it."""
    inside = False
    for node in program.nodes:
        if node is first:
            inside = True
        elif inside:
            if chain & set(node.taken) and not set(node.outputs) & chain:
                return
            yield node


def _replaced(program: Exported, total: Node, floor: str, unneeded: set[str]) -> Exported:
    """The program without ``total`` and what only it needed; who used it uses ``floor``."""
    gone = {*unneeded, *total.outputs}

    def renamed(argument: Any) -> Any:
        if isinstance(argument, tuple):
            return tuple(renamed(part) for part in argument)
        return Ref(floor) if argument == Ref(total.outputs[0]) else argument

    def name(tensor: str) -> str:
        return floor if tensor == total.outputs[0] else tensor

    return replace(
        program,
        nodes=tuple(
            replace(n, arguments={key: renamed(value) for key, value in n.arguments.items()})
            for n in program.nodes
            if not set(n.outputs) & gone
        ),
        outputs=tuple(None if t is None else name(t) for t in program.outputs),
        mutated={buffer: name(tensor) for buffer, tensor in program.mutated.items()},
    )
