"""A kernel behind an average pooling has its weights in squares: sums of pixels first, as exact."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from snnc.ir import AvgPool2d, Conv2d
from snnc.ir.composition import compose
from snnc.ir.repeating import apply_repeating

OPTIONS: list[tuple[int, tuple[int, int], dict[str, Any]]] = [
    (2, (3, 3), {"stride": (2, 2), "padding": (2, 2)}),
    (2, (3, 3), {"stride": (4, 4), "padding": (2, 0)}),  # the image has a row too many
    (2, (1, 3), {"stride": (2, 4), "padding": (1, 3), "groups": 2}),  # squares begin in the padding
    (3, (2, 2), {"stride": (3, 6), "padding": (0, 3)}),
    (4, (2, 1), {"stride": (4, 4), "padding": (3, 1), "groups": 4}),
]


def _blocked(side: int, kernel: tuple[int, int], options: dict[str, Any]) -> Conv2d:
    rng = np.random.default_rng(side)
    few = rng.integers(-127, 128, (8, 4 // options.get("groups", 1), *kernel))
    return Conv2d(np.kron(few, np.ones((side, side), few.dtype)), **options)


@pytest.mark.parametrize(("side", "kernel", "options"), OPTIONS, ids=str)
@pytest.mark.parametrize("shape", [(4, 13, 17), (4, 12, 16)], ids=str)
def test_the_result_is_that_of_the_matrix(
    side: int, kernel: tuple[int, int], options: dict[str, Any], shape: tuple[int, int, int]
) -> None:
    conv = _blocked(side, kernel, options)
    assert conv.blocks == side
    x = np.random.default_rng(1).integers(-300, 300, (3, *shape))
    wanted = (conv.matrix(shape) @ x.reshape(3, -1).T).T.reshape(3, *conv.out_shape(shape))
    np.testing.assert_array_equal(conv.apply(x), wanted)
    np.testing.assert_array_equal(apply_repeating(conv, x), wanted)
    same = np.broadcast_to(x[:, :, :1, :1], x.shape)  # all windows inside are one
    wanted = (conv.matrix(shape) @ same.reshape(3, -1).T).T.reshape(wanted.shape)
    np.testing.assert_array_equal(apply_repeating(conv, same), wanted)


def test_a_pooling_and_a_convolution_in_one_are_multiplied_as_two() -> None:
    second = Conv2d(np.random.default_rng(0).normal(size=(6, 4, 3, 3)), padding=(1, 1))
    pooling = AvgPool2d((2, 2), (2, 2))
    both = compose(pooling, second, (4, 8, 8))
    assert isinstance(both, Conv2d) and both.weight.shape == (6, 4, 6, 6)
    x = np.random.default_rng(1).normal(size=(2, 4, 8, 8))
    conv, sums = both.of_blocks(x)
    assert conv.weight.shape == (6, 4, 3, 3) and conv.blocks == 1 and sums.shape == (2, 4, 6, 6)
    np.testing.assert_allclose(both.apply(x), second.apply(pooling.apply(x)), rtol=0, atol=1e-14)


@pytest.mark.parametrize("filter_", [0, -1])
@pytest.mark.parametrize("pixel", list(np.ndindex(4, 4)), ids=str)
def test_one_weight_that_differs_is_seen(filter_: int, pixel: tuple[int, int]) -> None:
    weight = np.kron(np.random.default_rng(0).normal(size=(3, 2, 2, 2)), np.ones((2, 2)))
    weight[filter_, -1, pixel[0], pixel[1]] *= 1 + 2**-50
    assert Conv2d(weight, stride=(2, 2)).blocks == 1


def test_larger_squares_come_first_and_other_strides_have_none() -> None:
    weight = np.ones((2, 2, 4, 4))
    assert Conv2d(weight, stride=(4, 4)).blocks == 4
    assert Conv2d(weight, stride=(2, 2)).blocks == 2
    assert Conv2d(weight, stride=(2, 1)).blocks == 1
    assert Conv2d(weight, stride=(2, 2), dilation=(2, 2)).blocks == 1


def test_few_bits_of_a_picture_do_not_overflow() -> None:
    """Four pixels of 255 are more than their own type holds."""
    conv = Conv2d(np.full((1, 1, 2, 2), 0.25), stride=(2, 2))
    assert conv.apply(np.full((1, 1, 2, 2), 255, np.uint8)).item() == 255.0
