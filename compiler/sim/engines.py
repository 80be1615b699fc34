"""Which simulator runs a program: the fast engine or the plain reference. Their integers are equal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from snnc.choices import refuse_other
from snnc.errors import fail
from snnc.ir import Program, Trace, size, validate
from snnc.ir.counts import refuse_fractions
from snnc.ir.neuron_models import foreign_models

from . import reference
from .encoding import encode
from .numba_settings import refuse_settings
from .room import refuse_long_run

if TYPE_CHECKING:
    from .fast import Chunk, Simulator
    from .fast.warming import Warmth

FAST, REFERENCE = "fast", "reference"
SIMULATORS = (FAST, REFERENCE)
REFERENCE_BATCH = 64


def check_simulator(name: str) -> None:
    """Refuse a name that no simulator has.

    Raises:
        UserError: D326.
    """
    refuse_other(name, "simulator", SIMULATORS, "--simulator")


def simulator_for(program: Program, wanted: str) -> str:
    """The simulator that runs a program: the plain one where neurons follow a plug-in's arithmetic."""
    return REFERENCE if foreign_models(program) else wanted


def fast_simulator(program: Program, threads: int | None = None) -> Simulator:
    """The fast engine, imported only where it runs: its compiler takes half a second to load.

    Raises:
        UserError: D614 numba does not run here, or not with its settings.
    """
    found: Simulator = load_fast().Simulator(program, threads)
    return found


def compile_kernels() -> Warmth:
    """Have every kernel of the fast engine compiled and kept for later processes.

    Raises:
        UserError: D614 likewise, D613 they were compiled, and are not kept.
    """
    load_fast()
    from .fast.warming import warm_up

    found = warm_up()
    if found.kept < found.forms:
        raise fail(
            "D613",
            f"{found.forms - found.kept} of {found.forms} compiled kernels are not kept",
            where=str(found.folder),
            why="the next process does not find them; a warning above says what was in the way",
            help="set XDG_CACHE_HOME to a folder that only you can write to",
        )
    return found


def load_fast() -> ModuleType:
    """The compiled simulator's module.

    Raises:
        UserError: D614 numba's settings, or numba itself, do not let it start.
    """
    try:
        refuse_settings()
        from . import fast
    except ImportError as problem:
        raise fail(
            "D614",
            f"the fast simulator cannot start: {problem}",
            why="it is compiled by numba, which has to fit this Python and this numpy",
            help="pip install --upgrade numba, or use the reference simulator: --simulator reference",
        ) from problem
    return fast


def simulate(
    program: Program,
    spikes: NDArray[Any],
    *,
    states: bool = False,
    simulator: str = FAST,
    progress: Callable[[int], None] | None = None,
) -> Trace:
    """Run a program and record every spike and the readout's potential.

    Args:
        program: the network.
        spikes: input payloads, integers, (samples, steps, \\*input shape), see :func:`snnc.sim.encode`.
        states: also record the potential of every spiking population.
        simulator: one of ``SIMULATORS``; neurons of a plug-in's model are always run by the plain one.
        progress: called with the number of samples that are done.

    Raises:
        UserError: D506 payloads that are not whole numbers, D326, D614, D139 more than memory holds,
            D331 no package brings a neuron model of the program; the program is not valid
            (:func:`snnc.ir.validate`).
    """
    return Recorder(program, states=states, simulator=simulator).run(spikes, progress)


class Recorder:
    """A program whose runs are recorded, one after another: it is laid out once, in the first."""

    def __init__(self, program: Program, *, states: bool = False, simulator: str = FAST) -> None:
        """As :func:`simulate`, which is one run.

        Raises:
            UserError: D326.
        """
        check_simulator(simulator)
        self._program, self._states, self._simulator = program, states, simulator
        self._fast: Simulator | None = None

    def run(self, spikes: NDArray[Any], progress: Callable[[int], None] | None = None) -> Trace:
        """One run: :func:`simulate`, with what it refuses."""
        program, states = self._program, self._states
        refuse_fractions(spikes, "the input spikes")
        refuse_long_run(validate(program), *spikes.shape[:2], states=states)
        if simulator_for(program, self._simulator) == REFERENCE:
            return reference.simulate(program, spikes, states=states, progress=progress)
        if self._fast is None:
            self._fast = fast_simulator(program)
        return self._fast.run(spikes, states=states, progress=progress)


