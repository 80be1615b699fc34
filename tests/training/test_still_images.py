"""``--repeat T`` in training: still images train as the streams of T equal frames that they become."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import snnc
from tests.training.problems import digits, trained_rollout

torch = pytest.importorskip("torch")
nn = torch.nn

FRAMES = 4
OPTIONS: dict[str, Any] = {"steps": 2, "epochs": 1, "learning_rate": 1e-3, "seed": 3}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a rollout, still images, and the streams that stand for them."""
    monkeypatch.chdir(tmp_path)
    trained_rollout().export("model.pt")
    train, _ = digits()
    images, y = train.x[:120, 0], train.y[:120]
    assert images.shape == (120, 1, 8, 8)
    np.savez("images.npz", x=images, y=y)
    np.savez("streams.npz", x=np.repeat(images[:, None], FRAMES, axis=1), y=y)
    return tmp_path


def test_images_train_as_streams_do(place: Path) -> None:
    images = snnc.finetune("model.pt", "stdb", "images.npz", "a.pt", repeat=FRAMES, **OPTIONS)
    streams = snnc.finetune("model.pt", "stdb", "streams.npz", "b.pt", **OPTIONS)
    assert Path("a.pt").read_bytes() == Path("b.pt").read_bytes()
    assert images.parts.train.x.shape[1] == FRAMES and images.table() == streams.table()
    assert images.next_command.endswith(f"--target loihi --repeat {FRAMES}")
    assert "--repeat" not in streams.next_command
    # What the next command says works, with the calibration data that the archive carries.
    bundle = snnc.compile("a.pt", "reference", "a.reference", repeat=FRAMES)
    assert bundle.run("images.npz").potential.shape[1] == FRAMES


def test_validation_images_are_repeated_too(place: Path) -> None:
    given = snnc.finetune(
        "model.pt", "stdb", "images.npz", "a.pt", validation="images.npz", repeat=FRAMES, **OPTIONS
    )
    assert given.parts.validation.x.shape == (120, FRAMES, 1, 8, 8)


def test_a_module_whose_shape_the_images_say(place: Path) -> None:
    net = nn.Sequential(nn.Conv2d(1, 4, 3, 2, 1), nn.ReLU(), nn.Flatten(), nn.Linear(64, 10))
    found = snnc.finetune(net, "threshold", "images.npz", "a.pt", repeat=1, **OPTIONS)
    assert found.parts.train.x.shape == (108, 1, 1, 8, 8)


def test_a_configuration_says_it_too(place: Path) -> None:
    from snnc.training.config import read_config, train_config

    text = 'model = "model.pt"\n[data]\ntrain = "images.npz"\ntest = "images.npz"\nrepeat = {}\n'
    text += '[[stage]]\nmethod = "stdb{{steps=2}}"\nepochs = 0\n[output]\nmodel = "a.pt"\n'
    Path("run.toml").write_text(text.format(FRAMES))
    trained = train_config(read_config(Path("run.toml")))
    assert {part.x.shape[1] for part in trained.parts.all().values()} == {FRAMES}
    Path("run.toml").write_text(text.format(0))
    with pytest.raises(snnc.UserError, match="D305"):
        train_config(read_config(Path("run.toml")))


@pytest.mark.parametrize(
    ("data", "repeat", "code"),
    [
        ("images.npz", None, "D508"),
        ("images.npz", 0, "D305"),
        ("images.npz", 2, "D517"),  # the first answer is that of frame 3
        ("streams.npz", 3, "D653"),
        ("none.npz", 3, "D501"),
    ],
)
def test_what_cannot_be_repeated(place: Path, data: str, repeat: int | None, code: str) -> None:
    with pytest.raises(snnc.UserError, match=code) as refused:
        snnc.finetune("model.pt", "stdb", data, "a.pt", repeat=repeat, **OPTIONS)
    assert not Path("a.pt").exists()
    if repeat is None:
        assert "--repeat" in str(refused.value)
