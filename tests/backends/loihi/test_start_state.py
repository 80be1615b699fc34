"""Samples share one start of Lava, and none of them sees what another one left."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sparse

from snnc.backends.base import Emitted
from snnc.backends.loihi import LoihiBackend
from snnc.backends.loihi.lava_child.delays_once import once
from snnc.backends.loihi.lava_child.start_state import StartState, freeze
from snnc.ir import Conv2d, Integers, Linear, Program
from snnc.sim import simulate
from snnc.verify import compare
from tests.emitting import emitted_into
from tests.traces import differences

from .networks import counting_program, edge_program, edge_spikes, random_program, random_spikes

pytestmark = pytest.mark.lava

STEPS = 24


def emitted(program: Program, folder: Path) -> tuple[LoihiBackend, Emitted]:
    """A program's payload on disk."""
    back_end = LoihiBackend()
    return back_end, emitted_into(folder, back_end, program)


@pytest.mark.parametrize("engine", ["lava", "lava-inprocess"])
@pytest.mark.parametrize("make", [random_program, counting_program])
def test_the_same_sample_gives_the_same_wherever_it_stands(
    engine: str, make: Any, tmp_path: Path
) -> None:
    program = make(4)
    first, second = random_spikes(program, 1, 2, STEPS)
    spikes = np.stack([first, second, first, second, first])
    back_end, written = emitted(program, tmp_path)
    got = back_end.run(engine, tmp_path, written, spikes, time_limit=120, potentials=True)
    assert differences(simulate(program, spikes, states=True), got) == []
    for values in (*got.spikes.values(), *got.potentials.values()):
        assert np.array_equal(values[0], values[2]) and np.array_equal(values[1], values[3])


def test_lava_is_started_once_for_all_samples(tmp_path: Path) -> None:
    program, spikes = edge_program(), np.repeat(edge_spikes(), 4, axis=0)
    back_end, written = emitted(program, tmp_path)
    done: list[int] = []
    workers: list[set[int]] = []

    def progress(number: int) -> None:
        done.append(number)
        children = {int(path.name) for path in Path("/proc").glob("[0-9]*")}
        workers.append({pid for pid in children if _runs_job(pid)})

    back_end.run("lava", tmp_path, written, spikes, time_limit=120, progress=progress)
    assert done == [1, 2, 3, 4]
    early = [found for found in workers if found]
    assert early and all(found <= early[0] for found in early), "a later sample started more"


def _runs_job(pid: int) -> bool:
    try:
        return "lava_child.main" in Path(f"/proc/{pid}/cmdline").read_text() and (
            _ancestor(pid, os.getpid())
        )
    except OSError:
        return False


def _ancestor(pid: int, wanted: int) -> bool:
    while pid > 1:
        pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        if pid == wanted:
            return True
    return False


@pytest.mark.parametrize("engine", ["lava", "lava-inprocess"])
def test_a_planted_difference_is_found_where_it_is(engine: str, tmp_path: Path) -> None:
    """The payload has other weights of the input, which only the third sample's input can show."""
    program = random_program(18)
    spikes = random_spikes(program, 1, 4, STEPS)
    spikes[[0, 1, 3]] = 0
    entry = next(p for p in program.projections if p.source == program.input.name)
    assert isinstance(entry.op, Linear | Conv2d)
    other = replace(entry, op=replace(entry.op, weight=np.flip(entry.op.weight)))
    altered = replace(
        program, projections=tuple(other if p is entry else p for p in program.projections)
    )
    meant = simulate(program, spikes)
    wanted = compare(program, meant, simulate(altered, spikes))
    back_end, written = emitted(altered, tmp_path)
    found = compare(program, meant, back_end.run(engine, tmp_path, written, spikes, time_limit=120))
    first = wanted.first_divergence
    assert first is not None and (first.sample, first.step) == (2, 6)
    assert found == wanted


class Port:
    """Stands for Lava's."""


class Model:
    """What a model of Lava has, as far as it matters here."""

    def __init__(self) -> None:
        self.time_step = 0
        self.v = np.array([3, 4])
        self.same = self.v
        self.weights = sparse.csr_matrix([[1, 0], [2, 3]])
        self.delays = np.array([[0, 1]])
        self.proc_params = {"data": 1}
        self.a_in = Port()


def test_everything_but_constants_and_plumbing_is_put_back() -> None:
    model = Model()
    start = StartState(model, Port)
    port = model.a_in
    for _ in range(2):
        model.time_step = 9
        model.v += 1
        model.proc_params["data"] += 1
        model.later = True  # type: ignore[attr-defined]
        start.restore()
        assert model.time_step == 0 and model.v.tolist() == [3, 4] and model.same is model.v
        assert not hasattr(model, "later")
    assert model.proc_params == {"data": 3} and model.a_in is port


def test_a_model_that_writes_into_its_constants_fails() -> None:
    model = Model()
    freeze(model)
    with pytest.raises(ValueError, match="read-only"):
        model.weights.data[0] = 5
    with pytest.raises(ValueError, match="read-only"):
        model.delays[0, 0] = 1
    model.v[0] = 1


def test_delays_are_sorted_once_for_the_same_constants() -> None:
    calls: list[Any] = []

    def original(weights: Integers, delays: Integers, most: int) -> Integers:
        calls.append((weights, delays, most))
        return weights * 2

    kept = once(original)
    weights, delays = np.array([1]), np.array([0])
    assert kept(weights, delays, 3) is kept(weights, delays, 3) and len(calls) == 1
    kept(weights.copy(), delays, 3), kept(weights, delays, 4)
    assert len(calls) == 3
