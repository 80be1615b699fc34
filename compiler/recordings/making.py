"""From files to frames: each recording is looked at, then cut."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from snnc.errors import Diagnostic, Severity, counted, fail
from snnc.files import share_of_memory
from snnc.progress import Report

from .bands import cut_sounds
from .events import FILE, Counts, Events, View
from .found import Source, classes_of, find_recordings
from .large import refuse_large
from .options import FRAMES, FrameOptions
from .readers import read_recording
from .recording import Reading, Recording
from .result import Frames, Tally
from .sounds import DEFAULT_LARGEST, ENDINGS, crossings, read_wav

LONGEST = 2**46
"""Microseconds of a recording, two years: times a number of frames they still fit 64 bits."""

KEPT = 4
"""Events that take no more than this part of a file's share of memory are read only once."""


@dataclass(frozen=True)
class Look:
    """What a recording needs: its events, the least sensor, microseconds from first to last event."""

    events: int
    height: int
    width: int
    duration: int
    stated: tuple[int, int] | None


def make_frames(
    given: Sequence[Path], options: FrameOptions, report: Report, *, leave_out: Path | None = None
) -> Frames:
    """Turn recordings into frames.

    Args:
        given: files and folders.
        options: how.
        report: progress.
        leave_out: a file in the folders that is not a recording.

    Raises:
        UserError: D620 a file cannot be read, D621 to D627 what does not fit; as for every file.
    """
    sources = find_recordings(
        given, only=options.only, label_from=options.label_from, leave_out=leave_out
    )
    classes = classes_of(sources, options.classes)
    sources = sources[: options.first]
    options = replace(options, classes=classes or None)
    sounds = sources[0].path.suffix.lower() in ENDINGS
    _check_cut(options, sounds)
    if sounds and options.sound == "bands":
        x, options, tally, notes = cut_sounds(sources, options, report)
    else:
        x, options, tally, notes = _cut_events(_Reader(sources, options, sounds, report), options)
    y = np.array([classes.index(s.label) for s in sources if s.label is not None], np.int64)
    files = tuple(str(source.path) for source in sources)
    return Frames(x, y if classes else None, classes, files, options, tally, notes)


def _check_cut(options: FrameOptions, sounds: bool) -> None:
    if options.dt is None and options.frames is None and options.events_per_frame is None:
        raise fail(
            "D624",
            "nothing says what a frame is",
            where="--dt",
            help="give --dt 30ms (by time), --frames 12 (equal parts)"
            + ("" if sounds and options.sound == "bands" else " or --events-per-frame 500 (by count)"),
        )


class _Reader:
    """Recordings one after the other; read twice where memory does not hold them all."""

    def __init__(
        self, sources: Sequence[Source], options: FrameOptions, sounds: bool, report: Report
    ) -> None:
        self.sources, self.report = sources, report
        self._room = share_of_memory() // KEPT
        self._kept: dict[Path, Recording] = {}
        reading = Reading(options.columns, options.time_unit)
        self._read: Callable[[Path], Recording] = lambda path: read_recording(path, reading)
        if sounds:
            largest = options.largest or DEFAULT_LARGEST
            self._read = lambda path: crossings(
                read_wav(path), options.bands, range_db=options.range_db, largest=largest
            )

    def each(self, doing: str) -> Iterator[tuple[Path, Recording]]:
        """Path and recording, in order."""
        for done, source in enumerate(self.sources):
            self.report(doing, done, len(self.sources))
            recording = self._kept.get(source.path) or self._read(source.path)
            if source.path not in self._kept and recording.events.nbytes <= self._room:
                self._room -= recording.events.nbytes
                self._kept[source.path] = recording
            yield source.path, recording
        self.report(doing, len(self.sources), len(self.sources))


def _look(path: Path, recording: Recording) -> Look:
    events = recording.events
    if not len(events):
        return Look(0, 0, 0, 0, recording.size)
    duration = int(events["t"][-1]) - int(events["t"][0])
    if duration >= LONGEST:
        raise FILE.wrong(str(path), f"it lasts {duration} us: times are in another unit, or damaged")
    height, width = int(events["y"].max()) + 1, int(events["x"].max()) + 1
    return Look(len(events), height, width, duration, recording.size)


Cut = tuple[Counts, FrameOptions, Tally, tuple[Diagnostic, ...]]
"""x, the options with everything settled, what became of events, notes."""


def _cut_events(reader: _Reader, options: FrameOptions) -> Cut:
    looks = [_look(path, recording) for path, recording in reader.each("reading")]
    size, notes = _sensor(looks, options, reader.sources)
    view = _view(size, options)
    settled = replace(options, size=size, frames=options.frames or _frames(looks, options))
    frames = settled.frames or 1
    refuse_large(len(looks), frames, view.shape)
    x: Counts = np.zeros((len(looks), frames, *view.shape), np.uint8)
    tally = Tally(empty=sum(look.events == 0 for look in looks))
    for sample, (path, recording) in enumerate(reader.each("cutting")):
        try:
            index = _index(recording.events, options, frames)
            counts = view.count(recording.events, index, frames)
        except ValueError as problem:
            raise fail("D626", "its events make no frames", where=str(path), why=str(problem)) from None
        if counts.dtype.itemsize > x.dtype.itemsize:
            refuse_large(len(looks), frames, view.shape, counts.dtype.itemsize)
            x = x.astype(np.uint16)
        x[sample] = counts
        tally = _added(tally, recording.events, index, frames, view, counts)
    return x, settled, tally, (*notes, *_notes(tally, looks, options))


