"""``--repeat N``: a still image becomes a stream of N equal frames, in every command."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import snnc
from snnc.bundle.data import Values, refuse_other_shape
from snnc.bundle.still_images import frame_shape, repeated
from snnc.ir import Shape

torch = pytest.importorskip("torch")
nn = torch.nn
SHAPE = (2, 4, 4)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A rollout whose answers take three frames to see the image."""
    torch.manual_seed(0)
    net = snnc.Rollout(SHAPE)
    net.node("h", activation=snnc.QuantizedReLU(8, 4.0))
    net.readout("answer")
    net.edge("input", "h", nn.Conv2d(2, 3, 3, padding=1))
    net.edge("h", "answer", nn.Sequential(nn.Flatten(), nn.Linear(48, 3)))
    path = tmp_path_factory.mktemp("still") / "net.pt"
    net.export(path)
    return path


def images(samples: int = 6) -> np.ndarray[Any, Any]:
    return np.random.default_rng(0).integers(0, 9, (samples, *SHAPE))


def test_images_are_streams(model: Path, tmp_path: Path) -> None:
    streams = np.repeat(images()[:, None], 5, axis=1)
    asked = snnc.compile(model, "reference", tmp_path / "a", calibration=streams)
    bundle = snnc.compile(model, "reference", tmp_path / "b", calibration=images(), repeat=5)
    assert bundle.manifest.input.repeat == 5 and asked.manifest.input.repeat is None
    assert bundle.manifest.calibration == asked.manifest.calibration
    for name in ("program.json", "weights.npz"):
        assert bundle.manifest.files[name] == asked.manifest.files[name]
    expected = asked.run(streams).potential
    assert expected.shape[1] == 5 and np.ptp(expected, axis=1).any()
    for given in (images(), images()[:, None], streams):
        np.testing.assert_array_equal(bundle.run(given).potential, expected)
    assert bundle.verify(images()).equal
    assert not bundle.ladder(images(), calibration=images()).different
    with pytest.raises(snnc.UserError, match=r"D508(.|\n)*--repeat"):
        asked.run(images())


def test_streams_that_are_still_images_already(model: Path, tmp_path: Path) -> None:
    """As an archive carries them that ``snnc finetune --repeat`` trained."""
    streams = np.repeat(images()[:, None], 5, axis=1)
    bundle = snnc.compile(model, "reference", tmp_path / "b", calibration=streams, repeat=5)
    assert bundle.manifest.input.repeat == 5 and bundle.manifest.calibration.frames == 5


def test_values_are_repeated_too(model: Path, tmp_path: Path) -> None:
    values = images() / 8
    bundle = snnc.compile(model, "reference", tmp_path / "b", calibration=values, repeat=4)
    grid = bundle.manifest.input.grid
    assert grid is not None and grid.offset == (0.0,) and grid.scale == pytest.approx((1 / 8,))
    run = bundle.run((values, np.zeros(6, np.int64)))
    np.testing.assert_array_equal(run.data.x[:, 3], images())


def test_rows_are_judged_on_images(model: Path) -> None:
    front = snnc.tune(
        model, "reference", images(12) / 8, repeat=4, code="graded", weight_bits=8, workers=1
    )
    assert front.frames == 4 and front.rows[0].refused is None
    assert "--repeat 4" in front.command(front.rows[0])
    agreement = front.rows[0].agreement
    assert agreement is not None and agreement[-1] >= 0.9


def test_recordings_are_not_repeated(model: Path, tmp_path: Path) -> None:
    streams = np.repeat(images()[:, None], 5, axis=1)
    moving = streams.copy()
    moving[5, 4, 0, 0, 0] += 1
    for recordings, repeat in ((moving, 5), (streams, 4), (streams, 6)):
        with pytest.raises(snnc.UserError, match="D653"):
            snnc.compile(model, "reference", tmp_path / "b", calibration=recordings, repeat=repeat)
    for wrong in (0, -1, 2**16 + 1):
        with pytest.raises(snnc.UserError, match="D305"):
            snnc.compile(model, "reference", tmp_path / "b", calibration=images(), repeat=wrong)
    with pytest.raises(snnc.UserError, match="D508"):
        snnc.compile(model, "reference", tmp_path / "b", calibration=images()[..., :3], repeat=5)
    assert not (tmp_path / "b").exists()


def test_images_that_do_not_fit_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    data = Values(images(), None)
    monkeypatch.setattr("snnc.bundle.still_images.share_of_memory", lambda: 6 * 32 * 8 * 5)
    assert repeated(data, SHAPE, 5, "", must=True).x.shape == (6, 5, *SHAPE)
    with pytest.raises(snnc.UserError, match="D654"):
        repeated(data, SHAPE, 6, "", must=True)


@pytest.mark.parametrize(
    ("shape", "cure"),
    [
        ((20, 1, 28, 28), "x has shape (20, 1, 28, 28): cut or resize the images to (1, 8, 8)"),
        ((5, 64), "reshape x, which has shape (5, 64), to (5, 1, 8, 8)"),
        ((5, 8, 8), "the axis of channels is missing: give x[:, None]"),
    ],
)
def test_images_of_another_shape_are_named_as_they_are(shape: Shape, cure: str) -> None:
    with pytest.raises(snnc.UserError) as refused:
        repeated(Values(np.zeros(shape), None), (1, 8, 8), 2, "x.npz", must=True)
    (problem,) = refused.value.diagnostics
    assert (
        problem.code == "D508"
        and f"images of shape {shape[1:]}, the model takes (1, 8, 8)" in problem.what
    )
    assert problem.help.startswith(cure)


@pytest.mark.parametrize(
    ("found", "repeat", "cure"),
    [
        ((5, 8, 9, 3), 1, "numpy.moveaxis(x, -1, 1)"),
        ((5, 2, 8, 9, 3), 1, "numpy.moveaxis(x, -1, 2)"),
        ((5, 8, 9, 3), None, "numpy.moveaxis(x, -1, 1); for still images, compile with --repeat 1"),
        ((5, 2, 8, 9, 3), None, "numpy.moveaxis(x, -1, 2)"),
        ((5, 9, 8, 3), 1, "reshape x"),
    ],
)
def test_channels_that_come_last(found: Shape, repeat: int | None, cure: str) -> None:
    """A reshape would mix them up with pixels; the cure gives data of the model's shape."""
    shape, x = (3, 8, 9), np.zeros(found)
    with pytest.raises(snnc.UserError, match="D508") as refused:
        refuse_other_shape(repeated(Values(x, None), shape, repeat, "", must=True).x.shape, shape, "")
    assert cure in refused.value.diagnostics[0].help
    if (call := re.search(r"numpy\.(moveaxis\(x, -1, \d\))", cure)) is not None:
        moved = eval(f"np.{call[1]}")
        assert shape in (moved.shape[1:], moved.shape[2:])


@pytest.mark.parametrize(
    ("shape", "repeat", "found"),
    [
        ((9, 5, 3, 8, 8), None, (3, 8, 8)),
        ((9, 3, 8, 8), 4, (3, 8, 8)),
        ((9, 1, 8, 8), 4, (1, 8, 8)),
        ((9, 1, 3, 8, 8), 4, (3, 8, 8)),
        ((9, 64), 4, (64,)),
        ((9, 1, 64), 4, (64,)),
        ((9, 8, 8), 4, (8, 8)),
    ],
)
def test_the_shape_of_a_frame(shape: Shape, repeat: int | None, found: Shape) -> None:
    assert frame_shape(Values(np.zeros(shape), None), repeat) == found
