"""What a run of a NIR file takes is known before it begins, at its ends and one beyond."""

from __future__ import annotations

import math
import tracemalloc
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from snnc.backends.nir import FILES, NirBackend, bounds, engine
from snnc.backends.nir.graph import write
from snnc.backends.nir.layout import MOST_STEPS, Layout
from snnc.errors import UserError
from snnc.ir.memory import SHARE
from snnc.sim.nir_interpreter import run_nir
from snnc.sim.nir_sizes import sizes

from .networks import compiled, random_graph, spikes

nir: Any = pytest.importorskip(
    "nir", reason="the package nir is not installed: pip install 'nir>=1.0.8'"
)


@pytest.fixture(scope="module")
def written() -> Any:
    target = NirBackend(unsaid="composite")
    program = compiled(random_graph(5), target)
    return program, write(nir, program, target)


def refused(code: str, written: Any, **changes: Any) -> None:
    program, made = written
    with pytest.raises(UserError) as caught:
        engine.run(made.graph, replace(made.layout, **changes), spikes(program, 1), metadata=False)
    assert [d.code for d in caught.value.diagnostics] == [code]


def test_work_of_one_node(written: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    program, made = written
    most = max(each.work for each in sizes(made.graph).values())
    monkeypatch.setattr(bounds, "MOST_WORK", most)
    given = spikes(program, 1)
    size = bounds.extent(made.graph, made.layout, *given.shape[:2], potentials=False)
    assert size.batch == 1
    alone = engine.run(made.graph, made.layout, given, metadata=False)
    monkeypatch.setattr(bounds, "MOST_WORK", most - 1)
    refused("D570", written)
    monkeypatch.undo()
    together = engine.run(made.graph, made.layout, given, metadata=False)
    assert all(np.array_equal(alone.spikes[name], values) for name, values in together.spikes.items())


def test_memory_of_all_steps(written: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """2,000 steps more, where a byte less than they take is there; and a run takes what is said."""
    program, made = written
    given = spikes(program, 1)[:1]
    early = replace(made.layout, input_shift=-2000)

    def fits(memory: int) -> bool:
        monkeypatch.setattr(bounds, "machine_memory", lambda: memory)
        try:
            bounds.extent(made.graph, early, *given.shape[:2], potentials=False)
            return True
        except UserError as error:
            assert error.diagnostics[0].code == "D571"
            return False

    low, high = 0, 2**40
    while high - low > 2:
        middle = (low + high) // 2
        low, high = (low, middle) if fits(middle) else (middle, high)
    tracemalloc.start()
    monkeypatch.setattr(bounds, "machine_memory", lambda: high)
    engine.run(made.graph, early, given, metadata=False)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    said = high // SHARE
    assert said / 4 < peak < 1.25 * said, (said, peak)
    monkeypatch.setattr(bounds, "machine_memory", lambda: low - 2)
    refused("D571", written, input_shift=-2000)


def test_another_input(written: Any) -> None:
    _, made = written
    with pytest.raises(UserError, match=r"D572.*\(3, 4, 4\)"):
        engine.run(made.graph, made.layout, np.zeros((1, 4, 3, 4, 4), np.int64), metadata=False)


def test_the_longest_shift(written: Any, tmp_path: Path) -> None:
    _, made = written
    document = {**made.layout.__dict__, "populations": []}
    for shift in (MOST_STEPS, -MOST_STEPS, MOST_STEPS + 1, -MOST_STEPS - 1):
        with pytest.raises(UserError) as caught:
            Layout.of({**document, "input_shift": shift}, str(tmp_path / FILES["layout"]))
        assert ("input_shift" in str(caught.value)) == (abs(shift) > MOST_STEPS)


def test_a_delay_beyond_the_end_takes_nothing() -> None:
    """Each element by itself: 2 steps, more steps than there are, and more than a number can count."""
    graph = nir.NIRGraph.from_list(nir.Delay(np.array([2.0, 1e9, 1e300])))
    found = run_nir(graph, np.ones((1, 4, 3)), 1e-3)["output"]
    assert not found.any()
    found = run_nir(graph, np.ones((1, 4, 3)), 1.0)["output"]
    assert found[0].tolist() == [[0, 0, 0], [0, 0, 0], [1, 0, 0], [1, 0, 0]]


@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("padding", [0, (1, 2), "same", "valid"])
@pytest.mark.parametrize(("stride", "dilation"), [(1, 1), ((2, 1), 1), (1, (1, 2))])
def test_sizes_are_those_of_the_run(groups: int, padding: Any, stride: Any, dilation: Any) -> None:
    """Of convolutions and pools, whose shapes are computed twice."""
    weight = np.ones((4, 2 // groups, 3, 3))
    as_array = padding if isinstance(padding, str) else np.array(padding)
    nodes = {
        "input": nir.Input(np.array([2, 7, 9])),
        "conv": nir.Conv2d(
            None, weight, np.array(stride), as_array, np.array(dilation), groups, np.zeros(4)
        ),
        "pool": nir.SumPool2d(np.array([2, 3]), np.array([2, 1]), np.array([1, 0])),
        "output": nir.Output(np.array([1])),
    }
    edges = [("input", "conv"), ("conv", "pool"), ("pool", "output")]
    graph = nir.NIRGraph(nodes, edges, type_check=False)
    found = run_nir(graph, np.ones((1, 1, 2, 7, 9)), 1.0)["output"]
    assert sizes(graph)["output"].shape == found.shape[2:]
    assert sizes(graph)["conv"].work >= math.prod(sizes(graph)["conv"].shape) * 9 * 2 // groups


@pytest.mark.parametrize("seed", range(8))
def test_every_graph_that_snnc_writes_has_sizes(seed: int) -> None:
    target = NirBackend(unsaid="metadata")
    program = compiled(random_graph(seed), target)
    graph = write(nir, program, target).graph
    shape = graph.nodes["input"].output_type["output"]
    found = run_nir(graph, np.zeros((1, 2, *shape)), 1.0)
    said = {name: each.shape for name, each in sizes(graph).items() if each.kept}
    assert said == {name: values.shape[2:] for name, values in found.items()}
