"""The fast engine: the reference simulator's integers, event by event, on all cores."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.files.memory import may_start_threads
from snnc.ir import Program, ProgramPopulation, Trace, validate

from .horizon import last_seen, worth_leaving_out
from .plan import Payloads, Plan, make_plan
from .tables import build_tables
from .workspace import Workspace

LARGEST_PAYLOAD = 2**23 - 1
"""What a graded spike can carry (``docs/numerics.md``, Input)."""

BUDGET = 256 * 2**20
"""Bytes of events that a thread makes room for at a time, unless a single step needs more."""

LONG_ENOUGH = 32
"""Steps of a chunk that are worth having fewer samples in a block."""

KEPT = 16
"""Answers of ``last_seen`` that are kept."""

ANY_PAYLOAD = (-LARGEST_PAYLOAD, LARGEST_PAYLOAD)

Source = Callable[[slice, slice], NDArray[Any]]
"""Input payloads of some samples and steps (from 0): (samples, steps, \\*input shape), integers."""


@dataclass(frozen=True)
class Chunk:
    """Some steps of some samples that were just run: what a sink takes from them."""

    workspace: Workspace
    samples: slice
    steps: slice
    potentials: NDArray[np.int32]


Sink = Callable[[Chunk], None]


class Simulator:
    """A program, laid out once and run as often as wanted."""

    def __init__(
        self,
        program: Program,
        threads: int | None = None,
        products: bool | None = None,
        portions: tuple[int, int] | None = None,
    ) -> None:
        """Lay a program out.

        Args:
            program: the network.
            threads: how many samples are run at once at the most; all cores of this process where None.
                While a limit of the process's memory holds, it is one.
            products: whether what arrives is computed as matrix products, wherever no loop forbids it;
                where None by layer and by the spikes that there are, whichever is faster.
            portions: most samples in a block and steps in a chunk; where None as memory has room.
        """
        if threads is not None and (not isinstance(threads, int) or threads < 1):
            raise ValueError(f"threads is {threads!r}; it has to be a whole number from 1 on, or None")
        self.program = validate(program)  # kernels follow its indices without looking
        self.threads = threads or len(os.sched_getaffinity(0))
        self._products = products
        self._given_portions = portions
        self._heard = any(q.graded and q.source == program.input.name for q in program.projections)
        self._tables = build_tables(program)
        self._plans: dict[tuple[Payloads, tuple[str, ...]], Plan] = {}
        self._until: dict[tuple[int, frozenset[str] | None], NDArray[np.int64]] = {}
        self._idle: list[Workspace] = []
        self._counting = Lock()

    def run(
        self,
        spikes: NDArray[Any],
        *,
        states: bool = False,
        only: Collection[str] | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> Trace:
        """Run and record spikes and the readout's potential.

        Args:
            spikes: input payloads, (samples, steps, \\*input shape), integers of any width.
            states: also record the potential of every spiking population.
            only: names of the populations whose spikes are recorded; None for all.
            progress: called with the number of samples done.

        Returns:
            The :class:`Trace`: spikes int8, payloads and potentials int32; the input's spikes are
            ``spikes`` itself.

        Raises:
            ValueError: spikes of another shape than the input's, not integers, or beyond
                ``LARGEST_PAYLOAD``; names in ``only`` that no population has.
        """
        program, trace = self.program, Trace()
        check_given(program, spikes)
        known = {p.name for p in program.populations}
        if isinstance(only, str) or not known.issuperset(only or ()):
            raise ValueError(f"only is {only!r}; it has to be a list of {', '.join(sorted(known))}")
        samples, steps = spikes.shape[:2]
        trace.spikes[program.input.name] = spikes
        for p in program.populations:
            wanted = only is None or p.name in only
            if p.neuron is not None and p.neuron.threshold is not None and wanted:
                kind = np.int32 if is_graded(p) else np.int8
                trace.spikes[p.name] = np.zeros((samples, steps, *p.shape), kind)
            if p.neuron is not None and (states or p.neuron.threshold is None):
                trace.potentials[p.name] = np.empty((samples, steps, *p.shape), np.int32)

        def record(chunk: Chunk) -> None:
            first, count = chunk.steps.start, chunk.steps.stop - chunk.steps.start
            for name, out in trace.spikes.items():
                if name != program.input.name:
                    flat = out.reshape(samples, steps, -1)
                    row, graded = self._tables.index[name], is_graded(program.by_name[name])
                    chunk.workspace.write_spikes(row, graded, flat, chunk.samples.start, first, count)
            for name, out in trace.potentials.items():
                flat = out.reshape(samples, steps, -1)
                flat[chunk.samples, chunk.steps] = self.potentials(chunk, name)

        def given(part: slice, of: slice) -> NDArray[Any]:
            return spikes[part, of]

        payloads = bounds(spikes) if self._heard else ANY_PAYLOAD
        potentials, seen = tuple(trace.potentials), {*trace.potentials, *trace.spikes}
        self.stream(given, samples, steps, payloads, potentials, record, progress, seen=seen)
        return trace

    def potentials(self, chunk: Chunk, name: str) -> NDArray[np.int32]:
        """A recorded population's potentials in a chunk: (samples, steps, size), in program's order."""
        row = self._tables.index[name]
        place = self._tables.place[row]
        first = chunk.workspace.plan.record_at[name]
        found = chunk.potentials[:, :, first : first + len(place)]
        if len(self.program.by_name[name].shape) != 3:
            return found
        return found[:, :, place]

    def add_counts(
        self, chunk: Chunk, counts: dict[str, NDArray[np.int64]], *, payloads: bool = True
    ) -> None:
        """Add a chunk's payloads, by population, to ``counts`` (\\*shape); from any thread.

        Without ``payloads`` every spike counts 1.
        """
        steps = chunk.steps.stop - chunk.steps.start
        for name, total in counts.items():
            found = np.zeros(total.size, np.int64)
            graded = payloads and is_graded(self.program.by_name[name])
            chunk.workspace.count_spikes(self._tables.index[name], graded, found, steps)
            with self._counting:
                total += found.reshape(total.shape)

    def stream(
        self,
        source: Source,
        samples: int,
        steps: int,
        payloads: Payloads,
        record: tuple[str, ...],
        sink: Sink,
        progress: Callable[[int], None] | None = None,
        *,
        seen: Collection[str] | None = None,
    ) -> None:
        """Run in blocks of samples and chunks of steps, so that memory stays bounded.

        Args:
            source: gives the input.
            samples, steps: how many.
            payloads: the smallest and the largest input payload.
            record: populations whose potentials are wanted.
            sink: shown each chunk, in the order of steps for each sample; samples in any order, and
                from several threads at once.
            progress: called with the number of samples done.
            seen: populations whose spikes or potentials the sink looks at; None for all. Steps of
                others that cannot reach those any more are left out.

        Raises:
            ValueError: payloads that no spike can carry, or that are not within those stated.
        """
        _check_carried(payloads)
        until = self._last_seen(steps, None if seen is None else frozenset(seen))
        plan = self._plan(payloads if self._heard else ANY_PAYLOAD, record)
        block, chunk = self._portions(plan, samples, steps)
        parts = [slice(s, min(s + block, samples)) for s in range(0, samples, block)]
        threads = self.threads if may_start_threads() else 1
        each = max(1, threads // len(parts)) if parts else 1

        def run(part: slice) -> None:
            workspace = self._workspace(plan, int(part.stop - part.start), chunk)
            workspace.watch(until)
            for of in _slices(steps, chunk):
                spikes = source(part, of)
                check_given(self.program, spikes)
                flat = flattened(spikes)
                potentials = workspace.advance(flat, of.start + 1, payloads, each)
                sink(Chunk(workspace, part, of, potentials))
                workspace.carry_over(flat.shape[1])
            self._idle.append(workspace)

        _share(run, parts, threads, progress)

    def _last_seen(self, steps: int, seen: frozenset[str] | None) -> NDArray[np.int64]:
        """``horizon.last_seen``, of which some are kept: short runs take no longer than that."""
        key = (steps, seen)
        if key not in self._until:
            if len(self._until) >= KEPT:
                self._until.clear()
            self._until[key] = last_seen(self.program, *key)
        return self._until[key]

    def leaves_out(self, steps: int, seen: Collection[str]) -> bool:
        """Whether much of a run cannot reach the populations that are looked at."""
        return worth_leaving_out(self.program, steps, seen)

    def _plan(self, payloads: Payloads, record: tuple[str, ...]) -> Plan:
        key = (payloads, record)
        if key not in self._plans:
            self._plans[key] = make_plan(self._tables, *key)
        return self._plans[key]

    def _workspace(self, plan: Plan, samples: int, chunk: int) -> Workspace:
        """One that an earlier run has left, or a new one: memory that is touched anew is slow."""
        while self._idle:
            try:
                found = self._idle.pop()
            except IndexError:  # another thread took it
                break
            if (found.plan, found.samples, found.chunk) == (plan, samples, chunk):
                found.restart()
                return found
        return Workspace(plan, samples, chunk, self._products)

    def _portions(self, plan: Plan, samples: int, steps: int) -> tuple[int, int]:
        """Samples in a block, steps in a chunk."""
        if self._given_portions is not None:
            block, chunk = self._given_portions
            return max(1, min(block, samples)), max(1, min(chunk, steps))
        step = plan.step_bytes
        fitting = max(1, BUDGET // (step * max(1, min(steps, LONG_ENOUGH))))
        block = max(1, min(-(-samples // self.threads), fitting))
        return block, max(1, min(steps, BUDGET // (step * block)))


def check_given(program: Program, spikes: NDArray[Any]) -> None:
    """Make sure that these are input payloads: the kernels check nothing.

    Raises:
        ValueError: another shape than (samples, steps, \\*input shape), or no integers of this machine.
    """
    if spikes.ndim < 2 or spikes.shape[2:] != program.input.shape:
        wanted = ", ".join(["samples", "steps", *map(str, program.input.shape)])
        raise ValueError(f"expected spikes of shape ({wanted}), got {spikes.shape}")
    if spikes.dtype.kind not in "biu" or not spikes.dtype.isnative:
        raise ValueError(f"expected spikes that are integers, got {spikes.dtype.str}")


def flattened(spikes: NDArray[Any]) -> NDArray[np.int8] | NDArray[np.int64]:
    """(samples, steps, size), in one of two widths: the kernels are compiled for no other."""
    kind = np.int8 if spikes.dtype in (np.bool_, np.int8) else np.int64
    return np.require(spikes, kind, ["C", "W"]).reshape(*spikes.shape[:2], -1)


def _slices(total: int, length: int) -> Iterator[slice]:
    return (slice(first, min(first + length, total)) for first in range(0, total, length))


def _share(
    run: Callable[[slice], None],
    parts: list[slice],
    threads: int,
    progress: Callable[[int], None] | None,
) -> None:
    """Run all parts, some in this thread: a thread that only waits is taken for a busy one when the
    system chooses a core for the next. All in this one where no other can be started."""
    left, done = deque(parts), deque[int]()

    def work(report: Callable[[int], None] | None = None) -> None:
        try:
            while True:
                try:
                    part = left.popleft()
                except IndexError:
                    return
                run(part)
                done.append(int(part.stop - part.start))
                if report is not None:
                    report(sum(done))
        except BaseException:
            left.clear()
            raise

    others = min(threads, len(parts)) - 1
    waiting: list[Future[None]] = []
    with ThreadPoolExecutor(others) if others > 0 else nullcontext() as pool:
        if pool is not None:
            with suppress(RuntimeError):
                waiting += (pool.submit(work) for _ in range(others))
        work(progress)
    for other in waiting:
        other.result()
    if progress is not None:
        progress(sum(done))


def bounds(numbers: NDArray[Any]) -> Payloads:
    """The smallest and the largest of some integers, with zero among them."""
    return min(0, int(numbers.min(initial=0))), max(0, int(numbers.max(initial=0)))


def is_graded(population: ProgramPopulation) -> bool:
    """Whether its spikes have payloads other than 1."""
    return population.neuron is None or population.neuron.code.one_spike


def _check_carried(payloads: Payloads) -> None:
    for payload in payloads:
        if abs(payload) > LARGEST_PAYLOAD:
            raise ValueError(f"a payload of {payload}; spikes carry {LARGEST_PAYLOAD} at the most")
