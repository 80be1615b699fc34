"""Networks that were trained on values, from the file to a verified bundle.

scikit-learn's digits, 1,297 to train on and 500 others, normalised by mean and standard deviation.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import snnc
from snnc.errors import Severity

torch = pytest.importorskip("torch")
nn = torch.nn
TRAINING = 1297
BINARY = ("loihi1", "sanafe")


@dataclass(frozen=True)
class Problem:
    """Images as a network was trained on them, and the network as a file."""

    path: Path
    net: Any
    x: NDArray[np.float32]
    y: NDArray[np.int64]

    @property
    def train(self) -> tuple[NDArray[Any], NDArray[Any]]:
        return self.x[:TRAINING, None], self.y[:TRAINING]

    @property
    def test(self) -> tuple[NDArray[Any], NDArray[Any]]:
        return self.x[TRAINING:, None], self.y[TRAINING:]

    def decisions(self) -> NDArray[np.int64]:
        """The float network's on the test images, which are floats."""
        with torch.no_grad():
            return np.asarray(self.net(torch.tensor(self.x[TRAINING:])).argmax(1))


def trained(net: Any, x: NDArray[np.float32], y: NDArray[Any], path: Path) -> Problem:
    torch.manual_seed(0)
    optimizer = torch.optim.Adam(net.parameters(), 1e-2)
    images, labels = torch.tensor(x[:TRAINING]), torch.tensor(y[:TRAINING])
    for _ in range(25):
        optimizer.zero_grad()
        nn.functional.cross_entropy(net(images), labels).backward()
        optimizer.step()
    net.eval()
    torch.export.save(torch.export.export(net, (images[:1],)), path)
    return Problem(path, net, x, np.asarray(y, np.int64))


@pytest.fixture(scope="module")
def convolutional(tmp_path_factory: pytest.TempPathFactory) -> Problem:
    """Zero padding around images in which black is -0.81."""
    datasets = pytest.importorskip("sklearn.datasets")
    digits = datasets.load_digits()
    x = digits.images[:, None].astype(np.float32)
    x = (x - x[:TRAINING].mean()) / x[:TRAINING].std()
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1),
        nn.ReLU(),
        nn.AvgPool2d(2),
        nn.Conv2d(8, 12, 3, padding=1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(192, 10),
    )
    return trained(net, x, digits.target, tmp_path_factory.mktemp("digits") / "net.pt2")


def notes(found: Any, code: str = "N784") -> list[Any]:
    return [note for note in found if note.code == code]


def test_from_a_file_of_floats_to_lava(convolutional: Problem, tmp_path: Path) -> None:
    bundle = snnc.compile(
        convolutional.path, "loihi", tmp_path / "out", calibration=convolutional.train
    )
    given = bundle.manifest.input
    assert given.grid is not None and (given.grid.low, given.grid.high) == (0, 16)
    assert given.grid.scale == pytest.approx((0.166426,), rel=1e-4)
    (note,) = notes(bundle.notes)
    assert "counts of 0 to 16, without rounding" in note.what and note.severity is Severity.NOTE
    kept = bundle.manifest.kept
    assert kept is not None and kept.decisions is not None and kept.decisions >= 0.99
    run = bundle.run(convolutional.test)
    agreed = (run.predictions[:, -1] == convolutional.decisions()).mean()
    assert agreed >= 0.99 and not notes(run.warnings)
    pytest.importorskip("lava")
    verified = bundle.verify(convolutional.test, samples=8, engine="lava-inprocess")
    assert verified.equal and verified.comparison.compared > 20_000


def test_the_ladder_begins_with_the_floats(convolutional: Problem, tmp_path: Path) -> None:
    options = {"code": "graded", "calibration": convolutional.train}
    bundle = snnc.compile(convolutional.path, "reference", tmp_path / "out", **options)  # type: ignore[arg-type]
    ladder = bundle.ladder(convolutional.test, samples=4, calibration=convolutional.train)
    by_name = {rung.name: rung for rung in ladder.rungs}
    assert by_name["graph in floats"].differences == 0
    assert by_name["graph on the input's counts"].differences == 0  # evenly spaced values: no rounding
    assert by_name["graph with quantized activations"].differences
    assert not ladder.different
    random = bundle.ladder(samples=2, calibration=convolutional.train)
    assert [rung.differences for rung in random.rungs[:3]] == [0, 0, 0] and not random.different


