"""The ladder: from the model as torch runs it to the chip's engine, each compared with the one above.

    torch model                        what was trained
    graph in floats                    what the front end read
    graph on the input's counts        values that were rounded, where the input takes values
    graph with quantized activations   the levels that spikes can say
    graph with the chip's weights      integers on the chip's grid, times a scale
    integer program                    the same in time steps, compiled again, fast simulator
    bundle                             as read back from disk
    engine ...                         the target's payload on its own engine

Where a rung differs from the one above, the cause is named. The last three are compared twice: on the
data, and integer by integer, because data need not exercise every weight. A network of neurons of its
own (NIR) has only those three, and is told that the ones above are missing (N731).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.backends import Backend, Engine, called, find_backend
from snnc.backends.payload_files import read_payload
from snnc.backends.program_copy import PROGRAM as PROGRAM_FILE
from snnc.backends.program_copy import WEIGHTS as WEIGHTS_FILE
from snnc.backends.program_copy import differences
from snnc.bundle.data import Data
from snnc.bundle.folder import Contents, checked_files, read_bundle
from snnc.choices import not_together
from snnc.errors import Diagnostic, blamed
from snnc.frontend import Model
from snnc.frontend.torch_export.torch_run import run_torch
from snnc.ir import Integers, Program, Trace, read_program
from snnc.lowering import lower
from snnc.passes import Pipeline
from snnc.progress import Report, quiet
from snnc.results import Result, Rows
from snnc.sim import answers, encode, simulate
from snnc.verify import Comparison, compare
from snnc.verify.causes import levels_cause, program_difference, rounding_cause, spiking_cause
from snnc.verify.observed import observe
from snnc.verify.rounded import RoundedWeights, rounded_weights
from snnc.verify.rungs import Rung, between, right_by_frame, step_by_step

from .attempt import context_of
from .comparing import refuse_others
from .data_warnings import about_data
from .deployed import (
    about_comparison,
    check_time_limit,
    engine_or_reason,
    on_engine,
    payload,
    payload_differences,
)
from .given_data import load_input
from .ladder_notes import nothing_above, stand_in
from .live_network import data_of_network, live_rungs, weights_and_program
from .options import Origin, VerifyOptions
from .sources import find_calibration, find_model
from .stages import COUNTS, FLOATS, LEVELS, PROGRAM, WEIGHTS, Stages

TORCH, BUNDLE = "torch model", "bundle"

ANYWHERE = Origin()
"""Model and calibration data are where the manifest says."""

FLOAT32_NOISE = 1e-4
"""Relative: torch computes in single precision."""

NOISE = 1e-9
"""Relative: what double precision leaves."""


@dataclass(frozen=True, eq=False, repr=False)
class Ladder(Result):
    """All rungs, from the model down.

    ``missing`` says why there is no rung of the engine; None where there is one.
    """

    bundle: Contents
    engine: Engine
    data: Data
    random: bool
    rungs: tuple[Rung, ...]
    warnings: tuple[Diagnostic, ...]
    missing: Diagnostic | None = None

    @property
    def first_difference(self) -> Rung | None:
        """The first rung that differs from the one above."""
        return next((r for r in self.rungs if r.differs), None)

    @property
    def first_broken(self) -> Rung | None:
        """The first rung that differs and must not."""
        return next((r for r in self.rungs if r.equal and r.differs), None)

    @property
    def different(self) -> bool:
        """Whether two rungs differ that must be equal."""
        return self.first_broken is not None

    def headline(self) -> str:
        """The result in one line."""
        first = self.first_difference
        end = "no rung differs" if first is None else f"first difference: {first.name}, {first.cause}"
        return f"{len(self.rungs)} rungs; {end}"

    def table(self) -> Rows:
        """A row for each population of each rung."""
        columns = ("rung", "population", "values", "differ", "largest", "mean", "cause")
        return Rows(
            columns,
            tuple(
                (r.name, g.population, g.compared, g.differences, g.max_abs, g.mean_abs, r.cause)
                for r in self.rungs
                for g in r.gaps
            ),
        )

    def as_json(self) -> list[dict[str, Any]]:
        """Plain types, for ``verify --ladder --json``."""
        return [rung.as_json() for rung in self.rungs]

    @property
    def only_integers(self) -> bool:
        """Whether it begins with the integer program: the network spiked already."""
        return self.rungs[0].name == PROGRAM

    @property
    def not_compared(self) -> list[str]:
        """What the program's rung leaves out of what the rung above it has."""
        found = []
        for above, rung in pairwise(self.rungs):
            before = {g.population: g.compared for g in above.gaps if rung.name == PROGRAM}
            short = [g.population for g in rung.gaps if g.compared < before.get(g.population, 0)]
            if short:
                found.append(
                    f"{rung.name}: the last frames of {', '.join(short)} end after the run, "
                    "and are not compared"
                )
        return found


