"""Valid files of every kind, small, made once a run in a process of its own."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import h5py
import nir
import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn

import snnc
from snnc.bundle.data import DataSource
from snnc.frontend import ModelSource
from snnc.training.finetune import FinetuneOptions, finetune
from snnc.training.recipe import Recipe
from snnc.training.stages import Files
from snnc.workflows.results_file import write_results
from tests.by_options import compile_model, run_bundle
from tests.frontend import netx_files
from tests.recordings import writers

from .onnx_templates import write_onnx

INPUTS, CLASSES = 6, 3
BUNDLES = (
    ("akida", "akida", None),
    ("akida-2", "akida{device=six-nodes-ipv2}", None),
    ("loihi", "loihi", None),
    ("loihi-graded", "loihi", "graded"),
    ("loihi1", "loihi1", None),
    ("nir", "nir{unsaid=composite}", None),
    ("nir-frame", "nir{unsaid=metadata}", None),
    ("reference", "reference", None),
    ("reference-frame", "reference", "frame"),
    ("sanafe", "sanafe", None),
    ("xylo", "xylo", None),
)
"""Name, target and code of bundles of the dense network; Xylo has no delays and gets the chain."""

NETS = '''"""The user's own code."""

from torch import nn

import snnc


def build():
    before = [nn.Conv2d(1, 2, 3, 2, 1), nn.BatchNorm2d(2), nn.ReLU()]
    return nn.Sequential(*before, nn.Flatten(), nn.Linear(18, 3))


def rollout():
    net = snnc.Rollout((6,))
    net.node("h1")
    net.readout("answer")
    net.edge("input", "h1", nn.Linear(6, 4))
    net.edge("h1", "answer", nn.Linear(4, 3))
    return net
