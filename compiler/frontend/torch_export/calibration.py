"""The calibration data that travels in the archive: integer event counts."""

from __future__ import annotations

import base64
from typing import Any

from numpy.typing import NDArray

from snnc.errors import fail
from snnc.files import parse_npy
from snnc.frontend.archives.archive import MODEL, Archive, damaged
from snnc.ir import Shape

PLAIN = "extra/snnc/calibration.npz"
AS_TEXT = "extra/snnc/calibration.npz.b64"
"""torch (2.13) stores extra files as text only, so ``snnc.Rollout.export`` writes base64."""

ARRAY = "x.npy"
SMALLEST = -(2**15)
"""Of counts of either sign, which have 16 bits in an archive."""


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
    inner = archive.within(member, data)
    counts = parse_npy(inner.read(ARRAY), inner.place(ARRAY), MODEL)
    wanted = "(samples, frames, {})".format(", ".join(map(str, input_shape)))
    if counts.dtype.kind not in "iu" or counts.shape[2:] != input_shape or not counts.size:
        raise fail(
            "D109",
            f"the calibration data are {counts.dtype} {counts.shape}, not integers {wanted}",
            where=where,
            help="give Rollout.export the integer event counts, or compile with separate data",
        )
    if counts.min() < SMALLEST:
        raise fail(
            "D109",
            f"the calibration data hold counts down to {counts.min()}, below {SMALLEST}",
            where=where,
        )
    return counts
