"""Counts for values: evenly spaced ones lose nothing, others are rounded, what cannot be is refused."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from snnc.bundle.data import Values
from snnc.errors import UserError
from snnc.ir import InputGrid
from snnc.workflows.input_grids import Span, find_grid
from snnc.workflows.input_values import InputOptions, data_of, misfits
from snnc.workflows.lattice import lattice

UNSIGNED, SIGNED = Span(0, 255, None), Span(-(2**23) + 1, 2**23 - 1, None)
LATE = ("it comes late", "conv", "because")
Floats = NDArray[np.float32] | NDArray[np.float64]


def pixels(*shape: int, seed: int = 0) -> NDArray[np.int64]:
    found = np.random.default_rng(seed).integers(0, 256, shape)
    found.reshape(-1)[:2] = 0, 255
    return np.asarray(found, np.int64)


def normalised(counts: NDArray[np.int64], mean: float, std: float) -> NDArray[np.float32]:
    return np.asarray((counts / 255 - mean) / std, np.float32)


def derive(
    values: Floats, span: Span = SIGNED, scale: str | None = None, offset: str | None = None
) -> InputGrid:
    options = InputOptions(scale, offset)
    return find_grid(values, values.shape[2:], span, options, "data")[0]


@pytest.mark.parametrize("span", [UNSIGNED, SIGNED], ids=["unsigned", "signed"])
def test_normalised_images_are_their_own_counts(span: Span) -> None:
    counts = pixels(6, 1, 1, 9, 9)
    grid = derive(normalised(counts, 0.1307, 0.3081), span)
    assert grid.scale == pytest.approx((1 / 255 / 0.3081,), rel=1e-5)
    assert grid.offset == pytest.approx((-0.1307 / 0.3081,), rel=1e-5)
    assert (grid.low, grid.high) == (0, 255)
    found = grid.counts(normalised(counts, 0.1307, 0.3081))
    np.testing.assert_array_equal(found, counts)


def test_channels_that_were_normalised_apart() -> None:
    counts = pixels(4, 1, 3, 16, 16)
    means, stds = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    values = np.stack(
        [normalised(counts[:, :, c], m, s) for c, (m, s) in enumerate(zip(means, stds, strict=True))], 2
    )
    grid = derive(values)
    assert grid.scale == pytest.approx([1 / 255 / s for s in stds], rel=1e-4)
    assert grid.misfit(values).rounding < 1e-3
    shifts = grid.counts(values) - counts
    assert all(len(np.unique(shifts[:, :, c])) == 1 for c in range(3))


def test_from_0_to_1_needs_no_offset() -> None:
    grid = derive(np.asarray(pixels(3, 1, 30) / 255, np.float32))
    assert grid.offset == (0.0,) and grid.scale == pytest.approx((1 / 255,), rel=1e-5)


def test_two_values_are_two_counts() -> None:
    grid = derive(np.where(pixels(3, 1, 30) > 99, 1.0, -1.0), UNSIGNED)
    assert (*grid.scale, *grid.offset, grid.low, grid.high) == pytest.approx((2, -1, 0, 1))


@pytest.mark.parametrize(
    ("span", "offset"), [(SIGNED, 0.0), (UNSIGNED, -3.0)], ids=["signed", "unsigned"]
)
def test_other_values_are_rounded_to_255_levels(span: Span, offset: float) -> None:
    values = np.random.default_rng(2).uniform(-3, 5, (40, 1, 50))
    values.reshape(-1)[:2] = -3, 5
    grid = derive(values, span)
    assert grid.offset == (offset,)
    assert grid.high == 255 and grid.scale == pytest.approx(((5 - offset) / 255,))
    found = grid.misfit(values)
    assert 0.4 < found.rounding <= 0.5 and found.clipped == 0
    assert found.largest <= grid.scale[0] / 2 * (1 + 1e-9)
    assert found.mean == pytest.approx(grid.scale[0] / 4, rel=0.1)


def test_a_range_far_from_0_begins_at_its_smallest() -> None:
    values = np.random.default_rng(2).uniform(10, 12, (40, 1, 50))
    grid = derive(values)
    assert grid.high == 255 and grid.offset == pytest.approx((values.min(),))
    assert derive(values, Span(0, 255, LATE)).offset == (0.0,)


def test_a_target_of_few_levels() -> None:
    values = np.random.default_rng(2).uniform(0, 5, (40, 1, 50))
    assert derive(values, Span(0, 16, None)).high == 16


def test_channels_of_very_different_size_have_scales_of_their_own() -> None:
    r = np.random.default_rng(3)
    sizes = np.array([1000.0, 1.0, 0.1, 1.0])
    values = r.uniform(0, 1, (50, 1, 4)) * sizes
    grid = derive(values)
    np.testing.assert_allclose(np.array(grid.scale) * 255, values.max(axis=(0, 1)))
    assert derive(values * 1000 / sizes).scale == pytest.approx((1000 / 255,), rel=0.1)


def test_where_the_input_comes_late_0_stays_0() -> None:
    late = Span(SIGNED.low, SIGNED.high, LATE)
    values = normalised(pixels(6, 1, 40), 0.1307, 0.3081)
    grid = derive(values, late)
    assert grid.offset == (0.0,) and grid.low < 0
    with pytest.raises(UserError, match="D651"):
        derive(values, Span(0, 255, LATE))
    with pytest.raises(UserError, match="D652"):
        derive(values, late, offset="-1")
    # Steps that pass through 0 are kept: -4, -2, 0, 2, ...
    even = derive(2.0 * (pixels(6, 1, 40) // 32) - 4, late)
    assert (*even.scale, *even.offset, even.low, even.high) == pytest.approx((2, 0, -2, 5))


def test_as_the_user_says() -> None:
    values = normalised(pixels(6, 1, 3, 40), 0.5, 0.5)
    grid = derive(values, scale="2/255", offset="-1")
    assert (grid.scale, grid.offset) == ((2 / 255,), (-1.0,))
    assert derive(values, scale="1/255,2/255, 0.5", offset="-1").scale[1:] == (2 / 255, 0.5)
    assert derive(values, offset="-1").scale == pytest.approx((2 / 255,))
    assert find_grid(None, (3,), UNSIGNED, InputOptions("0.5"), "")[0].high == 255


@pytest.mark.parametrize(
    ("code", "scale", "offset"),
    [
        ("D650", "1,2", None),
        ("D650", "a", None),
        ("D650", "1/0", None),
        ("D650", "", None),
        ("D305", "0", None),
        ("D305", "-1", None),
        ("D305", "nan", None),
        ("D305", "inf", None),
        ("D305", "1", "1e13"),
        ("D651", "1/256", "-0.999"),
        ("D651", "1/1000", "-1"),
    ],
)
def test_numbers_that_cannot_be(code: str, scale: str, offset: str | None) -> None:
    with pytest.raises(UserError, match=code):
        derive(normalised(pixels(6, 1, 3, 40), 0.5, 0.5), UNSIGNED, scale, offset)


def test_whole_types_are_counts() -> None:
    counts = np.asarray(pixels(6, 1, 3, 40), np.uint8)
    options = InputOptions("1/255", "-1")
    grid, _ = find_grid(counts, (3, 40), UNSIGNED, options, "data")
    assert (grid.low, grid.high) == (0, 255)
    given = data_of(Values(counts, None), grid, "data")
    np.testing.assert_array_equal(given.x, counts)
    np.testing.assert_allclose(given.meant, counts / 255 - 1)
    (note,) = misfits(given, grid, 0.0, "data")
    assert note.code == "N784" and "counts of 0 to 255" in note.what and "-1 to 0" in note.what
    with pytest.raises(UserError, match=r"D655.*uint8"):
        find_grid(counts, (3, 40), UNSIGNED, InputOptions(None, "1"), "data")


def test_an_offset_alone_says_nothing() -> None:
    with pytest.raises(UserError, match="D655"):
        find_grid(None, (3,), UNSIGNED, InputOptions(None, "1"), "")


def test_values_farther_than_floats_tell_apart() -> None:
    with pytest.raises(UserError, match="D651"):
        derive(np.array([[[0.5, 1e300]]]))


def test_beyond_the_counts_values_are_clipped_and_told() -> None:
    grid = InputGrid((0.5,), (-1.0,), 0, 10)
    values = np.array([[[-1.0, 4.0, -1.2, 4.3, 1e300, -1e300, 4.2]]])
    np.testing.assert_array_equal(grid.counts(values), [[[0, 10, 0, 10, 10, 0, 10]]])
    found = grid.misfit(values[..., :4])
    assert found.clipped == 1 and found.largest == pytest.approx(0.3)
    assert found.beyond == pytest.approx(0.3) and found.rounding == pytest.approx(0.4)
    assert grid.misfit(values).clipped == 3


def test_ties_go_to_the_even_count() -> None:
    counts = InputGrid((1.0,), (0.0,), -9, 9).counts(np.array([[[0.5, 1.5, 2.5, -0.5, -1.5]]]))
    np.testing.assert_array_equal(counts, [[[0, 2, 2, 0, -2]]])


def test_blocks_are_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(0).uniform(-9, 9, (7, 2, 5))
    grid = InputGrid((0.5, 1.0), (0.0,), -6, 6)
    grid = InputGrid((0.5, 1.0, 2.0, 0.1, 0.3), (0.1,), -6, 6)
    whole = grid.counts(values), grid.misfit(values)
    monkeypatch.setattr("snnc.ir.input_grid.BLOCK", 20)
    np.testing.assert_array_equal(grid.counts(values), whole[0])
    assert grid.misfit(values).clipped == whole[1].clipped
    assert grid.misfit(values).mean == pytest.approx(whole[1].mean)


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ([3.0, 3.0], (3.0, 3.0, 0)),
        ([0.0, 0.2, 0.5], (0.0, 0.1, 5)),  # the smallest gap is two steps
        ([0.0, 1.0, 2.0, 2.51], None),
        ([0.0, 1.0, 1.0 + 1e-7], None),  # noise of single precision is no step
    ],
)
def test_spacing(values: list[float], found: tuple[float, float, int] | None) -> None:
    seen = lattice(np.array(values), 255, 2)
    assert (seen is None) == (found is None)
    if seen is not None and found is not None:
        assert seen == pytest.approx(found)


@pytest.mark.parametrize("count", [255, 256])
def test_the_most_steps(count: int) -> None:
    seen = lattice(np.arange(count + 1) * 0.1, 255, 2)
    assert (seen is not None) == (count <= 255)


def test_one_value_that_is_off_among_many() -> None:
    """Spacing is looked for among some, and held against all."""
    values = np.tile(np.arange(10.0), 200_000)
    assert lattice(values, 255, 2) == pytest.approx((0.0, 1.0, 9))
    values[1_234_567] = 4.5123
    assert lattice(values, 255, 2) is None
