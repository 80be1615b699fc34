"""Operations over stacked frames, (channels, depth, height, width), as convolutions of images.

Depth is short there, so channel and place in depth together can be the channels of an image: a kernel
over depth becomes a band of weights between these (a block Toeplitz matrix). Nothing is rounded.
"""

from __future__ import annotations

import numpy as np

from snnc.ir import Array, Conv2d, Reshape, Shape

from .call import Call, UnsupportedError
from .expression import Signal

Triple = tuple[int, int, int]


def flat(shape: Shape) -> Reshape:
    """Channels and depth as the channels of an image: channel c at depth d is number c * depth + d."""
    channels, depth, height, width = shape
    return Reshape((channels * depth, height, width))


def over_depth(
    call: Call,
    source: Signal,
    weight: Array,
    bias: Array | None,
    *,
    stride: Triple,
    padding: Triple,
    dilation: Triple,
    groups: int,
) -> Signal:
    """A convolution of (channels, depth, height, width), as torch means it; zero padding.

    Source: torch.nn.Conv3d (torch 2.13): out[o, t] = bias[o] + sum over i, k of weight[o, i, k] *
    in[i, stride t - padding + dilation k], likewise in height and width.

    Args:
        call: for limits and messages.
        source: the signal.
        weight: (channels out, channels in / groups, depth, height, width).
        bias: (channels out,).
        stride, padding, dilation: (depth, height, width).
        groups: of channels.

    Raises:
        UnsupportedError: the weights of all depths together are too many.
        ValueError: the kernel does not fit.
    """
    depth = source.shape[1]
    outs, ins, kernel, *image = weight.shape
    if min(stride) < 1 or min(dilation) < 1 or min(padding) < 0 or min(weight.shape) < 1 or groups < 1:
        raise ValueError(f"stride {stride}, padding {padding}, dilation {dilation}, groups {groups}")
    if source.shape[0] != ins * groups or outs % groups:
        raise ValueError(f"weights {weight.shape} in {groups} groups of a signal {source.shape}")
    places = (depth + 2 * padding[0] - dilation[0] * (kernel - 1) - 1) // stride[0] + 1
    if places < 1:
        raise ValueError(f"a kernel of depth {kernel} does not fit into {source.shape}")
    call.refuse_large(outs * places * ins * depth * image[0] * image[1])
    band = np.zeros((outs, places, ins, depth, *image))
    for place in range(places):
        for step in range(kernel):
            at = place * stride[0] - padding[0] + step * dilation[0]
            if 0 <= at < depth:
                band[:, place, :, at] = weight[:, :, step]
    op = Conv2d(
        band.reshape(outs * places, ins * depth, *image),
        None if bias is None else np.repeat(bias, places),
        (stride[1], stride[2]),
        (padding[1], padding[2]),
        (dilation[1], dilation[2]),
        groups,
    )
    laid = call.through(source, flat(source.shape))
    _, rows, columns = op.out_shape(laid.shape)
    # What folds it writes out each weight: the population behind it has four axes.
    call.refuse_large(outs * places * rows * columns * ins * min(kernel, depth) * image[0] * image[1])
    return call.through(laid, op, Reshape((outs, places, rows, columns)))


def conv3d(call: Call) -> Signal:
    """``conv3d``: any stride, dilation and groups; padding in numbers or in words."""
    source, weight = call.signal("input"), call.constant("weight")
    if weight.ndim != 5 or len(source.shape) != 4:
        what = f"{call.node.target} with weights of shape {weight.shape} of a signal {source.shape}"
        raise UnsupportedError(what)
    dilation = _triple(call, "dilation", 1)
    padding = call.value("padding", (0, 0, 0))
    if padding == "same":
        weight, dilation, pad = _same(weight, dilation)
    else:
        pad = (0, 0, 0) if padding == "valid" else _triple(call, "padding", 0)
    return over_depth(
        call,
        source,
        weight,
        call.optional_constant("bias"),
        stride=_triple(call, "stride", 1),
        padding=pad,
        dilation=dilation,
        groups=int(call.value("groups", 1)),
    )


def _triple(call: Call, name: str, default: int) -> Triple:
    one, two, three = call.per_axis(name, 3, default)
    return one, two, three


def _same(weight: Array, dilation: Triple) -> tuple[Array, Triple, Triple]:
    """Kernel, dilation and padding that keep the size (torch: the odd place goes to the end)."""
    total = [step * (n - 1) for step, n in zip(dilation, weight.shape[2:], strict=True)]
    if any(each % 2 for each in total):
        # A row of zeros in front reaches one place further back, which undoes the one too many there.
        dense = np.zeros((*weight.shape[:2], *(each + 1 for each in total)))
        dense[:, :, :: dilation[0], :: dilation[1], :: dilation[2]] = weight
        weight = np.pad(dense, [(0, 0), (0, 0), *((each % 2, 0) for each in total)])
        dilation = (1, 1, 1)
    one, two, three = ((each + 1) // 2 for each in total)
    return weight, dilation, (one, two, three)
