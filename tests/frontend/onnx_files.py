"""ONNX files for tests, and the comparison with onnx's reference implementation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from snnc.frontend import Model, load_model
from snnc.sim.analog import run_frames

NEWEST = 23
"""Version of the operations that most tests use."""

SAMPLES = 4

Inits = Mapping[str, Any]


def model_of(
    nodes: Sequence[Any],
    shape: Sequence[Any],
    inits: Inits | None = None,
    opset: int = NEWEST,
    *,
    output: str = "y",
    kind: int = TensorProto.FLOAT,
    domains: Sequence[str] = (),
) -> Any:
    """A model with the input ``x`` of a shape, batch included, and one output."""
    graph = helper.make_graph(
        list(nodes),
        "test",
        [helper.make_tensor_value_info("x", kind, list(shape))],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, ["n"])],
        [numpy_helper.from_array(np.asarray(v), n) for n, v in (inits or {}).items()],
    )
    imports = [helper.make_opsetid("", opset), *(helper.make_opsetid(d, 1) for d in domains)]
    return helper.make_model(graph, opset_imports=imports, ir_version=10)


def node(op: str, inputs: Sequence[str], outputs: Sequence[str] = ("y",), **attributes: Any) -> Any:
    """A node that is called after its operation."""
    return helper.make_node(op, list(inputs), list(outputs), name=f"the_{op}", **attributes)


def saved(model: Any, folder: Path, name: str = "net.onnx") -> Path:
    """The model as a file."""
    path = folder / name
    path.write_bytes(model.SerializeToString())
    return path


def loaded(model: Any, folder: Path, name: str = "net.onnx") -> Model:
    """What snnc reads from it."""
    return load_model(saved(model, folder, name))


def reference(model: Any, x: NDArray[Any]) -> NDArray[np.float64]:
    """What onnx computes, sample by sample: (samples, ...)."""
    run = ReferenceEvaluator(model)
    name = model.graph.input[0].name
    answers: list[Any] = [run.run(None, {name: one[None]}) for one in x]
    return np.concatenate([np.asarray(found[0], np.float64) for found in answers])


def ours(model: Model, x: NDArray[Any]) -> NDArray[np.float64]:
    """What the graph gives in floats, a frame for each sample."""
    found = run_frames(model.graph, np.asarray(x, np.float64)[:, None])
    return np.asarray(found[model.graph.readout.name][:, 0])


def apart(model: Any, folder: Path, x: NDArray[Any]) -> float:
    """The largest difference, relative to the largest value."""
    want, got = reference(model, x), ours(loaded(model, folder), x)
    assert want.shape == got.shape, (want.shape, got.shape)
    return float(np.abs(want - got).max() / max(1.0, np.abs(want).max()))


def drawn(shape: Sequence[int], seed: int = 0, samples: int = SAMPLES) -> NDArray[np.float32]:
    """Values of both signs."""
    return np.random.default_rng(seed).normal(0, 2, (samples, *shape)).astype(np.float32)


def weights(*shape: int, seed: int = 1) -> NDArray[np.float32]:
    """Weights of both signs."""
    return np.random.default_rng(seed).normal(0, 1, shape).astype(np.float32)


__all__ = [
    "NEWEST",
    "apart",
    "drawn",
    "loaded",
    "model_of",
    "node",
    "onnx",
    "ours",
    "reference",
    "saved",
    "weights",
]
