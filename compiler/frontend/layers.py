"""The rules for layers with weights and for pooling. Names and defaults as in ATen (torch 2.13)."""

from __future__ import annotations

import numpy as np

from snnc.ir import Array, AvgPool2d, BatchNorm, Conv2d, Flatten, Linear, Pair, Scale

from .call import Call, Rules, UnsupportedError
from .cures import CURES, UPSAMPLE
from .expression import Signal


def conv2d(call: Call) -> Signal:
    """``conv2d``: any stride, dilation and groups; padding in numbers or in words."""
    source, weight = call.signal("input"), call.constant("weight")
    if weight.ndim != 4:
        raise UnsupportedError(f"{call.node.target} in {weight.ndim - 2} dimensions", CURES["conv1d"])
    dilation = call.pair("dilation", 1)
    padding = call.value("padding", (0, 0))
    pad: Pair
    if padding == "same":
        weight, dilation, pad = _same(weight, dilation)
    elif padding == "valid":
        pad = (0, 0)
    else:
        pad = call.pair("padding")
    op = Conv2d(
        weight,
        call.optional_constant("bias"),
        call.pair("stride", 1),
        pad,
        dilation,
        int(call.value("groups", 1)),
    )
    return call.through(source, op)


def convolution(call: Call) -> Signal:
    """``convolution``: what decompositions make of ``conv2d``."""
    call.pair("output_padding")
    if call.flag("transposed", False):
        raise UnsupportedError("a transposed convolution", UPSAMPLE)
    return conv2d(call)


def _same(weight: Array, dilation: Pair) -> tuple[Array, Pair, Pair]:
    """Kernel, dilation and padding that keep the size (torch: the odd pixel goes to the end)."""
    total = [step * (n - 1) for step, n in zip(dilation, weight.shape[2:], strict=True)]
    if total[0] % 2 or total[1] % 2:
        # Padding here has two equal sides. A kernel with a row of zeros in front reaches one pixel
        # further back, which undoes the pixel too many that it then gets in front.
        dense = np.zeros((*weight.shape[:2], total[0] + 1, total[1] + 1))
        dense[:, :, :: dilation[0], :: dilation[1]] = weight
        front = [(0, 0), (0, 0), (total[0] % 2, 0), (total[1] % 2, 0)]
        weight, dilation = np.pad(dense, front), (1, 1)
    return weight, dilation, ((total[0] + 1) // 2, (total[1] + 1) // 2)


def linear(call: Call) -> Signal:
    """``linear``: over one axis per sample."""
    weight = call.constant("weight")
    return _matrix(call, call.signal("input"), weight, call.optional_constant("bias"))


def addmm(call: Call) -> Signal:
    """``addmm``: bias + signal @ constant matrix."""
    if call.number("beta", 1) != 1 or call.number("alpha", 1) != 1:
        raise UnsupportedError("addmm with alpha or beta")
    weight = call.constant("mat2").T
    bias = call.constant("self")
    bias = np.broadcast_to(bias, (1, weight.shape[0]))[0]
    return _matrix(call, call.signal("mat1"), weight, bias)


def matmul(call: Call) -> Signal:
    """``matmul`` and ``mm``: signal @ constant matrix."""
    right = call.constant("mat2" if call.node.op == "mm" else "other")
    return _matrix(call, call.signal("self"), right.T, None)


def _matrix(call: Call, source: Signal, weight: Array, bias: Array | None) -> Signal:
    if len(source.shape) != 1 or weight.ndim != 2:
        raise UnsupportedError(
            f"{call.node.target} over the last axis of {source.shape}",
            "flatten the signal in front of it: nn.Flatten()",
        )
    return call.through(source, Linear(weight, bias))


def batch_norm(call: Call) -> Signal:
    """``batch_norm`` in evaluation, also as decompositions write it."""
    source = call.signal("input")
    call.flag("training", False)
    mean, variance = call.optional_constant("running_mean"), call.optional_constant("running_var")
    if mean is None or variance is None:
        raise UnsupportedError(
            "a batch normalisation without running statistics",
            "it depends on the other samples of a batch; set track_running_stats=True",
        )
    weight, bias = call.optional_constant("weight"), call.optional_constant("bias")
    op = BatchNorm(
        mean,
        variance,
        np.ones_like(mean) if weight is None else weight,
        np.zeros_like(mean) if bias is None else bias,
        call.number("eps", 1e-5),
    )
    return call.through(source, op)


def avg_pool2d(call: Call) -> Signal:
    """``avg_pool2d``: padded zeros count; ``ceil_mode`` where it changes nothing."""
    source = call.signal("self")
    kernel, padding = call.pair("kernel_size"), call.pair("padding")
    stride = call.pair("stride") if call.value("stride") else kernel
    _images(call, source)
    if call.flag("ceil_mode", False):
        for size, n, step, pad in zip(source.shape[1:], kernel, stride, padding, strict=True):
            if (size + 2 * pad - n) % step:
                raise UnsupportedError("average pooling with ceil_mode", "set ceil_mode=False")
    if not call.flag("count_include_pad", True) and any(padding):
        raise UnsupportedError(
            "average pooling that leaves the padding out of the average",
            "set count_include_pad=True, or pad with zeros in the convolution before it",
        )
    pooled = call.through(source, AvgPool2d(kernel, stride, padding))
    divisor = call.value("divisor_override")
    if divisor is None:
        return pooled
    return call.through(pooled, Scale(np.array(kernel[0] * kernel[1] / divisor)))


def adaptive_avg_pool2d(call: Call) -> Signal:
    """``adaptive_avg_pool2d`` where all windows have one size."""
    source, wanted = call.signal("self"), call.pair("output_size")
    _images(call, source)
    given = source.shape[1:]
    if min(wanted) < 1 or any(size % out for size, out in zip(given, wanted, strict=True)):
        raise UnsupportedError(
            f"adaptive pooling from {given} to {wanted}",
            "choose an output size that divides the input's, so that all windows are alike",
        )
    kernel = (given[0] // wanted[0], given[1] // wanted[1])
    return call.through(source, AvgPool2d(kernel, kernel))


def mean(call: Call) -> Signal:
    """``mean`` over an image: global average pooling."""
    source, axes = call.signal("self"), call.numbers("dim")
    _images(call, source)
    if {axis % 4 for axis in axes} != {2, 3}:
        raise UnsupportedError(f"a mean over axes {axes}", "only a mean over both image axes is known")
    image = (source.shape[1], source.shape[2])
    pooled = call.through(source, AvgPool2d(image, image))
    return pooled if call.flag("keepdim", False) else call.through(pooled, Flatten())


def _images(call: Call, source: Signal) -> None:
    if len(source.shape) != 3:
        raise UnsupportedError(f"{call.node.target} of a signal of shape {source.shape}")


LAYERS: Rules = {
    "_adaptive_avg_pool2d": adaptive_avg_pool2d,
    "_native_batch_norm_legit_no_training": batch_norm,
    "adaptive_avg_pool2d": adaptive_avg_pool2d,
    "addmm": addmm,
    "avg_pool2d": avg_pool2d,
    "batch_norm": batch_norm,
    "conv2d": conv2d,
    "convolution": convolution,
    "linear": linear,
    "matmul": matmul,
    "mean": mean,
    "mm": matmul,
}
