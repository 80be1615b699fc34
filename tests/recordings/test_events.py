"""Reading recordings, and counting their events."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from snnc.errors import UserError
from snnc.recordings.events import (
    EVENT,
    Events,
    View,
    as_events,
    frames_by_count,
    frames_by_time,
    narrow,
    read_dat,
    read_nmnist,
)

NMNIST = Path(__file__).resolve().parents[3] / "shared" / "data" / "nmnist"
needs_nmnist = pytest.mark.skipif(not NMNIST.is_dir(), reason=f"no N-MNIST recordings in {NMNIST}")
VIEW = View((4, 6))


def events(*given: tuple[int, int, int, int]) -> Events:
    return np.array(list(given), EVENT)


def random_events(count: int = 500, seed: int = 0) -> Events:
    rng = np.random.default_rng(seed)
    drawn = np.empty(count, EVENT)
    for field, limit in (("x", 6), ("y", 4), ("p", 2), ("t", 10_000)):
        drawn[field] = rng.integers(0, limit, count)
    return as_events(drawn)


def test_nmnist_bytes(tmp_path: Path) -> None:
    file = tmp_path / "1.bin"
    # x 3, y 5, darker, 0x012345 us; x 33, y 0, brighter, 0x7FFFFF us.
    file.write_bytes(bytes([3, 5, 0x01, 0x23, 0x45, 33, 0, 0xFF, 0xFF, 0xFF]))
    assert read_nmnist(file).tolist() == [(3, 5, 0, 0x12345), (33, 0, 1, 0x7FFFFF)]


def test_nmnist_overflow_is_no_event_and_moves_what_follows(tmp_path: Path) -> None:
    file = tmp_path / "1.bin"
    file.write_bytes(bytes([1, 1, 0, 0, 9, 0, 240, 0, 0, 0, 2, 2, 0, 0, 1]))
    assert read_nmnist(file).tolist() == [(1, 1, 0, 9), (2, 2, 0, 2**13 + 1)]


def test_nmnist_of_a_wrong_length(tmp_path: Path) -> None:
    file = tmp_path / "1.bin"
    file.write_bytes(bytes(7))
    with pytest.raises(UserError, match=r"7 bytes are not a whole number of events"):
        read_nmnist(file)


def test_dat_bytes(tmp_path: Path) -> None:
    file = tmp_path / "1_td.dat"
    # As expelliarmus 1.1.12 writes (t 1, x 0, y 99, p 1), (5, 3, 0, 0), (70001, 8, 7, 0).
    body = b"\x01\0\0\0\0\xc0\x18\x10\x05\0\0\0\x03\0\0\0q\x11\x01\0\x08\xc0\x01\0"
    file.write_bytes(b"% made by hand \n% Version 2 \n\x00\x08" + body)
    assert read_dat(file).tolist() == [(0, 99, 1, 1), (3, 0, 0, 5), (8, 7, 0, 70001)]


@pytest.mark.parametrize("data", [b"", b"% only\n", b"\0\x08" + bytes(8), b"%\n\0\x04", b"%\n\0\x08\1"])
def test_dat_that_is_none(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "1_td.dat"
    file.write_bytes(data)
    with pytest.raises(UserError, match=r"not a \.dat recording"):
        read_dat(file)


def test_events_of_other_readers() -> None:
    other = np.array(
        [(20, True, 1, 2), (10, False, 3, 4), (20, True, 5, 6)],
        [("t", np.uint64), ("p", bool), ("x", np.int16), ("y", np.int16)],
    )
    assert as_events(other).tolist() == [(3, 4, 0, 10), (1, 2, 1, 20), (5, 6, 1, 20)]


def test_minus_one_is_darker() -> None:
    other = np.array([(0, 0, -1, 0)], [(name, np.int64) for name in "xypt"])
    assert as_events(other)["p"].tolist() == [0]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (np.zeros((3, 4), np.int64), "x, y, p, t missing, found a plain array of int64"),
        (np.zeros(3, [("x", int), ("y", int), ("t", int)]), "p missing, found x, y, t"),
        (np.zeros((2, 2), EVENT), r"shape \(events,\), got \(2, 2\)"),
        (np.zeros(1, [(n, float) for n in "xypt"]), "field x must hold whole numbers, got float64"),
        (
            np.array([(0, -2, 0, 0)], [(n, int) for n in "xypt"]),
            r"field y must be in 0\.\.65535, got -2",
        ),
    ],
)
def test_what_are_no_events(given: NDArray[Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        as_events(given)


def test_one_event_is_one_count_at_its_place() -> None:
    frames = frames_by_time(events((5, 2, 1, 25)), VIEW, frames=3, window=10, start=0)
    assert frames.shape == (3, 2, 4, 6) and frames.dtype == np.uint8
    assert np.argwhere(frames).tolist() == [[2, 1, 2, 5]] and frames.sum() == 1


def test_windows_are_half_open_and_begin_with_the_first_event() -> None:
    given = events((0, 0, 0, 100), (1, 0, 0, 109), (2, 0, 0, 110), (3, 0, 0, 130))
    frames = frames_by_time(given, VIEW, frames=2, window=10)
    assert frames[:, 0, 0].tolist() == [[1, 1, 0, 0, 0, 0], [0, 0, 1, 0, 0, 0]]


def test_events_before_the_start_are_left_out() -> None:
    frames = frames_by_time(events((0, 0, 0, 4), (1, 0, 0, 5)), VIEW, frames=1, window=10, start=5)
    assert frames.sum() == 1 and frames[0, 0, 0, 1] == 1


@pytest.mark.parametrize(("window", "duration", "expected"), [(10, 25, 3), (10, 30, 3), (31, 30, 1)])
def test_window_and_duration_give_the_number(window: int, duration: int, expected: int) -> None:
    assert len(frames_by_time(random_events(), VIEW, window=window, duration=duration)) == expected


def test_equal_windows_do_not_drift() -> None:
    times = np.arange(1000)
    given = np.zeros(1000, EVENT)
    given["t"] = times
    frames = frames_by_time(given, VIEW, frames=7, duration=1000, start=0)
    assert frames.sum(axis=(1, 2, 3)).tolist() == np.bincount(times * 7 // 1000).tolist()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "give two of frames, window and duration .* got none of them"),
        ({"frames": 3}, "got frames"),
        ({"frames": 3, "window": 4, "duration": 12}, "got frames, window, duration"),
        ({"frames": 0, "window": 4}, "frames must be a whole number of at least 1, got 0"),
        ({"frames": 3, "window": 0.5}, r"window must be a whole number of at least 1, got 0\.5"),
    ],
)
def test_times_that_cannot_be(options: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        frames_by_time(random_events(), VIEW, **options)


def test_no_events_are_frames_of_zeros() -> None:
    frames = frames_by_time(events(), VIEW, frames=2, window=10)
    assert frames.shape == (2, 2, 4, 6) and not frames.any()
    assert not frames_by_count(events(), VIEW, frames=2, events_a_frame=3).any()


def test_frames_by_count() -> None:
    given = random_events(25)
    frames = frames_by_count(given, VIEW, frames=4, events_a_frame=10)
    assert frames.sum(axis=(1, 2, 3)).tolist() == [10, 10, 5, 0]
    assert frames_by_count(given, VIEW, frames=2, events_a_frame=10).sum() == 20
    by_hand = np.zeros((2, 4, 6), int)
    for x, y, p, _ in given[10:20].tolist():
        by_hand[p, y, x] += 1
    np.testing.assert_array_equal(frames[1], by_hand)


def test_frames_by_count_below_one() -> None:
    with pytest.raises(ValueError, match="events a frame must be a whole number of at least 1, got 0"):
        frames_by_count(random_events(), VIEW, frames=1, events_a_frame=0)


def test_pooling_sums_and_loses_nothing() -> None:
    given = random_events()
    plain = frames_by_time(given, VIEW, frames=2, duration=10_000)
    pooled = frames_by_time(given, View((4, 6), pool=2), frames=2, duration=10_000)
    np.testing.assert_array_equal(pooled, plain.reshape(2, 2, 2, 2, 3, 2).sum(axis=(3, 5)))
    uneven = frames_by_time(given, View((4, 6), pool=4), frames=2, duration=10_000)
    assert uneven.shape == (2, 2, 1, 2) and uneven.sum() == plain.sum()
    np.testing.assert_array_equal(uneven[..., 0, 1], plain[..., 4:].sum(axis=(2, 3)))


def test_cropping_comes_before_pooling() -> None:
    given = random_events()
    plain = frames_by_time(given, VIEW, frames=1, duration=10_000)
    view = View((4, 6), crop=(1, 2, 2, 4), pool=2)
    part = plain[:, :, 1:3, 2:6].reshape(1, 2, 1, 2, 2, 2).sum(axis=(3, 5))
    np.testing.assert_array_equal(frames_by_time(given, view, frames=1, duration=10_000), part)


def test_merged_polarities_and_largest() -> None:
    given = random_events()
    plain = frames_by_time(given, VIEW, frames=1, duration=10_000)
    merged = frames_by_time(given, View((4, 6), merge_polarities=True), frames=1, duration=10_000)
    np.testing.assert_array_equal(merged, plain.sum(axis=1, keepdims=True))
    cut = frames_by_time(given, View((4, 6), largest=9), frames=1, duration=10_000)
    assert plain.max() > 9
    np.testing.assert_array_equal(cut, np.minimum(plain, 9))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sensor": (0, 4)}, "sensor height must be a whole number of at least 1, got 0"),
        ({"sensor": (4, 4), "pool": 0}, "pool must be"),
        ({"sensor": (4, 4), "largest": 0}, "largest must be"),
        ({"sensor": (4, 4), "crop": (-1, 0, 2, 2)}, "crop top must be a whole number of at least 0"),
        ({"sensor": (4, 4), "crop": (0, 0, 0, 2)}, "crop height must be a whole number of at least 1"),
        ({"sensor": (4, 4), "crop": (0, 3, 2, 2)}, "reaches beyond the sensor of 4 x 4 pixels"),
    ],
)
def test_views_that_cannot_be(options: dict[str, tuple[int, ...]], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        View(**options)  # type: ignore[arg-type]


def test_an_event_outside_the_sensor() -> None:
    with pytest.raises(
        ValueError, match="row 4, column 0 at most lies outside the sensor of 4 x 6 pixels"
    ):
        frames_by_time(events((0, 4, 0, 0)), VIEW, frames=1, window=1)


@pytest.mark.parametrize(("count", "dtype"), [(255, np.uint8), (256, np.uint16), (65535, np.uint16)])
def test_counts_are_as_narrow_as_they_can_be(count: int, dtype: type) -> None:
    narrowed = narrow(np.array([0, count]))
    assert narrowed.dtype == dtype and narrowed.tolist() == [0, count]


def test_counts_beyond_16_bits_are_refused() -> None:
    with pytest.raises(
        ValueError, match=r"counts 65536 events in one frame, more than 65535; take shorter"
    ):
        narrow(np.array([65536]))


@needs_nmnist
def test_a_real_recording() -> None:
    recording = read_nmnist(NMNIST / "Test" / "0" / "60004.bin")
    assert len(recording) * 5 == (NMNIST / "Test" / "0" / "60004.bin").stat().st_size
    assert recording["x"].max() < 34 and recording["y"].max() < 34
    assert np.all(np.diff(recording["t"]) >= 0) and 300_000 < recording["t"][-1] < 320_000
    frames = frames_by_time(recording, View((34, 34)), frames=12, window=30_000)
    assert frames.shape == (12, 2, 34, 34) and frames.dtype == np.uint8
    assert frames.sum() == len(recording) and not frames[-1].any()
