"""The file that a trained rollout becomes: a ``torch.export`` archive with extra files."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray

from .edges import Edge

Counts: TypeAlias = NDArray[np.integer[Any]]

DESCRIPTION_FILE = "snnc/rollout.json"
DEPLOYMENT_FILE = "snnc/deployment.json"
LARGEST, SMALLEST = int(np.iinfo(np.uint16).max), int(np.iinfo(np.int16).min)
CALIBRATION_FILE = "snnc/calibration.npz.b64"
"""Base64, because torch (2.13) stores and returns extra files as text only."""


def check_calibration(counts: Counts, input_shape: tuple[int, ...]) -> None:
    """Tell whether the counts can be calibration data of a network.

    Args:
        counts: event counts, integers of any width, (samples, frames, *input_shape).
        input_shape: shape of one frame.

    Raises:
        ValueError: wrong dtype, wrong shape, nothing in it, or counts beyond 16 bits.
    """
    if not np.issubdtype(counts.dtype, np.integer):
        raise ValueError(f"calibration must be whole numbers, got {counts.dtype}")
    if counts.ndim != 2 + len(input_shape) or counts.shape[2:] != input_shape or counts.size == 0:
        wanted = ", ".join(["samples", "frames", *map(str, input_shape)])
        raise ValueError(f"calibration must have shape ({wanted}), got {counts.shape}")
    low, high = int(counts.min()), int(counts.max())
    if low < SMALLEST or high > (LARGEST if low >= 0 else -SMALLEST - 1):
        raise ValueError(
            f"calibration counts must be in 0..{LARGEST}, or of either sign in {SMALLEST}.."
            f"{-SMALLEST - 1}; got {low}..{high}"
        )


def checked_counts(calibration: object, input_shape: tuple[int, ...]) -> Counts | None:
    """Event counts that can be calibration data of a network; None where there are none.

    Raises:
        ValueError: as :func:`as_counts` and :func:`check_calibration`.
    """
    if calibration is None:
        return None
    counts = as_counts(calibration)
    check_calibration(counts, input_shape)
    return counts


def as_counts(calibration: object) -> Counts:
    """Event counts from an array, a tensor or nested lists; floats that are whole numbers count.

    Raises:
        ValueError: something that is not an array of numbers, or numbers that are not whole.
    """
    given = calibration.detach().cpu().numpy() if isinstance(calibration, torch.Tensor) else calibration
    values = np.asarray(given)
    if values.dtype.kind not in "biuf":
        raise ValueError(
            f"calibration must be an array of event counts, got {type(calibration).__name__}"
        )
    if values.dtype.kind == "f":
        whole = np.rint(values)
        if not np.array_equal(whole, values):
            raise ValueError("calibration must be event counts, whole numbers; some are not")
        values = whole.astype(np.int64)
    return values.astype(np.int64) if values.dtype.kind == "b" else values


def archive_bytes(
    program: torch.export.ExportedProgram,
    description: dict[str, object],
    calibration: Counts | None,
    deployment: dict[str, object] | None = None,
) -> bytes:
    """The archive; the same program and data give the same bytes, wherever it is built.

    Args:
        program: the exported step; loses its stack traces.
        description: becomes ``snnc/rollout.json``.
        calibration: checked counts, become ``snnc/calibration.npz.b64`` (array ``x``).
        deployment: becomes ``snnc/deployment.json``, which the compiler reads; None for nothing to say.
    """
    for node in program.graph.nodes:
        # They hold absolute paths of this machine, which would make the bytes depend on it.
        node.meta.pop("stack_trace", None)
    extra_files = {DESCRIPTION_FILE: json.dumps(description, indent=2, sort_keys=True)}
    if deployment is not None:
        extra_files[DEPLOYMENT_FILE] = json.dumps(deployment, indent=2, sort_keys=True)
    if calibration is not None:
        extra_files[CALIBRATION_FILE] = _as_text(calibration)
    # Through a buffer: given a path, torch warns about every suffix but .pt2.
    buffer = io.BytesIO()
    torch.export.save(program, buffer, extra_files=extra_files)
    return buffer.getvalue()


def _as_text(counts: Counts) -> str:
    kinds = (np.uint8, np.uint16) if counts.min() >= 0 else (np.int8, np.int16)
    fits = np.iinfo(kinds[0]).min <= counts.min() and counts.max() <= np.iinfo(kinds[0]).max
    narrow = kinds[0] if fits else kinds[1]
    buffer = io.BytesIO()
    np.savez_compressed(buffer, x=counts.astype(narrow))
    return base64.b64encode(buffer.getvalue()).decode("ascii")


def described(
    input_shape: tuple[int, ...],
    nodes: Sequence[str],
    readout: str,
    accumulate: bool,
    edges: Sequence[Edge],
) -> dict[str, object]:
    """The structure in plain words, for a reader of the archive; the compiler ignores it."""
    return {
        "format": 1,
        "input_shape": list(input_shape),
        "nodes": list(nodes),
        "readout": readout,
        "accumulate": accumulate,
        "edges": [asdict(edge) for edge in edges],
    }


def deployed(
    steps: int | None, neurons: dict[str, Any], weight_bits: int | None, scales: object
) -> dict[str, object] | None:
    """What the archive says of how training saw the chip, besides its program; None for nothing.

    Args:
        steps: of a frame, where nodes spike.
        neurons: their dynamics, by node.
        weight_bits: that weights were trained with.
        scales: integer units for 1.0, by node.
    """
    said: dict[str, object] = {}
    if steps is not None:
        said["steps_per_frame"], said["neurons"] = steps, neurons
    if weight_bits is not None:
        said["weight_bits"], said["scales"] = weight_bits, scales
    return {"format": 1, **said} if said else None
