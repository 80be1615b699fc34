"""What surrounds the program: one frame in, one answer out, finite weights, a batch of one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from snnc.errors import Diagnostic, UserError, fail
from snnc.ir import Array, Shape, size

from .exported import Exported, Ref

MOST_ELEMENTS = 2**28
"""Of one frame; 2 GiB as float64."""

BATCH_OF_ONE = "export with one example frame, shape (1, ...), and without dynamic_shapes"


def only_input(program: Exported) -> str:
    """The name of the frame.

    Raises:
        UserError: D205 there is more than one input, or none.
    """
    if len(program.inputs) != 1:
        raise fail(
            "D205",
            f"the network takes {len(program.inputs)} inputs, a network of snnc takes 1",
            where=", ".join(program.inputs),
            why="events arrive at one input population",
            help="stack the inputs as channels of one tensor",
        )
    return program.inputs[0]


def only_output(program: Exported) -> str:
    """The name of the answer.

    Raises:
        UserError: D205 there is more than one output, none, or one that is no tensor.
    """
    if len(program.outputs) != 1 or program.outputs[0] is None:
        raise fail(
            "D205",
            f"the network returns {len(program.outputs)} values, a network of snnc returns 1 tensor",
            where=", ".join(str(name) for name in program.outputs),
            why="one population is read out; states belong into buffers",
            help="return the answer alone and keep states with self.state.copy_(value)",
        )
    return program.outputs[0]


def frame_shape(program: Exported, frame: str) -> Shape:
    """The shape of one frame without the batch axis.

    Raises:
        UserError: D203 the batch is symbolic or not 1, or there is no other axis.
    """
    shape = program.shapes.get(frame)
    if shape is None:
        raise fail("D203", "the input's shape is not fixed", where=frame, help=BATCH_OF_ONE)
    if len(shape) < 2 or shape[0] != 1 or not 0 < size(shape) <= MOST_ELEMENTS:
        raise fail(
            "D203",
            f"the example input has shape {shape}, not (1, ...)",
            where=frame,
            why="a chip sees one stream of frames; the first axis is the batch",
            help=BATCH_OF_ONE,
        )
    return shape[1:]


def state_shape(buffer: str, values: Array) -> Shape:
    """The shape of a state buffer without the batch axis.

    Raises:
        UserError: D203 its first axis is not a batch of 1.
    """
    if values.shape[:1] not in ((), (1,)):
        raise fail(
            "D203",
            f"the state buffer has shape {values.shape}, not (1, ...)",
            where=buffer,
            why="it is written in every frame, and the first axis of a signal is the batch",
            help="register it as torch.zeros(1, ...)",
        )
    return values.shape[1:]


def check_finite(program: Exported, tensors: dict[str, Array]) -> None:
    """Make sure that all numbers that the program uses are numbers.

    Raises:
        UserError: D204, one for each tensor with NaN or infinity.
    """
    used = {name for node in program.nodes for name in _names(tuple(node.arguments.values()))}
    named = {**program.parameters, **program.buffers, **program.constants}
    found = []
    for name, user_name in named.items():
        values = tensors.get(user_name)
        if name not in used or values is None or np.isfinite(values).all():
            continue
        found.append(
            Diagnostic(
                "D204",
                f"{int((~np.isfinite(values)).sum())} of {values.size} values are NaN or infinite",
                where=user_name,
                why="the training diverged, or the file was damaged before it was written",
                help="train again with a smaller learning rate, and look at the loss",
            )
        )
    if found:
        raise UserError(*found)


def _names(arguments: tuple[Any, ...]) -> Iterator[str]:
    for argument in arguments:
        if isinstance(argument, Ref):
            yield argument.name
        elif isinstance(argument, tuple):
            yield from _names(argument)
