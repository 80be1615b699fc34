"""What a run in QEMU says beside its spikes: instructions, and memory from the linker."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from snnc.errors import counted
from snnc.ir import FRAME_INSTRUCTIONS, FRAME_LATENCY, Integers, Measured, Program

from .board import Board
from .cycles import Mix
from .memory import Sizes


def instructions(ticks: Integers, board: Board) -> Integers:
    """Ticks of the harness as instructions: each takes ``2^shift`` ns of the machine's time.

    A tick is a whole instruction, or less than half of one, so that rounding finds the whole number.
    """
    number = ticks * board.tick.numerator / (board.tick.denominator << board.shift)
    return np.asarray(np.rint(number), np.int64)


def measured(
    executed: Integers, program: Program, board: Board, sizes: Sizes, seen: Mix | None
) -> Iterator[Measured]:
    """The figures of a run.

    Args:
        executed: instructions of every step of every sample, events included.
        program: what was run.
        board: where.
        sizes: of the project's own program.
        seen: what was executed in some steps, where there are cycles for it.
    """
    over = f"QEMU -icount, {board.core}, {counted(executed.size, 'step')}"
    mean = float(executed.mean()) if executed.size else 0.0
    yield Measured("instructions a step", mean, "", f"{over}, mean")
    yield Measured("instructions of the longest step", float(executed.max(initial=0)), "", over)
    frame = mean * program.steps_per_frame
    how = f"{over}, mean of a step times steps a frame"
    if not board.cycles:
        how += f"; no manual states cycles of {board.core}, so that no time is known"
    yield Measured("instructions a frame", frame, "", how, FRAME_INSTRUCTIONS)
    if seen is not None and seen.instructions:
        yield from _estimated(mean, int(program.steps_per_frame), board, seen)
    linker = f"{board.tools.prefix}size of network.elf for {board.name}"
    yield Measured("flash", float(sizes.flash), "B", f"{linker}: {sizes.flash} of {board.flash}")
    there = f"{sizes.ram} of {board.ram}"
    yield Measured("RAM", float(sizes.ram), "B", f"{linker}, stack included: {there}")


def _estimated(mean: float, steps: int, board: Board, seen: Mix) -> Iterator[Measured]:
    """Cycles of a step of so many instructions, and seconds of a frame at the board's clock."""
    how = f"snnc, from {seen.instructions} instructions of the first steps in QEMU and the cycles that "
    how += f"{board.cycles} states for each, flash without wait states"
    least, most = (mean * cycles / seen.instructions for cycles in (seen.least, seen.most))
    for word, cycles in (("at least", least), ("at most", most)):
        yield Measured(f"cycles a step, {word}", cycles, "", how, estimated=True)
    if board.clock:
        low, high = (cycles * steps / board.clock for cycles in (least, most))
        at = f"{how}; {board.name} at {board.clock / 1e6:g} MHz, {board.clocked}"
        yield Measured("time of a frame, at least", low, "s", at, estimated=True)
        both = f"{at}; this is the most, {low:.3g} s the least"
        yield Measured("time of a frame, at most", high, "s", both, FRAME_LATENCY, estimated=True)
