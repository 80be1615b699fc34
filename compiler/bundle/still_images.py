"""Still images: data without an axis of frames, each of which becomes a stream of equal frames."""

from __future__ import annotations

import math

import numpy as np

from snnc.bounds import Bounds
from snnc.errors import counted, fail
from snnc.files import share_of_memory
from snnc.files.memory import over_limit
from snnc.ir import Shape

from .axes import channels_moved
from .data import Values

MOST_FRAMES = 2**16
"""No time in a program is longer than 65536 steps (``docs/numerics.md``)."""

REPEAT = Bounds(1, MOST_FRAMES)
VALUE = 8


def least_axes(repeat: int | None) -> int:
    """Of x: still images may lack the axis of frames."""
    return 3 if repeat is None else 2


def frame_shape(values: Values, repeat: int | None) -> Shape:
    """The shape of one frame, for a model that does not say it.

    Still images are (samples, \\*frame) or (samples, 1, \\*frame). Where both can be meant, an axis of
    one frame is taken for that of 5 axes, which no image has, and of 3, which a list of pixels has.
    """
    shape = values.x.shape
    if repeat is None or (len(shape) in (3, 5) and shape[1] == 1):
        return shape[2:]
    return shape[1:]


def repeated(values: Values, shape: Shape, repeat: int | None, where: str, *, must: bool) -> Values:
    """Still images as streams of equal frames.

    Args:
        values: (samples, \\*shape) or (samples, frames, \\*shape).
        shape: of a frame.
        repeat: how many frames; None changes nothing.
        where: what messages call the data.
        must: refuse data that have several frames, unless they are ``repeat`` equal ones, which is what
            a still image becomes; else these stay as they are.

    Raises:
        UserError: D305 the number, D508 images of another shape, D653 several frames, D654 more than
            memory holds.
    """
    REPEAT.check(repeat, "--repeat")
    x = values.x
    if repeat is None:
        return values
    if shape not in (x.shape[1:], x.shape[2:]):
        raise fail(
            "D508",
            f"x has images of shape {x.shape[1:]}, the model takes {shape}",
            where=where,
            why=f"of still images x is (samples, {_axes(shape)}) or (samples, frames, {_axes(shape)})",
            help=_fitting(x.shape, shape),
        )
    if x.shape[1:] == shape:
        x = x[:, None]
    if x.shape[1] > 1:
        if must and not (
            x.shape[1] == repeat and np.array_equal(x, np.broadcast_to(x[:, :1], x.shape))
        ):
            raise fail(
                "D653",
                f"--repeat {repeat} repeats a still image, and each sample has "
                f"{counted(x.shape[1], 'frame')}",
                where=where,
                why=f"x has shape {values.x.shape}: samples, frames, and a frame {shape}",
                help=f"leave --repeat out, or give images: x of shape (samples, {_axes(shape)})",
            )
        return values
    needed = VALUE * x.size * repeat
    if needed > share_of_memory():
        taken, most = over_limit(needed, share_of_memory())
        raise fail(
            "D654",
            f"{counted(len(x), 'image')} repeated over {counted(repeat, 'frame')} take {taken}, "
            f"the limit is {most}",
            where=where,
            why="a quarter of the memory may be used",
            help="use fewer images, or a smaller --repeat",
        )
    return Values(np.repeat(x, repeat, axis=1), values.y)


def _fitting(found: Shape, shape: Shape) -> str:
    """The cure for images ``found`` (samples, ...) of another shape than that of the model's."""
    if moved := channels_moved(found, 1, shape) or channels_moved(found, 2, shape):
        return moved
    if shape == (1, *found[1:]):
        return "the axis of channels is missing: give x[:, None]"
    if math.prod(found[1:]) == math.prod(shape):
        return f"reshape x, which has shape {found}, to ({found[0]}, {_axes(shape)})"
    return f"x has shape {found}: cut or resize the images to {shape}, as in training"


def _axes(shape: Shape) -> str:
    return ", ".join(map(str, shape))
