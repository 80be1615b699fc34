"""Forms of ONNX's operations of which torch is the judge."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from .onnx_files import drawn, loaded, model_of, node, ours, weights
from .test_onnx_operations import ROUNDING, Case, _floats, _int, _one, _relu_then


def _maximum(x: Tensor) -> Tensor:
    return F.max_pool2d(F.pad(torch.relu(x), (1, 0, 1, 0)), 2, 1)


def _same_lower(x: Tensor) -> Tensor:
    return F.max_pool2d(F.pad(torch.relu(x), (0, 0, 1, 1)), (3, 2), 2)


def _averages(x: Tensor) -> Tensor:
    return F.avg_pool2d(x, 3, (2, 3), ceil_mode=True, count_include_pad=False)


def _transposed(x: Tensor) -> Tensor:
    # Of one pixel too many along each axis, onnx cuts the first off where it is not told SAME_UPPER.
    return F.conv_transpose2d(x, torch.tensor(weights(3, 4, 3, 3)), stride=2)[:, :, 1:, 1:]


def _padded(x: Tensor) -> Tensor:
    return F.pad(x, (1, 0, -1, 2, 0, 1))


def _interpolated(x: Tensor) -> Tensor:
    places = torch.arange(8) / 2
    first = places.floor().long()
    share = places - first
    return x[..., first] * (1 - share) + x[..., (first + 1).clamp(max=3)] * share


def _normalised(x: Tensor) -> Tensor:
    mean, bias = torch.tensor(weights(3, seed=5)), torch.tensor(weights(3, seed=4))
    return F.batch_norm(
        x, mean, torch.tensor([1.0, 2.0, 3.0]), torch.tensor(weights(3)), bias, eps=1e-3
    )


NORMED = {"s": weights(3), "b": weights(3, seed=4), "m": weights(3, seed=5), "v": _floats([1, 2, 3])}
BY_TORCH: dict[str, tuple[Case, Callable[[Tensor], Tensor]]] = {
    "max-pool-before": (
        Case(
            [
                node("MaxPool", ["x"], ["p"], kernel_shape=[2, 2], pads=[1, 1, 0, 0]),
                node("Relu", ["p"]),
            ],
            (2, 5, 5),
        ),
        _maximum,
    ),
    "max-pool-same": (
        _relu_then("MaxPool", (2, 7, 6), kernel_shape=[3, 2], auto_pad="SAME_LOWER", strides=[2, 2]),
        _same_lower,
    ),
    "average-ceil": (
        _one("AveragePool", (2, 6, 7), kernel_shape=[3, 3], strides=[2, 3], ceil_mode=1),
        _averages,
    ),
    "transposed-shape": (
        _one(
            "ConvTranspose",
            (3, 4, 5),
            inits={"w": weights(3, 4, 3, 3)},
            strides=[2, 2],
            output_shape=[8, 10],
        ),
        _transposed,
    ),
    "pad-negative": (
        _one("Pad", (2, 3, 4), 11, 23, inits={"p": _int(0, 0, -1, 1, 0, 1, 2, 0)}),
        _padded,
    ),
    "upsample-linear": (
        _one("Upsample", (2, 3, 4), 9, inits={"s": _floats([1, 1, 1, 2])}, mode="linear"),
        _interpolated,
    ),
    "resize-10": (
        _one("Resize", (2, 3, 4), 10, inits={"s": _floats([1, 1, 1, 1.5])}),
        lambda x: x[..., [0, 0, 1, 2, 2, 3]],
    ),
    "batch-norm": (
        _one("BatchNormalization", (3, 4, 4), 7, 9, inits=NORMED, epsilon=1e-3),
        _normalised,
    ),
}
"""Where onnx's reference implementation (1.23.2) lacks a form, or contradicts its document."""


@pytest.mark.parametrize(
    ("name", "opset"), [(name, n) for name, (case, _) in BY_TORCH.items() for n in case.opsets]
)
def test_is_what_torch_computes(name: str, opset: int, tmp_path: Path) -> None:
    case, torch_does = BY_TORCH[name]
    model = model_of(case.nodes, (1, *case.shape), case.inits, opset)
    x = drawn(case.shape)
    want, got = torch_does(torch.tensor(x)).numpy(), ours(loaded(model, tmp_path), x)
    assert want.shape == got.shape
    assert np.abs(want - got).max() < ROUNDING * 10
