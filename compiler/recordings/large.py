"""Whether memory holds the frames."""

from __future__ import annotations

import numpy as np

from snnc.errors import counted, fail
from snnc.files import share_of_memory
from snnc.files.memory import over_limit

COUNT_BYTES = 16
"""Of an element, while one recording is counted."""


def refuse_large(samples: int, frames: int, shape: tuple[int, ...], size: int = 1) -> None:
    """Refuse frames that memory does not hold.

    Raises:
        UserError: D627, with both sizes.
    """
    one = frames * int(np.prod(shape))
    limit = share_of_memory()
    needed = max(samples * one * size, one * COUNT_BYTES)
    if needed > limit:
        taken, most = over_limit(needed, limit)
        raise fail(
            "D627",
            f"the frames would take {taken}, the limit is {most}",
            where=f"{counted(samples, 'recording')}, {counted(frames, 'frame')} of shape {shape}",
            why="an array may take one quarter of the memory",
            help="take fewer recordings with --first, fewer --frames, or --pool and --crop",
        )
