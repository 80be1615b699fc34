"""The calibration data that travels in the archive: integer event counts."""

from __future__ import annotations

import base64
import io
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.errors import fail
from snnc.ir import Shape

from .archive import Archive, damaged

PLAIN = "extra/snnc/calibration.npz"
AS_TEXT = "extra/snnc/calibration.npz.b64"
"""torch (2.13) stores extra files as text only, so ``snnc.Rollout.export`` writes base64."""

ARRAY = "x.npy"


def read_calibration(archive: Archive, input_shape: Shape) -> NDArray[Any] | None:
    """The event counts (samples, frames, \\*input shape), or None when the archive has none.

    Raises:
        UserError: D106 when they are damaged, D109 when they do not fit the network.
    """
    if PLAIN in archive.names:
        member, data = PLAIN, archive.read(PLAIN)
    elif AS_TEXT in archive.names:
        member, text = AS_TEXT, archive.read(AS_TEXT)
        try:
            data = base64.b64decode(text, validate=True)
        except ValueError as error:
            raise damaged(archive.place(AS_TEXT), str(error)) from None
    else:
        return None
    where = archive.place(member)
    try:
        counts = _array(Archive.open(archive.path, data, member).read(ARRAY))
    except ValueError as error:
        raise damaged(where, str(error)) from None
    wanted = "(samples, frames, {})".format(", ".join(map(str, input_shape)))
    if counts.dtype.kind not in "iu" or counts.shape[2:] != input_shape or not counts.size:
        raise fail(
            "D109",
            f"the calibration data are {counts.dtype} {counts.shape}, not integers {wanted}",
            where=where,
            help="give Rollout.export the integer event counts, or compile with separate data",
        )
    if counts.min() < 0:
        raise fail("D109", f"the calibration data hold {counts.min()} events", where=where)
    return counts


def _array(data: bytes) -> NDArray[Any]:
    """One .npy file; allocates no more than is there and unpickles nothing."""
    stream = io.BytesIO(data)
    npy: Any = np.lib.format
    major = npy.read_magic(stream)[0]
    header = {1: npy.read_array_header_1_0, 2: npy.read_array_header_2_0}
    if major not in header:
        raise ValueError(f"version {major} of .npy")
    shape, fortran, dtype = header[major](stream)
    body = data[stream.tell() :]
    if dtype.hasobject or dtype.itemsize * math.prod(shape) != len(body):
        raise ValueError(f"{len(body)} bytes for {dtype} {shape}")
    flat = np.frombuffer(body, dtype)
    return flat.reshape(shape[::-1]).T if fortran else flat.reshape(shape)
