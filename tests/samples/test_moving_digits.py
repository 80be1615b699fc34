"""The moving-digits sample: its event camera, its split, and the model that is shipped with it."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from samples.moving_digits.data import CALIBRATION_STREAMS, write_data
from samples.moving_digits.events import (
    Sensor,
    brightness,
    make_streams,
    record,
    saccades,
    split_images,
    training_and_test,
)
from samples.moving_digits.train import accuracy_by_frame, build

MODEL = Path(__file__).parents[2] / "samples" / "moving_digits" / "model.pt"
CALIBRATION_FILE = "snnc/calibration.npz.b64"


def test_streams_are_the_same_for_the_same_seed() -> None:
    images = np.arange(20)
    first, second, other = (make_streams(images, seed).x for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, second)
    assert np.any(first != other)


def test_split_is_by_image_and_complete() -> None:
    train, test = split_images()
    assert (len(train), len(test)) == (1297, 500)
    assert set(train) | set(test) == set(range(1797))


def test_streams_have_the_promised_form() -> None:
    streams = make_streams(split_images()[1], seed=2)
    assert streams.x.shape == (500, 12, 2, 16, 16)
    assert streams.x.dtype == np.uint8
    assert streams.y.dtype == np.int64
    np.testing.assert_array_equal(streams.y, load_digits().target[split_images()[1]])
    assert streams.x.max() <= 4
    assert 0.05 < np.mean(streams.x > 0) < 0.15
    # No frame is empty, and none resembles the one before: the stream is not a static picture.
    active = streams.x.astype(float).reshape(500, 12, -1)
    assert active.sum(axis=2).min() > 0
    neighbours = [
        np.corrcoef(active[i, r], active[i, r + 1])[0, 1] for i in range(20) for r in range(11)
    ]
    assert np.mean(neighbours) < 0.5


def test_events_add_up_to_the_change_of_brightness() -> None:
    sensor = Sensor()
    pictures = load_digits().images[:50] / 16.0
    path = saccades(50, np.random.default_rng(3), sensor)
    counts = record(pictures, path, sensor).astype(np.int64)
    signed = np.cumsum(counts[:, :, 0] - counts[:, :, 1], axis=1) * sensor.threshold
    before = brightness(pictures, path[:, 0], sensor)
    for frame in range(sensor.frames):
        now = brightness(pictures, path[:, (frame + 1) * sensor.steps], sensor)
        assert np.abs(signed[:, frame] - (now - before)).max() < sensor.threshold


def test_a_picture_that_stands_still_gives_no_events() -> None:
    sensor = Sensor(amplitude=0.0)
    path = saccades(5, np.random.default_rng(4), sensor)
    assert record(load_digits().images[:5] / 16.0, path, sensor).sum() == 0


def test_data_files_hold_the_test_streams_and_the_models_calibration(tmp_path: Path) -> None:
    write_data(tmp_path)
    _, test = training_and_test(copies=1)
    written = np.load(tmp_path / "test.npz")
    np.testing.assert_array_equal(written["x"], test.x)
    np.testing.assert_array_equal(written["y"], test.y)
    calibration = np.load(tmp_path / "calibration.npz")
    assert calibration["x"].shape == (CALIBRATION_STREAMS, 12, 2, 16, 16)
    assert set(split_images()[0][:CALIBRATION_STREAMS]).isdisjoint(split_images()[1])


@pytest.fixture(scope="module")
def shipped() -> tuple[torch.export.ExportedProgram, dict[str, str]]:
    extras = {CALIBRATION_FILE: ""}
    program = torch.export.load(io.BytesIO(MODEL.read_bytes()), extra_files=extras)
    return program, extras


def test_shipped_model_is_as_good_as_it_claims(
    shipped: tuple[torch.export.ExportedProgram, dict[str, str]],
) -> None:
    """Checked on whole streams by the authoring class, and on a few by the exported step."""
    program, _ = shipped
    net = build()
    net.load_state_dict(program.state_dict)
    streams = make_streams(split_images()[1], seed=2)
    accuracy = accuracy_by_frame(net, streams)
    assert accuracy[3] > 0.85, "the answer comes early"
    assert accuracy[-1] >= 0.97, "and is good in the end"

    module = program.module()
    frames = torch.from_numpy(streams.x[:1]).float()
    with torch.no_grad():
        exported = torch.stack([module(frames[:, r]) for r in range(frames.shape[1])], dim=1)
        torch.testing.assert_close(exported, net(frames))


def test_shipped_model_is_small_and_carries_training_streams(
    shipped: tuple[torch.export.ExportedProgram, dict[str, str]],
    tmp_path: Path,
) -> None:
    _, extras = shipped
    assert MODEL.stat().st_size < 300_000
    stored = np.load(io.BytesIO(base64.b64decode(extras[CALIBRATION_FILE])))["x"]
    assert stored.shape == (CALIBRATION_STREAMS, 12, 2, 16, 16)
    write_data(tmp_path)
    np.testing.assert_array_equal(stored, np.load(tmp_path / "calibration.npz")["x"])
