"""Several connections of a spike in one cycle: the same values in fewer cycles."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from snnc.backends import find_backend
from snnc.backends.fpga import FpgaBackend, tables
from snnc.backends.fpga.conformance import FpgaConformance
from snnc.backends.fpga.layout import lay_out
from snnc.conformance import Row
from snnc.conformance.bench import Bench
from snnc.conformance.builder import Built, Network
from snnc.conformance.cases import BY_NAME
from snnc.conformance.judge import judge
from snnc.conformance.kit import Kit
from snnc.errors import UserError
from snnc.ir import Encoding, Linear
from tests.backends.fpga.networks import KINDS, compared
from tests.sim.corpus import case

QUICK = (
    "convolution/groups",
    "convolution/between",
    "weights/sparse",
    "exponent/down-readout",
    "input/graded",
    "code/graded",
    "structure/twice",
)
LANES = (2, 3, 8, 16)
LARGE = "broad"


def row(name: str, lanes: int, engine: str = "icarus") -> Row:
    backend = find_backend(f"fpga{{input-bits=9,parallelism={lanes}}}")
    return judge(backend, BY_NAME[name], FpgaConformance.kit, FpgaConformance.cannot, (engine,))


@pytest.mark.usefixtures("icarus")
@pytest.mark.parametrize("lanes", LANES)
@pytest.mark.parametrize("name", QUICK)
def test_every_value_is_the_same(name: str, lanes: int) -> None:
    found = row(name, lanes)
    assert found.result == "passed", found.reason


@pytest.mark.slow
@pytest.mark.usefixtures("icarus")
@pytest.mark.parametrize("lanes", [3, 4])
def test_in_every_case(lanes: int) -> None:
    found = [row(name, lanes) for name in BY_NAME]
    assert [(r.case, r.reason) for r in found if r.result == "failed"] == []
    assert all(r.case.startswith("changes/") for r in found if r.result != "passed")


@pytest.mark.slow
@pytest.mark.usefixtures("verilator")
def test_verilator_says_so_too() -> None:
    assert row("convolution/groups", 4, "verilator").result == "passed"


@pytest.mark.usefixtures("icarus")
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != LARGE])
def test_random_programs(kind: str) -> None:
    assert compared(case(kind, 1), "icarus", 4) == ""


@pytest.mark.slow
@pytest.mark.usefixtures("verilator")
def test_a_large_random_program() -> None:
    """Icarus takes minutes for it."""
    assert compared(case(LARGE, 1), "verilator", 4) == ""


@pytest.mark.slow
@pytest.mark.usefixtures("verilator")
@pytest.mark.parametrize("lanes", LANES)
def test_more_random_programs(lanes: int) -> None:
    for kind in KINDS:
        assert compared(case(kind, 2 + lanes), "verilator", lanes) == "", kind


def matrix(outputs: int, weights: Any = None) -> Built:
    """Three inputs to so many readout neurons; four steps with 3, 0, 1 and 2 spikes."""
    network = Network(Kit(), 4)
    network.input(3, encoding=Encoding.SPREAD)
    network.readout(outputs)
    drawn = (
        np.random.default_rng(0).integers(-100, 100, (outputs, 3)) * 2 if weights is None else weights
    )
    network.connect("input", "readout", Linear(drawn))
    return network.given(np.array([[[1, 1, 1], [0, 0, 0], [0, 1, 0], [1, 0, 1]]]))


def test_a_word_has_a_weight_for_each_lane() -> None:
    built = matrix(3, np.array([[2, 8, 14], [4, 10, -16], [6, 12, 18]]))
    layout = lay_out(built.program, 4, lanes=2)
    (weights,) = (m for m in layout.memories if m.name == "weights")
    half = layout.parameters["WEIGHT"]  # weights are halves: 2 divides them all
    stored = [(w & 2**half - 1, w >> half) for w in weights.words]
    assert stored == [(1, 2), (3, 0), (4, 5), (6, 0), (7, 2**half - 8), (9, 0)]
    assert weights.bits == 2 * half and layout.parameters["LANES"] == 2
    assert layout.memory_sizes["sums"][0] == 2 * layout.parameters["SUMS"]


@pytest.mark.usefixtures("icarus")
def test_cycles_are_those_of_words(tmp_path: Path) -> None:
    """A spike takes a cycle a word: 20 targets are 20, 7, 5 and 2; the last step is not heard."""
    built, cycles = matrix(20), {}
    for lanes, words in ((1, 20), (3, 7), (4, 5), (16, 2)):
        back_end, folder = FpgaBackend(parallelism=lanes), tmp_path / str(lanes)
        folder.mkdir()
        bundle, emitted = Bench(back_end, Kit(), (), folder).emit(built.program)
        trace = back_end.run("icarus", bundle, emitted, built.spikes, time_limit=100)
        (mean,) = (m.value for m in trace.measured if m.name == "cycles of a step, mean")
        cycles[words] = mean * 4
    for words, found in cycles.items():
        assert cycles[20] - found == 4 * (20 - words)


@pytest.mark.usefixtures("icarus")
def test_a_lost_distance_between_lanes_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run of one word still has several targets."""
    honest = tables.Tables.add

    def add(self: tables.Tables, q: Any, *given: Any) -> None:
        honest(self, q, *given)
        if self.projections[-1]["outputs"] == 0:
            self.projections[-1]["stride"] = 0

    monkeypatch.setattr(tables.Tables, "add", add)
    found = row("convolution/between", 8)
    assert found.result == "failed" and "differ" in found.reason


@pytest.mark.parametrize("lanes", [0, 17])
def test_lanes_that_there_are_not(lanes: int) -> None:
    with pytest.raises(UserError, match="parallelism"):
        find_backend(f"fpga{{parallelism={lanes}}}")
