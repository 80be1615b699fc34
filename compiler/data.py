"""Data files: ``x`` (samples, frames, ...) of integer event counts, and optionally ``y`` (samples,)."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import fail
from .ir import Code, Encoding, Program, Shape, Target

SHOWN_NAMES = 5
ZIP = b"PK"
"""How an ``.npz`` archive begins. What begins otherwise, numpy takes for a pickle, and says so."""

MAX_COUNT = 2**23 - 1
"""Largest magnitude of a count: a graded spike's payload has 24 bits (lava.md section 3)."""


@dataclass(frozen=True)
class Data:
    """Event counts, int64 (samples, frames, \\*input shape), and labels, int64 (samples,), if any."""

    x: NDArray[np.int64]
    y: NDArray[np.int64] | None

    def first(self, samples: int) -> Data:
        """The first so many samples."""
        return Data(self.x[:samples], None if self.y is None else self.y[:samples])


def read_data(path: Path) -> Data:
    """Read a data file and check everything about it that needs no model.

    Raises:
        UserError: missing, not an ``.npz`` archive, no ``x``, empty, not whole finite numbers, labels
            that do not fit.
    """
    arrays = _read_arrays(path)
    if "x" not in arrays:
        raise fail(
            "D502",
            f"no array 'x', found {_some(sorted(arrays))}",
            where=str(path),
            help="save event counts with numpy.savez(FILE, x=counts), x: (samples, frames, ...)",
        )
    x = arrays["x"]
    if x.ndim < 3:
        raise fail(
            "D503",
            f"x has shape {x.shape}",
            where=str(path),
            why="its axes must be samples, frames and those of the model's input",
        )
    if x.size == 0:
        raise fail("D504", f"x is empty, shape {x.shape}", where=str(path))
    x = _whole(x, path)
    y = arrays.get("y")
    if y is not None and (y.ndim != 1 or len(y) != len(x) or y.dtype.kind not in "iu"):
        raise fail(
            "D505",
            f"y has shape {y.shape} and type {y.dtype}, x has {len(x)} samples",
            where=str(path),
            help="give one whole number a sample, or leave y out",
        )
    return Data(x, None if y is None else y.astype(np.int64))


def _read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    try:
        with path.open("rb") as file:
            first = file.read(len(np.lib.format.MAGIC_PREFIX))
        if not first.startswith((ZIP, np.lib.format.MAGIC_PREFIX)):
            raise ValueError(f"not a .npz archive, it begins with {first!r}")
        loaded = np.load(path, allow_pickle=False)
        if not isinstance(loaded, np.lib.npyio.NpzFile):
            raise ValueError("a single array (.npy), not an archive of named ones")
        with loaded as archive:
            arrays = {name: archive[name] for name in archive.files}
        for name, array in arrays.items():
            if not isinstance(array, np.ndarray):  # numpy gives other members as bytes
                raise ValueError(f"{name} is no array")
        return arrays
    except FileNotFoundError:
        raise fail("D501", "no such file", where=str(path)) from None
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, KeyError, AttributeError) as problem:
        raise fail(
            "D501",
            f"not a readable .npz file: {problem}",
            where=str(path),
            help="save event counts with numpy.savez(FILE, x=counts)",
        ) from problem


def _some(names: list[str]) -> str:
    """The first names of a list that may be long."""
    shown = ", ".join(names[:SHOWN_NAMES]) or "nothing"
    return f"{shown} and {len(names) - SHOWN_NAMES} more" if len(names) > SHOWN_NAMES else shown


def _whole(x: NDArray[Any], path: Path) -> NDArray[np.int64]:
    if x.dtype.kind not in "iufb":
        raise fail("D506", f"x has type {x.dtype}; event counts are whole numbers", where=str(path))
    if x.dtype.kind == "f":
        strange = int(np.count_nonzero(~np.isfinite(x)))
        if strange:
            raise fail("D506", f"x has {strange} NaN or infinite values", where=str(path))
        broken = int(np.count_nonzero(x != np.rint(x)))
        if broken:
            raise fail(
                "D506",
                f"x has {broken} of {x.size} values that are not whole numbers",
                where=str(path),
                why="input arrives on the chip as event counts",
                help="train and run on counts, not on normalised frames",
            )
    largest = max(abs(int(x.max())), abs(int(x.min())))
    if largest > MAX_COUNT:
        raise fail("D507", f"a count of {largest} exceeds {MAX_COUNT}", where=str(path))
    return x.astype(np.int64)


def check_shape(data: Data, shape: Shape, where: str) -> None:
    """Refuse data that do not fit the model's input.

    Raises:
        UserError: with both shapes.
    """
    if data.x.shape[2:] != shape:
        raise fail(
            "D508",
            f"x has frames of shape {data.x.shape[2:]}, the model takes {shape}",
            where=where,
            why=f"x is (samples, frames, ...) and has shape {data.x.shape}",
        )


def check_counts(data: Data, program: Program, where: str) -> None:
    """Refuse counts that the input's spikes cannot carry through the program.

    Raises:
        UserError: D509 ``spread`` with negative counts or more than one event a step, D511 negative
            payloads that would have to pass relays.
    """
    encoding, steps_per_frame = program.input.encoding, program.steps_per_frame
    if encoding is not Encoding.SPREAD:
        _refuse_negative_relayed(data, program, where)
        return
    over = int(np.count_nonzero((data.x > steps_per_frame) | (data.x < 0)))
    if over:
        raise fail(
            "D509",
            f"{over} of {data.x.size} counts are outside 0..{steps_per_frame}, largest {data.x.max()}",
            where=where,
            why="the input code 'spread' sends one binary spike a step at the most",
            help="compile with more steps a frame, or with encode-input{code=graded}",
        )


def check_input_spikes(data: Data, program: Program, target: Target, where: str) -> None:
    """Refuse counts above what one input of the target takes in a step (its limit "input spikes").

    Raises:
        UserError: D520.
    """
    limit = target.limits.get("input spikes")
    if limit is None or program.input.encoding is Encoding.SPREAD:
        return
    over = int(np.count_nonzero(data.x > limit.value))
    if over:
        raise fail(
            "D520",
            f"{over} of {data.x.size} counts exceed {limit.value}, largest {data.x.max()}",
            where=where,
            why=f"{target.name} takes {limit.value} {limit.unit} (stated by {limit.source})",
            help=f"cut counts at {limit.value}, and train with such counts; or use shorter frames",
        )


def _refuse_negative_relayed(data: Data, program: Program, where: str) -> None:
    """A relay counts up from 0: it would swallow a negative payload without a word."""
    relays = [p for p in program.populations if p.relay_of == program.input.name]
    graded = any(p.neuron is not None and p.neuron.code is Code.GRADED for p in relays)
    negative = int(np.count_nonzero(data.x < 0))
    if graded and negative:
        raise fail(
            "D511",
            f"{negative} of {data.x.size} counts are negative, smallest {data.x.min()}",
            where=where,
            why="a delay of the input is longer than a connection's, and its relay neurons carry no "
            "negative payloads",
            help="compile with fewer steps a frame: --set 'match-delays{relays=false}' says how many",
        )
