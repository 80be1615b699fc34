"""Frames as a result: arrays, and what was left out of them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.errors import Diagnostic, UserError, counted
from snnc.files import Budget, Kind, open_zip, parse_json, parse_npz, parsing, read_bytes
from snnc.files.pictures import refuse_result
from snnc.files.writing import write_file
from snnc.ir import pack_arrays
from snnc.results import Result, Rows

from .events import Counts
from .options import FrameOptions, options_of

LIKE = Kind(
    "D625", "this is not a file that snnc frames wrote", "name one, or give the options themselves"
)


@dataclass(frozen=True)
class Tally:
    """What became of the events.

    Attributes:
        events: of all recordings.
        outside_time: before the first or after the last frame.
        outside_crop: in a frame's time, outside the crop.
        above_largest: not counted, because a count is at its largest.
        empty: recordings without an event.
    """

    events: int = 0
    outside_time: int = 0
    outside_crop: int = 0
    above_largest: int = 0
    empty: int = 0


@dataclass(frozen=True, eq=False, repr=False)
class Frames(Result):
    """Frames of event counts, made of recordings.

    Attributes:
        x: uint8 or uint16 (samples, frames, *shape of a frame).
        y: int64 (samples,), numbers of classes; None without labels.
        classes: their names; a label is an index into it.
        files: of each sample, the file.
        settings: how they were made; written into the file for ``like``.
        tally: what became of the events.
        notes: what has to be said of it.
    """

    x: Counts
    y: NDArray[np.int64] | None
    classes: tuple[str, ...]
    files: tuple[str, ...]
    settings: FrameOptions
    tally: Tally
    notes: tuple[Diagnostic, ...] = ()

    def events_per_frame(self) -> tuple[float, int, float]:
        """Of the sums of frames' counts: median of those above 0, largest, and the share that is 0."""
        sums = self.x.reshape(self.x.shape[0] * self.x.shape[1], -1).sum(axis=1, dtype=np.int64)
        some = sums[sums > 0]
        median = float(np.median(some)) if some.size else 0.0
        return median, int(sums.max()), 1 - some.size / sums.size

    def headline(self) -> str:
        """The result in one line."""
        classes = f", {counted(len(self.classes), 'class')}" if self.classes else ", no labels"
        return f"{counted(len(self.x), 'sample')}{classes}, x {self.x.shape} {self.x.dtype}"

    def as_json(self) -> Any:
        """Plain types; arrays by their shapes."""
        median, largest, empty = self.events_per_frame()
        return {
            "samples": len(self.x),
            "shape": list(self.x.shape),
            "dtype": str(self.x.dtype),
            "classes": list(self.classes),
            "events": self.tally.events,
            "events_per_frame": {"median": median, "largest": largest, "empty": empty},
            "largest_count": int(self.x.max()),
            "left_out": {
                "outside_time": self.tally.outside_time,
                "outside_crop": self.tally.outside_crop,
                "above_largest": self.tally.above_largest,
            },
            "empty_recordings": self.tally.empty,
            "settings": asdict(self.settings),
            "notes": [note.as_json() for note in self.notes],
        }

    def table(self) -> Rows:
        """A row for each class: recordings, and counts a frame on average."""
        rows = []
        for number, name in enumerate(self.classes or ("all",)):
            chosen = self.x if self.y is None else self.x[self.y == number]
            mean = float(chosen.sum(dtype=np.int64)) / max(1, len(chosen) * self.x.shape[1])
            rows.append((name, len(chosen), mean))
        return Rows(("class", "recordings", "counts_per_frame"), tuple(rows))


def refuse_output(output: Path) -> None:
    """Refuse to write frames over anything but earlier frames, before any work is done.

    Raises:
        UserError: as :func:`snnc.files.pictures.refuse_result`.
    """
    refuse_result("-o", output, (), _is_frames)


def _is_frames(path: Path) -> bool:
    try:
        archive = open_zip(read_bytes(path, LIKE), str(path), LIKE, Budget(str(path)))
    except UserError:
        return False
    return {"x.npy", "settings.npy", "files.npy"} <= set(archive.names)


def write_frames(found: Frames, output: Path) -> None:
    """Write them as ``.npz``: x, y, and classes, files, settings (texts).

    Raises:
        UserError: D112 the file cannot be written.
    """
    arrays: dict[str, NDArray[Any]] = {"x": found.x, "files": np.array(found.files)}
    arrays["settings"] = np.array(found.settings.as_text())
    if found.y is not None:
        arrays |= {"y": found.y, "classes": np.array(found.classes)}
    write_file(output, pack_arrays(arrays))


def read_settings(path: Path) -> FrameOptions:
    """How the frames of a file were made.

    Raises:
        UserError: D625 it is not such a file; as for every file.
    """
    data = read_bytes(path, LIKE)
    arrays = parse_npz(data, str(path), LIKE)
    with parsing(str(path), LIKE):
        if "settings" not in arrays or arrays["settings"].dtype.kind != "U":
            raise ValueError(f"no array 'settings' among {', '.join(sorted(arrays)[:5])}")
        text = str(arrays["settings"]).encode()
        return options_of(parse_json(text, f"{path}: settings", LIKE))
