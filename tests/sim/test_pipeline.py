"""One sample on several cores: the same integers, in whatever order threads come to run."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Lock
from time import sleep
from typing import Any

import numpy as np
import pytest

from snnc.sim.fast import kernels, pipeline
from snnc.sim.fast.pipeline import Run, run_through, steps_of_piece
from snnc.sim.fast.plan import Component, Incoming
from snnc.sim.fast.simulator import Simulator
from tests.sim.corpus import KINDS, case, compared

ROOT = Path(__file__).resolve().parents[2]

TRIED_OF_50 = 4
"""Steps that are run in one thread first."""


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Every run that can be shared is, a step at a time; how many pieces each one had."""
    monkeypatch.setattr(pipeline, "LEAST", 0)
    monkeypatch.setattr(pipeline, "steps_of_piece", lambda *given: 1)
    seen: list[int] = []

    class Counted(pipeline.Pipeline):
        def __init__(self, components: Any, pieces: Any, run: Run) -> None:
            seen.append(len(pieces))
            super().__init__(components, pieces, run)

    monkeypatch.setattr(pipeline, "Pipeline", Counted)
    return seen


@pytest.mark.parametrize("threads", [2, 5])
@pytest.mark.parametrize("kind", KINDS)
def test_the_same_integers_as_the_reference(kind: str, threads: int, parts: list[int]) -> None:
    """Loops, delays, every code, matrix products and none, chunks shorter than delays."""
    for seed in range(12):
        network = case(kind, seed)
        one = replace(network, spikes=network.spikes[:1])
        products = (network.products, True, False)[seed % 3]
        assert compared(one, threads, products, chunk=1 + seed % 7) == [], (kind, seed)
    assert max(parts) >= 10


def test_several_samples_share_the_threads(parts: list[int]) -> None:
    """Four threads run two samples at once, each in a pipeline of two; one block has none."""
    network = case("small", 1)
    two = replace(network, spikes=network.spikes[:2])
    assert compared(two, 4) == [] and parts
    parts.clear()
    assert compared(network, 3) == [] and not parts
    together = Simulator(network.program, 4, portions=(len(network.spikes), 10))
    together.run(network.spikes)
    assert not parts


def test_a_short_run_stays_in_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "Pipeline", None)
    network = case("small", 1)
    assert compared(replace(network, spikes=network.spikes[:1]), 4) == []


def _chain(length: int) -> list[Component]:
    """Each hears the one before it, the third also the first; the input is number 0."""
    heard = [[n] if n != 2 else [0, 2] for n in range(length)]
    return [
        Component(np.array([n + 1]), tuple(Incoming(0, source, n + 1) for source in sources))
        for n, sources in enumerate(heard)
    ]


@pytest.mark.parametrize("threads", [2, 3, 8])
def test_nobody_runs_before_what_it_hears(threads: int, parts: list[int]) -> None:
    components, steps, lock = _chain(6), 50, Lock()
    begun = [0] * 6
    ended = [0] * 6
    used = set()

    def run(component: Component, part: slice, thread: int) -> None:
        own = int(component.members[0]) - 1
        with lock:
            assert begun[own] == ended[own] == part.start  # one after the other
            begun[own] = part.stop
            assert all(ended[i.source - 1] >= part.stop for i in component.incoming if i.source)
            used.add(thread)
        with lock:
            ended[own] = part.stop

    run_through(run, components, steps, 1, threads)
    assert parts == [steps - TRIED_OF_50] and ended == [steps] * 6 and used <= set(range(threads))


@pytest.mark.parametrize("number", [0, 3, 5])
def test_a_failure_ends_all_threads(number: int, parts: list[int]) -> None:
    def run(component: Component, part: slice, thread: int) -> None:
        if part.start == 9 and component.members[0] == number + 1:
            raise OverflowError(f"{number} at {part.start}")

    with pytest.raises(OverflowError, match=f"{number} at 9"):
        run_through(run, _chain(6), 50, 1, 3)
    assert parts


def test_a_failure_says_which_steps(parts: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    whole = kernels.run_component

    def lost(*given: Any) -> None:
        if given[6][1] == 10:
            raise OverflowError("a number does not fit 32 bits")
        whole(*given)

    monkeypatch.setattr(kernels, "run_component", lost)
    network = case("small", 1)
    with pytest.raises(OverflowError, match="steps 11 to 11: a number"):
        Simulator(network.program, 2).run(network.spikes[:1])
    assert parts


def test_pieces_are_as_long_as_what_they_cost_demands() -> None:
    """4 components lose 148 microseconds a piece: 7 % of 28 steps of 78 microseconds."""
    assert steps_of_piece(78e-6, 88, 4) == 28
    assert steps_of_piece(78e-6, 28 * 3, 4) == 28
    assert steps_of_piece(78e-6, 28 * 3 - 1, 4) == 0  # two pieces and a bit
    assert steps_of_piece(10.0, 3, 500) == 1
    assert steps_of_piece(166e-6, 1000, 500) == 0  # many small ones: a piece would last too long
    assert steps_of_piece(1e-9, 10**6, 2) == 0 == steps_of_piece(4e-5, 49, 1)  # nothing to share


def test_without_another_thread_one_does_it_all(
    parts: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As at the end of Python, or where the system has no more threads."""

    def none(*given: Any) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(ThreadPoolExecutor, "submit", none)
    network = case("small", 1)
    assert compared(replace(network, spikes=network.spikes[:1]), 4) == [] and parts
    assert compared(network, 3) == []  # one sample a thread


LIMITED = """
import resource, threading
from snnc.files.memory import STATM
from snnc.sim.fast import Simulator
from tests.sim.corpus import case
from tests.traces import differences

begun, start = [], threading.Thread.start
threading.Thread.start = lambda thread: (begun.append(thread), start(thread))
network = case("small", 1)
fast = Simulator(network.program, threads=3)
meant = fast.run(network.spikes)
here = int(STATM.read_text().split()[{word}]) * resource.getpagesize()
resource.setrlimit(resource.{limit}, (here + 2**26, -1))
threading.stack_size(2**28)
print(len(begun), differences(meant, fast.run(network.spikes)), len(begun))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says how much a process has")
@pytest.mark.parametrize(("limit", "word"), [("RLIMIT_AS", 0), ("RLIMIT_DATA", 5)])
def test_limited_memory_means_one_thread(limit: str, word: int) -> None:
    """There is no room for another one's stack; with a little more, its start might never end."""
    command = [sys.executable, "-c", LIMITED.format(limit=limit, word=word)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=ROOT)
    assert (done.stdout, done.returncode) == ("2 [] 2\n", 0), done.stderr


def test_an_interrupt_while_threads_start_ends_those_that_have(
    parts: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    submit = ThreadPoolExecutor.submit
    begun: list[Any] = []

    def interrupted(self: Any, work: Any, *given: Any) -> Any:
        if begun:
            raise KeyboardInterrupt
        begun.append(submit(self, work, *given))
        return begun[0]

    monkeypatch.setattr(ThreadPoolExecutor, "submit", interrupted)
    ran: list[slice] = []

    def run(component: Component, part: slice, thread: int) -> None:
        ran.append(part)
        sleep(0.01)

    with pytest.raises(KeyboardInterrupt):
        run_through(run, _chain(6), 400, 1, 3)
    assert begun[0].done() and len(ran) < 100  # of 6 times 351


def test_only_threads_that_run_have_room_of_their_own() -> None:
    network = case("small", 1)
    fast = Simulator(network.program, 64)
    fast.run(network.spikes[:1])
    (workspace,) = fast._idle
    assert len(workspace._scratch) == 1