def test_rounded_values_have_a_rung_of_their_own(convolutional: Problem, tmp_path: Path) -> None:
    """A coarse scale costs decisions: these are the float network's on the user's own floats."""
    bundle = snnc.compile(
        convolutional.path,
        "reference",
        tmp_path / "out",
        code="graded",
        calibration=convolutional.train,
        input_scale=1.3,
        input_offset=-0.8145,
    )
    (note,) = notes(bundle.notes)
    assert "rounded by 23.8" in note.what  # nearly half of 1.3, of a range of 2.66
    kept = bundle.manifest.kept
    assert kept is not None and kept.decisions is not None and kept.decisions < 0.99
    assert all(p.cause.startswith("input: values are rounded") for p in kept.populations)
    ladder = bundle.ladder(convolutional.test, samples=4, calibration=convolutional.train)
    rung = next(r for r in ladder.rungs if r.differs)
    assert rung.name == "graph on the input's counts" and str(rung.cause).startswith("input: values")


def test_values_outside_and_between(convolutional: Problem, tmp_path: Path) -> None:
    bundle = snnc.compile(
        convolutional.path, "reference", tmp_path / "out", calibration=convolutional.train
    )
    x = convolutional.test[0][:5].copy()
    x[0, 0, 0, 3, 3] = 40.0
    (told,) = notes(bundle.run(x).warnings)
    assert told.severity is Severity.WARNING
    assert "1 of 320 values" in told.what and "by 38.1517 at most" in told.what
    clipped = convolutional.test[0][:5].copy()
    clipped[0, 0, 0, 3, 3] = convolutional.x.max()
    np.testing.assert_array_equal(bundle.run(x).potential, bundle.run(clipped).potential)
    (told,) = notes(bundle.run(convolutional.test[0][:5] * 0.9).warnings)
    assert "between counts" in told.what
    for wrong in (np.nan, np.inf):
        x[0, 0, 0, 3, 3] = wrong
        with pytest.raises(snnc.UserError, match="D506"):
            bundle.run(x)
        with pytest.raises(snnc.UserError, match="D506"):
            snnc.compile(convolutional.path, "reference", tmp_path / "no", calibration=x)
    assert not (tmp_path / "no").exists()


@pytest.fixture(scope="module")
def features(tmp_path_factory: pytest.TempPathFactory) -> Problem:
    """Pixels that were normalised one by one, and a network without biases."""
    datasets = pytest.importorskip("sklearn.datasets")
    digits = datasets.load_digits()
    x = digits.data.astype(np.float32)
    x = (x - x[:TRAINING].mean(0)) / np.maximum(x[:TRAINING].std(0), 1.0)
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(64, 32, bias=False), nn.ReLU(), nn.Linear(32, 10, bias=False))
    return trained(net, x, digits.target, tmp_path_factory.mktemp("features") / "net.pt2")


@pytest.mark.parametrize("target", ["loihi", "loihi1", "sanafe", "reference"])
def test_pixels_that_were_normalised_one_by_one(features: Problem, tmp_path: Path, target: str) -> None:
    """An offset without a bias in the file, where no negative counts are taken, and 16 at the most."""
    bundle = snnc.compile(features.path, target, tmp_path / "out", calibration=features.train)
    grid = bundle.manifest.input.grid
    assert grid is not None
    assert (grid.low, grid.high) == (0, 16) if target in BINARY else grid.low < 0
    agreed = (bundle.run(features.test).predictions[:, -1] == features.decisions()).mean()
    assert agreed >= (0.92 if target in BINARY else 0.98)


def test_a_scale_for_each_pixel(features: Problem, tmp_path: Path) -> None:
    digits = pytest.importorskip("sklearn.datasets").load_digits()
    spread = np.maximum(digits.data[:TRAINING].std(0), 1.0)
    mean = digits.data[:TRAINING].mean(0)
    bundle = snnc.compile(
        features.path,
        "loihi",
        tmp_path / "out",
        calibration=features.train,
        input_scale=(1 / spread).tolist(),
        input_offset=(-mean / spread).tolist(),
    )
    grid = bundle.manifest.input.grid
    assert grid is not None and len(grid.scale) == 64 and (grid.low, grid.high) == (0, 16)
    run = bundle.run(features.test)
    np.testing.assert_array_equal(run.data.x[:, 0], digits.data[TRAINING:])
    assert (run.predictions[:, -1] == features.decisions()).mean() >= 0.99
    again = snnc.load(tmp_path / "out").manifest
    assert again.input == bundle.manifest.input


