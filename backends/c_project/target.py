"""What a microcontroller can do: every limit with its unit and its source."""

from __future__ import annotations

from snnc.ir import Limit, LimitName, Target

from .board import Board

WEIGHT_BITS = 16
READOUT_BITS = Limit(
    30,
    "bits of a readout that is compiled, sign included",
    "our own choice: it saturates before 32 bits (ISO C99, 7.18.1.1: int32_t) could wrap",
)
LARGEST = 2**23 - 1
"""The largest payload that a program can have."""


def describe(board: Board, counts: int, least: int) -> Target:
    """A board, for input of so many events an element and frame.

    Args:
        board: whose memories count.
        counts: the largest count of an input element in a frame.
        least: the smallest, 0 or below.
    """
    name = board.tools.target
    unit = "events of an input element in a frame"
    options = f"the option {name}{{{{{{}}={{}}}}}}: registers are proved for such input"
    cure = f"compile for --target '{name}{{{{{{}}=N}}}}' with N as {{}} as your data have"
    return Target(
        name,
        limits={
            LimitName.READOUT_STATE_BITS: READOUT_BITS,
            LimitName.INPUT_SPIKES: Limit(
                counts, unit, options.format("counts", counts), cure.format("counts", "large")
            ),
            LimitName.LEAST_INPUT: Limit(
                least, unit, options.format("least", least), cure.format("least", "small")
            ),
        },
        own_limits={
            "flash": Limit(board.flash, "bytes", board.source),
            "RAM": Limit(board.ram, "bytes", board.source),
        },
        weight_bits=tuple(range(1, WEIGHT_BITS + 1)),
        hardware=f"{board.name}: {board.chip}",
        overflow="the code wraps and saturates as snnc's simulators do",
    )
