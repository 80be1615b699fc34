"""Training on the command line: what comes out, what goes on, what is refused."""

from __future__ import annotations

import csv
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from tests.training.problems import digits, trained_rollout

from .conftest import Command, refused

CODE = '''
"""The user's own code."""

import torch
from torch import nn

import snnc


def rollout():
    net = snnc.Rollout((1, 8, 8))
    net.node("h1")
    net.readout("answer")
    net.edge("input", "h1", nn.Conv2d(1, 8, 3, 2, 1))
    net.edge("h1", "answer", nn.Sequential(nn.Flatten(), nn.Linear(128, 10)))
    return net


def plain():
    return nn.Sequential(nn.Conv2d(1, 4, 3, 2, 1), nn.ReLU(), nn.Flatten(), nn.Linear(64, 10))


def unfinished():
    return snnc.Rollout((1, 8, 8))


def shifted(x):
    return torch.roll(x, int(torch.randint(-1, 2, ())), -1)


def broken(x):
    return x[:, :1]
'''

CONFIG = """
network = "own_code_{number}:{factory}"
seed = 1

[data]
train = "data/train.npz"
test = "data/validation.npz"
{data}

[[stage]]
method = "streaming{{frozen=1}}"
epochs = 3
learning_rate = 0.01
schedule = "onecycle"
batch = 32

[[stage]]
method = "stdb{{steps=4}}"
epochs = 1
learning_rate = 1e-3

[output]
model = "tuned.pt"
curve = "curve.csv"
checkpoint = "run.ckpt"
{more}
"""


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model and data."""
    folder = tmp_path_factory.mktemp("training")
    train, validation = digits()
    trained_rollout().export(folder / "model.pt")
    np.savez(folder / "train.npz", x=train.x[:300], y=train.y[:300])
    np.savez(folder / "validation.npz", x=validation.x[:100], y=validation.y[:100])
    return folder


@pytest.fixture
def place(prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with ``data`` in it and nothing else."""
    folder = tmp_path / "place"
    folder.mkdir()
    shutil.copytree(prepared, folder / "data")
    monkeypatch.chdir(folder)
    return folder


def written(place: Path) -> set[str]:
    return {p.name for p in place.iterdir()} - {"data"}


def finetune(snnc: Command, *more: str | Path, method: str = "stdb") -> Any:
    model, data = "data/model.pt", "data/train.npz"
    return snnc("finetune", model, "--method", method, "--data", data, *more)


def test_from_a_model_to_a_bundle(snnc: Command, place: Path) -> None:
    options = ("--steps", "4", "--epochs", "2", "--learning-rate", "1e-3", "--seed", "3")
    done = finetune(snnc, *options, "--curve", "curve.csv", "-o", "out.pt")
    assert done.code == 0, done.err
    assert written(place) == {"out.pt", "curve.csv"}
    for part in (
        *("train on 270 samples, judged on 30 (0.1 of data/train.npz, seed 3)", "as given", "seed 3"),
        *("stdb, before training", "stdb, best", "h1 0.", "stdb{steps=4,", "2 epochs"),
        *("out.pt: with 64 samples for calibration", "next: snnc compile out.pt --target loihi"),
    ):
        assert part in done.out, (part, done.out)
    with Path("curve.csv").open(newline="") as file:
        assert [row["samples"] for row in csv.DictReader(file)] == ["30", "30", "30"]
    compiled = snnc("compile", "out.pt", "--target", "loihi")
    assert compiled.code == 0, compiled.err
    assert "4 steps a frame" in compiled.out and "that the model carries" in compiled.out
    again = finetune(snnc, *options, "--curve", "curve.csv", "-o", "second.pt")
    assert again.code == 0 and Path("second.pt").read_bytes() == Path("out.pt").read_bytes()
    # The tuned network is a network: it goes in again, and its file may be replaced.
    more = ("--bits", "4", "--epochs", "0", "-o", "second.pt", "--validation", "data/validation.npz")
    data = ("--data", "data/train.npz")
    done = snnc("finetune", "out.pt", "--method", "weights{code=graded}", *data, *more)
    assert done.code == 0, done.err
    assert "judged on 100 (data/validation.npz)" in done.out
    assert "next: snnc compile second.pt --target loihi --code graded" in done.out


