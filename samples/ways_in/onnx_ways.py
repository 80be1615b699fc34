"""ONNX files of several exporters, compared with onnx's reference implementation.

What PyTorch's and scikit-learn's exporters write is made here. Those of Keras, JAX and brevitas need
packages that snnc's environment does not hold: ``exporters/`` has a script for each, which an
environment of its own runs (``SNNC_ONNX_ENVIRONMENTS``: a folder with ``tf``, ``jax``, ``brevitas``).
"""

from __future__ import annotations

import contextlib
import functools
import io
import os
import subprocess
import tempfile
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx.reference import ReferenceEvaluator
from skl2onnx import to_onnx
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import nn

import snnc
from snnc.frontend import load_model
from snnc.sim.analog import run_frames

from . import networks
from .networks import SHAPE, TRAINING, digits, trained

TARGET = "loihi"
CALIBRATED_ON = 256
ENVIRONMENTS = "SNNC_ONNX_ENVIRONMENTS"
EXPORTERS = Path(__file__).parent / "exporters"


@dataclass(frozen=True)
class OnnxWay:
    """One exporter and one network.

    Attributes:
        form: what people have.
        made: package and version that wrote it.
        network: what it is, in words.
        make: writes the file.
        images: how the network takes images of (samples, 1, 8, 8).
        answers: what the exporter's own library answered, where its script wrote that; else onnx is.
    """

    form: str
    made: str
    network: str
    make: Callable[[Path], Path]
    images: Callable[[NDArray[Any]], NDArray[Any]] = lambda images: images
    answers: Callable[[Path], NDArray[Any] | None] = lambda path: None


@dataclass(frozen=True)
class OnnxFound:
    """Of one way: as :class:`samples.ways_in.measure.Found`."""

    largest: float
    images: int
    decisions: int
    kept: int | None = None
    code: str = ""


def measure_onnx(way: OnnxWay, *, integers: bool) -> OnnxFound:
    """Make the file, read it, and compile it where ``integers`` says so."""
    images = digits()[0]
    tests = way.images(images[TRAINING:])
    with tempfile.TemporaryDirectory() as place:
        path = way.make(Path(place))
        graph = load_model(path).graph
        ours = run_frames(graph, np.asarray(tests, np.float64)[:, None])[graph.readout.name][:, 0]
        theirs = way.answers(path)
        if theirs is None:
            theirs = sums(path, tests)
        largest = float(np.abs(ours.reshape(theirs.shape) - theirs).max() / np.abs(theirs).max())
        classes = theirs.argmax(axis=1)
        same = int((ours.reshape(theirs.shape).argmax(axis=1) == classes).sum())
        if not integers:
            return OnnxFound(largest, len(tests), same)
        counts = way.images(images[:CALIBRATED_ON])[:, None]
        bundle = snnc.compile(path, TARGET, Path(place) / "out", calibration=counts)
        predictions = np.asarray(bundle.run(tests[:, None]).predictions)[:, -1]
        kept = int((predictions == classes).sum())
        return OnnxFound(largest, len(tests), same, kept, bundle.manifest.code)


def sums(path: Path, images: NDArray[Any]) -> NDArray[np.float64]:
    """What onnx's reference computes, of real numbers, before a softmax at the end."""
    model = onnx.load(path)
    makers = {name: node for node in model.graph.node for name in node.output}
    floats = [o.name for o in model.graph.output if o.type.tensor_type.elem_type == 1]
    name = next(iter(floats), model.graph.output[-1].name)
    while (node := makers.get(name)) is not None and node.op_type in (
        "Softmax",
        "Identity",
        "ZipMap",
        "Cast",
    ):
        name = node.input[0]
    del model.graph.output[:]
    model.graph.output.append(onnx.helper.make_tensor_value_info(name, 1, None))
    wanted, kept = {name}, []
    for node in reversed(model.graph.node):
        if wanted & set(node.output):
            kept.append(node)
            wanted.update(node.input)
    del model.graph.node[:]
    model.graph.node.extend(kept[::-1])
    run = ReferenceEvaluator(model)
    given = model.graph.input[0].name
    answers: list[Any] = [run.run(None, {given: one[None].astype(np.float32)}) for one in images]
    return np.concatenate([np.asarray(each[0], np.float64).reshape(1, -1) for each in answers])


def _torch(make: Callable[[], nn.Module], dynamo: bool, folder: Path) -> Path:
    path = folder / "net.onnx"
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        torch.onnx.export(trained(make), (torch.zeros(1, *SHAPE),), path, dynamo=dynamo)
    return path


