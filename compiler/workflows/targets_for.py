"""One table for a user who chooses: what becomes of a model on each target, and what that takes.

Each target compiles the model with its defaults, and runs a few samples on its own engine where that is
installed. Nothing here knows a target: what to buy is a target's own line (``Target.hardware``), times
and energies are what an engine reports under a role (``Measured.role``), and an energy that no engine
reports is estimated as everywhere (``docs/energy.md``), and called so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from snnc.backends import find_backend, registered_backends
from snnc.bounds import Bounds
from snnc.bundle.data import DataSource
from snnc.bundle.still_images import frame_shape, least_axes
from snnc.cost.energy import cost
from snnc.errors import Diagnostic, UserError, counted
from snnc.files.writing import PrivateFolder
from snnc.frontend import ModelSource
from snnc.ir import (
    ENERGY,
    FRAME_ENERGY,
    FRAME_INSTRUCTIONS,
    FRAME_LATENCY,
    LATENCY,
    Code,
    Measured,
)
from snnc.progress import Report, quiet
from snnc.results import Result, Rows
from snnc.sim import tally

from .calibrating import calibration_data
from .compile import Compiled, compile_model
from .options import AUTO, CompileOptions, InputOptions, PipelineOptions, VerifyOptions
from .pipelines import build_pipeline
from .verify import Verification, verify_bundle

SAMPLES = 2
"""That run on each engine, where nobody asks for more."""

ON_ENGINES = Bounds(0, 2**31 - 1)

REFERENCE = "reference"
"""A target without a limit of its own, that data are tried with."""

MEASURED, ESTIMATED = "measured", "estimated"
MEMORY = "fitted"
"""Of the two models of memory that ``docs/energy.md`` has."""

PICOJOULE = 1e-12
COLUMNS = (
    "target",
    "fits",
    "why not",
    "code",
    "decisions kept",
    "accuracy",
    "engine",
    "differ",
    "s a frame",
    "J a frame",
    "energy is",
    "to buy",
    "to install",
)
LIMITS = "4"
"""The group of codes that say what a chip lacks, of every package (``docs/messages.md``)."""


@dataclass(frozen=True)
class Figure:
    """A time, an energy or a number of instructions, of one frame.

    Attributes:
        value: in seconds, joules or instructions.
        how: ``measured`` (by the target's engine, which may be a simulator: see ``source``) or
            ``estimated`` (by a model: of the target's, from what its engine ran, or snnc's of no chip
            in particular; see ``source``).
        source: who says so, of what.
    """

    value: float
    how: str
    source: str


@dataclass(frozen=True)
class Offer:
    """What a target makes of the model.

    Attributes:
        target: as on the command line.
        fits: whether it compiles, and its engine did not refuse it.
        why_not: the first reason, where it does not fit.
        others: how many more reasons there are.
        code: how spikes carry activations; empty where it does not fit.
        steps: time steps a frame.
        decisions: fraction of the float network's decisions that the integers keep, on samples that
            were not used to calibrate; None where nothing could tell.
        accuracy: fractions of right answers of the float network and of the integers on these, where
            there are labels.
        judged: how many samples those are.
        engine: that ran, with its version; empty where none did.
        differ: values that differ there from snnc's simulator; None where it did not run.
        problem: why the engine did not run, where it should have.
        latency, energy: of one frame; None: unknown.
        instructions: that a processor executes for a frame; None where no engine counts any.
        hardware: what to buy; empty: the target does not say.
        install: what to install to check it here; empty where everything is there.
    """

    target: str
    fits: bool
    why_not: Diagnostic | None = None
    others: int = 0
    code: str = ""
    steps: int = 0
    decisions: float | None = None
    accuracy: tuple[float, float] | None = None
    judged: int = 0
    engine: str = ""
    differ: int | None = None
    problem: Diagnostic | None = None
    latency: Figure | None = None
    energy: Figure | None = None
    instructions: Figure | None = None
    hardware: str = ""
    install: str = ""

    def as_json(self) -> dict[str, Any]:
        """Plain types."""
        found = asdict(self)
        for name in ("why_not", "problem"):
            diagnostic = getattr(self, name)
            found[name] = None if diagnostic is None else diagnostic.as_json()
        return found


@dataclass(frozen=True, repr=False)
class Offers(Result):
    """All targets beside each other: those that fit first.

    Attributes:
        model: what they were asked for.
        rows: one a target.
        samples: that ran on engines.
        random: whether these were random counts like those of the calibration data.
    """

    model: str
    rows: tuple[Offer, ...]
    samples: int
    random: bool

    def headline(self) -> str:
        """The result in one line."""
        fitting = [row.target for row in self.rows if row.fits]
        shown = f": {', '.join(fitting)}" if fitting else ""
        return f"{self.model} fits {len(fitting)} of {counted(len(self.rows), 'target')}{shown}"

    def table(self) -> Rows:
        """A row for each target; None where something is unknown."""
        return Rows(COLUMNS, tuple(self._row(row) for row in self.rows))

    def _row(self, row: Offer) -> Sequence[Any]:
        return (
            row.target,
            row.fits,
            None if row.why_not is None else f"{row.why_not.code}: {row.why_not.what}",
            row.code,
            row.decisions,
            None if row.accuracy is None else row.accuracy[1],
            row.engine,
            row.differ,
            None if row.latency is None else row.latency.value,
            None if row.energy is None else row.energy.value,
            None if row.energy is None else row.energy.how,
            row.hardware,
            row.install,
        )

    def as_json(self) -> dict[str, Any]:
        """Plain types, for ``targets --for MODEL --json``."""
        return {
            "model": self.model,
            "samples": self.samples,
            "input": "random" if self.random else "data",
            "targets": [row.as_json() for row in self.rows],
        }


@dataclass(frozen=True)
class OfferOptions:
    """What is asked of every target.

    Attributes:
        targets: names with options; empty for all that can be used, with their defaults.
        data: calibrates, judges and runs; None for data that the model carries.
        samples: that run on each engine; 0 runs none.
        repeat: frames that show each still image of the data.
        time_limit: seconds that an engine may take.
    """

    targets: tuple[str, ...] = ()
    data: DataSource | None = None
    samples: int = SAMPLES
    repeat: int | None = None
    time_limit: float = field(default=VerifyOptions().time_limit)


def targets_for(source: ModelSource, options: OfferOptions, *, report: Report = quiet) -> Offers:
    """Compile a model for every target, and run each where that can be done.

    Args:
        source: the model.
        options: which targets, and on what data.
        report: progress, a target at a time.

    Raises:
        UserError: the model or the data cannot be read, or a target that was named does not exist.
    """
    names = options.targets or tuple(f.name for f in registered_backends() if f.backend is not None)
    for name in names:
        find_backend(name)
    data, repeat = options.data, options.repeat

    def shape() -> Any:
        assert data is not None
        return frame_shape(data.values(least_axes(repeat)), repeat)

    # What is wrong with the model or the data is said once, and not as what a target lacks.
    if source.load_integers(None if data is None else shape) is None:
        model = source.load(None if data is None else shape)
        if data is not None:
            reference = find_backend(REFERENCE)
            asked = build_pipeline(reference, PipelineOptions(code=AUTO))
            calibration_data(model, data, reference.target, InputOptions(repeat=repeat), asked)
    elif data is not None:
        shape()
    found: list[Offer] = []
    for number, name in enumerate(names):
        report(name, number, len(names))
        with PrivateFolder("snnc-targets-") as place:
            found.append(_offer(source, name, options, Path(place) / "bundle"))
    report("done", len(names), len(names))
    found.sort(key=lambda row: not row.fits)
    return Offers(source.path.name, tuple(found), options.samples, data is None)


def _offer(source: ModelSource, name: str, options: OfferOptions, folder: Path) -> Offer:
    """One target's row."""
    backend = find_backend(name)
    engines = tuple(backend.engines())
    install = "" if not engines or any(e.installed for e in engines) else engines[0].how_to_install
    row = Offer(name, False, hardware=backend.target.hardware, install=install)
    asked = CompileOptions(
        name,
        PipelineOptions(code=AUTO),
        options.data,
        input=InputOptions(repeat=options.repeat),
    )
    try:
        compiled = compile_model(source, asked, folder)
    except UserError as refused:
        first, *others = refused.diagnostics
        return replace(row, why_not=first, others=len(others))
    row = _kept(replace(row, fits=True), compiled)
    if not options.samples:
        return row
    asked_of_it = VerifyOptions(options.data, options.samples, time_limit=options.time_limit)
    try:
        return _run(row, compiled, verify_bundle(folder, asked_of_it))
    except UserError as refused:
        first, *others = refused.diagnostics
        if first.code[1:2] == LIMITS:
            return replace(row, fits=False, why_not=first, others=len(others))
        return replace(row, problem=first)


def _kept(row: Offer, compiled: Compiled) -> Offer:
    kept = compiled.manifest.kept
    codes = {p.neuron.code for p in compiled.program.populations if p.neuron is not None}
    # A readout has no code, and says rate.
    code = next((c for c in codes if c.exact), Code.RATE).value
    row = replace(row, code=code, steps=compiled.program.steps_per_frame)
    if kept is None:
        return row
    return replace(row, decisions=kept.decisions, accuracy=kept.accuracy, judged=kept.samples)


def _run(row: Offer, compiled: Compiled, found: Verification) -> Offer:
    """What a run on the engine adds; an energy is estimated where no engine says one."""
    samples, frames = found.data.x.shape[:2]
    latency = of_a_frame(found.measured, LATENCY, FRAME_LATENCY, frames)
    energy = of_a_frame(found.measured, ENERGY, FRAME_ENERGY, frames)
    executed = of_a_frame(found.measured, "", FRAME_INSTRUCTIONS, frames)
    if energy is None and samples and executed is None:  # a processor is no such circuit
        ran = tally(compiled.program, found.data.x)
        spent = cost(compiled.program, compiled.manifest.ann, found.data.x, ran.events)
        joules = spent.energies[MEMORY].snn.total.total * PICOJOULE
        source = "snnc, of a 45 nm circuit, not of the chip: docs/energy.md"
        energy = Figure(joules / frames, ESTIMATED, source)
    row = replace(row, latency=latency, energy=energy, instructions=executed)
    if found.missing is not None:
        return row
    engine = f"{found.engine.name} {found.engine.version}".strip()
    return replace(row, engine=engine, differ=found.comparison.mismatches)


def of_a_frame(
    measured: Sequence[Measured], of_sample: str, of_frame: str, frames: int
) -> Figure | None:
    """What an engine reports of a frame, or of a sample of so many frames."""
    roles = {each.role: each for each in measured if each.role}
    if found := roles.get(of_frame):
        return Figure(found.value, _how(found), found.source)
    if (found := roles.get(of_sample)) and frames:
        return Figure(found.value / frames, _how(found), found.source)
    return None


def _how(found: Measured) -> str:
    return ESTIMATED if found.estimated else MEASURED
