"""From a program to a bundle: networks that are integers already, which no pass touches."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from snnc.backends import Backend, Emitted
from snnc.bundle.data import Data, DataSource
from snnc.bundle.manifest import Calibration, InputEntry, Manifest, ModelEntry, ReadoutEntry
from snnc.bundle.ranges import Ranges
from snnc.bundle.still_images import REPEAT
from snnc.errors import Diagnostic, UserError
from snnc.frontend import IntegerModel, ModelSource
from snnc.ir import Code, Program, size
from snnc.progress import Report
from snnc.settings import text_of

from .checking import check_program
from .data_warnings import labels_outside
from .describing import histogram, relative, versions
from .given_data import counts_of
from .live_blocks import with_block_comparison
from .options import AUTO, KEEP, CompileOptions
from .sources import counts_digest
from .writing import write_bundle

STAGES = 3
"""Of the progress that is reported: ranges, emitting, done."""


def compile_integers(
    ready: IntegerModel,
    source: ModelSource,
    options: CompileOptions,
    output: Path,
    backend: Backend,
    report: Report,
    *,
    printing: bool = False,
) -> Manifest:
    """Write the bundle of a program.

    Args:
        ready: the program, a valid one, and what was said while it was read.
        source: what the user named.
        options: calibration data say which counts ranges are proved for; what is for passes is refused.
        output: the bundle's folder.
        backend: of the target.
        report: progress.
        printing: whether the user wants to see what passes give.

    Raises:
        UserError: D645 an option is for passes; data, ranges or the target refuse it; nothing
            was written.
    """
    _refuse_for_passes(options, printing)
    given = options.calibration
    report("prove ranges", 0, STAGES)
    where = "" if given is None else given.where
    fed = _input_entry(ready.program, options.input.repeat)
    data = None if given is None else counts_of(fed, given, must=True, integers=True)
    program = ready.program
    if not backend.target.shares_columns:
        program = replace(program, projections=tuple(q.written_out() for q in program.projections))
    counts = None if data is None else data.x
    allowed = options.pipeline.allow_overflow
    ranges, found = check_program(program, backend, counts, where, allowed, passes=False)
    notes = (*with_block_comparison(ready, data).notes, *found)
    if data is not None and (classes := size(program.readout.shape)) > 1:
        notes += tuple(labels_outside(data, classes))
    report("emit", 1, STAGES)
    calibration = _calibration(data, given, output)
    entry = ModelEntry(
        program.name,
        ready.digest,
        None if source.file is None else relative(source.file, output),
        input_shape=source.input_shape,
        module=source.module,
        reset_interval=source.reset_interval,
    )

    def manifest_of(emitted: Emitted) -> Manifest:
        told = (*notes, *emitted.notes)
        return _manifest(program, backend, emitted, entry, fed, calibration, ranges, told)

    manifest = write_bundle(output, backend, program, data, manifest_of)
    report("done", STAGES, STAGES)
    return manifest


def _refuse_for_passes(options: CompileOptions, printing: bool) -> None:
    pipeline = options.pipeline
    asked = {
        "--passes": pipeline.passes,
        "--set": pipeline.changes or None,
        "--steps-per-frame": pipeline.steps_per_frame,
        "--weight-bits": pipeline.weight_bits,
        "--code": None if pipeline.code == AUTO else pipeline.code,
        "--print-after": printing or None,
        "--keep": None if options.keep == KEEP else options.keep,
        "--input-scale": options.input.scale,
        "--input-offset": options.input.offset,
    }
    given = [option for option, value in asked.items() if value is not None]
    if given:
        raise UserError(
            *(
                Diagnostic(
                    "D645",
                    f"{option} is for passes, and no pass touches this network",
                    option,
                    "its integers go to the chip as they are",
                    "leave the option out",
                )
                for option in given
            )
        )


def _calibration(data: Data | None, given: DataSource | None, output: Path) -> Calibration:
    """Data say how large counts get; no threshold comes from them."""
    if data is None or given is None:
        return Calibration("unneeded")
    return Calibration(
        "array" if given.path is None else "file",
        sha256=counts_digest(data.x),
        samples=len(data.x),
        used=0,
        frames=data.x.shape[1],
        counts=histogram(data.x),
        path=None if given.path is None else relative(given.path, output),
    )


def _input_entry(program: Program, repeat: int | None) -> InputEntry:
    REPEAT.check(repeat, "--repeat")
    encoding = program.input.encoding
    code = None if encoding is None else encoding.value
    return InputEntry(program.input.shape, code, repeat=repeat)


def _manifest(
    program: Program,
    backend: Backend,
    emitted: Emitted,
    model: ModelEntry,
    fed: InputEntry,
    calibration: Calibration,
    ranges: Ranges,
    notes: tuple[Diagnostic, ...],
) -> Manifest:
    readout = program.readout
    neuron = readout.dynamics
    return Manifest(
        target=text_of(backend.name, backend),
        versions=versions(),
        model=model,
        passes="",
        code=code_of(program).value,
        steps_per_frame=program.steps_per_frame,
        payload=emitted.files,
        input=fed,
        readout=ReadoutEntry(
            readout.name, readout.shape, neuron.clear_interval == 0, float(neuron.unit)
        ),
        ann=None,
        notes=notes,
        calibration=calibration,
        ranges=ranges,
    )


def code_of(program: Program) -> Code:
    """How its spikes carry values: an exact code where any neuron has one."""
    codes = {p.dynamics.code for p in program.populations if p.neuron is not None}
    return next((code for code in (Code.DELTA, Code.GRADED, Code.FRAME) if code in codes), Code.RATE)
