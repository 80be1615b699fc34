"""What a run in QEMU says beside its spikes: instructions, and memory from the linker."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from snnc.ir import Integers, Measured, Program

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
    counted: Integers, program: Program, board: Board, sizes: Sizes, seen: Mix | None
) -> Iterator[Measured]:
    """The figures of a run.

    Args:
        counted: instructions of every step of every sample, events included.
        program: what was run.
        board: where.
        sizes: of the project's own program.
        seen: what was executed in some steps, where there are cycles for it.
    """
    over = f"QEMU -icount, {board.core}, {counted.size} steps"
    mean = float(counted.mean()) if counted.size else 0.0
    yield Measured("instructions a step", mean, "", f"{over}, mean")
    yield Measured("instructions of the longest step", float(counted.max(initial=0)), "", over)
    frame = mean * program.steps_per_frame
    yield Measured("instructions a frame", frame, "", f"{over}, mean of a step times steps a frame")
    if seen is not None and seen.instructions:
        how = f"estimate: {board.cycles}, flash without wait states, by {seen.instructions} "
        how += "instructions of the first steps"
        for word, cycles in (("at least", seen.least), ("at most", seen.most)):
            yield Measured(f"cycles a step, {word}", mean * cycles / seen.instructions, "", how)
    linker = f"{board.tools.prefix}size of network.elf for {board.name}"
    yield Measured("flash", float(sizes.flash), "B", f"{linker}: {sizes.flash} of {board.flash}")
    there = f"{sizes.ram} of {board.ram}"
    yield Measured("RAM", float(sizes.ram), "B", f"{linker}, stack included: {there}")
