"""Every reason why a program cannot be C on a board, with both numbers, the reason and a cure."""

from __future__ import annotations

from collections.abc import Iterator

from snnc.backends.c_code import Layout, lay_out
from snnc.errors import Diagnostic, UserError
from snnc.ir import Program, Target, validate

from .boards import BOARDS, Board
from .memory import estimated
from .target import NAME

OVER = {"flash": "D471", "RAM": "D472"}
SMALLER = {
    "flash": "make the network smaller, use fewer --weight-bits",
    "RAM": "use fewer neurons, fewer --steps-per-frame (shorter delays), or smaller counts of input",
}


def check(program: Program, board: Board, target: Target) -> Iterator[Diagnostic]:
    """Everything that does not fit, not the first only."""
    found = list(check_numbers(program))
    yield from found
    if not found:  # of what is no program nothing can be counted
        yield from check_memory(lay_out(program, target), program.name, board)


def check_numbers(program: Program) -> Iterator[Diagnostic]:
    """What no board could do: nothing that is a program at all."""
    try:
        validate(program)
    except UserError as problem:
        yield from problem.diagnostics


def check_memory(layout: Layout, where: str, board: Board) -> Iterator[Diagnostic]:
    """Tables, state and the largest code that was seen, against the board's memories."""
    flash, ram = estimated(layout)
    why = "an estimate from above, before code is compiled"
    for memory, needed, there in (("flash", flash, board.flash), ("RAM", ram, board.ram)):
        if needed > there:
            yield over(memory, needed, board, where, why)


def over(memory: str, needed: int, board: Board, where: str, why: str) -> Diagnostic:
    """A memory that is too small.

    Args:
        memory: ``flash`` or ``RAM``.
        needed: bytes.
        board: the board's.
        where: the program's name.
        why: who counted.
    """
    there = board.flash if memory == "flash" else board.ram
    larger = [b.name for b in BOARDS.values() if (b.flash if memory == "flash" else b.ram) >= needed]
    another = f", or another board: {NAME}{{board={larger[0]}}}" if larger else ""
    return Diagnostic(
        OVER[memory],
        f"{memory} for {needed} bytes, {board.name} has {there}",
        where,
        f"{why}; stated by {board.source}",
        SMALLER[memory] + another,
    )
