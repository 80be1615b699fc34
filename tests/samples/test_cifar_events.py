"""The model of an event camera, against closed forms; recordings; the networks' responses."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from samples.cifar_events import results
from samples.cifar_events.camera import OFF, ON, Camera, log_intensity
from samples.cifar_events.data import CORNERS, STEPS, moved, place, recorded
from samples.cifar_events.network import SHAPES, build, edges
from samples.results.tables import four_fifths
from snnc.recordings.event_sets import Labelled
from snnc.training.parts import Parts

IDEAL = Camera(mismatch=0, leak_rate=0, noise_rate=0, refractory=0)
STEP = 0.01


def counted(camera: Camera, scenes: list[NDArray[np.float32]], seed: int = 0) -> NDArray[np.int64]:
    """Events of the whole recording, (recordings, 2, height, width)."""
    found = list(camera.record(scenes, STEP, np.random.default_rng(seed)))
    total: NDArray[np.int64] = np.stack(found).sum(0, dtype=np.int64)
    return total


def ramp(slope: float, moments: int, shape: tuple[int, ...] = (1, 4, 4)) -> list[NDArray[np.float32]]:
    """Log intensities that change by ``slope`` a second."""
    return [np.full(shape, slope * STEP * n, np.float32) for n in range(moments + 1)]


@pytest.mark.parametrize("slope", [7.3, -7.3])
@pytest.mark.parametrize("refractory", [0.0, 0.004, 0.03])
def test_a_ramp_sends_an_event_each_threshold_and_dead_time(slope: float, refractory: float) -> None:
    """Events are ``threshold / slope + refractory`` apart, the first without a dead time before it."""
    camera = Camera(mismatch=0, leak_rate=0, noise_rate=0, refractory=refractory)
    seconds, threshold = 100 * STEP, camera.threshold / abs(slope)
    expected = 1 + int((seconds - threshold) / (threshold + refractory))
    found = counted(camera, ramp(slope, 100))
    sent, other = (ON, OFF) if slope > 0 else (OFF, ON)
    assert (found[:, sent] == expected).all() and not found[:, other].any()


def test_events_do_not_depend_on_how_often_one_looks() -> None:
    fine = counted(IDEAL, ramp(3.1, 60))
    coarse = np.sum(list(IDEAL.record(ramp(3.1, 60)[::6], 6 * STEP, np.random.default_rng(0))), 0)
    assert np.array_equal(fine, coarse) and fine[0, ON, 0, 0] == int(3.1 * 0.6 / 0.2)


def test_there_and_back_sends_what_the_thresholds_leave() -> None:
    """Up by 5.5 thresholds and down again: 5 ON, then from the reference at 5: half up, 5.5 down."""
    up = ramp(5.5 * 0.2 / 0.1, 10)
    found = counted(IDEAL, up + up[-2::-1])
    assert (found[:, ON] == 5).all() and (found[:, OFF] == 5).all()


@pytest.mark.parametrize("threshold", [0.1, 0.2, 0.4])
def test_counts_are_inverse_to_the_threshold(threshold: float) -> None:
    camera = Camera(threshold=threshold, mismatch=0, leak_rate=0, noise_rate=0, refractory=0)
    assert counted(camera, ramp(8.13, 100))[0, ON, 0, 0] == int(8.13 / threshold)


def test_a_still_scene_sends_only_noise_and_leak() -> None:
    rng = np.random.default_rng(1)
    scene = log_intensity(rng.uniform(0, 255, (4, 50, 50)).astype(np.float32))
    still = [scene] * 201
    assert not counted(IDEAL, still).any()
    seconds, pixels = 200 * STEP, scene.size
    leaking = counted(Camera(leak_rate=0.3, noise_rate=0), still)
    assert not leaking[:, OFF].any()
    mean = (
        0.3 * seconds * pixels
    )  # in steady state exactly so many on average, one a pixel at most here
    assert abs(leaking[:, ON].sum() - mean) < 4 * mean**0.5
    noisy = counted(Camera(leak_rate=0, noise_rate=5), still)
    for polarity in (OFF, ON):
        mean = 5 / 2 * seconds * pixels
        assert abs(noisy[:, polarity].sum() - mean) < 4 * mean**0.5


def test_a_moving_edge_is_brighter_on_one_side_and_darker_on_the_other() -> None:
    """A bright bar moves to the right: its front brightens pixels, its back darkens them."""
    bar = np.full((1, 8, 24), 40, np.float32)
    bar[..., 6:12] = 200
    scenes = [log_intensity(moved(bar, 0, n / 5)) for n in range(16)]
    found = counted(IDEAL, scenes)[0]
    expected = int(np.log(200 / 40) / 0.2)
    assert (found[ON, :, 12:15] == expected).all() and not found[ON, :, :12].any()
    assert (found[OFF, :, 6:9] == expected).all() and not found[OFF, :, 9:].any()
    assert found[ON].sum() == found[OFF].sum()


def test_thresholds_are_the_cameras_own() -> None:
    camera = Camera()
    own = camera.thresholds(64, 64)
    assert np.array_equal(own, camera.thresholds(64, 64))
    assert not np.array_equal(own, Camera(seed=1).thresholds(64, 64))
    assert own.mean() == pytest.approx(0.2, abs=0.002) and own.std() == pytest.approx(0.03, abs=0.002)
    quiet = Camera(leak_rate=0, noise_rate=0, refractory=0)
    found = counted(quiet, ramp(10, 50, (3, 16, 16)))
    assert np.array_equal(found[0], found[2])  # every recording meets the same pixels
    assert np.abs(found[0, ON] - 5 / quiet.thresholds(16, 16)[ON]).max() <= 1


def test_log_intensity_is_a_line_in_the_dark() -> None:
    found = log_intensity(np.array([0, 10, 20, 100, 255], np.float32))
    expected = [0, np.log(20) / 2, np.log(20), np.log(100), np.log(255)]
    assert found == pytest.approx(expected, rel=1e-6)


def test_the_path_is_closed_and_small_steps_lead_along_it() -> None:
    assert place(0) == place(4) == place(8) == (0, 0)
    assert [place(n) for n in range(4)] == list(CORNERS)
    places = [place(n / STEPS) for n in range(8 * STEPS + 1)]
    far = [max(abs(a[0] - b[0]), abs(a[1] - b[1])) for a, b in pairwise(places)]
    assert max(far) == min(far) == 2 / STEPS


def test_images_move_by_parts_of_a_pixel() -> None:
    image = np.arange(12, dtype=np.float32).reshape(1, 3, 4)
    assert np.array_equal(moved(image, 1, 0)[0], image[0, [0, 0, 1]])
    assert np.array_equal(moved(image, 0, -1)[0], image[0][:, [1, 2, 3, 3]])
    assert moved(image, 0, 0.25)[0, 0] == pytest.approx([0, 0.75, 1.75, 2.75])


def test_recordings_are_the_same_for_a_seed() -> None:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (3, 3, 32, 32)).astype(np.uint8)
    first, again, other = (
        recorded(images, Camera(), np.random.default_rng(seed), frames=4) for seed in (5, 5, 6)
    )
    assert first.shape == (3, 4, 2, 32, 32) and first.dtype == np.uint8 and first.max() <= 15
    assert np.array_equal(first, again) and not np.array_equal(first, other)
    flat = np.full((1, 3, 32, 32), 128, np.uint8)
    assert not recorded(flat, IDEAL, np.random.default_rng(0), frames=4).any()


def test_the_dense_network_answers_after_one_frame_and_the_chain_after_four() -> None:
    found = {shape: build(shape) for shape in SHAPES}
    assert {shape: net.first_response for shape, net in found.items()} == {"chain": 4, "dense": 1}
    assert len(edges("chain")) == 4 and len(edges("dense")) == 10
    assert all(edge.delay == 1 for net in found.values() for edge in net.edges)
    with pytest.raises(ValueError, match="unknown shape 'loop'; known: chain, dense"):
        build("loop")


def test_the_frame_from_which_on_answers_are_nearly_as_good_as_the_last() -> None:
    assert four_fifths([10, 39, 41, 45, 50]) == 3
    assert four_fifths([45, 39, 41, 45, 50]) == 3  # what falls again was not there yet
    assert four_fifths([50, 50]) == 1 and four_fifths([0, 50]) == 2


def test_an_experiment_from_floats_to_integers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On noise: what is trained, exported and compiled; Lava is left out."""
    rng = np.random.default_rng(0)

    def part(samples: int) -> Labelled:
        x = rng.poisson(0.4, (samples, 6, 2, 32, 32)).astype(np.uint8)
        return Labelled(x, np.arange(samples) % 10)

    parts = Parts(part(40), part(20), "some", part(20))
    monkeypatch.setattr(results, "PLACE", tmp_path)
    monkeypatch.setattr(results, "load", lambda: parts)
    monkeypatch.setattr(results, "FLOATS", replace(results.FLOATS, epochs=1))
    monkeypatch.setattr(results, "FINE_TUNED", replace(results.FINE_TUNED, epochs=1))
    monkeypatch.setattr(results, "COUNTED", 2)
    monkeypatch.setattr(results, "on_lava", lambda *_: {"differ": 0})
    floats, quantized = results.floats("dense", 0), results.with_levels("dense", 0)
    assert floats["first_response"] == 1 and floats["test_samples"] == 20
    assert floats["parameters"] == sum(p.numel() for p in build("dense").parameters())
    assert len(floats["by_frame"]) == len(quantized["integers"]) == 6
    assert quantized["cost"]["synaptic_operations"] > 0
    grid = results.against_torch("dense", 0)
    assert grid["decisions"] == 20 * 6 and grid["differ"] == 0
    assert grid["by_frame"] == quantized["integers"]
