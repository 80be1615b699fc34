"""What a bundle says of itself, typed: the one form in which the rest of snnc knows a manifest.

:meth:`Manifest.as_json` is the one writer and :func:`manifest_from` the one reader of its keys.
``manifest_file.py`` reads and writes the file, ``manifest_schema.py`` says what each key may be.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from snnc.cost.ann_operations import Ann, read_ann
from snnc.errors import Diagnostic, Severity
from snnc.ir import InputGrid

from .kept import Kept, kept_from
from .ranges import Ranges, ranges_from

FORMAT = 6


@dataclass(frozen=True)
class ModelEntry:
    """The model that was compiled.

    Attributes:
        name: the graph's.
        sha256: of the model file.
        path: the file as seen from the bundle; None for a model that was given in Python.
        dt, discretize, reset: time step in seconds, rule and reset of a NIR file, as given.
        input_shape, module: of a file of ``torch.save``, as the user gave them.
        reset_interval: of a file of lava-dl, as the user gave it.
        answer: the output that was compiled, as the user named it.
    """

    name: str
    sha256: str
    path: str | None
    dt: float | None = None
    discretize: str | None = None
    input_shape: str | None = None
    module: str | None = None
    reset_interval: int | None = None
    reset: str | None = None
    answer: str | None = None


@dataclass(frozen=True)
class InputEntry:
    """The input population.

    Attributes:
        shape: of a frame.
        encoding: how counts become spikes; None where the network has its own way.
        grid: which values the counts stand for; None where data are counts.
        rounding: the largest rounding error of the calibration data's values, in counts; 0 without such
            data.
        repeat: the number of frames that show a still image; None where data have their own frames.
    """

    shape: tuple[int, ...]
    encoding: str | None
    grid: InputGrid | None = None
    rounding: float = 0.0
    repeat: int | None = None

    def as_json(self) -> dict[str, Any]:
        """Plain types."""
        grid = self.grid
        values = None
        if grid is not None:
            values = {
                "scale": list(grid.scale),
                "offset": list(grid.offset),
                "counts": [grid.low, grid.high],
                "rounding": self.rounding,
            }
        return {
            "shape": list(self.shape),
            "encoding": self.encoding,
            "values": values,
            "repeat": self.repeat,
        }


@dataclass(frozen=True)
class ReadoutEntry:
    """The readout.

    Attributes:
        name, shape: of the population.
        accumulate: whether it adds up over frames.
        potential_of_one: the potential that stands for 1 in the units of the model.
    """

    name: str
    shape: tuple[int, ...]
    accumulate: bool
    potential_of_one: float


@dataclass(frozen=True)
class Calibration:
    """The calibration data.

    Attributes:
        origin: ``file``, ``array`` (given in Python), ``archive`` (in the model), ``unneeded`` or
            ``none``.
        sha256: of the counts.
        samples: how many there are.
        used: how many of them thresholds were measured on.
        frames: of each.
        counts: pairs of a count and how often it is there; random input is drawn from them.
        thresholds: without calibration data, where thresholds come from, in words.
        path: the file as seen from the bundle.

    All but ``origin`` are None where there is nothing to say.
    """

    origin: str
    sha256: str | None = None
    samples: int | None = None
    used: int | None = None
    frames: int | None = None
    counts: tuple[tuple[int, int], ...] | None = None
    thresholds: str | None = None
    path: str | None = None


@dataclass(frozen=True)
class TriedEntry:
    """One way to compile that ``--code auto`` tried.

    Attributes:
        options: as the command line has them.
        refused: why it was refused; None where it compiled.
        decisions, answer_error, steps, synaptic_operations: as in :class:`snnc.bundle.kept.Kept`; None
            where it was refused.
        proved_frames: for how many frames its ranges are proved, where the calibration data have more;
            None where they have not, or it was refused.
    """

    options: str
    refused: str | None
    decisions: float | None
    answer_error: float | None
    steps: int | None
    synaptic_operations: float | None
    proved_frames: int | None = None

    def as_json(self) -> dict[str, Any]:
        """Plain types; without ``proved_frames`` where there is nothing to say."""
        found = asdict(self)
        if self.proved_frames is None:
            del found["proved_frames"]
        return found


@dataclass(frozen=True)
class Manifest:
    """Everything that a bundle says of itself.

    Attributes:
        target: name and options, as ``--target`` takes them.
        versions: of snnc and of the packages that compute, by name.
        model: what was compiled.
        passes: the pipeline with every option.
        code: how spikes carry activations: ``rate``, ``frame``, ``graded`` or ``delta``.
        steps_per_frame: time steps K of a frame.
        payload: files of what is deployed, by role.
        input, readout: the two ends of the network.
        ann: operations of the float network; None where the model spiked already.
        notes: every named effect of the compile.
        calibration: the data that thresholds were measured on.
        ranges: for which inputs no register leaves its range.
        kept: what integers keep of the float network; None where nothing could tell.
        tried: the ways that ``--code auto`` tried.
        files: SHA-256 of every file of the bundle but the manifest, by name.
    """

    target: str
    versions: Mapping[str, str]
    model: ModelEntry
    passes: str
    code: str
    steps_per_frame: int
    payload: Mapping[str, str]
    input: InputEntry
    readout: ReadoutEntry
    ann: Ann | None
    notes: tuple[Diagnostic, ...]
    calibration: Calibration
    ranges: Ranges
    kept: Kept | None = None
    tried: tuple[TriedEntry, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)

    @property
    def target_name(self) -> str:
        """The target without its options."""
        return self.target.partition("{")[0]

    def as_json(self) -> dict[str, Any]:
        """Plain types, in the order of the file."""
        return {
            "format": FORMAT,
            "target": self.target,
            "versions": dict(self.versions),
            "model": asdict(self.model),
            "passes": self.passes,
            "code": self.code,
            "steps_per_frame": self.steps_per_frame,
            "payload": dict(self.payload),
            "input": self.input.as_json(),
            "readout": {**asdict(self.readout), "shape": list(self.readout.shape)},
            "ann": None if self.ann is None else self.ann.as_json(),
            "notes": [note.as_json() for note in self.notes],
            "calibration": _said(self.calibration),
            "ranges": self.ranges.as_json(),
            "kept": None if self.kept is None else self.kept.as_json(),
            "tried": [each.as_json() for each in self.tried],
            "files": dict(self.files),
        }

    def __repr__(self) -> str:
        model, files = self.model.name, len(self.files)
        return f"Manifest({model!r} for {self.target}, code {self.code}, {files} files)"


def _said(calibration: Calibration) -> dict[str, Any]:
    """Only what there is: a bundle without calibration data has a single key."""
    found = {f.name: getattr(calibration, f.name) for f in fields(calibration)}
    found = {name: value for name, value in found.items() if value is not None}
    if calibration.counts is not None:
        found["counts"] = [list(pair) for pair in calibration.counts]
    return found


def manifest_from(content: Mapping[str, Any]) -> Manifest:
    """The manifest of a file's content, which was checked (``manifest_schema.py``)."""
    model, readout, calibration = content["model"], content["readout"], content["calibration"]
    counts, ann = calibration.get("counts"), content["ann"]
    kept = content["kept"]
    return Manifest(
        content["target"],
        content["versions"],
        ModelEntry(**_known(ModelEntry, model)),
        content["passes"],
        content["code"],
        content["steps_per_frame"],
        content["payload"],
        _input(content["input"]),
        ReadoutEntry(**{**_known(ReadoutEntry, readout), "shape": tuple(readout["shape"])}),
        None if ann is None else read_ann(ann),
        tuple(_note(each) for each in content["notes"]),
        Calibration(
            **{
                **_known(Calibration, calibration),
                "counts": None if counts is None else tuple((v, n) for v, n in counts),
            }
        ),
        ranges_from(content["ranges"]),
        None if kept is None else kept_from(kept),
        tuple(TriedEntry(**_known(TriedEntry, each)) for each in content["tried"]),
        content["files"],
    )


def _input(entry: Mapping[str, Any]) -> InputEntry:
    values = entry["values"]
    found = InputEntry(tuple(entry["shape"]), entry["encoding"], repeat=entry["repeat"])
    if values is None:
        return found
    grid = InputGrid(tuple(values["scale"]), tuple(values["offset"]), *values["counts"])
    return replace(found, grid=grid, rounding=values["rounding"])


def _known(kind: type, entry: Mapping[str, Any]) -> dict[str, Any]:
    """The keys that a dataclass has; others are left alone."""
    names = {f.name for f in fields(kind)}
    return {name: value for name, value in entry.items() if name in names}


def _note(entry: Mapping[str, str]) -> Diagnostic:
    texts = {name: entry[name] for name in ("code", "what", "where", "why", "help")}
    return Diagnostic(**texts, severity=Severity(entry["severity"]))
