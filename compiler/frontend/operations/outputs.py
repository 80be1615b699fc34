"""Which output of a file is the answer: one network is read out at one place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from snnc.errors import UserError, counted, fail
from snnc.ir import Shape

ANSWER = "--answer"

MOST_LISTED = 12
"""Outputs that a message lists; the others are counted."""


@dataclass(frozen=True)
class Output:
    """What a network gives at one place.

    Attributes:
        names: all that it may be called, the plainest first.
        shape: without the batch axis; None where it is not fixed.
        tensor: the value's own name; outputs with the same one are the same.
        is_tensor: False for what no population can give, such as a number.
    """

    names: tuple[str, ...]
    shape: Shape | None
    tensor: str
    is_tensor: bool = True


def chosen(outputs: Sequence[Output], wanted: str | None, where: str) -> int:
    """The position of the answer among the outputs.

    Args:
        outputs: as the file has them; at least one.
        wanted: the name or the position (from 0) that the user gives; None for the only tensor.
        where: the file, for messages.

    Raises:
        UserError: D228 nothing is given and there are several, or there is none of this name, or
            several, or it is no tensor.
    """
    tensors = [position for position, output in enumerate(outputs) if output.is_tensor]
    if wanted is None:
        if len(tensors) == 1:
            return tensors[0]
        what = f"the network gives {counted(len(tensors), 'output')}, and one of them is the answer"
        raise _unclear(outputs, tensors, what, where)
    found = [n for n, output in enumerate(outputs) if wanted in output.names]
    if not found and wanted.isascii() and wanted.isdigit() and int(wanted) < len(outputs):
        found = [int(wanted)]
    if not found:
        raise _unclear(outputs, tensors, f"no output is called {wanted!r}", where)
    if len({outputs[n].tensor for n in found}) > 1:
        what = f"{len(found)} outputs are called {wanted!r}"
        raise _unclear(outputs, tensors, what, where)
    if not outputs[found[0]].is_tensor:
        raise _unclear(outputs, tensors, f"output {found[0]} is not a tensor", where)
    return found[0]


def _unclear(outputs: Sequence[Output], tensors: list[int], what: str, where: str) -> UserError:
    listed = [f"{n} {_described(outputs[n])}" for n in tensors[:MOST_LISTED]]
    if len(tensors) > MOST_LISTED:
        listed.append(f"and {len(tensors) - MOST_LISTED} more")
    name = next((name for n in tensors for name in outputs[n].names[:1]), "")
    cure = f"name it: {ANSWER} {name}, or {ANSWER} {tensors[0]}" if name else f"{ANSWER} {tensors[0]}"
    return fail("D228", what, where=where, why=f"its outputs: {'; '.join(listed)}", help=cure)


def _described(output: Output) -> str:
    shape = "of no fixed shape" if output.shape is None else str(output.shape)
    return f"{output.names[0]} {shape}" if output.names else shape
