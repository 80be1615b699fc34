"""A bundle's program on a simulator of ours: answers, spike counts, operations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.backends import find_backend
from snnc.bundle.data import Data
from snnc.bundle.folder import Contents, checked_files, read_bundle
from snnc.cost.energy import Cost, cost
from snnc.errors import Diagnostic, counted, fail, nearest
from snnc.ir import Integers, Kind, Program
from snnc.progress import Report, quiet
from snnc.results import Result, Rows, warned
from snnc.sim import Tally, check_simulator, encode, simulate, tally
from snnc.sim.room import refuse_long_run

from .data_warnings import about_data
from .deployed import payload_differences
from .given_data import load_input
from .nir_effects import silence
from .options import RunOptions
from .running_apart import Sent, tally_apart

BLOCK = 32
"""Samples whose every step is recorded at a time, before what nobody asked for is left out."""


@dataclass(frozen=True, eq=False, repr=False)
class Run(Result):
    """What a run gave.

    Attributes:
        bundle: what ran.
        data: counts, int64 (samples, frames, \\*input shape), and labels, if any.
        potential: the readout's after each frame, int32 (samples, frames, \\*readout shape), in the
            chip's units: ``potential_of_one`` of them are 1 in the units of the model.
        spikes: of the populations that were recorded, (samples, steps, \\*shape): int8, 0 or 1, or
            int32 where spikes carry payloads.
        potentials: likewise the potential after each step, int32, in the chip's units.
        warnings: what the data do that the bundle was not made for.
        simulator: that it ran on.
        tallied: spike counts, of all steps or of those that can reach the answers.
    """

    bundle: Contents
    data: Data
    potential: NDArray[np.int32]
    warnings: tuple[Diagnostic, ...]
    simulator: str
    tallied: Tally
    spikes: dict[str, Integers] = field(default_factory=dict)
    potentials: dict[str, NDArray[np.int32]] = field(default_factory=dict)

    @cached_property
    def _whole(self) -> Tally:
        """Of all steps: another run, where those that cannot reach the answers were left out."""
        if self.tallied.whole:
            return self.tallied
        return tally(self.bundle.program, self.data.x, simulator=self.simulator)

    @property
    def spike_counts(self) -> dict[str, NDArray[np.int64]]:
        """By population, payloads summed over samples and steps, int64 (\\*shape)."""
        return self._whole.spikes

    @property
    def events(self) -> dict[str, NDArray[np.int64]]:
        """By population, the number of spikes, likewise."""
        return self._whole.events

    @property
    def potential_of_one(self) -> float:
        """The potential that stands for 1 in the units of the model."""
        return self.bundle.manifest.readout.potential_of_one

    @property
    def answers(self) -> NDArray[np.float64]:
        """The readout after each frame in the units of the model: (samples, frames, \\*shape)."""
        return np.asarray(self.potential / self.potential_of_one)

    @property
    def predictions(self) -> NDArray[np.int64]:
        """The largest readout after each frame: (samples, frames)."""
        flat = self.potential.reshape(*self.potential.shape[:2], -1)
        return np.asarray(flat.argmax(axis=-1))

    @property
    def accuracy(self) -> NDArray[np.float64] | None:
        """Fraction of right answers after each frame: (frames,); None without labels."""
        if self.data.y is None:
            return None
        return np.asarray((self.predictions == self.data.y[:, None]).mean(axis=0))

    @cached_property
    def cost(self) -> Cost:
        """Operations and estimated energy, compared with those of the ANN (``docs/energy.md``)."""
        return cost(self.bundle.program, self.bundle.manifest.ann, self.data.x, self.events)

    def headline(self) -> str:
        """The result in one line."""
        samples, frames = self.potential.shape[:2]
        found = f"{counted(samples, 'sample')}, {counted(frames, 'frame')} each"
        right = self.accuracy
        if right is not None:
            found += f"; accuracy {right[-1]:.1%} after the last frame"
        if self.spikes:
            found += f"; recorded {', '.join(self.spikes)}"
        return found + warned(self.warnings)

    def table(self) -> Rows:
        """A row for each sample and frame."""
        labels, found = self.data.y, self.predictions
        label = (lambda n: None) if labels is None else (lambda n: int(labels[n]))
        return Rows(
            ("sample", "frame", "prediction", "label"),
            tuple(
                (n, r, int(found[n, r]), label(n))
                for n in range(found.shape[0])
                for r in range(found.shape[1])
            ),
        )

    def as_json(self) -> dict[str, Any]:
        """Plain types, for ``run --json``."""
        right = self.accuracy
        return {
            "samples": self.potential.shape[0],
            "frames": self.potential.shape[1],
            "potential_of_one": self.potential_of_one,
            "predictions": self.predictions.tolist(),
            "accuracy": None if right is None else right.tolist(),
            "spikes": {name: int(counts.sum()) for name, counts in self.events.items()},
            "warnings": [warning.as_json() for warning in self.warnings],
        }


def run_bundle(folder: Path, options: RunOptions, *, report: Report = quiet) -> Run:
    """Run a bundle's program on a simulator of ours.

    Args:
        folder: the bundle.
        options: data, simulator, and what is recorded.
        report: progress.

    Raises:
        UserError: the bundle, the data or the simulator cannot be used.
    """
    check_simulator(options.simulator)
    options.place.check()
    bundle, warnings = read_bundle(folder, allow_altered=options.allow_altered)
    backend = find_backend(bundle.manifest.target, where=str(folder))
    with checked_files(bundle) as files:
        payload_differences(backend, bundle, files, options.allow_altered)
    read = load_input(bundle, options.data, options.samples)
    warnings += about_data(bundle, read, backend.target)
    total = len(read.x)

    def progress(done: int) -> None:
        report("run", done, total)

    record = _recorded_names(bundle.program, options.record)
    if options.place.named:
        threads = 1 if options.place.scheduler else None
        sent = Sent(bundle.program, options.simulator, not options.operations, threads)
        found = tally_apart(sent, read.x, options.place, report)
    else:
        found = tally(
            bundle.program,
            read.x,
            simulator=options.simulator,
            answers_only=not options.operations,
            progress=progress,
        )
    if not found.whole and not _spikes(bundle.program, found.events):
        found = tally(bundle.program, read.x, simulator=options.simulator)
    warnings += _about_spikes(bundle.program, found.events, read.x)
    spikes, potentials = record_steps(bundle.program, read.x, record, options.simulator)
    return Run(
        bundle,
        read,
        found.potential,
        tuple(warnings),
        options.simulator,
        found,
        spikes,
        potentials,
    )


def _spikes(program: Program, events: Mapping[str, NDArray[np.int64]]) -> bool:
    return any(np.any(events[p.name]) for p in program.populations if p.kind is Kind.NEURONS)


def _about_spikes(
    program: Program, events: Mapping[str, NDArray[np.int64]], counts: NDArray[np.int64]
) -> list[Diagnostic]:
    """N787 where the network has spiking neurons and none of them spiked."""
    if _spikes(program, events) or not any(p.kind is Kind.NEURONS for p in program.populations):
        return []
    samples = counted(len(counts), "sample")
    return [silence(program.name, samples, counts.shape[1], program.step_seconds)]


def _recorded_names(program: Program, names: tuple[str, ...]) -> tuple[str, ...]:
    """The populations to record, each once.

    Raises:
        UserError: D338 there is no such population.
    """
    for name in names:
        if name not in program.by_name:
            raise fail(
                "D338",
                f"no population {name!r}",
                where="record",
                why=f"the program has {', '.join(program.by_name)}",
                help=nearest(name, program.by_name) or "use one of them",
            )
    return tuple(dict.fromkeys(names))


def record_steps(
    program: Program, counts: NDArray[np.int64], names: tuple[str, ...], simulator: str
) -> tuple[dict[str, Integers], dict[str, NDArray[np.int32]]]:
    """Spikes and potentials of some populations at every time step.

    Args:
        program: the network.
        counts: (samples, frames, \\*input shape).
        names: populations.
        simulator: ``fast`` or ``reference``.

    Returns:
        Spikes and potentials by name, (samples, steps, \\*shape), as :class:`Run` has them: the readout
        has no spikes, the input no potential.

    Raises:
        UserError: D139 they are more than memory holds.
    """
    if not names:
        return {}, {}
    refuse_long_run(program, len(counts), program.steps(counts.shape[1]), states=True)
    parts = [
        simulate(program, encode(program, counts[n : n + BLOCK]), states=True, simulator=simulator)
        for n in range(0, len(counts), BLOCK)
    ]
    spikes, potentials = (
        {name: np.concatenate([part[name] for part in found]) for name in names if name in found[0]}
        for found in ([p.spikes for p in parts], [p.potentials for p in parts])
    )
    return spikes, potentials