def climb(
    folder: Path,
    options: VerifyOptions,
    origin: Origin = ANYWHERE,
    *,
    with_engine: bool = True,
    report: Report = quiet,
) -> Ladder:
    """Compare neighbouring rungs on the same input.

    Where no engine is installed, and none is named, the ladder ends with the bundle and says so.

    Args:
        folder: the bundle.
        options: data and engine, as for ``verify_bundle``; the ladder has a simulator of its own and
            compares no hidden potentials.
        origin: model and calibration data; what is None is looked for where it was.
        with_engine: whether the engine has a rung; without, the ladder ends with the bundle.
        report: progress.

    Raises:
        UserError: the bundle, the model, the data or the engine cannot be used; D327 options that are
            not the ladder's.
    """
    _refuse_options(options)
    check_time_limit(options.time_limit)
    bundle, warnings = read_bundle(folder, allow_altered=options.allow_altered)
    backend = find_backend(bundle.manifest.target)
    with checked_files(bundle) as files:
        deployed = payload_differences(backend, bundle, files, options.allow_altered)
        chosen, missing = engine_or_reason(backend, options.engine)
        given = load_input(bundle, options.data, options.samples)
        warnings += about_data(bundle, given, backend.target)
        model = find_model(bundle, origin)
        calibration = find_calibration(bundle, model, origin.calibration)
        recompiled = _Recompiled(bundle, backend, model, calibration)
        given, left_out = data_of_network(model, given)
        warnings += left_out
        rungs = _upper(recompiled, given, report)
        traces = _traces(recompiled, bundle, given, report)
        spikes = encode(bundle.program, given.x)
        if rungs:
            rungs.append(_program_rung(recompiled, given, traces[PROGRAM], spikes))
            if recompiled.graphs[FLOATS].trained_steps is not None:
                warnings.append(stand_in(bundle))
        else:
            rungs.append(Rung(PROGRAM, None))
            warnings.append(nothing_above(bundle))
        rungs.append(_bundle_rung(recompiled, bundle, files, traces))
        if missing is None and with_engine:
            found = on_engine(backend, chosen, bundle, files, spikes, options.time_limit, report)
            if deployed:
                refuse_others(bundle.program, traces[BUNDLE], found)
            with blamed(called(backend), f"running the engine {chosen.name}"):
                compared = compare(bundle.program, traces[BUNDLE], found)
            rung = _traced(
                compared, BUNDLE, f"engine {chosen.name}", traces[BUNDLE], found, bundle.program
            )
            rungs.append(_explained(rung, deployed, _payload_difference(bundle, files) or "engine"))
            warnings += about_comparison(compared, chosen)
    drawn = options.data is None
    return Ladder(bundle, chosen, given, drawn, tuple(rungs), tuple(warnings), missing)


def _refuse_options(options: VerifyOptions) -> None:
    """Refuse what the ladder does not have.

    Raises:
        UserError: D327.
    """
    if options.simulator is not None:
        raise not_together(
            "the ladder's integers are always run by the fast simulator",
            where="--simulator",
            help="leave it out, or leave --ladder out",
        )
    if options.potentials:
        raise not_together(
            "the ladder compares spikes and answers, not hidden potentials",
            where="--potentials",
            why="its upper rungs are not integers and have none that could be compared",
            help="run verify twice: once with --ladder, once with --potentials",
        )


def _traces(recompiled: _Recompiled, bundle: Contents, data: Data, report: Report) -> dict[str, Trace]:
    """The program, compiled again and as read back, on the fast simulator."""
    spikes = encode(bundle.program, data.x)
    traces: dict[str, Trace] = {}
    for name, program in ((PROGRAM, recompiled.program), (BUNDLE, bundle.program)):
        report(name, 0, len(spikes))
        traces[name] = simulate(program, spikes)
    return traces


def _bundle_rung(
    recompiled: _Recompiled, bundle: Contents, files: Path, traces: Mapping[str, Trace]
) -> Rung:
    """The bundle as read back from disk, compared with its model compiled again."""
    different = program_difference(recompiled.program, bundle.program)
    compared = compare(bundle.program, traces[PROGRAM], traces[BUNDLE])
    rung = _traced(compared, PROGRAM, BUNDLE, traces[PROGRAM], traces[BUNDLE], bundle.program)
    return _explained(rung, _altered_integers(recompiled.program, bundle, files), different)


class _Recompiled(Stages):
    """The model compiled again with the bundle's own passes, and the graphs on the way."""

    def __init__(
        self, bundle: Contents, backend: Backend, model: Model, counts: NDArray[np.int64] | None
    ) -> None:
        grid = bundle.manifest.input.grid
        super().__init__(model.graph, grid)
        self.model = model
        pipeline = Pipeline.parse(bundle.manifest.passes)
        graph = pipeline.run(model.graph, context_of(backend.target, counts, [], grid), self.keep)
        self.finish(graph)
        self.program = lower(graph, backend.target)


