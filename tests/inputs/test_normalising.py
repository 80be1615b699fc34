"""Networks that normalise their input themselves: what they take is what their users have."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import snnc
from snnc.frontend import load_model
from snnc.sim.analog import run_frames

torch = pytest.importorskip("torch")
nn = torch.nn
SHAPE = (3, 8, 8)
MEAN, DEVIATION = (0.48, 0.45, 0.40), (0.23, 0.22, 0.21)


class Net(nn.Module):  # type: ignore[misc, name-defined]
    """A padded convolution behind a step of the user's own."""

    def __init__(self, step: Callable[..., Any]) -> None:
        super().__init__()
        self.step = step
        self.conv, self.head = nn.Conv2d(3, 4, 3, padding=1), nn.Linear(256, 5)
        self.register_buffer("mean", torch.tensor(MEAN).view(3, 1, 1))
        self.register_buffer("deviation", torch.tensor(DEVIATION).view(3, 1, 1))

    def forward(self, x: Any) -> Any:
        return self.head(torch.relu(self.conv(self.step(self, x))).flatten(1))


STEPS: dict[str, Callable[..., Any]] = {
    "255": lambda net, x: x / 255,
    "mean": lambda net, x: (x / 255 - net.mean) / net.deviation,
    "line": lambda net, x: x * 0.02 - 1.0,
    "in place": lambda net, x: torch.sub(x, 127.5).div_(127.5),
    "float": lambda net, x: (x.float() / 255 - net.mean) / net.deviation,
}
UNIT: dict[str, Callable[..., Any]] = {
    "mean": lambda net, x: (x - net.mean) / net.deviation,
    "line": lambda net, x: 2 * x - 1,
}


def saved(step: Callable[..., Any], folder: Path, kind: Any = torch.float32) -> tuple[Path, Any]:
    torch.manual_seed(0)
    net = Net(step).eval()
    torch.export.save(torch.export.export(net, (torch.zeros(1, *SHAPE, dtype=kind),)), folder / "n.pt2")
    return folder / "n.pt2", net


def pixels(samples: int = 24) -> np.ndarray[Any, Any]:
    return np.random.default_rng(0).integers(0, 256, (samples, *SHAPE)).astype(np.uint8)


def answers(net: Any, x: np.ndarray[Any, Any]) -> Any:
    with torch.no_grad():
        return net(torch.tensor(x)).numpy()


@pytest.mark.parametrize("kind", [torch.float32, torch.uint8], ids=str)
@pytest.mark.parametrize("name", STEPS)
def test_images_of_8_bits_need_no_option(name: str, kind: Any, tmp_path: Path) -> None:
    path, net = saved(STEPS[name], tmp_path, kind)
    x = pixels()
    graph = load_model(path).graph
    meant = answers(net, x if kind == torch.uint8 else x.astype(np.float32))
    ours = run_frames(graph, x[:, None].astype(np.float64))[graph.readout.name][:, 0]
    np.testing.assert_allclose(ours, meant, atol=1e-5 * np.abs(meant).max())
    bundle = snnc.compile(path, "reference", tmp_path / "out", calibration=x, repeat=1)
    assert bundle.manifest.input.grid is None
    assert "N784" not in {note.code for note in bundle.notes}
    assert np.abs(bundle.run(x).answers[:, -1] - meant).max() < 0.05 * np.ptp(meant)
    assert bundle.verify(x).equal
    found = bundle.ladder(x, samples=4)
    assert not found.missing and "please report" not in str(found.as_json())


@pytest.mark.parametrize("name", UNIT)
def test_floats_between_0_and_1_get_a_count_each(name: str, tmp_path: Path) -> None:
    path, net = saved(UNIT[name], tmp_path)
    x = (pixels() / 255).astype(np.float32)
    bundle = snnc.compile(path, "reference", tmp_path / "out", calibration=x, repeat=1)
    grid = bundle.manifest.input.grid
    assert grid is not None and (grid.low, grid.high) == (0, 255)
    assert grid.scale == pytest.approx((1 / 255,)) and not grid.shifted
    meant = answers(net, x)
    assert np.abs(bundle.run(x).answers[:, -1] - meant).max() < 0.05 * np.ptp(meant)


def test_values_for_a_network_of_whole_numbers(tmp_path: Path) -> None:
    path, _ = saved(STEPS["float"], tmp_path, torch.uint8)
    x = pixels()
    with pytest.raises(snnc.UserError, match=r"D658(.|\n)*uint8"):
        snnc.compile(path, "reference", tmp_path / "out", calibration=x / 255, repeat=1)
    with pytest.raises(snnc.UserError, match=r"D658(.|\n)*uint8"):
        snnc.compile(path, "reference", tmp_path / "out", calibration=x, repeat=1, input_scale=1 / 255)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "step",
    [lambda net, x: (x - 128).float() / 128, lambda net, x: (2 * x).float(), lambda net, x: (-x) / 1],
)
def test_whole_numbers_that_wrap_around(step: Callable[..., Any], tmp_path: Path) -> None:
    path, net = saved(step, tmp_path, torch.uint8)
    assert np.isfinite(answers(net, pixels(1))).all()
    with pytest.raises(snnc.UserError, match=r"D201(.|\n)*uint8, which wrap around(.|\n)*x.float"):
        load_model(path)


def test_floats_that_are_all_whole_are_said_to_be_counts(tmp_path: Path) -> None:
    path, _ = saved(STEPS["255"], tmp_path)
    x = pixels()
    ints = snnc.compile(path, "reference", tmp_path / "a", calibration=x, repeat=1)
    floats = snnc.compile(path, "reference", tmp_path / "b", calibration=x.astype(np.float32), repeat=1)
    assert floats.manifest.files["program.json"] == ints.manifest.files["program.json"]
    (note,) = [note for note in floats.notes if note.code == "N784"]
    assert "all whole" in note.what and "0 to 255" in note.what