'''

CONFIG = """network = "nets_of_fuzz:rollout"
seed = 1

[data]
train = "data.npz"
validation_share = 0.2

[[stage]]
method = "streaming{frozen=1}"
epochs = 1
learning_rate = 0.01
schedule = "onecycle"
batch = 4

[[stage]]
method = "stdb{steps=2}"
epochs = 1

[output]
model = "tuned.pt"
curve = "curve.csv"
checkpoint = "run.ckpt"
"""

EVENTS = """network = "nets_of_fuzz:rollout"

[data]
set = "recordings"
frames = 4
window = 500
pool = 17
crop = [0, 0, 34, 34]
merge_polarities = true

[data.augment]
shift = 2.0

[[stage]]
method = "streaming{frozen=1}"
epochs = 1

[output]
model = "tuned.pt"
"""


def counts() -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Eight samples of four frames."""
    return np.random.default_rng(0).poisson(0.8, (8, 4, INPUTS)).astype(np.uint8)


def labels() -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """Of the samples."""
    return np.arange(8, dtype=np.int64) % CLASSES


SECRET = 1234.5
"""In files outside the working folder of a case; it may not come in."""


def build(folder: Path) -> None:
    """Fill a folder with one folder a template; the same bytes each time."""
    for make in (
        _outside,
        _archives,
        _saved,
        _nir,
        _netx,
        write_onnx,
        _bundles,
        _training,
        _events,
        _recordings,
    ):
        torch.manual_seed(0)
        make(folder)


def _dense(accumulate: bool = False) -> snnc.Rollout:
    net = snnc.Rollout((INPUTS,))
    net.node("h1")
    net.node("h2")
    net.readout("answer", accumulate=accumulate)
    net.edge("input", "h1", nn.Linear(INPUTS, 5))
    net.edge("h1", "h2", nn.Linear(5, 4), delay=2)
    net.edge("h2", "h1", nn.Linear(4, 5, bias=False))
    net.edge("h1", "answer", nn.Linear(5, CLASSES))
    net.edge("h2", "answer", nn.Linear(4, CLASSES))
    return net


def _chain() -> snnc.Rollout:
    net = snnc.Rollout((INPUTS,))
    net.node("h1")
    net.readout("answer", accumulate=True)
    net.edge("input", "h1", nn.Linear(INPUTS, 5))
    net.edge("h1", "answer", nn.Linear(5, CLASSES))
    return net


def _image() -> snnc.Rollout:
    net = snnc.Rollout((1, 6, 6))
    net.node("h1", norm=nn.BatchNorm2d(2))
    net.readout("answer")
    net.edge("input", "h1", nn.Conv2d(1, 2, 3, 2, 1, bias=False))
    net.edge("h1", "answer", nn.Sequential(nn.Flatten(), nn.Linear(18, CLASSES)))
    return net


def _place(folder: Path, name: str) -> Path:
    place = folder / name
    place.mkdir(parents=True)
    return place


def _outside(folder: Path) -> None:
    place = _place(folder, "outside")
    np.full(4096, SECRET, "<f4").tofile(place / "secret.bin")
    with h5py.File(place / "secret.h5", "w") as file:
        file["w"] = np.full((4, 4), SECRET, "f4")


def _archives(folder: Path) -> None:
    images = np.random.default_rng(1).poisson(0.8, (4, 3, 1, 6, 6)).astype(np.uint8)
    _dense().export(_place(folder, "archive-dense") / "model.pt", counts())
    _chain().export(_place(folder, "archive-chain") / "model.pt", counts())
    _dense(True).export(_place(folder, "archive-sum") / "model.pt", counts())
    _image().export(_place(folder, "archive-image") / "model.pt", images)
    plain = nn.Sequential(nn.Conv1d(1, 2, 3), nn.ReLU(), nn.AvgPool1d(2), nn.Flatten(), nn.Linear(4, 3))
    program = torch.export.export(plain.eval(), (torch.zeros(1, 1, INPUTS),))
    torch.export.save(program, _place(folder, "archive-plain") / "model.pt2")
    np.savez(folder / "archive-plain" / "data.npz", x=counts()[:, :, None])


def _saved(folder: Path) -> None:
    scope: dict[str, Callable[[], nn.Module]] = {}
    exec(NETS, scope)
    net = scope["build"]().eval()
    images = np.random.default_rng(2).poisson(0.8, (4, 3, 1, 6, 6)).astype(np.uint8)
    for name, content, old in (
        ("module", net, False),
        ("module-old", net, True),
        ("state", net.state_dict(), False),
        ("state-old", net.state_dict(), True),
    ):
        place = _place(folder, name)
        torch.save(content, place / "model.pt", _use_new_zipfile_serialization=not old)
        (place / "nets_of_fuzz.py").write_text(NETS)
        np.savez(place / "data.npz", x=images)
    place = _place(folder, "safetensors")
    save_file(net.state_dict(), place / "model.safetensors")
    (place / "nets_of_fuzz.py").write_text(NETS)
    np.savez(place / "data.npz", x=images)


def _netx(folder: Path) -> None:
    dice = np.random.default_rng(5)
    delayed = netx_files.dense(dice, 4, 3, delay=np.array([0.0, 2.0, 1.0]))
    small = [netx_files.layer("input", (4,)), delayed, netx_files.dense(dice, 3, 2)]
    changing = netx_files.changing(dice)
    for name, layers in (("dense", small), ("all", netx_files.everything(dice)), ("sdnn", changing)):
        netx_files.written(_place(folder, f"netx-{name}") / "model.net", layers, harmless=False)


def _nir(folder: Path) -> None:
    dice = np.random.default_rng(3)

    def ones(*values: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        return np.array(values)

    two = np.ones(2)
    weight = dice.normal(size=(2, 1))
    lif = nir.LIF(two * 0.2, two, two * 0, two * 1.5, two * 0)
    cuba = nir.CubaLIF(two * 0.2, two * 0.2, two, two * 0, two, None, two)
    graphs = {
        "lif": nir.NIRGraph.from_list(
            nir.Affine(weight, two / 8),
            lif,
            nir.Linear(dice.normal(size=(3, 2))),
            nir.LI(np.ones(3), np.ones(3), np.zeros(3)),
        ),
        "cuba": nir.NIRGraph.from_list(nir.Linear(weight), cuba),
        "image": _nir_image(dice),
        "loop": nir.NIRGraph(
            {
                "input": nir.Input(np.array([1])),
                "in": nir.Linear(np.array([[1.0]])),
                "if": nir.IF(ones(1.0), ones(0.5)),
                "back": nir.Linear(np.array([[0.5]])),
                "delay": nir.Delay(ones(2.0)),
                "output": nir.Output(np.array([1])),
            },
            [
                ("input", "in"),
                ("in", "if"),
                ("if", "back"),
                ("back", "delay"),
                ("delay", "if"),
                ("if", "output"),
            ],
        ),
        "nested": nir.NIRGraph(
            {
                "input": nir.Input(np.array([1])),
                "layer": nir.NIRGraph.from_list(nir.Linear(np.eye(1)), nir.IF(ones(1.0), ones(0.5))),
                "output": nir.Output(np.array([1])),
            },
            [("input", "layer"), ("layer", "output")],
            type_check=False,
        ),
        "older": _nir_older(weight),
    }
    for name, graph in graphs.items():
        nir.write(_place(folder, f"nir-{name}") / "model.nir", graph)


def _nir_older(weight: object) -> object:
    """What nir refuses: a renamed node of a sub-graph, one value for two neurons, further axes."""
    two = np.ones(2)
    inner = nir.NIRGraph(
        {
            "input": nir.Input(np.array([2])),
            "lif1": nir.LIF(np.array([0.2, 0.4]), two, two * 0, two * 0.5, two * 0),
            "rec": nir.Linear(np.eye(2)),
            "output": nir.Output(np.array([2])),
        },
        [("input", "lif"), ("lif", "rec"), ("rec", "lif"), ("lif", "output")],
        type_check=False,
    )
    nodes = {"input": nir.Input(np.array([1])), "in": nir.Linear(weight), "layer": inner}
    nodes |= {"if": nir.IF(np.ones(1), np.ones(1)), "output": nir.Output(np.array([1, 1, 2]))}
    names = list(nodes)
    return nir.NIRGraph(nodes, list(itertools.pairwise(names)), type_check=False)


def _nir_image(dice: np.random.Generator) -> object:
    conv = nir.Conv2d((6, 6), dice.normal(size=(2, 1, 3, 3)), 1, 1, 1, 1, dice.normal(size=2) / 4)
    neurons = nir.IF(np.ones((2, 3, 3)), np.full((2, 3, 3), 0.7))
    pool = nir.SumPool2d(np.array([2, 2]), np.array([2, 2]), np.array([0, 0]))
    flat = nir.Flatten({"input": np.array([2, 3, 3])}, 0, -1)
    nodes = {"input": nir.Input(np.array([1, 6, 6])), "conv": conv, "pool": pool, "if": neurons}
    nodes |= {"flat": flat, "dense": nir.Linear(dice.normal(size=(2, 18)))}
    nodes["output"] = nir.Output(np.array([2]))
    names = list(nodes)
    return nir.NIRGraph(nodes, list(itertools.pairwise(names)))


def _bundles(folder: Path) -> None:
    dense, chain = (folder / f"archive-{name}" / "model.pt" for name in ("dense", "chain"))
    for name, target, code in BUNDLES:
        place = _place(folder, f"bundle-{name}")
        archive = chain if target == "xylo" else dense
        steps = 1 if target.startswith("akida") else 4  # a frame of Akida is one step
        compile_model(archive, target, place / "bundle", steps_per_frame=steps, code=code)
        np.savez(place / "data.npz", x=counts(), y=labels())
    image = _place(folder, "bundle-reference-image")
    compile_model(
        folder / "archive-image" / "model.pt", "reference", image / "bundle", steps_per_frame=3
    )
    np.savez(image / "data.npz", x=np.ones((3, 3, 1, 6, 6), np.uint8))
    results = _place(folder, "results")
    shutil.copytree(folder / "bundle-reference", results, dirs_exist_ok=True)
    ran = run_bundle(results / "bundle", results / "data.npz")
    write_results(ran, results / "answers.npz")
    for name, save in (("data", np.savez), ("data-packed", np.savez_compressed)):
        place = _place(folder, name)
        shutil.copytree(folder / "bundle-reference", place, dirs_exist_ok=True)
        shutil.copy(dense, place / "model.pt")
        save(place / "data.npz", x=counts(), y=labels())


def _training(folder: Path) -> None:
    place = _place(folder, "checkpoint")
    shutil.copy(folder / "archive-dense" / "model.pt", place / "model.pt")
    np.savez(place / "data.npz", x=counts(), y=labels())
    files = Files(place / "tuned.pt", None, place / "run.ckpt")
    recipe = Recipe(epochs=1, learning_rate=1e-3)
    options = FinetuneOptions("stdb", DataSource(place / "data.npz"), recipe, steps=2, batch=4)
    finetune(ModelSource(place / "model.pt"), options, files)
    said = _place(folder, "deployment")
    shutil.move(place / "tuned.pt", said / "model.pt")
    config = _place(folder, "config")
    (config / "train.toml").write_text(CONFIG)
    (config / "nets_of_fuzz.py").write_text(NETS)
    np.savez(config / "data.npz", x=counts(), y=labels())


def _events(folder: Path) -> None:
    place = _place(folder, "events")
    (place / "train.toml").write_text(EVENTS)
    (place / "nets_of_fuzz.py").write_text(
        NETS.replace("(6,)", "(1, 2, 2)")
        .replace("nn.Linear(6", "nn.Flatten(), nn.Linear(4")
        .replace(
            '"h1", nn.Flatten(), nn.Linear(4, 4)', '"h1", nn.Sequential(nn.Flatten(), nn.Linear(4, 4))'
        )
    )
    dice = np.random.default_rng(4)
    for part, number in (("Train", 6), ("Test", 2)):
        for i in range(number):
            events = dice.integers(0, 34, (20, 5))
            events[:, 2:] = [0, 0, 0]
            events[:, 3], events[:, 4] = np.sort(dice.integers(0, 8, 20)), dice.integers(0, 256, 20)
            file = place / "recordings" / part / "ab"[i % 2] / f"{i}.bin"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(events.astype(np.uint8).tobytes())


def _recordings(folder: Path) -> None:
    events = writers.some_events(120)
    forms = {
        "bin": writers.nmnist,
        "dat": writers.dat,
        "npy": writers.npy,
        "npz": writers.npz,
        "csv": writers.csv,
        "txt": writers.txt,
        "h5": writers.hdf5,
        "raw-2": writers.raw_2,
        "raw-3": writers.raw_3,
        "aedat-2": writers.aedat_2,
        "aedat-3": writers.aedat_3,
    }
    found = {form: write(events) for form, write in forms.items()}
    with tempfile.TemporaryDirectory() as place:
        found["aedat-4"] = writers.aedat_4(events, Path(place))
    for form, content in found.items():
        suffix = "aedat4" if form == "aedat-4" else form.partition("-")[0]
        file = folder / f"recordings-{form}" / "recordings" / "a" / f"one.{suffix}"
        file.parent.mkdir(parents=True)
        file.write_bytes(content)
