"""Layers without neurons: every front end names them, and so do the passes for graphs made by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from snnc.errors import UserError
from snnc.frontend import Given, load_model
from snnc.ir import Graph, Linear, Target
from snnc.passes import Context, Pipeline
from tests.passes.test_balance_thresholds import two_layers

from .onnx_files import model_of, node, saved

Exporter = Callable[..., Path]

SIZES = {"hidden": (4, 0, 3), "input": (0, 5, 3), "answer": (4, 5, 0)}
SAID = {"hidden": "a layer has 0 neurons", "input": "the input has 0", "answer": "the answer has 0"}


def layers(sizes: tuple[int, int, int]) -> nn.Module:
    return nn.Sequential(nn.Linear(*sizes[:2]), nn.ReLU(), nn.Linear(*sizes[1:]))


def refused(path: Path, code: str = "D221", given: Given | None = None) -> str:
    with pytest.raises(UserError) as caught:
        load_model(path, given=given or Given())
    assert {d.code for d in caught.value.diagnostics} == {code}
    return str(caught.value)


@pytest.mark.filterwarnings("ignore:Initializing zero-element")
@pytest.mark.parametrize("where", SIZES)
def test_an_exported_network(export: Exporter, where: str) -> None:
    text = refused(export(layers(SIZES[where]), SIZES[where][:1]))
    assert SAID[where] in text and "(0,)" in text, text


def test_a_slice_that_leaves_nothing(export: Exporter) -> None:
    class Sliced(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.last = nn.Linear(4, 5), nn.Linear(5, 3)

        def forward(self, x: Tensor) -> Tensor:
            """A frame; what is added is the sum of nothing."""
            hidden: Tensor = self.first(x)
            last: Tensor = self.last(torch.relu(hidden))
            return last + torch.relu(hidden[:, 5:]).sum(1, keepdim=True)

    assert "a layer has 0 neurons" in refused(export(Sliced(), (4,)))


@pytest.mark.filterwarnings("ignore:Initializing zero-element")
def test_a_module_that_was_saved(tmp_path: Path) -> None:
    torch.save(layers(SIZES["hidden"]), tmp_path / "net.pt")
    text = refused(tmp_path / "net.pt", given=Given(input_shape="4"))
    assert SAID["hidden"] in text, text


@pytest.mark.parametrize("where", ["hidden", "answer"])
def test_onnx(tmp_path: Path, where: str) -> None:
    first, middle, last = SIZES[where]
    nodes = [
        node("Gemm", ["x", "w"], ["a"]),
        node("Relu", ["a"], ["r"]),
        node("MatMul", ["r", "v"]),
    ]
    weights = {
        "w": np.ones((first, middle), np.float32),
        "v": np.ones((middle, last), np.float32),
    }
    assert SAID[where] in refused(saved(model_of(nodes, (1, first), weights), tmp_path))


@pytest.mark.parametrize("where", SIZES)
def test_nir(tmp_path: Path, where: str) -> None:
    nir = pytest.importorskip(
        "nir", reason="the package nir is not installed: pip install 'nir>=1.0.8'"
    )
    first, middle, last = SIZES[where]
    neurons = [nir.LIF(np.full(n, 0.2), np.ones(n), np.zeros(n), np.ones(n)) for n in (middle, last)]
    weights = [nir.Linear(np.ones(shape)) for shape in ((middle, first), (last, middle))]
    nir.write(
        tmp_path / "net.nir", nir.NIRGraph.from_list(weights[0], neurons[0], weights[1], neurons[1])
    )
    assert "[0]" in refused(tmp_path / "net.nir", "D211")


def test_a_graph_that_was_made_by_hand() -> None:
    graph = two_layers()
    name = graph.neurons[0].name
    ends = {
        p.label: Linear(np.ones((size(p.target, name, graph), size(p.source, name, graph))))
        for p in graph.projections
    }
    empty = graph.with_populations([replace(graph.by_name[name], shape=(0,), bias=None)])
    empty = empty.with_projections(replace(p, ops=(ends[p.label],)) for p in graph.projections)
    with pytest.raises(UserError, match=r"D221.*a layer has 0 neurons"):
        Pipeline.parse("fold-batch-norm").run(empty, Context(Target("test"), None))


def size(of: str, empty: str, graph: Graph) -> int:
    """Neurons of a population, none of the one that is to be empty."""
    return 0 if of == empty else int(np.prod(graph.by_name[of].shape))
