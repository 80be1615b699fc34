"""What to do with data whose axes are those of the model's input, in another order."""

from __future__ import annotations

from snnc.ir import Shape


def channels_moved(found: Shape, first: int, shape: Shape) -> str:
    """The cure for data that have their channels last; empty for others.

    Args:
        found: the shape of x.
        first: the number of axes before those of a frame or image.
        shape: that the model takes, channels first.
    """
    frame = found[first:]
    if len(shape) < 2 or frame == shape or frame != (*shape[1:], shape[0]):
        return ""
    return f"the channels of x come last: give numpy.moveaxis(x, -1, {first})"