def _sensor(
    looks: Sequence[Look], options: FrameOptions, sources: Sequence[Source]
) -> tuple[tuple[int, int], tuple[Diagnostic, ...]]:
    """Height and width: given, stated by the files, or the least that holds all events."""
    if options.size is not None:
        return (options.size[0], options.size[1]), ()
    stated = {look.stated: i for i, look in enumerate(looks) if look.stated is not None}
    if len(stated) > 1:
        (one, i), (two, k) = list(stated.items())[:2]
        raise fail(
            "D626",
            f"recordings of sensors of {one} and {two} pixels (height, width)",
            where=f"{sources[i].path} and {sources[k].path}",
            why="frames of all recordings have one shape",
            help="give --size HEIGHT,WIDTH that holds both",
        )
    if stated:
        size = next(iter(stated))
        assert size is not None
        return size, ()
    top, left, height, width = options.crop or (0, 0, 1, 1)
    size = (
        max(top + height, *(look.height for look in looks)),
        max(left + width, *(look.width for look in looks)),
    )
    what = f"the sensor is taken to have {size[0]} x {size[1]} pixels (height x width)"
    why = "the files do not say it; these are the largest coordinates"
    note = Diagnostic("N773", what, "--size", why, "give --size HEIGHT,WIDTH", Severity.NOTE)
    return size, (note,)


def _view(size: tuple[int, int], options: FrameOptions) -> View:
    try:
        return View(size, options.crop, options.pool, options.merge_polarities, options.largest)
    except ValueError as problem:
        help = "--crop is TOP,LEFT,HEIGHT,WIDTH in pixels of the sensor"
        raise fail("D624", str(problem), where="--crop", help=help) from None


def _frames(looks: Sequence[Look], options: FrameOptions) -> int:
    """As many as the longest recording needs."""
    if options.dt is not None:
        needed = max(look.duration // options.dt + 1 for look in looks)
    else:
        assert options.events_per_frame is not None
        needed = max(1, *(-(-look.events // options.events_per_frame) for look in looks))
    if not FRAMES.hold(needed):
        raise fail(
            "D624",
            f"the longest recording needs {counted(needed, 'frame')}, {FRAMES.high} are the limit",
            where="--dt" if options.dt else "--events-per-frame",
            help="take longer frames, or only the first ones with --frames",
        )
    return needed


def _index(events: Events, options: FrameOptions, frames: int) -> NDArray[np.int64]:
    """The frame of each event."""
    if options.events_per_frame is not None:
        return np.arange(len(events)) // options.events_per_frame
    if not len(events):
        return np.zeros(0, np.int64)
    elapsed = events["t"] - events["t"][0]
    if options.dt is not None:
        return np.asarray(elapsed // options.dt)
    return np.asarray(elapsed * frames // (elapsed[-1] + 1))


def _added(
    tally: Tally,
    events: Events,
    index: NDArray[np.int64],
    frames: int,
    view: View,
    counts: Counts,
) -> Tally:
    outside = int(np.count_nonzero((index < 0) | (index >= frames)))
    timed = events[(index >= 0) & (index < frames)]
    top, left, height, width = view.crop or (0, 0, *view.sensor)
    y, x = timed["y"].astype(np.int64) - top, timed["x"].astype(np.int64) - left
    kept = int(np.count_nonzero((y >= 0) & (y < height) & (x >= 0) & (x < width)))
    return replace(
        tally,
        events=tally.events + len(events),
        outside_time=tally.outside_time + outside,
        outside_crop=tally.outside_crop + len(timed) - kept,
        above_largest=tally.above_largest + kept - int(counts.sum(dtype=np.int64)),
    )


def _notes(tally: Tally, looks: Sequence[Look], options: FrameOptions) -> Iterator[Diagnostic]:
    parts = {
        "after the last frame": tally.outside_time,
        "outside the crop": tally.outside_crop,
        f"above {options.largest} in a count": tally.above_largest,
    }
    if lost := sum(parts.values()):
        each = ", ".join(f"{count} {what}" for what, count in parts.items() if count)
        share = f"{100 * lost / max(1, tally.events):.2g}%"
        what = f"{lost} of {tally.events} events ({share}) are in no frame: {each}"
        yield Diagnostic("N771", what, severity=Severity.NOTE)
    if tally.empty:
        what = f"{tally.empty} of {counted(len(looks), 'recording')} hold no event"
        why = "their frames are all zeros, whatever their class"
        yield Diagnostic("N772", what, why=why, severity=Severity.WARNING)
    lasting = [look.duration + 1 for look in looks if look.events]
    if options.dt is None and options.events_per_frame is None and lasting:
        short, long = (n / 1000 / (options.frames or 1) for n in (min(lasting), max(lasting)))
        if short != long:
            what = f"a frame lasts {short:.3g} to {long:.3g} ms, a part of each recording"
            why = "--frames alone cuts each recording into equal parts"
            yield Diagnostic("N774", what, "--frames", why, "give --dt as well", Severity.NOTE)