def _upper(recompiled: _Recompiled, data: Data, report: Report) -> list[Rung]:
    """The rungs whose values are real numbers, frame by frame; none of a file of neurons that spike."""
    if recompiled.model.live is not None:
        return live_rungs(recompiled, recompiled.model, data)
    if recompiled.graphs[FLOATS].frame_is_step:
        return []
    readout = recompiled.model.graph.readout.name
    above: Mapping[str, NDArray[Any]] = {}
    rungs = []
    if recompiled.model.step is not None:
        total = len(data.x)
        report(TORCH, 0, total)
        above = run_torch(recompiled.model.step, readout, data.meant, lambda n: report(TORCH, n, total))
        rungs.append(Rung(TORCH, None, accuracy=right_by_frame(above[readout], data.y)))
    for name in recompiled.graphs:
        report(name, 0, 1)
        values = recompiled.values(name, data)
        if not rungs:
            rung = Rung(name, None)
        else:
            tolerance = FLOAT32_NOISE if name in (FLOATS, COUNTS) else NOISE
            rung = between(name, rungs[-1].name, above, values, readout, tolerance)
        cause = _cause(rung, recompiled) if rung.differences else None
        right = right_by_frame(values[readout], data.y)
        rungs.append(replace(rung, cause=cause, accuracy=right, weights=_rounded(recompiled, name)))
        above = values
    return rungs


def _rounded(recompiled: _Recompiled, name: str) -> tuple[RoundedWeights, ...]:
    """What the rung of the chip's weights did to them; nothing for any other."""
    graphs = recompiled.graphs
    if name != WEIGHTS or LEVELS not in graphs:
        return ()
    return rounded_weights(graphs[LEVELS], graphs[WEIGHTS])


def _cause(rung: Rung, recompiled: _Recompiled) -> str:
    """Why one of the upper rungs differs from the one above it."""
    assert rung.first is not None
    graphs, name = recompiled.graphs, rung.first.population
    if rung.name == WEIGHTS:
        return rounding_cause(graphs[LEVELS], graphs[WEIGHTS])
    if rung.name == COUNTS:
        return "input: values are rounded to the counts that the target's input takes"
    if rung.name == LEVELS:
        assert rung.values is not None
        amplitude = recompiled.amplitudes.get(name, 1.0)
        return levels_cause(graphs[LEVELS], rung.first, rung.values, amplitude)
    if graphs[FLOATS].by_name[name].levels is not None:
        return (
            "float rounding: torch computes in single precision, and a value is on "
            "the border between two levels"
        )
    return "front end: the graph is not what torch computes; please report this"


def _program_rung(recompiled: _Recompiled, data: Data, trace: Trace, spikes: Integers) -> Rung:
    """The integer program beside the graph with the chip's weights, frame by frame."""
    program, graph = recompiled.program, recompiled.graphs[WEIGHTS]
    code, below = graph.code, recompiled.program_values(program, trace)
    if recompiled.model.live is not None:
        return weights_and_program(recompiled, data, below)
    above = recompiled.values(WEIGHTS, data)
    rung = between(PROGRAM, WEIGHTS, above, below, graph.readout.name, NOISE)
    cause = None
    if rung.differences:
        cause = spiking_cause(graph)
        if overflows := sum(observe(program, data.x).overflows.values()):
            cause = f"saturation: {overflows} values did not fit their registers"
        elif code.exact:
            cause = "delay: what belongs to one frame does not arrive together; please report this"
    right = right_by_frame(below[graph.readout.name], data.y)
    return replace(rung, cause=cause, equal=code.exact, accuracy=right)


def _traced(
    comparison: Comparison, against: str, name: str, above: Trace, below: Trace, program: Program
) -> Rung:
    """Two runs of a program, compared step by step."""
    apart = {}
    for row in comparison.populations:
        kind = "spikes" if row.quantity == "spikes" else "potentials"
        left, right = (getattr(t, kind)[row.population].astype(np.int64) for t in (above, below))
        gap = np.abs(left - right)
        apart[row.population] = (float(gap.max(initial=0)), float(gap.mean()) if gap.size else 0.0)
    readout = program.readout.name
    both = [answers(program, t.potentials[readout]) for t in (above, below)]
    return step_by_step(name, against, comparison, apart, both)


def _explained(rung: Rung, integers: Iterable[str], cause: str | None) -> Rung:
    """The rung with what its integers have otherwise, and why it differs."""
    integers = tuple(integers)
    if not integers and not rung.differences:
        return rung
    cause = cause or (integers[0] if integers else "unknown")
    if not rung.differences:
        cause = f"{cause}; these data do not show it"
    return replace(rung, integers=integers, cause=cause)


def _altered_integers(program: Program, bundle: Contents, files: Path) -> list[str]:
    """Where the bundle's program is not, integer by integer, what its model compiles to."""
    # The file's name is the program's; the ladder may have found the model under another.
    named = replace(program, name=bundle.program.name)
    return differences(named, files, {"program": PROGRAM_FILE, "weights": WEIGHTS_FILE})


def _payload_difference(bundle: Contents, folder: Path) -> str | None:
    """What the payload's copy of the program has otherwise, where there is one."""
    files = payload(bundle).files
    if not {"program", "weights"} <= files.keys():
        return None
    parts = (read_payload(folder / files[role]) for role in ("program", "weights"))
    return program_difference(bundle.program, read_program(*parts))
