"""Every reason why a program cannot be C on a board, with both numbers, the reason and a cure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from snnc.backends.c_code import Layout, lay_out
from snnc.errors import Diagnostic, UserError
from snnc.ir import Program, Target, validate

from .board import Board
from .memory import estimated, least

OVER = {"flash": "D471", "RAM": "D472"}
SMALLER = {
    "flash": "make the network smaller, use fewer --weight-bits",
    "RAM": "use fewer neurons, fewer --steps-per-frame (shorter delays), or smaller counts of input",
}


def check(
    program: Program,
    board: Board,
    target: Target,
    boards: Mapping[str, Board],
    *,
    compiled: bool,
) -> Iterator[Diagnostic]:
    """Everything that does not fit, not the first only.

    Args:
        program: to be C.
        board: where it runs.
        target: the board, and the input's range.
        boards: of the same target.
        compiled: whether a compiler is there, and its linker decides what the bounds leave open.
    """
    found = list(check_numbers(program))
    yield from found
    if not found:  # of what is no program nothing can be counted
        layout = lay_out(program, target)
        yield from check_memory(layout, program.name, board, boards, compiled=compiled)


def check_numbers(program: Program) -> Iterator[Diagnostic]:
    """What no board could do: nothing that is a program at all."""
    try:
        validate(program)
    except UserError as problem:
        yield from problem.diagnostics


def check_memory(
    layout: Layout, where: str, board: Board, boards: Mapping[str, Board], *, compiled: bool
) -> Iterator[Diagnostic]:
    """Tables and state against the board's memories, and where nothing is compiled the code, too."""
    bounds = zip(("flash", "RAM"), least(layout), estimated(layout), strict=True)
    for memory, low, high in bounds:
        there = _room(memory, board)
        if low > there:
            needed, why = low, "tables, state and stack alone, before code is compiled"
        elif high > there and not compiled:
            needed = high
            why = f"an estimate from above; with {board.tools.packages} installed the linker decides"
        else:
            continue
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
