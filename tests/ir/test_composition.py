"""Two convolutions as one: the same whole numbers as one after the other, and a convolution still."""

from __future__ import annotations

import numpy as np
import pytest

from snnc.ir import Conv2d
from snnc.ir.composition import compose

DRAW = np.random.default_rng(0)


def conv(outs: int, ins: int, side: int, groups: int = 1, stride: int = 1) -> Conv2d:
    weight = DRAW.integers(-5, 6, (outs, ins // groups, side, side)).astype(np.float64)
    return Conv2d(weight, stride=(stride, stride), groups=groups)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (
            conv(4, 4, 2, 4, 2),
            conv(3, 4, 3),
        ),  # a pooling with weights
        (conv(4, 4, 2, 4, 2), conv(6, 4, 2, 2)),
        (conv(4, 4, 2, 4), conv(4, 4, 3, 4)),
        (conv(8, 4, 2, 4), conv(3, 8, 2)),  # two outputs of each channel
        (conv(4, 8, 2, 4), conv(4, 4, 2, 4)),  # two inputs of each output
        (conv(5, 4, 3), conv(5, 5, 2, 5)),
        (conv(5, 4, 3), conv(2, 5, 2)),
    ],
)
def test_one_convolution_gives_what_two_give(first: Conv2d, second: Conv2d) -> None:
    shape = (first.weight.shape[1] * first.groups, 11, 11)
    found = compose(first, second, shape)
    x = DRAW.integers(-9, 10, (3, *shape)).astype(np.float64)
    assert isinstance(found, Conv2d)
    np.testing.assert_array_equal(found.apply(x), second.apply(first.apply(x)))
