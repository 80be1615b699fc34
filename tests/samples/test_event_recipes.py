"""``samples/events``: each recipe trains on a made-up set in the real one's format, and compiles."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import snnc
from snnc.commands.app import app
from snnc.training.config import read_config, read_training_data

from .event_folders import SETS, stand_ins

torch = pytest.importorskip("torch")

RECIPES = Path(__file__).resolve().parents[2] / "samples" / "events"
EACH = {"dvsgesture": 2, "ncars": 8, "cifar10dvs": 3}
"""Recordings of each class to train; CIFAR10-DVS gives one of them to its test part."""


@pytest.fixture
def folder(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A made-up set, the recipe for two epochs of it, and tonic's stand-ins."""
    name = request.param
    if name == "cifar10dvs":
        pytest.importorskip("faery")
        pytest.importorskip("aedat")
    for module, found in stand_ins().items():
        monkeypatch.setitem(sys.modules, module, found)
    SETS[name].write(tmp_path / "recordings", EACH[name])
    shutil.copy(RECIPES / "networks.py", tmp_path)
    text = (RECIPES / f"{name}.toml").read_text()
    for before, after in (
        ('folder = "../../data"', 'folder = "recordings"'),
        ("validation_share = 0.1", "validation_share = 0.25"),
        ("batch = ", "batch = 8 # "),
        ("epochs = ", "epochs = 2 # "),
    ):
        assert text.count(before) == 1
        text = text.replace(before, after)
    text = text.replace("frames = 60", "frames = 15")  # of gestures: fewer save time
    (tmp_path / f"{name}.toml").write_text(text)
    return tmp_path


@pytest.mark.parametrize("folder", SETS, indirect=True)
def test_a_recipe_trains_and_compiles(folder: Path) -> None:
    (recipe,) = folder.glob("*.toml")
    name = recipe.stem
    config = read_config(recipe)
    parts = read_training_data(config.data, folder, config.seed)
    assert parts.test is not None and parts.train.x.any(axis=(2, 3, 4))[:, 0].all()
    assert {*np.unique(parts.train.y)} <= {*range(SETS[name].classes)}
    torch.set_num_threads(1)
    done = CliRunner().invoke(app, ["train", str(recipe)], catch_exceptions=False)
    assert done.exit_code == 0, done.stderr
    curve = (folder / f"{name}.csv").read_text().splitlines()
    assert len(curve) == 4  # a head, the start, two epochs
    np.savez(folder / "test.npz", x=parts.test.x, y=parts.test.y)
    bundle = snnc.compile(folder / f"{name}.pt", "reference", folder / "net.reference", code="graded")
    verified = bundle.verify(folder / "test.npz", samples=2)
    assert verified.comparison.mismatches == 0 and verified.comparison.compared > 10_000
    ran = bundle.run(folder / "test.npz")
    assert ran.answers.shape[-1] == SETS[name].classes
    assert np.ptp(ran.answers, axis=0).any()  # not the same for every recording


def test_every_recipe_is_tried() -> None:
    assert {path.stem for path in RECIPES.glob("*.toml")} == {*SETS}
