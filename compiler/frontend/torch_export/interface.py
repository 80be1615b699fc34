"""What surrounds the program: a frame in, an answer out, states beside them, finite weights."""

from __future__ import annotations

import numpy as np

from snnc.errors import Diagnostic, UserError, fail
from snnc.frontend.archives.exported import Exported
from snnc.frontend.operations.expression import MOST_ELEMENTS
from snnc.ir import Array, Shape, size

BATCH_OF_ONE = "export with one example frame, shape (1, ...), and without dynamic_shapes"


def frame_input(program: Exported) -> str:
    """The name of the frame: the first input.

    Raises:
        UserError: D205 there is no input.
    """
    if not program.inputs:
        raise fail("D205", "the network takes no input", why="events arrive at one input population")
    return program.inputs[0]


def answer_output(program: Exported) -> str:
    """The name of the answer: the first output.

    Raises:
        UserError: D205 there is none, or it is no tensor.
    """
    if not program.outputs or program.outputs[0] is None:
        raise no_tensor(", ".join(str(name) for name in program.outputs))
    return program.outputs[0]


def no_tensor(where: str) -> UserError:
    """D205, for a network that returns something else."""
    return fail(
        "D205",
        "the network does not return a tensor first",
        where=where,
        why="one population is read out",
        help="return the answer, or the answer and then the states",
    )


def explicit_states(program: Exported) -> dict[str, str]:
    """By input after the first, a state, the output that is its value in the next frame.

    The outputs after the first are the new values of the inputs after the first, in the same order.

    Raises:
        UserError: D219 numbers, shapes or keys of dictionaries differ; D203 a state without a batch of
            one.
    """
    inputs, outputs = program.inputs[1:], program.outputs[1:]
    if len(inputs) != len(outputs) or None in outputs:
        raise fail(
            "D219",
            f"extra inputs {len(inputs)}, extra outputs {len(outputs)}: each state needs both",
            where=f"{', '.join(inputs) or 'nothing'}; {', '.join(map(str, outputs)) or 'nothing'}",
            why="one population takes in events and one is read out; any other input is a state, "
            "and its new value must come back in the same place",
            help="one frame and one answer: stack inputs as channels of one tensor; states: "
            "forward(frame, h1, h2) returns answer, new_h1, new_h2",
        )
    in_keys = program.input_keys[1:] or (None,) * len(inputs)
    out_keys = program.output_keys[1:] or (None,) * len(outputs)
    states: dict[str, str] = {}
    for state, new, in_key, out_key in zip(inputs, outputs, in_keys, out_keys, strict=True):
        assert new is not None
        before, after = program.shapes.get(state), program.shapes.get(new)
        if in_key != out_key:
            went, came = ("no key" if k is None else f"the key {k!r}" for k in (in_key, out_key))
            raise _moved(state, f"under {went} and comes back under {came}")
        if before != after:
            raise _moved(state, f"with shape {before} and comes back with {after}")
        if before is None or before[:1] != (1,) or size(before) > MOST_ELEMENTS:
            raise fail(
                "D203",
                f"the state has shape {before}, not (1, ...)",
                where=state,
                why="a chip sees one stream of frames; the first axis is the batch",
                help="export with example states torch.zeros(1, ...), without dynamic_shapes",
            )
        states[state] = new
    return states


def _moved(state: str, how: str) -> UserError:
    return fail(
        "D219",
        f"the state goes in {how}",
        where=state,
        why="outputs after the answer are the states' new values, in the order of the inputs",
        help="return the states in the same containers and the same order as forward takes them",
    )


def frame_shape(program: Exported, frame: str) -> Shape:
    """The shape of one frame without the batch axis.

    Raises:
        UserError: D203 the batch is symbolic or not 1, or there is no other axis; D221 an axis of 0.
    """
    shape = program.shapes.get(frame)
    if shape is None:
        raise fail("D203", "the input's shape is not fixed", where=frame, help=BATCH_OF_ONE)
    if 0 in shape[1:]:
        raise fail(
            "D221",
            f"the input has 0 elements: its shape is {shape[1:]}",
            where=frame,
            why="there is nothing to compute",
            help="export with an example frame of the shape that the network takes",
        )
    if len(shape) < 2 or shape[0] != 1 or size(shape) > MOST_ELEMENTS:
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
    used = {name for node in program.nodes for name in node.taken}
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
