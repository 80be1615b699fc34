"""Convolutions of images in which rows and columns repeat: the same sums, each window once."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from snnc.ir import Conv2d, Extent, Linear
from snnc.ir.repeating import apply_repeating

SHAPES = [
    {},
    {"padding": (1, 1)},
    {"padding": (2, 0), "stride": (2, 3)},
    {"padding": (1, 2), "dilation": (2, 1)},
    {"padding": (1, 1), "groups": 2},
    {"padding": (3, 3), "stride": (4, 4), "groups": 4},
]


def _layered(rng: Any, low: int, high: int) -> Any:
    """A batch of two whose inside is alike; two rows and three columns at the borders are not."""
    image = np.broadcast_to(rng.integers(low, high, (2, 4, 1, 1)), (2, 4, 24, 31)).copy()
    image[:, :, :2] = rng.integers(low, high, (2, 4, 2, 1))
    image[..., -3:] = rng.integers(low, high, (2, 4, 1, 3))
    return image.astype(float)


@pytest.mark.parametrize("options", SHAPES, ids=str)
def test_the_sums_of_a_convolution_are_the_same(options: dict[str, Any]) -> None:
    rng = np.random.default_rng(3)
    weight = rng.integers(-127, 128, (8, 4 // options.get("groups", 1), 3, 3))
    conv = Conv2d(weight.astype(float), **options)
    x = _layered(rng, -300, 300)
    assert np.array_equal(apply_repeating(conv, x), conv.apply(x))


def test_each_window_is_multiplied_once(monkeypatch: pytest.MonkeyPatch) -> None:
    conv = Conv2d(np.ones((3, 2, 3, 3)), padding=(1, 1))
    monkeypatch.setattr(Conv2d, "apply", None)  # the whole image is not convolved
    y = apply_repeating(conv, np.ones((1, 2, 40, 40)))
    assert y[0, 0, 0, 0] == 8 and y[0, 1, 0, 9] == 12 and np.all(y[0, :, 1:-1, 1:-1] == 18)


def test_an_image_that_does_not_repeat_is_convolved_whole() -> None:
    x = np.random.default_rng(0).integers(-9, 9, (2, 2, 12, 12)).astype(float)
    conv = Conv2d(np.ones((1, 2, 3, 3)))
    whole = conv.apply(x)
    assert np.array_equal(apply_repeating(conv, x), whole)


@pytest.mark.parametrize("alike", [True, False])
def test_bounds_of_a_matrix_take_either_sign_apart(alike: bool) -> None:
    rng = np.random.default_rng(1)
    weight = rng.integers(-127, 128, (700, 90))
    low = np.full(90, -3.0) if alike else -rng.integers(0, 9, 90).astype(float)
    high = np.full(90, 255.0) if alike else rng.integers(0, 256, 90).astype(float)
    found = Extent(low, high).through(Linear(weight), (700,))
    up, down = np.maximum(weight, 0), np.minimum(weight, 0)
    assert np.array_equal(found.low, up @ low + down @ high)
    assert np.array_equal(found.high, up @ high + down @ low)


@pytest.mark.parametrize("shape", [(3, 2, 2), (3,), (3, 2, 0, 0)], ids=str)
def test_weights_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    conv = Conv2d(np.ones(shape), stride=(2, 2))
    with pytest.raises(ValueError, match="takes weights \\(channels out"):
        apply_repeating(conv, np.ones((1, 2, 8, 8)))