def test_pixels_as_the_camera_gives_them(convolutional: Problem, tmp_path: Path) -> None:
    """Whole numbers are counts: the same bundle, the same answers, and it is said what they mean."""
    digits = pytest.importorskip("sklearn.datasets").load_digits()
    pixels = digits.images[:, None, None].astype(np.uint8)
    images = digits.images[:TRAINING]
    scale, offset = 1 / images.std(), -images.mean() / images.std()
    options: dict[str, Any] = {"code": "graded", "input_scale": scale, "input_offset": offset}
    made = [
        snnc.compile(convolutional.path, "reference", tmp_path / name, calibration=x, **options)
        for name, x in (
            ("floats", convolutional.train),
            ("pixels", (pixels[:TRAINING], digits.target[:TRAINING])),
        )
    ]
    floats, counts = made
    assert floats.manifest.input.grid == counts.manifest.input.grid
    assert floats.manifest.files == counts.manifest.files
    found = counts.run(pixels[TRAINING:])
    np.testing.assert_array_equal(found.potential, floats.run(convolutional.test).potential)
    (note,) = notes(found.warnings)
    assert "counts of 0 to 16, which stand for values of -0.814531 to 1.84829" in note.what


def test_whole_floats_of_either_sign(tmp_path: Path) -> None:
    """-1 and 1 are counts where the target takes negative ones, and values with an offset elsewhere."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(12, 8), nn.ReLU(), nn.Linear(8, 3)).eval()
    x = np.random.default_rng(0).choice([-1.0, 1.0], (40, 1, 12)).astype(np.float32)
    grids = {}
    for target in ("loihi", "loihi1"):
        bundle = snnc.compile(net, target, tmp_path / target, calibration=x)
        grids[target] = bundle.manifest.input.grid
        assert bundle.run(x).data.meant.min() == -1
    assert grids["loihi"] is None and grids["loihi1"] is not None
    found = grids["loihi1"]
    assert (*found.scale, *found.offset, found.low, found.high) == pytest.approx((2, -1, 0, 1))


def test_on_the_command_line(convolutional: Problem, tmp_path: Path) -> None:
    """The same options, and the error named on the screen; a bundle keeps what it was told."""
    from typer.testing import CliRunner

    from snnc.commands.app import app

    x, y = convolutional.train
    np.savez(tmp_path / "train.npz", x=x[:64], y=y[:64])
    np.savez(tmp_path / "test.npz", x=convolutional.x[TRAINING:, None][:6])

    def asked(*words: Any) -> tuple[int, str]:
        done = CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)
        return done.exit_code, done.stdout + done.stderr

    folder, scale = tmp_path / "out", ("--input-scale", "1/6.0087", "--input-offset", "-0.814531")
    given = ("--calibration", tmp_path / "train.npz", *scale, "--code", "graded")
    code, said = asked("compile", convolutional.path, "--target", "reference", "-o", folder, *given)
    assert code == 0 and "N784" in said and "counts of 0 to 16" in said, said
    code, said = asked("verify", folder, "--data", tmp_path / "test.npz")
    assert code == 0 and "N784" not in said, said
    code, said = asked("verify", folder, "--data", tmp_path / "test.npz", "--ladder")
    assert code == 0 and "graph on the input's counts" in " ".join(said.split()), said
    code, said = asked("inspect", folder, "--json")
    assert code == 0 and '"offset"' in said and "-0.814531" in said


@pytest.mark.parametrize("options", [{}, {"steps_per_frame": 32}], ids=["by default", "32 steps"])
def test_grey_images_of_8_bits(tmp_path: Path, options: dict[str, Any]) -> None:
    """Pixels of 0 to 255 into a network that divides by 255 itself need no option."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Flatten(), nn.Linear(784, 32), nn.ReLU(), nn.Linear(32, 10)).eval()
    net.register_forward_pre_hook(lambda module, given: (given[0] / 255,))
    r = np.random.default_rng(0)
    x = (r.integers(0, 256, (12, 2, 1, 28, 28)) * (r.random((12, 2, 1, 28, 28)) < 0.3)).astype(np.uint8)
    bundle = snnc.compile(net, "loihi", tmp_path / "out", calibration=x, **options)
    assert bundle.manifest.input.grid is None and not notes(bundle.notes)
    kept = bundle.manifest.kept
    assert kept is not None and kept.error < 0.05
    with torch.no_grad():
        meant = net(torch.tensor(x[:, -1].astype(np.float32))).numpy()
    assert np.abs(bundle.run(x).answers[:, -1] - meant).max() < 0.05 * np.ptp(meant)
