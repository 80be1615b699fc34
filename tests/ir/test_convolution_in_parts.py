"""A convolution takes images, or rows of one, some at a time: its result is that of the matrix."""

from __future__ import annotations

import numpy as np
import pytest

from snnc.ir import Conv2d, convolution

CONVOLUTIONS = [
    Conv2d(np.random.default_rng(0).integers(-9, 10, (4, 3, 3, 2)), padding=(1, 0)),
    Conv2d(np.random.default_rng(1).integers(-9, 10, (6, 1, 3, 3)), stride=(2, 1), groups=3),
    Conv2d(np.random.default_rng(2).integers(-9, 10, (2, 3, 2, 3)), None, (3, 2), (2, 1), (2, 1)),
]


@pytest.mark.parametrize("most", [1, 20, 10**6], ids=["a row", "some rows", "all"])
@pytest.mark.parametrize("least", [1, 200, 10**6], ids=["an image", "some images", "all images"])
@pytest.mark.parametrize("conv", CONVOLUTIONS, ids=["plain", "groups", "dilated"])
def test_any_parts_give_what_the_matrix_gives(
    conv: Conv2d, least: int, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """5 images of 11 rows: neither is a whole number of parts."""
    monkeypatch.setattr(convolution, "LEAST_COLUMNS", least)
    monkeypatch.setattr(convolution, "MOST_COLUMNS", most)
    shape = (3, 11, 9)
    x = np.random.default_rng(3).integers(-5, 6, (5, *shape))
    wanted = (conv.matrix(shape) @ x.reshape(5, -1).T).T.reshape(5, *conv.out_shape(shape))
    np.testing.assert_array_equal(conv.apply(x), wanted)


@pytest.mark.parametrize("conv", CONVOLUTIONS, ids=["plain", "groups", "dilated"])
def test_no_images_give_no_results(conv: Conv2d) -> None:
    shape = (3, 11, 9)
    assert conv.apply(np.empty((0, *shape))).shape == (0, *conv.out_shape(shape))
