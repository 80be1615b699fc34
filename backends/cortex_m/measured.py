"""What a run in QEMU says beside its spikes: instructions, and memory from the linker."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from snnc.ir import Integers, Measured, Program

from .boards import Board
from .memory import Sizes


def instructions(ticks: Integers, board: Board) -> Integers:
    """Ticks of SysTick as instructions: each takes ``2^shift`` ns of the machine's time.

    A tick is less than half an instruction, so that rounding finds the whole number.
    """
    number = ticks * board.tick.numerator / (board.tick.denominator << board.shift)
    return np.asarray(np.rint(number), np.int64)


def measured(ticks: Integers, program: Program, board: Board, sizes: Sizes) -> Iterator[Measured]:
    """The figures of a run.

    Args:
        ticks: of every step of every sample, events included.
        program: what was run.
        board: where.
        sizes: of the project's own program.
    """
    counted = instructions(ticks, board)
    over = f"QEMU -icount, {board.core}, {counted.size} steps"
    mean = float(counted.mean()) if counted.size else 0.0
    yield Measured("instructions a step", mean, "", f"{over}, mean")
    yield Measured("instructions of the longest step", float(counted.max(initial=0)), "", over)
    frame = mean * program.steps_per_frame
    yield Measured("instructions a frame", frame, "", f"{over}, mean of a step times steps a frame")
    linker = f"arm-none-eabi-size of network.elf for {board.name}"
    yield Measured("flash", float(sizes.flash), "B", f"{linker}: {sizes.flash} of {board.flash}")
    there = f"{sizes.ram} of {board.ram}"
    yield Measured("RAM", float(sizes.ram), "B", f"{linker}, stack included: {there}")
