"""Every reason why a program cannot be C on a board, with both numbers, the reason and a cure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from snnc.backends.c_code import Layout, lay_out
from snnc.errors import Diagnostic, UserError
from snnc.ir import Program, Target, validate

from .board import Board
from .memory import estimated

OVER = {"flash": "D471", "RAM": "D472"}
SMALLER = {
    "flash": "make the network smaller, use fewer --weight-bits",
    "RAM": "use fewer neurons, fewer --steps-per-frame (shorter delays), or smaller counts of input",
}


def check(
    program: Program, board: Board, target: Target, boards: Mapping[str, Board]
) -> Iterator[Diagnostic]:
    """Everything that does not fit, not the first only."""
    found = list(check_numbers(program))
    yield from found
    if not found:  # of what is no program nothing can be counted
        yield from check_memory(lay_out(program, target), program.name, board, boards)


def check_numbers(program: Program) -> Iterator[Diagnostic]:
    """What no board could do: nothing that is a program at all."""
    try:
        validate(program)
    except UserError as problem:
        yield from problem.diagnostics


def check_memory(
    layout: Layout, where: str, board: Board, boards: Mapping[str, Board]
) -> Iterator[Diagnostic]:
    """Tables, state and the largest code that was seen, against the board's memories."""
    flash, ram = estimated(layout)
    why = "an estimate from above, before code is compiled"
    for memory, needed, there in (("flash", flash, board.flash), ("RAM", ram, board.ram)):
        if needed > there:
            larger = [b.name for b in boards.values() if _room(memory, b) >= needed]
            yield over(memory, needed, board, where, why, larger)


def _room(memory: str, board: Board) -> int:
    return board.flash if memory == "flash" else board.ram


def over(
    memory: str, needed: int, board: Board, where: str, why: str, larger: Sequence[str] = ()
) -> Diagnostic:
    """A memory that is too small.

    Args:
        memory: ``flash`` or ``RAM``.
        needed: bytes.
        board: the board's.
        where: the program's name.
        why: who counted.
        larger: boards of the same target that have so much.
    """
    another = f", or another board: {board.tools.target}{{board={larger[0]}}}" if larger else ""
    return Diagnostic(
        OVER[memory],
        f"{memory} for {needed} bytes, {board.name} has {_room(memory, board)}",
        where,
        f"{why}; stated by {board.source}",
        SMALLER[memory] + another,
    )