def _of_torch(network: str, make: Callable[[], nn.Module], dynamo: bool = True) -> OnnxWay:
    form = f"ONNX of `torch.onnx.export{'' if dynamo else '(dynamo=False)'}`"
    return OnnxWay(form, f"torch {torch.__version__}", network, partial(_torch, make, dynamo))


def _sklearn(scaled: bool, folder: Path) -> Path:
    images, classes = digits()
    x = _flat(images).astype(np.float32)
    net: Any = MLPClassifier((32,), max_iter=60, random_state=0)
    net = make_pipeline(StandardScaler(), net) if scaled else net
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        net.fit(x[:TRAINING], classes[:TRAINING])
    path = folder / "net.onnx"
    path.write_bytes(to_onnx(net, x[:1]).SerializeToString())
    return path


def _flat(images: NDArray[Any]) -> NDArray[Any]:
    return images.reshape(len(images), -1)


def _last(images: NDArray[Any]) -> NDArray[Any]:
    return images.transpose(0, 2, 3, 1)


ONNX_WAYS: tuple[OnnxWay, ...] = (
    _of_torch("MLP", networks.Mlp),
    _of_torch("MLP", networks.Mlp, dynamo=False),
    _of_torch("CNN: batch norm, max-pooling, dropout", networks.cnn),
    _of_torch("CNN: batch norm, max-pooling, dropout", networks.cnn, dynamo=False),
    _of_torch("ConvTranspose, Upsample", networks.upsampled),
    _of_torch("MLP with 15 levels (`snnc.QuantizedReLU`)", networks.with_levels),
    OnnxWay(
        "ONNX of skl2onnx",
        f"skl2onnx {version('skl2onnx')}",
        "MLPClassifier",
        partial(_sklearn, False),
        _flat,
    ),
    OnnxWay(
        "ONNX of skl2onnx",
        f"skl2onnx {version('skl2onnx')}",
        "StandardScaler, MLPClassifier",
        partial(_sklearn, True),
        _flat,
    ),
)
"""Those that this environment can make."""


@functools.cache
def _export(environment: str, script: str) -> Path:
    """Run an exporter's script in its environment, on the digits; the folder with what it wrote."""
    folder = Path(tempfile.mkdtemp())
    images, classes = digits()
    np.savez(folder / "digits.npz", x=images, y=classes, training=TRAINING)
    python = Path(os.environ[ENVIRONMENTS]) / environment / "bin" / "python"
    subprocess.run([python, EXPORTERS / script, folder], check=True, capture_output=True)
    return folder


def _exported(environment: str, script: str, name: str, folder: Path) -> Path:
    """The file of that name; the script runs once."""
    return _export(environment, script) / name


def _answered(path: Path) -> NDArray[Any]:
    found: NDArray[Any] = np.load(path.with_suffix(".npy"))
    return found


def other_ways() -> Iterator[OnnxWay]:
    """Those of exporters in environments of their own; none where there are none."""
    if ENVIRONMENTS not in os.environ:
        return
    made = {
        "tf": ("keras.py", _last, ("keras", "tf2onnx")),
        "jax": ("jax_flax.py", _last, ("jax",)),
        "brevitas": ("brevitas_export.py", lambda images: images, ("qonnx", "qcdq")),
    }
    words = {
        "keras": ("ONNX of Keras (`model.export`)", "keras", "CNN, channels last, softmax"),
        "tf2onnx": ("ONNX of tf2onnx", "tf2onnx", "CNN, channels last, softmax"),
        "jax": ("ONNX of jax2onnx", "jax2onnx", "CNN of Flax, channels last"),
        "qonnx": ("QONNX of brevitas", "brevitas", "CNN, 4-bit weights, 16 levels, max-pooling"),
        "qcdq": ("QCDQ of brevitas", "brevitas", "CNN, 4-bit weights, 16 levels, max-pooling"),
    }
    for environment, (script, images, names) in made.items():
        for name in names:
            form, package, network = words[name]
            said = _version(environment, package)
            make = partial(_exported, environment, script, f"{name}.onnx")
            yield OnnxWay(form, f"{package} {said}", network, make, images, _answered)


def _version(environment: str, package: str) -> str:
    python = Path(os.environ[ENVIRONMENTS]) / environment / "bin" / "python"
    code = f"from importlib.metadata import version; print(version({package!r}))"
    done = subprocess.run([python, "-c", code], check=True, capture_output=True, text=True)
    return done.stdout.strip()
