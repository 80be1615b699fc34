"""The operations against torch, and their matrices against themselves."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snnc.ir import (
    AvgPool2d,
    BatchNorm,
    Conv2d,
    Identity,
    Linear,
    Op,
    Place,
    Reshape,
    Scale,
)
from snnc.ir.composition import compose, compose_chain
from snnc.ir.scaling import scale_inputs, scale_outputs

torch = pytest.importorskip("torch")


@st.composite
def convolutions(draw: st.DrawFn, channels: int | None = None) -> tuple[Conv2d, tuple[int, ...]]:
    """A random convolution with a shape that it takes."""
    groups = draw(st.sampled_from([1, 1, 2]))
    ins = channels or groups * draw(st.integers(1, 3))
    if ins % groups:
        groups = 1
    outs = groups * draw(st.integers(1, 3))
    kernel = draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    pairs = [draw(st.tuples(st.integers(1, 2), st.integers(1, 2))) for _ in range(2)]
    padding = draw(st.tuples(st.integers(0, 2), st.integers(0, 2)))
    seed = draw(st.integers(0, 2**16))
    weight = np.random.default_rng(seed).integers(-5, 6, (outs, ins // groups, *kernel))
    conv = Conv2d(weight, None, pairs[0], padding, pairs[1], groups)
    return conv, (ins, draw(st.integers(5, 9)), draw(st.integers(5, 9)))


def batch(shape: tuple[int, ...], seed: int = 0) -> np.ndarray:  # type: ignore[type-arg]
    """Two random integer samples."""
    return np.random.default_rng(seed).integers(-4, 5, (2, *shape))


@given(convolutions())
@settings(deadline=None, max_examples=60)
def test_convolution_is_torchs(case: tuple[Conv2d, tuple[int, ...]]) -> None:
    conv, shape = case
    x = batch(shape)
    expected = torch.nn.functional.conv2d(
        torch.tensor(x, dtype=torch.float64),
        torch.tensor(conv.weight, dtype=torch.float64),
        stride=conv.stride,
        padding=conv.padding,
        dilation=conv.dilation,
        groups=conv.groups,
    ).numpy()
    assert np.array_equal(conv.apply(x), expected)
    assert conv.apply(x).dtype == np.int64
    assert np.array_equal((conv.matrix(shape) @ x.reshape(2, -1).T).T.reshape(expected.shape), expected)


def same_map(one: Op, ops: list[Op], shape: tuple[int, ...]) -> None:
    x = batch(shape).astype(float)
    expected = x
    for op in ops:
        expected = op.apply(expected)
    assert np.allclose(one.apply(x).reshape(expected.shape), expected, rtol=1e-12, atol=1e-9)


@given(convolutions(), st.data())
@settings(deadline=None, max_examples=80)
def test_composition_is_exact_at_the_borders_too(
    case: tuple[Conv2d, tuple[int, ...]], data: st.DataObject
) -> None:
    first, shape = case
    middle = first.out_shape(shape)
    second: Op = data.draw(
        st.one_of(
            st.just(Scale(np.arange(1.0, 1 + middle[0]))),
            st.just(Linear(np.random.default_rng(1).normal(size=(4, int(np.prod(middle)))))),
            st.builds(
                AvgPool2d,
                kernel=st.just((2, 2)),
                stride=st.sampled_from([(1, 1), (2, 2)]),
                padding=st.sampled_from([(0, 0), (1, 1)]),
            ),
            convolutions(channels=middle[0]).map(lambda c: c[0]),
        )
    )
    try:
        second.out_shape(middle)
    except ValueError:
        return
    same_map(compose(first, second, shape), [first, second], shape)


@pytest.mark.parametrize("shape", [(3, 4), (2, 6), (12,), (1, 3, 4)])
def test_shapes_fold_away(shape: tuple[int, ...]) -> None:
    line, conv = (3, 4), Conv2d(np.random.default_rng(0).normal(size=(2, 3, 1, 3)))
    full = Linear(np.random.default_rng(1).normal(size=(5, 12)))
    assert isinstance(compose(Reshape(shape), Reshape(line), line), Identity)
    assert compose(Reshape(shape), full, line) is full
    image = Reshape((3, 1, 4))
    for chain in ((image, conv), (image, conv, Reshape((4,))), (Reshape(shape), image, conv)):
        same_map(compose_chain(chain, line), list(chain), line)
    placed = (Place(1, 3), image, conv)
    same_map(compose_chain(placed, (2, 4)), list(placed), (2, 4))
    with pytest.raises(ValueError, match="12 elements do not have the shape"):
        Reshape((5, 2)).out_shape(line)


@pytest.mark.parametrize("size", [8, 9])
def test_pool_then_padded_convolution(size: int) -> None:
    # At size 9 the pool drops the last row: merging the kernels would bring it back in.
    pool, shape = AvgPool2d((2, 2), (2, 2)), (2, size, size)
    conv = Conv2d(np.random.default_rng(0).normal(size=(3, 2, 3, 3)), padding=(1, 1))
    merged = compose(pool, conv, shape)
    assert isinstance(merged, Conv2d) == (size == 8)
    same_map(merged, [pool, conv], shape)


def test_batch_norm_is_torchs() -> None:
    norm = torch.nn.BatchNorm2d(3).double().eval()
    for tensor in (norm.running_mean, norm.running_var, norm.weight.data, norm.bias.data):
        tensor.copy_(torch.rand(3) + 0.5)
    ours = BatchNorm(
        norm.running_mean.numpy(),
        norm.running_var.numpy(),
        norm.weight.detach().numpy(),
        norm.bias.detach().numpy(),
        norm.eps,
    )
    x = batch((3, 4, 4)).astype(float)
    assert np.allclose(ours.apply(x), norm(torch.tensor(x)).detach().numpy(), atol=1e-12)


@given(convolutions())
@settings(deadline=None, max_examples=30)
def test_scaling_inputs_and_outputs(case: tuple[Conv2d, tuple[int, ...]]) -> None:
    conv, shape = case
    ins = np.arange(1.0, 1 + shape[0])
    outs = np.arange(1.0, 1 + len(conv.weight))
    same_map(scale_inputs(conv, ins, shape), [Scale(ins), conv], shape)
    same_map(scale_outputs(conv, outs, conv.out_shape(shape)), [conv, Scale(outs)], shape)


KERNEL = np.ones((4, 1, 2, 2))


TWO = np.ones(2)


@pytest.mark.parametrize(
    ("op", "shape", "why"),
    [
        (Linear(np.ones(3)), (3,), "weights"),
        (Linear(np.ones((2, 3))), (4,), "3 inputs"),
        (Conv2d(np.ones((4, 1, 2))), (1, 5, 5), "weights"),
        (Conv2d(np.ones((4, 1, 0, 2))), (1, 5, 5), "weights"),
        (Conv2d(KERNEL), (5, 5), "height"),
        (Conv2d(KERNEL), (2, 5, 5), "1 channels"),
        (Conv2d(KERNEL, stride=(0, 1)), (1, 5, 5), "stride"),
        (Conv2d(KERNEL, stride=(1, -1)), (1, 5, 5), "stride"),
        (Conv2d(KERNEL, padding=(-1, 0)), (1, 5, 5), "padding"),
        (Conv2d(KERNEL, dilation=(0, 0)), (1, 5, 5), "dilation"),
        (Conv2d(KERNEL, dilation=(9, 1)), (1, 5, 5), "does not fit"),
        (Conv2d(KERNEL, groups=0), (1, 5, 5), "groups"),
        (Conv2d(KERNEL, groups=3), (3, 5, 5), "groups"),
        (AvgPool2d((0, 2), (1, 1)), (1, 5, 5), "kernel"),
        (AvgPool2d((2, 2), (0, 1)), (1, 5, 5), "stride"),
        (AvgPool2d((2, 2), (1, 1)), (5,), "height"),
        (Scale(np.ones(3)), (), "factors"),
        (Scale(np.ones((3, 3))), (3,), "factors"),
        (Place(0, 3), (), "channels"),
        (Place(-1, 3), (2,), "channels"),
        (Reshape((2, 2)), (5,), "5 elements"),
        (Linear(np.ones((2, 3)), np.ones(3)), (3,), "bias of shape"),
        (Conv2d(KERNEL, np.ones(0)), (1, 5, 5), "bias of shape"),
        (BatchNorm(TWO, TWO, TWO, np.ones(0), 1e-5), (2,), "bias of shape"),
        (BatchNorm(TWO, TWO, TWO, TWO, 1e-5), (3,), "mean of shape"),
        (BatchNorm(TWO, TWO, np.ones(()), TWO, 1e-5), (2,), "weight of shape"),
    ],
)
def test_what_an_operation_cannot_take_is_one_error(op: Op, shape: tuple[int, ...], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        op.out_shape(shape)


def test_many_images_are_convolved_a_few_at_a_time() -> None:
    """Their windows together would take nine times what they take themselves."""
    conv = Conv2d(np.ones((1, 4, 3, 3)), padding=(1, 1))
    x = np.random.default_rng(0).integers(-9, 10, (400, 4, 16, 16)).astype(np.float64)
    tracemalloc.start()
    whole = conv.apply(x)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3 * x.nbytes
    assert np.array_equal(whole[7:8], conv.apply(x[7:8]))


@pytest.mark.parametrize("images", [1, 31, 32, 33, 70])
def test_small_images_are_convolved_together(images: int) -> None:
    """Of 2x2 pixels 32 at a time: as many, one less, one more, in groups, with stride and dilation."""
    rng = np.random.default_rng(1)
    conv = Conv2d(
        rng.integers(-9, 10, (6, 2, 2, 2)).astype(np.float64), None, (1, 2), (1, 1), (2, 1), 3
    )
    x = rng.integers(-9, 10, (images, 6, 2, 3)).astype(np.float64)
    assert conv.out_shape(x.shape[1:])[1:] == (2, 2)
    each = [conv.matrix(x.shape[1:]) @ sample.reshape(-1) for sample in x]
    assert np.array_equal(conv.apply(x).reshape(images, -1), each)
