"""The model's own program, run by torch: the first rung of ``snnc verify --ladder``.

Nothing of the file is unpickled or evaluated for it. The operations that the builder understands, and
no others, are looked up in torch by name and called on tensors that were read from raw bytes; so the
graph is compared with torch's own kernels, and not with a second reading of ours.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.frontend.archives.exported import Exported, Node
from snnc.ir import Array
from snnc.optional import missing

from .aten import called, dtype_of
from .interface import answer_output, explicit_states, frame_input


@dataclass(frozen=True, eq=False)
class Step:
    """The program that takes in one frame.

    Attributes:
        program: its operations.
        tensors: parameters, buffers and constants by the user's names, float64.
        made: by population of neurons, the tensor that holds its output.
    """

    program: Exported
    tensors: dict[str, Array]
    made: dict[str, str]


def run_torch(
    step: Step,
    readout: str,
    frames: NDArray[Any],
    progress: Callable[[int], None] | None = None,
) -> dict[str, NDArray[np.float64]]:
    """Run streams of frames through torch, each from the initial states.

    Args:
        step: the program.
        readout: what the answer is called.
        frames: (samples, frames, \\*input shape).
        progress: called with the number of samples done.

    Returns:
        By population of neurons, and under ``readout``: (samples, frames, \\*shape).

    Raises:
        UserError: D123 torch is not installed.
    """
    try:
        import torch
    except ImportError as problem:
        raise missing("torch", "running the model needs PyTorch", problem) from None
    wanted = {**step.made, readout: answer_output(step.program)}
    record: dict[str, list[list[Array]]] = {name: [] for name in wanted}
    with torch.no_grad():
        for number, stream in enumerate(frames):
            rows = _stream(step, wanted, stream)
            for name, values in rows.items():
                record[name].append(values)
            if progress is not None:
                progress(number + 1)
    return {name: np.array(values, np.float64) for name, values in record.items()}


def _stream(step: Step, wanted: dict[str, str], stream: NDArray[Any]) -> dict[str, list[Array]]:
    """One stream from the initial states."""
    import torch

    program = step.program
    named = {**program.parameters, **program.buffers, **program.constants}
    kept = {
        tensor: torch.from_numpy(step.tensors[name].copy()).to(dtype_of(program, tensor))
        for tensor, name in named.items()
    }
    holders = {name: tensor for tensor, name in program.buffers.items()}
    frame = frame_input(program)
    explicit = explicit_states(program)
    states = {
        state: torch.zeros(program.shapes[state] or (), dtype=dtype_of(program, state))
        for state in explicit
    }
    rows: dict[str, list[Array]] = {name: [] for name in wanted}
    for one in stream:
        given = torch.from_numpy(np.asarray(one[None], np.float64)).to(dtype_of(program, frame))
        values: dict[str, Any] = {**kept, **states, frame: given}
        seen: dict[str, Array] = {}
        for node in program.nodes:
            _run(node, values)
            for name, tensor in wanted.items():
                if tensor in node.outputs:
                    # At once: what comes after may write the tensor.
                    seen[name] = values[tensor][0].double().numpy().copy()
        for name, tensor in wanted.items():
            rows[name].append(seen.get(name, values[tensor][0].double().numpy().copy()))
        renewed = {holders[buffer]: values[t].clone() for buffer, t in program.mutated.items()}
        kept.update(renewed)
        states = {state: values[new].clone() for state, new in explicit.items()}
    return rows


def _run(node: Node, values: dict[str, Any]) -> None:
    if node.computes:
        values.update(zip(node.outputs, called(node, values.__getitem__), strict=False))