@dataclass(frozen=True)
class Tally:
    """What a run over frames came to.

    Attributes:
        potential: the readout's after each frame, int32 (samples, frames, \\*shape).
        spikes: payloads summed over samples and steps, int64, by population.
        events: the number of spikes, whatever their payload, likewise.
        whole: False where steps that cannot reach the answers were left out, with their spikes.
    """

    potential: NDArray[np.int32]
    spikes: dict[str, NDArray[np.int64]]
    events: dict[str, NDArray[np.int64]]
    whole: bool = True


def tally(
    program: Program,
    frames: NDArray[Any],
    *,
    simulator: str = FAST,
    threads: int | None = None,
    answers_only: bool = False,
    progress: Callable[[int], None] | None = None,
) -> Tally:
    """Run a program on event counts and keep answers and spike counts: memory does not grow with steps.

    Args:
        program: the network.
        frames: counts, (samples, frames, \\*input shape).
        simulator: one of ``SIMULATORS``.
        threads: of the fast one; all cores of this process where None.
        answers_only: leave out what cannot reach the answers, where that is much.
        progress: called with the number of samples that are done.

    Raises:
        UserError: D506 counts that are not whole numbers, D326, D614.
    """
    check_simulator(simulator)
    refuse_fractions(frames, "the counts")
    validate(program)
    samples, count = frames.shape[:2]
    potential = np.zeros((samples, count, *program.readout.shape), np.int32)
    spikes = {
        p.name: np.zeros(p.shape, np.int64)
        for p in program.populations
        if p.neuron is None or p.neuron.threshold is not None
    }
    result = Tally(potential, spikes, {name: zeros.copy() for name, zeros in spikes.items()})
    if simulator_for(program, simulator) == FAST:
        engine = fast_simulator(program, threads)
        seen = {program.readout.name}
        part = answers_only and engine.leaves_out(program.steps(count), seen)
        _tally_fast(engine, frames, result, seen if part else None, progress or _silent)
        return replace(result, whole=not part)
    _tally_reference(program, frames, result, progress or _silent)
    return result


def _silent(_: int) -> None:
    pass


def _tally_reference(
    program: Program, frames: NDArray[Any], result: Tally, progress: Callable[[int], None]
) -> None:
    for first in range(0, len(frames), REFERENCE_BATCH):
        part = slice(first, min(first + REFERENCE_BATCH, len(frames)))
        trace = reference.simulate(program, encode(program, frames[part]))
        potential = trace.potentials[program.readout.name]
        result.potential[part] = reference.answers(program, potential)
        for name, sent in trace.spikes.items():
            result.spikes[name] += sent.sum(axis=(0, 1), dtype=np.int64)
            result.events[name] += np.count_nonzero(sent, axis=(0, 1))
        progress(part.stop)


def _tally_fast(
    simulator: Simulator,
    frames: NDArray[Any],
    result: Tally,
    seen: set[str] | None,
    progress: Callable[[int], None],
) -> None:
    program = simulator.program
    readout = program.readout
    answer_steps = np.array([program.answer_step(r) - 1 for r in range(frames.shape[1])])
    flat = result.potential.reshape(*frames.shape[:2], size(readout.shape))

    def source(part: slice, steps: slice) -> NDArray[Any]:
        return encode(program, frames[part], steps)

    def keep(chunk: Chunk) -> None:
        now = (answer_steps >= chunk.steps.start) & (answer_steps < chunk.steps.stop)
        at = answer_steps[now] - chunk.steps.start
        flat[chunk.samples, np.flatnonzero(now)] = simulator.potentials(chunk, readout.name)[:, at]
        simulator.add_counts(chunk, result.spikes)
        simulator.add_counts(chunk, result.events, payloads=False)

    # Encoded counts are the counts themselves, their changes or, spread, zeros and ones.
    payloads = (min(0, int(frames.min(initial=0))), max(1, int(frames.max(initial=0))))
    if program.input.sends_changes:
        payloads = (payloads[0] - payloads[1], payloads[1] - payloads[0])
    total = program.steps(frames.shape[1])
    names = (readout.name,)
    simulator.stream(source, len(frames), total, payloads, names, keep, progress, seen=seen)
