"""numpy's files, ``.npy`` and ``.npz``: numbers and texts only, and as many as the header says.

Source of the layout: numpy 1.26, numpy/lib/format.py.
"""

from __future__ import annotations

import io
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .kinds import Kind, parsing
from .memory import Budget
from .zips import open_zip

NPY_MAGIC = b"\x93NUMPY"
SUFFIX = ".npy"

KINDS = "biufcSU"
"""Truth values, whole, real and complex numbers, texts. Others hold Python objects, or parts."""

WIDEST = {"f": 8, "c": 16}
"""Bytes of a real and of a complex number. A long double holds numbers that become infinite as a
double, whole ones of thousands of digits, and means other bytes on another machine."""

MOST_ELEMENTS = 2**40
"""Of an array's shape with every 0 taken for a 1: nothing that holds numbers has such a shape."""


def parse_npy(data: bytes, place: str, kind: Kind, *, structured: bool = False) -> NDArray[Any]:
    """One ``.npy`` file. Allocates no more than is there, and unpickles nothing.

    Args:
        data: the file.
        place: for messages.
        kind: whose message it is.
        structured: whether elements may have named fields, each a number or a text.

    Returns:
        The array, writable, in its own dtype.

    Raises:
        UserError: of ``kind``.
    """
    with parsing(place, kind):
        stream = io.BytesIO(data)
        npy: Any = np.lib.format
        major = npy.read_magic(stream)[0]
        header = {1: npy.read_array_header_1_0, 2: npy.read_array_header_2_0}
        if major not in header:
            raise ValueError(f"version {major} of .npy")
        shape, fortran, dtype = header[major](stream)
        body = memoryview(data)[stream.tell() :]
        parts = _fields(dtype) if structured else (dtype,)
        for part in parts:
            _refuse_type(part)
        _refuse_shape(shape, dtype, len(body))
        flat = np.frombuffer(body, dtype, count=math.prod(shape)).copy()
        return flat.reshape(shape[::-1]).T if fortran else flat.reshape(shape)


def _fields(dtype: np.dtype[Any]) -> tuple[np.dtype[Any], ...]:
    """The types of a structure's fields; of anything else, the type itself."""
    return tuple(dtype[name] for name in dtype.names) if dtype.names else (dtype,)


def _refuse_type(dtype: np.dtype[Any]) -> None:
    if dtype.hasobject or dtype.kind not in KINDS or dtype.subdtype is not None or not dtype.itemsize:
        raise ValueError(f"elements of type {dtype}, which are not numbers")
    if dtype.itemsize > WIDEST.get(dtype.kind, dtype.itemsize):
        raise ValueError(f"elements of type {dtype}, which is wider than a double: save float64")


def _refuse_shape(shape: tuple[int, ...], dtype: np.dtype[Any], size: int) -> None:
    if any(type(n) is not int or n < 0 for n in shape):
        raise ValueError(f"shape {shape}")
    if math.prod(max(n, 1) for n in shape) > MOST_ELEMENTS:
        raise ValueError(f"shape {shape} has more than {MOST_ELEMENTS} elements")
    if dtype.itemsize * math.prod(shape) != size:
        raise ValueError(f"{size} bytes for {dtype} {shape}")


def parse_npz(
    data: bytes, place: str, kind: Kind, budget: Budget | None = None, *, structured: bool = False
) -> dict[str, NDArray[Any]]:
    """The arrays of an ``.npz`` archive by name.

    Args:
        data: the archive.
        place: for messages.
        kind: whose messages they are.
        budget: what the archive may unpack to; by default the share of one file.
        structured: as for :func:`parse_npy`.

    Raises:
        UserError: of ``kind``; D107 it would unpack to too much.
    """
    archive = open_zip(data, place, kind, budget or Budget(place))
    found = {}
    for name in archive.names:
        if not name.endswith(SUFFIX):
            raise kind.wrong(place, f"{name} is not an array")
        content, inside = archive.read(name), f"{place}: {name}"
        found[name.removesuffix(SUFFIX)] = parse_npy(content, inside, kind, structured=structured)
    return found