def test_modules_that_torch_saved(snnc: Command, place: Path) -> None:
    """The shape of a frame is that of the data."""
    torch.save(
        nn.Sequential(nn.Conv2d(1, 4, 3, 2, 1), nn.ReLU(), nn.Flatten(), nn.Linear(64, 10)), "m.pt"
    )
    more = ("--method", "threshold{steps=2}", "--data", "data/train.npz", "--epochs", "1")
    done = snnc("finetune", "m.pt", *more)
    assert done.code == 0, done.err
    assert written(place) == {"m.pt", "tuned.pt"}
    assert snnc("compile", "tuned.pt", "--target", "reference").code == 0


def test_stopped_and_gone_on(snnc: Command, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    options = ("--steps", "2", "--epochs", "3", "--learning-rate", "1e-3")
    whole = finetune(snnc, *options, "-o", "whole.pt")
    assert whole.code == 0, whole.err
    from snnc.training.methods.base import Task

    calls, loss = 0, Task.loss

    def until(self: Task, *arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls > 12:
            raise KeyboardInterrupt
        return loss(self, *arguments)

    with monkeypatch.context() as patched:
        patched.setattr(Task, "loss", until)
        done = finetune(snnc, *options, "--checkpoint", "run.ckpt", "-o", "parts.pt")
        assert done.code == 130
        for part in ("D324", "stopped in epoch 3", "the same command resumes from run.ckpt"):
            assert part in done.err, done.err
        calls = 12
        done = finetune(snnc, *options, "-o", "parts.pt")
        assert done.code == 130 and "--checkpoint FILE" in done.err
    assert written(place) == {"whole.pt", "run.ckpt"}
    done = finetune(snnc, *options, "--checkpoint", "run.ckpt", "-o", "parts.pt")
    assert done.code == 0 and "resumed after epoch 2" in done.out
    assert Path("parts.pt").read_bytes() == Path("whole.pt").read_bytes()
    done = finetune(snnc, *options, "--checkpoint", "run.ckpt", "-o", "parts.pt", "--seed", "9")
    refused(done, "D322", "seed")


@pytest.mark.parametrize(
    ("options", "parts"),
    [
        (["--method", "magic"], ["D330", "magic"]),
        (["--method", "stdb{stepps=3}"], ["D329", "stepps"]),
        (["--method", "stdb", "--bits", "3"], ["D329", "bits"]),
        (["--method", "weights", "--bits", "77"], ["D305", "bits is 77", "weights{bits}"]),
        (["--method", "weights", "--bits", "20"], ["D306", "20 weight bits", "weights{bits}"]),
        (["--method", "stdb", "--steps", "0"], ["D305", "steps is 0", "from 1 to 4096"]),
        (["--epochs", "-1"], ["D305", "epochs"]),
        (["--learning-rate", "nan"], ["D305", "learning_rate"]),
        (["--optimizer", "lion"], ["D326", "amsgrad, sgd"]),
        (["--schedule", "warm"], ["D326", "onecycle"]),
        (["--batch", "0"], ["D305", "batch is 0"]),
        (["--seed", "-1"], ["D305", "seed"]),
        (["--validation-share", "1.5"], ["D305", "1.5"]),
        (["--validation", "data/validation.npz", "--validation-share", "0.5"], ["D327"]),
        (["--validation", "missing.npz"], ["D501", "missing.npz"]),
        (["--data", "missing.npz"], ["D501", "missing.npz"]),
        (["-o", "data/train.npz"], ["D119", "a file that is read"]),
        (["-o", "data/validation.npz"], ["D119", "not an archive of snnc.training"]),
        (["-o", "nowhere/out.pt"], ["D111", "nowhere"]),
        (["-o", "data"], ["D151", "a folder"]),
        (["--curve", "data/validation.npz"], ["D119", "not the curve"]),
        (["--curve", "tuned.pt"], ["D119", "another output"]),
        (["--checkpoint", "data/validation.npz"], ["D322", "not a checkpoint"]),
        (["--input-shape", "1,8,8"], ["D121", "--input-shape"]),
        (
            ["--learning-rate", "1e30", "--method", "streaming", "--optimizer", "sgd"],
            ["D323", "smaller"],
        ),
    ],
)
def test_options_that_cannot_work(
    snnc: Command, place: Path, options: list[str], parts: list[str]
) -> None:
    given = {"--method": "stdb", "--data": "data/train.npz", "-o": "tuned.pt", "--steps": None}
    for name, value in zip(options[::2], options[1::2], strict=True):
        given[name] = value
    words = [word for name, value in given.items() if value is not None for word in (name, value)]
    before = {p: p.read_bytes() for p in Path("data").iterdir()}
    refused(snnc("finetune", "data/model.pt", *words), *parts)
    assert not written(place) and {p: p.read_bytes() for p in Path("data").iterdir()} == before


def broken_data(what: str) -> dict[str, Any]:
    train, _ = digits()
    x, y = train.x[:20].astype(np.float64), train.y[:20].copy()
    if what == "labels":
        y[3] = 12
    if what == "nan":
        x[0, 0, 0, 0, 0] = np.nan
    if what == "negative":
        x[0, 0, 0, 0, 0], x[0, 0, 0, 0, 1] = -1, 40000
    changed = {"shape": x[..., :7], "frames": x[:, :2], "one": x[:1]}.get(what, x)
    return {"x": changed} if what == "no labels" else {"x": changed, "y": y[: len(changed)]}


@pytest.mark.parametrize(
    ("what", "parts"),
    [
        ("no labels", ["D513", "no labels y", "np.savez"]),
        ("labels", ["D516", "1 of", "0..9", "12", "10 answers"]),
        ("nan", ["D506", "NaN"]),
        ("negative", ["D514", "-1 to 40000"]),
        ("shape", ["D508", "(1, 8, 7)", "(1, 8, 8)"]),
        ("frames", ["D517", "2 frames", "frame 3", "add frames"]),
        ("one", ["D515", "none is left"]),
    ],
)
def test_data_that_do_not_fit(snnc: Command, place: Path, what: str, parts: list[str]) -> None:
    np.savez("data/broken.npz", **broken_data(what))
    model = ("data/model.pt", "--method", "stdb")
    refused(snnc("finetune", *model, "--data", "data/broken.npz"), *parts)
    if what != "one":
        validated = ("--data", "data/train.npz", "--validation", "data/broken.npz")
        refused(snnc("finetune", *model, *validated), *parts)
    assert not written(place)


def test_models_that_cannot_be_trained(snnc: Command, place: Path) -> None:
    Path("no_model.pt").write_bytes(b"hello")
    more = ("--method", "stdb", "--data", "data/train.npz")
    refused(snnc("finetune", "no_model.pt", *more))
    refused(snnc("finetune", "missing.pt", *more), "missing.pt")
    assert written(place) == {"no_model.pt"}


def test_without_torch(snnc: Command, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    Path("run.toml").write_text("")
    for command in (("methods",), ("train", "run.toml")):
        refused(snnc(*command), "D123", "training needs PyTorch", "pip install 'torch>=2.9'")
    refused(finetune(snnc), "D123", "snnc finetune")


def test_the_list_of_methods(snnc: Command) -> None:
    done = snnc("methods")
    assert done.code == 0
    for part in (
        "stdb{steps=16,",
        "Rathi et al. 2020",
        "option bits: whole number from 1 to 32; default 4; of a w",
    ):
        assert part in done.out


configs = iter(range(1000))


def config(factory: str = "rollout", data: str = "", more: str = "", **changes: str) -> Path:
    """A configuration in ``run/`` beside code of its own, which Python has not imported yet."""
    folder = Path("run")
    folder.mkdir(exist_ok=True)
    shutil.copytree("data", folder / "data", dirs_exist_ok=True)
    number = next(configs)
    (folder / f"own_code_{number}.py").write_text(CODE)
    data = data.replace("NUMBER", str(number))
    text = CONFIG.format(number=number, factory=factory, data=data, more=more)
    for old, new in changes.items():
        text = text.replace(old, new)
    (folder / "run.toml").write_text(text)
    return folder / "run.toml"


def test_two_stages_in_one_file(snnc: Command, place: Path) -> None:
    path = config(data='augment = "own_code_NUMBER:shifted"')
    done = snnc("train", path)
    assert done.code == 0, done.err
    for part in ("train on 270", "judged on 30", "test on 100", "streaming, best", "stdb, best"):
        assert part in done.out, (part, done.out)
    outputs = {"tuned.pt", "curve.1.csv", "curve.2.csv", "run.1.ckpt", "run.2.ckpt"}
    assert outputs <= {p.name for p in path.parent.iterdir()} and written(place) == {"run"}
    archive = (path.parent / "tuned.pt").read_bytes()
    (path.parent / "run.2.ckpt").unlink()
    done = snnc("train", path)
    assert done.code == 0, done.err
    assert "resumed after epoch 3" in done.out
    assert (path.parent / "tuned.pt").read_bytes() == archive
    assert snnc("compile", path.parent / "tuned.pt", "--target", "loihi").code == 0


def test_another_network_and_a_model(snnc: Command, place: Path) -> None:
    done = snnc("train", config("plain"))
    assert done.code == 0, done.err
    path = config()
    text = path.read_text()
    first = next(line for line in text.splitlines() if line.startswith("network"))
    path.write_text(text.replace(first, 'model = "data/model.pt"').replace("run.ckpt", "other.ckpt"))
    done = snnc("train", path)
    assert done.code == 0, done.err


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        ({"factory": "missing"}, ["D126", "has no missing"]),
        ({"factory": "unfinished"}, ["D126", "incomplete", "readout"]),
        ({"factory": "shifted"}, ["D126", "shifted() failed"]),
        ({"more": "colour = 3"}, ["D325", "unknown key 'colour'", "[output]"]),
        ({"data": "tset = 'x'"}, ["D325", "'tset'", "did you mean test?"]),
        ({"data": "validation = 3"}, ["D325", "validation is 3", "a text"]),
        ({"data": "augment = 'own_code_NUMBER:broken'"}, ["D126", "broken gives"]),
        ({"data": "augment = 'own_code_NUMBER:nothing'"}, ["D126", "has no nothing"]),
        (
            {"epochs = 3": "epochs = 'three'"},
            ["D325", "epochs is 'three'", "a whole number", "[[stage]] 1"],
        ),
        ({"epochs = 3": "epoch = 3"}, ["D325", "did you mean epochs?"]),
        ({"epochs = 3": "device = 'cuda:77'"}, ["D326", "no device 'cuda:77'", "cpu"]),
        ({"epochs = 3": "precision = 'half'"}, ["D326", "no precision 'half'", "bfloat16"]),
        ({"epochs = 3": "epochs = true"}, ["D325", "epochs is True"]),
        ({"streaming": "steaming"}, ["D330", "did you mean streaming?"]),
        ({"[[stage]]": "[[stages]]"}, ["D325", "did you mean stage?"]),
        ({"seed = 1": "seed = -1"}, ["D305", "seed is -1, the smallest is 0"]),
        ({"seed = 1": "model = 'x.pt'"}, ["D325", "a network and a model"]),
        ({"network": "# network"}, ["D325", "neither a network nor a model"]),
        ({"[output]": "[output"}, ["D325", "not a readable TOML"]),
        ({'curve = "curve.csv"': 'curve = ""'}, ["D325", "curve names a folder", "[output]"]),
        ({'checkpoint = "run.ckpt"': 'checkpoint = "data/.."'}, ["D325", "checkpoint names a folder"]),
        ({'model = "tuned.pt"': ""}, ["D325", "key model is missing", "[output]"]),
        ({"tuned.pt": "data/train.npz"}, ["D119"]),
        ({"data/train.npz": "data/none.npz"}, ["D501", "none.npz"]),
    ],
)
def test_files_that_cannot_work(
    snnc: Command, place: Path, arguments: dict[str, str], parts: list[str]
) -> None:
    path = config(**arguments)
    before = {p.name for p in path.parent.iterdir()}
    refused(snnc("train", path), *parts)
    assert {p.name for p in path.parent.iterdir()} - {"__pycache__"} == before


def test_a_device_for_all_stages(snnc: Command, place: Path) -> None:
    refused(snnc("train", config("plain"), "--device", "cuda:77"), "D326", "no device 'cuda:77'")
    path = config("plain", **{"epochs = 3": "epochs = 3\ndevice = 'cuda:77'"})
    done = snnc("train", path, "--device", "cpu")
    assert done.code == 0, done.err


def test_no_file(snnc: Command, place: Path) -> None:
    refused(snnc("train", "missing.toml"), "D325", "missing.toml")
