"""Networks that spike already, or are integers: NIR's nodes, and lava-dl's recordings."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import nir
import numpy as np

from samples.netx import compare, sigma_delta
from samples.netx.fetch import found
from snnc.backends.loihi.target import LOIHI
from snnc.frontend import load_model
from snnc.ir import Graph, Kind
from snnc.passes import Context, Pipeline
from snnc.sim.nir_interpreter import run_nir
from snnc.sim.spiking import input_steps, spike_component

DT = 0.1
STEPS, SAMPLES = 40, 8
TIMED = "fold-batch-norm,fold-linear-chains,match-delays,encode-input"


@dataclass(frozen=True)
class Spiking:
    """A network that spikes, and what its spikes were compared with.

    Attributes:
        form, network, way_in: as of :class:`samples.ways_in.torch_ways.Way`.
        compared: the original.
        values: that were compared.
        differ: of these.
        spikes: among the original's values, or -1 where values are more than spikes.
        package: whose version made it.
    """

    form: str
    network: str
    way_in: str
    compared: str
    values: int
    differ: int
    spikes: int
    package: str


def float_spikes(graph: Graph, frames: Any) -> dict[str, Any]:
    """Spikes of a graph before quantization, by population, aligned to frames."""
    timed = Pipeline.parse(TIMED).run(graph, Context(LOIHI))
    steps = frames.shape[1] + max(p.start or 0 for p in timed.populations)
    outputs = {timed.input.name: input_steps(timed, frames, steps)}
    for members in timed.components_in_order():
        spiking = tuple(n for n in members if timed.by_name[n].kind is Kind.NEURONS)
        if spiking:
            spike_component(timed, spiking, outputs)
    starts = {p.name: p.start or 0 for p in timed.populations}
    return {n: s[:, starts[n] : starts[n] + frames.shape[1]] for n, s in outputs.items()}


def _full(size: int, value: float) -> Any:
    return np.full(size, value)


def _chain(*nodes: Any) -> Any:
    return nir.NIRGraph.from_list(*nodes)


def _if() -> Any:
    drawn = np.random.default_rng(0)
    weights = drawn.normal(0.3, 1, (5, 3)), drawn.normal(0.3, 1, (4, 5))
    return _chain(
        nir.Linear(weights[0]),
        nir.IF(_full(5, 5.0), _full(5, 1.3)),
        nir.Linear(weights[1]),
        nir.IF(_full(4, 5.0), _full(4, 0.9)),
    )


def _lif() -> Any:
    weights = np.random.default_rng(1).normal(0.3, 1, (5, 3))
    lif = nir.LIF(_full(5, 0.5), _full(5, 4.0), _full(5, 0.0), _full(5, 0.8), _full(5, 0.0))
    return _chain(nir.Affine(weights, _full(5, 0.1)), lif)


def _cuba() -> Any:
    weights = np.random.default_rng(2).normal(0.3, 1, (5, 3))
    ends = (_full(5, 6.0), _full(5, 0.0), _full(5, 1.3), _full(5, 1.5))
    cuba = nir.CubaLIF(_full(5, 0.3), _full(5, 0.5), ends[0], ends[1], ends[2], w_in=ends[3])
    return _chain(nir.Linear(weights), cuba)


def _delayed() -> Any:
    weights = np.random.default_rng(3).normal(0.4, 1, (5, 3))
    wait = nir.Delay(np.array([0.0, 0.3, 0.7]))
    return _chain(wait, nir.Linear(weights), nir.IF(_full(5, 5.0), _full(5, 1.1)))


def _loop() -> Any:
    drawn = np.random.default_rng(4)
    nodes = {
        "input": nir.Input(np.array([3])),
        "in": nir.Linear(drawn.normal(0.4, 1, (5, 3))),
        "if": nir.IF(_full(5, 5.0), _full(5, 1.1)),
        "back": nir.Linear(drawn.normal(0, 0.4, (5, 5))),
        "delay": nir.Delay(_full(5, 0.2)),
        "output": nir.Output(np.array([5])),
    }
    edges = [("input", "in"), ("in", "if"), ("if", "back"), ("back", "delay"), ("delay", "if")]
    return nir.NIRGraph(nodes, [*edges, ("if", "output")])


def _image() -> Any:
    drawn = np.random.default_rng(5)
    kernels = drawn.normal(0.2, 1, (2, 1, 3, 3))
    conv = nir.Conv2d((6, 6), kernels, 1, 1, 1, 1, drawn.normal(size=2) / 4)
    two = np.array([2, 2])
    nodes = {
        "input": nir.Input(np.array([1, 6, 6])),
        "conv": conv,
        "pool": nir.SumPool2d(two, two, np.array([0, 0])),
        "if": nir.IF(np.full((2, 3, 3), 5.0), np.full((2, 3, 3), 1.7)),
        "flat": nir.Flatten({"input": np.array([2, 3, 3])}, 0, -1),
        "dense": nir.Linear(drawn.normal(size=(4, 18))),
        "last": nir.IF(_full(4, 5.0), _full(4, 1.0)),
        "output": nir.Output(np.array([4])),
    }
    names = list(nodes)
    return nir.NIRGraph(nodes, list(pairwise(names)))


GRAPHS: dict[str, tuple[Callable[[], Any], tuple[int, ...]]] = {
    "IF, two layers": (_if, (3,)),
    "LIF": (_lif, (3,)),
    "CubaLIF": (_cuba, (3,)),
    "a Delay of its own for every element": (_delayed, (3,)),
    "a loop with a Delay": (_loop, (3,)),
    "Conv2d, SumPool2d, Flatten": (_image, (1, 6, 6)),
}


def nir_ways() -> Iterator[Spiking]:
    """NIR's nodes: spikes in floats against NIR's equations, taken literally by snnc's interpreter."""
    for network, (make, shape) in GRAPHS.items():
        graph = make()
        frames = np.random.default_rng(7).integers(0, 2, (SAMPLES, STEPS, *shape))
        with tempfile.TemporaryDirectory() as place:
            path = Path(place) / "net.nir"
            nir.write(path, graph)
            ours = float_spikes(load_model(path, dt=DT).graph, frames)
        theirs = run_nir(graph, frames, DT)
        names = [name for name in theirs if name in ours and name != "input"]
        differ = sum(int((ours[n] != theirs[n].reshape(ours[n].shape)).sum()) for n in names)
        yield Spiking(
            "NIR file",
            network,
            f"`nir.write`; `snnc compile net.nir --dt {DT}`",
            "NIR's equations, taken literally",
            sum(ours[n].size for n in names),
            differ,
            sum(int(theirs[n].sum()) for n in names),
            "nir",
        )


def netx_ways() -> Iterator[Spiking]:
    """lava-dl's own files against what was recorded of them; none where they were not downloaded."""
    root = found()
    if root is None:
        return
    for name, rows in (
        ("tiny", compare.tiny(root)),
        ("N-TIDIGITS, with delays", compare.ntidigits(root)),
        ("PilotNet", compare.pilotnet(root)),
        ("sigma-delta PilotNet, two sizes", sigma_delta.rows(root)),
    ):
        seen = list(rows)
        yield Spiking(
            "lava-dl's `.net`",
            name,
            "`net.export_hdf5`; `snnc compile net.net`",
            "what lava-dl's authors recorded",
            sum(row.values for row in seen),
            sum(row.differ for row in seen),
            -1,
            "lava-dl 0.6.0",
        )
