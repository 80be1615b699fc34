"""A bundle on a simulator of ours and on an engine, and the two compared: block by block, where
hidden potentials are recorded, so that memory does not grow with the number of samples."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from snnc.backends import Backend, Emitted, Engine, called
from snnc.bundle.data import Data
from snnc.errors import Diagnostic, Severity, blamed, counted, fail
from snnc.files.memory import machine_memory, over_limit
from snnc.ir import Measured, Program, Trace, size
from snnc.progress import Report
from snnc.sim import FAST, REFERENCE, encode, simulate
from snnc.verify import Comparison, compare, joined
from snnc.verify.compare import SPIKES, compared_quantities

BLOCK_BYTES = 2**30
"""What a block of samples may take with all that is recorded of it, unless one sample takes more."""

BYTES_A_VALUE = 16
"""Of a value that is compared: four for the simulator's, the engine's and the engine's own copy each,
and the rest for the comparison."""

SHARE_OF_MEMORY = 0.5
"""That this process may use, which one sample may take."""

LEAST_SECONDS = 0.001


@dataclass(frozen=True)
class Runs:
    """Two runs of the same program.

    Attributes:
        backend, engine: where the payload runs.
        files: a private copy of what was checked of the bundle.
        payload: what the manifest says it consists of.
        simulator: of ours, for the program.
        potentials: whether hidden potentials are compared too.
        time_limit: seconds that the engine may take, all blocks together.
        altered: whether the payload is known to be another than the compiler wrote.
        only: the hidden populations that are compared; None for all.
    """

    backend: Backend
    engine: Engine
    files: Path
    payload: Emitted
    simulator: str
    potentials: bool
    time_limit: float
    altered: bool = False
    only: frozenset[str] | None = None


def check_potentials(backend: Backend, engine: Engine) -> None:
    """Make sure that an engine can show hidden potentials.

    Raises:
        UserError: D525.
    """
    if engine.potentials:
        return
    able = [e.name for e in backend.engines() if e.potentials]
    raise fail(
        "D525",
        f"engine {engine.name} cannot show the potentials of hidden populations",
        where="--potentials",
        why=f"{', '.join(able) if able else 'no engine'} of the target {backend.name} can; "
        "spikes are compared without the option",
        help=f"use --engine {' or '.join(able)}, or leave --potentials out"
        if able
        else "leave --potentials out",
    )


Blocks = Iterator[tuple[slice, Comparison, tuple[Measured, ...]]]
"""Comparisons of blocks of samples, in their order, and what the engine measured of each."""


def compare_blocks(program: Program, data: Data, runs: Runs, report: Report) -> Blocks:
    """Compare block after block, in this process; all samples are one, without hidden potentials."""
    deadline = time.monotonic() + runs.time_limit
    for part in _blocks(len(data.x), block_length(program, data, runs)):
        yield part, *compare_block(program, data, part, runs, deadline, report)


def block_length(program: Program, data: Data, runs: Runs) -> int:
    """How many samples are compared at once, because of the memory that they take.

    Raises:
        UserError: D526 a sample needs too much memory.
    """
    total, steps = len(data.x), program.steps(data.x.shape[1])
    return samples_a_block(program, steps, total) if runs.potentials else max(1, total)


def together(
    blocks: Blocks, samples: int, engine: Engine
) -> tuple[Comparison, tuple[Measured, ...], tuple[Diagnostic, ...]]:
    """One comparison of all blocks of ``samples``.

    Returns:
        The comparison, what the engine measured (of several blocks, of each), and warnings: N770 for
        each hidden population whose potentials the engine could not show.

    Raises:
        UserError: D527 no hidden potential could be compared; whatever the blocks raise.
    """
    parts: list[Comparison] = []
    measured: list[Measured] = []
    for part, comparison, said in blocks:
        parts.append(comparison)
        measured += said if part.stop - part.start >= samples else _of_block(said, part)
    whole = joined(parts)
    return whole, tuple(measured), tuple(_unread(whole, engine))


def compare_simulators(program: Program, data: Data, report: Report) -> Comparison:
    """The fast simulator compared with the reference, value by value: what needs no engine.

    Raises:
        UserError: D526 a sample needs too much memory.
    """
    total, steps = len(data.x), program.steps(data.x.shape[1])
    parts = []
    for part in _blocks(total, samples_a_block(program, steps, total)):
        spikes = encode(program, data.x[part])
        traces = []
        for name in (REFERENCE, FAST):
            report(f"{name} simulator", part.start, total)
            traces.append(simulate(program, spikes, simulator=name))
        parts.append(compare(program, *traces))
    return joined(parts)


def samples_a_block(program: Program, steps: int, samples: int) -> int:
    """How many samples are run at once where every value is recorded: 1 or more.

    Args:
        program: the network.
        steps: time steps of a sample.
        samples: how many there are.

    Raises:
        UserError: D526 not even one fits the memory.
    """
    values = steps * sum(_recorded(program))
    needed, most = values * BYTES_A_VALUE, int(machine_memory() * SHARE_OF_MEMORY)
    if needed > most:
        taken, half = over_limit(needed, most)
        raise fail(
            "D526",
            f"one sample with hidden potentials needs {taken}, half of the memory that "
            f"this process may use is {half}",
            where="--potentials",
            why=f"{counted(values, 'value')} ({counted(steps, 'step')}), {BYTES_A_VALUE} bytes each "
            "with the engine's copies",
            help="use data with fewer frames, or leave --potentials out",
        )
    return max(1, min(samples, BLOCK_BYTES // max(1, needed)))


def _recorded(program: Program) -> Iterator[int]:
    """Values of each population in one step: its spikes, and its potentials where it has any."""
    for population in program.populations:
        hidden = population.neuron is not None and population.neuron.threshold is not None
        yield size(population.shape) * (2 if hidden else 1)


def _blocks(total: int, length: int) -> Iterator[slice]:
    return (slice(first, min(first + length, total)) for first in range(0, max(1, total), length))


def compare_block(
    program: Program, data: Data, part: slice, runs: Runs, deadline: float, report: Report
) -> tuple[Comparison, tuple[Measured, ...]]:
    """Run some samples on both and compare every value.

    Args:
        program: as compiled.
        data: all samples.
        part: those of the block.
        runs: the two runs.
        deadline: when the engine has to be done, of ``time.monotonic()``.
        report: progress.

    Raises:
        UserError: the engine failed; D572 its payload was altered and is another network.
    """
    total = len(data.x)
    spikes = encode(program, data.x[part])
    ours, name = f"{runs.simulator} simulator", runs.engine.name
    report(ours, part.start, total)
    expected = simulate(
        program,
        spikes,
        states=runs.potentials,
        simulator=runs.simulator,
        progress=lambda n: report(ours, part.start + n, total),
    )
    report(name, part.start, total)
    # A back end whose engines show none need not know of the argument.
    asked: dict[str, Any] = {"potentials": True} if runs.potentials else {}
    if runs.only is not None and runs.engine.partial:
        asked["populations"] = runs.only
    with blamed(called(runs.backend), f"running the engine {name}"):
        actual = runs.backend.run(
            name,
            runs.files,
            runs.payload,
            spikes,
            time_limit=max(LEAST_SECONDS, deadline - time.monotonic()),
            progress=lambda n: report(name, part.start + n, total),
            **asked,
        )
        _refuse_unknown(program, actual)
        if runs.altered:
            refuse_others(program, expected, actual, potentials=runs.potentials, only=runs.only)
        comparison = compare(program, expected, actual, potentials=runs.potentials, only=runs.only)
    return comparison, actual.measured


def refuse_others(
    program: Program,
    expected: Trace,
    actual: Trace,
    *,
    potentials: bool = False,
    only: frozenset[str] | None = None,
) -> None:
    """Make sure that an altered payload still has the program's populations, as large as they were.

    Args:
        program: as compiled.
        expected: of a simulator of ours.
        actual: of the engine that ran the payload.
        potentials: whether those of hidden populations are compared too.
        only: the hidden populations that are compared; None for all.

    Raises:
        UserError: D572.
    """
    for name, quantity in compared_quantities(program, potentials, actual.unread, only):
        traces = [t.spikes if quantity == SPIKES else t.potentials for t in (expected, actual)]
        meant, found = (values[name].shape[2:] if name in values else None for values in traces)
        if meant != found:
            said = "has no" if found is None else f"has {found} of"
            raise fail(
                "D572",
                f"the altered payload {said} {quantity}, the program has {meant}",
                where=name,
                why="a run can be compared only where it has the program's populations and shapes",
                help="compile the model again",
            )


def _refuse_unknown(program: Program, actual: Trace) -> None:
    """An engine may not excuse itself from what is no hidden population, nor without a reason."""
    for name, reason in actual.unread.items():
        population = program.by_name.get(name)
        hidden = population is not None and population.neuron is not None
        if not hidden or name == program.readout.name or not reason:
            raise ValueError(f"unread has {name!r} because of {reason!r}")


def _of_block(found: Sequence[Measured], part: slice) -> list[Measured]:
    """What was measured on some samples, with their numbers."""
    of = f", samples {part.start} to {part.stop - 1}"
    return [replace(each, source=each.source + of) for each in found]


def _unread(comparison: Comparison, engine: Engine) -> Iterator[Diagnostic]:
    """One warning for each population whose potentials were not compared.

    Raises:
        UserError: D527 none was, though there are hidden populations.
    """
    hidden = {row.population for row in comparison.populations if row.quantity == "spikes"}
    unread = dict(comparison.unread)
    if hidden and hidden <= set(unread):
        raise fail(
            "D527",
            f"engine {engine.name} has no hidden potential of this network to compare",
            where="--potentials",
            why="; ".join(f"{name}: {reason}" for name, reason in unread.items()),
            help="leave --potentials out: spikes and the readout's potential are compared without it",
        )
    for name, reason in unread.items():
        yield Diagnostic(
            "N770",
            f"its potentials are not compared: {reason}",
            name,
            severity=Severity.WARNING,
        )
