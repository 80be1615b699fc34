"""Everything that a report shows, from the workflows behind the commands: nothing is computed here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from snnc.bundle.folder import Contents, read_bundle
from snnc.errors import Diagnostic, UserError
from snnc.ir import Integers
from snnc.progress import Report, quiet
from snnc.verify.observed import Observed, observe
from snnc.workflows.ladder import Ladder, climb
from snnc.workflows.options import RunOptions, VerifyOptions
from snnc.workflows.placed import placement_told
from snnc.workflows.run import Run, record_steps, run_bundle
from snnc.workflows.verify import Verification, verify_bundle

from .options import ReportOptions

SHOWN_SAMPLES = 4
"""Whose spikes are drawn."""

OBSERVED_SAMPLES = 8
"""On which registers are watched, by the slow simulator."""

Found = TypeVar("Found")


@dataclass(frozen=True)
class Sample:
    """One sample whose every step was recorded.

    Attributes:
        number: in the data, from 0.
        why: it is shown, in words.
        spikes, potentials: by population, (steps, \\*shape).
    """

    number: int
    why: str
    spikes: dict[str, Integers]
    potentials: dict[str, NDArray[np.int32]]


@dataclass(frozen=True)
class Gathered:
    """What there is to say of one bundle.

    Attributes:
        folder: as the user named it.
        bundle: read and checked.
        data: what messages call them; None without.
        file: of the data, as the user named it; None for data of Python's.
        run, verification, ladder, observed: of the data; None without, or where ``absent`` says why.
        samples: recorded.
        placement: content of ``placement.json``; None where the bundle has none.
        absent: why something is not there, by its name.
        warnings: of what was run.
    """

    folder: Path
    bundle: Contents
    data: str | None
    file: Path | None
    run: Run | None
    verification: Verification | None
    ladder: Ladder | None
    observed: Observed | None
    samples: tuple[Sample, ...]
    placement: dict[str, Any] | None
    absent: dict[str, tuple[Diagnostic, ...]]
    warnings: tuple[Diagnostic, ...]


def gather(folder: Path, options: ReportOptions, report: Report = quiet) -> Gathered:
    """Read a bundle and, where there are data, run it.

    Args:
        folder: the bundle.
        options: data, and how much of them is run.
        report: progress.

    Raises:
        UserError: the bundle or the data cannot be used. What stands for the model or the engine may be
            missing: the report then says so in their place.
    """
    bundle, warnings = read_bundle(folder, allow_altered=options.allow_altered)
    absent: dict[str, tuple[Diagnostic, ...]] = {}
    placement = _unless_refused(absent, "placement", lambda: placement_told(bundle))
    if options.data is None:
        return Gathered(
            folder,
            bundle,
            *(None, None, None, None, None, None),
            samples=(),
            placement=placement,
            absent=absent,
            warnings=tuple(warnings),
        )
    run = run_bundle(
        folder,
        RunOptions(options.data, allow_altered=options.allow_altered, operations=True),
        report=report,
    )
    verification = ladder = None
    asked = VerifyOptions(
        options.data,
        max(1, options.engine_samples),
        options.engine,
        options.time_limit,
        allow_altered=options.allow_altered,
    )
    if options.engine_samples:
        verification = _unless_refused(
            absent, "verification", lambda: verify_bundle(folder, asked, report=report)
        )
    climbing = replace(asked, samples=options.samples, engine=None)
    ladder = _unless_refused(
        absent,
        "ladder",
        lambda: climb(folder, climbing, options.origin, with_engine=False, report=report),
    )
    report("registers", 0, OBSERVED_SAMPLES)
    observed = observe(bundle.program, run.data.x[:OBSERVED_SAMPLES])
    warnings += run.warnings
    said = {(warning.code, warning.where) for warning in run.warnings}
    for found in (verification, ladder):  # of the same data, of which the run had more
        told = () if found is None else found.warnings
        warnings += [warning for warning in told if (warning.code, warning.where) not in said]
    return Gathered(
        folder,
        bundle,
        str(options.data.where),
        options.data.path,
        run,
        verification,
        ladder,
        observed,
        _recorded(run, verification),
        placement,
        absent,
        tuple(dict.fromkeys(warnings)),
    )


def _unless_refused(
    absent: dict[str, tuple[Diagnostic, ...]], name: str, work: Callable[[], Found]
) -> Found | None:
    """What some work gives; where it is refused, the reason is kept."""
    try:
        return work()
    except UserError as refused:
        absent[name] = refused.diagnostics
        return None


def _recorded(run: Run, verification: Verification | None) -> tuple[Sample, ...]:
    """Every step of the samples that are shown."""
    chosen = _chosen(run, verification)
    program = run.bundle.program
    names = tuple(p.name for p in program.populations)
    spikes, potentials = record_steps(program, run.data.x[list(chosen)], names, run.simulator)
    return tuple(
        Sample(
            number,
            why,
            {name: values[place] for name, values in spikes.items()},
            {name: values[place] for name, values in potentials.items()},
        )
        for place, (number, why) in enumerate(chosen.items())
    )


def _chosen(run: Run, verification: Verification | None) -> dict[int, str]:
    """Numbers of the samples that are shown, each with the reason: where runs differ, then mistakes."""
    found: dict[int, str] = {}
    first = None if verification is None else verification.comparison.first_divergence
    if first is not None:
        found[first.sample] = "where the engine differs first"
    labels, last = run.data.y, run.predictions[:, -1]
    if labels is None:
        for number in range(min(SHOWN_SAMPLES, len(last))):
            found.setdefault(number, "one of the first")
    else:
        wrong, right = np.flatnonzero(last != labels), np.flatnonzero(last == labels)
        for number in wrong[:2]:
            found.setdefault(int(number), "wrong after the last frame")
        for number in (*right, *wrong):
            kind = "right" if last[number] == labels[number] else "wrong"
            found.setdefault(int(number), f"{kind} after the last frame")
    return dict(list(found.items())[:SHOWN_SAMPLES])
