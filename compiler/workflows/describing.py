"""What a manifest says of a compile: the model, the passes, the calibration."""

from __future__ import annotations

import os
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from snnc.backends import Emitted
from snnc.bundle.data import DataSource
from snnc.bundle.manifest import Calibration, InputEntry, Manifest, ModelEntry, ReadoutEntry
from snnc.cost.ann_operations import count_ann
from snnc.errors import Diagnostic, fail
from snnc.files import resolved
from snnc.frontend import Model, ModelSource
from snnc.ir import Code, Graph
from snnc.settings import text_of

from .attempt import Attempt
from .calibrating import Calibrating, set_aside
from .choosing import Choice
from .sources import counts_digest
from .stages import potential_of_one

VERSIONS = ("snnc", "numpy", "scipy", "networkx")


def describe(
    attempt: Attempt,
    choice: Choice,
    emitted: Emitted,
    calibration: Calibration,
    model: ModelEntry,
    fed: InputEntry,
    notes: tuple[Diagnostic, ...],
) -> Manifest:
    """The manifest, but for the digests of the files.

    Args:
        attempt: what was compiled, for which target.
        choice: the graph and program that it became, and by which passes.
        emitted: the payload's files.
        calibration, model, fed: their entries, and the input's.
        notes: every named effect.
    """
    graph = choice.lowered.graph
    readout = graph.readout
    return Manifest(
        target=text_of(attempt.backend.name, attempt.backend),
        versions=versions(),
        model=model,
        passes=str(choice.pipeline),
        code=graph.code.value,
        steps_per_frame=graph.steps,
        payload=emitted.files,
        input=fed,
        readout=ReadoutEntry(readout.name, readout.shape, readout.accumulate, potential_of_one(graph)),
        ann=None if graph.frame_is_step else count_ann(attempt.model.graph, graph),
        notes=notes,
        calibration=calibration,
        ranges=choice.lowered.ranges,
        kept=choice.kept,
        tried=tuple(tried.entry for tried in choice.tried),
    )


def input_entry(graph: Graph, ready: Calibrating, repeat: int | None) -> InputEntry:
    """What the manifest says of the input.

    Args:
        graph: as the passes left it.
        ready: what it was calibrated with.
        repeat: the number of frames that show a still image.
    """
    encoding = graph.input.encoding
    code = None if encoding is None else encoding.value
    return InputEntry(graph.input.shape, code, ready.grid, ready.rounding, repeat)


def versions() -> dict[str, str]:
    """Of snnc and of the packages that compute."""
    return {name: version(name) for name in VERSIONS}


def model_entry(source: ModelSource, model: Model, name: str, output: Path) -> ModelEntry:
    """What the manifest says of the model.

    Args:
        source: what the user named.
        model: what was read of it.
        name: the graph's.
        output: the bundle's folder.
    """
    return ModelEntry(
        name,
        model.digest,
        None if source.file is None else relative(source.file, output),
        source.dt,
        source.discretize,
        source.input_shape,
        source.module,
        reset=source.reset,
        answer=source.answer,
    )


def calibration_entry(attempt: Attempt, origin: str, choice: Choice, path: str | None) -> Calibration:
    """What the manifest says of calibration; the histogram is what random input is drawn from.

    No thresholds come from it where the network spiked already: there, no sample is ``used``.

    Args:
        attempt: has the data.
        origin: where they are from, as in :class:`snnc.bundle.manifest.Calibration`.
        choice: the passes that used them.
        path: the data file as seen from the bundle.
    """
    graph, data = choice.lowered.graph, attempt.data
    if data is None:
        thresholds = _uncalibrated(attempt.model.graph, graph.code) if origin == "none" else None
        return Calibration(origin, thresholds=thresholds)
    counts = data.x
    limits = [n for p in choice.pipeline.passes if (n := getattr(p, "samples", 0))]
    return Calibration(
        origin,
        sha256=counts_digest(counts),
        samples=len(counts),
        used=0 if graph.frame_is_step else min([len(counts) - set_aside(len(counts)), *limits]),
        frames=counts.shape[1],
        counts=histogram(counts),
        path=path,
    )


def histogram(counts: NDArray[np.int64]) -> tuple[tuple[int, int], ...]:
    """Pairs of a count and how often it is there."""
    values, numbers = np.unique(counts, return_counts=True)
    return tuple((int(v), int(n)) for v, n in zip(values, numbers, strict=True))


def _uncalibrated(graph: Graph, code: Code) -> str:
    """Where thresholds come from without calibration data, in words.

    Args:
        graph: as the model has it.
        code: in an exact code, a ceiling is all that a neuron without levels needs.
    """
    if not graph.neurons:
        return "not needed"
    bare = [p for p in graph.neurons if p.levels is None]
    if not bare:
        return "the levels that were trained"
    if code.exact:
        return "levels up to the model's own ceilings"
    if len(bare) < len(graph.neurons):
        return "trained levels, elsewhere a data-free bound"
    return "a data-free bound"


def refuse_odd_names(source: ModelSource, calibration: DataSource | None, folder: Path) -> None:
    """Refuse files whose place the manifest cannot contain.

    Raises:
        UserError: D146.
    """
    for path in (source.file, None if calibration is None else calibration.path):
        if path is not None:
            _refuse_odd_name(path, folder)


def _refuse_odd_name(path: Path, folder: Path) -> None:
    """Refuse a file whose place the manifest cannot contain.

    Raises:
        UserError: D146.
    """
    try:
        relative(path, folder).encode("utf-8")
    except UnicodeEncodeError:
        raise fail(
            "D146",
            "the name of the file, or of a folder above it, is not valid UTF-8",
            where=str(path).encode("utf-8", "backslashreplace").decode(),
            why="the manifest, which is JSON in UTF-8, records the files that the "
            "bundle was compiled from",
            help="rename it",
        ) from None


def relative(path: Path, folder: Path) -> str:
    """Where a file was, as seen from the bundle: ``verify --ladder`` looks for it there."""
    try:
        return Path(os.path.relpath(resolved(path), resolved(folder))).as_posix()
    except ValueError:  # another drive
        return resolved(path).as_posix()
