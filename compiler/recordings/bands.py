"""Sounds to frames of counts, one a band of frequencies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from snnc.errors import Diagnostic, Severity, counted, fail
from snnc.files import parsing
from snnc.progress import Report

from .events import FILE, Counts, narrow
from .found import Source
from .large import refuse_large
from .options import FRAMES, FrameOptions
from .result import Tally
from .sounds import DEFAULT_LARGEST, Sound, band_levels, read_wav


def cut_sounds(
    sources: Sequence[Source], options: FrameOptions, report: Report
) -> tuple[Counts, FrameOptions, Tally, tuple[Diagnostic, ...]]:
    """Frames (samples, frames, bands) of sounds; shorter ones end in frames of zeros.

    Raises:
        UserError: D620 a file cannot be read, D624 options that do not fit sounds, D626 rates differ,
            D627 too much for the memory.
    """
    _refuse_options_of_events(options)
    largest = options.largest or DEFAULT_LARGEST
    levels: list[NDArray[np.uint16]] = []
    rate, lost = 0, 0
    for done, source in enumerate(sources):
        report("reading", done, len(sources))
        sound = read_wav(source.path)
        if rate and sound.rate != rate:
            raise fail(
                "D626",
                f"sounds of {rate} and {counted(sound.rate, 'sample')} a second",
                where=f"{sources[0].path} and {source.path}",
                why="their bands would be of different frequencies",
                help="convert them to one rate",
            )
        rate = sound.rate
        hop = _hop(sound, options, str(source.path))
        with parsing(str(source.path), FILE):
            found = band_levels(sound, hop, options.bands, range_db=options.range_db, largest=largest)
        kept = found[: options.frames]
        lost += int(found[len(kept) :].sum())
        levels.append(kept)
        refuse_large(len(sources), max(map(len, levels)), (options.bands,), 2)
    report("reading", len(sources), len(sources))
    frames = options.frames or max(map(len, levels))
    x = np.zeros((len(levels), frames, options.bands), np.uint16)
    for sample, found in enumerate(levels):
        x[sample, : len(found)] = found
    heard = int(x.sum(dtype=np.int64)) + lost
    tally = Tally(heard, lost, empty=sum(not found.any() for found in levels))
    settled = replace(options, frames=frames, largest=largest)
    return narrow(x), settled, tally, _notes(tally, len(sources))


def _hop(sound: Sound, options: FrameOptions, place: str) -> int:
    """Samples of a frame."""
    if options.dt is None:
        assert options.frames is not None
        return -(-len(sound.samples) // options.frames)
    hop, rest = divmod(options.dt * sound.rate, 10**6)
    if rest or hop < 1 or -(-len(sound.samples) // hop) > FRAMES.high:
        raise fail(
            "D624",
            f"frames of {options.dt} us are {options.dt * sound.rate / 1e6:g} samples of this sound",
            where=place,
            why=f"it has {counted(sound.rate, 'sample')} a second; a frame takes a whole number of "
            "them, and a "
            f"recording has {FRAMES.high} frames at most",
            help="choose another --dt",
        )
    return int(hop)


def _refuse_options_of_events(options: FrameOptions) -> None:
    given = {
        "--events-per-frame": options.events_per_frame is not None,
        "--crop": options.crop is not None,
        "--pool": options.pool != 1,
        "--size": options.size is not None,
        "--merge-polarities": options.merge_polarities,
    }
    for option, there in given.items():
        if there:
            raise fail(
                "D624",
                f"{option} is for events, and these are energies of bands",
                where=option,
                help="leave it out, or take --sound crossings",
            )


def _notes(tally: Tally, recordings: int) -> tuple[Diagnostic, ...]:
    notes = []
    if tally.outside_time:
        what = f"{tally.outside_time} of {tally.events} counts are after the last frame"
        notes.append(Diagnostic("N771", what, severity=Severity.NOTE))
    if tally.empty:
        what = f"{tally.empty} of {recordings} recordings are silent"
        why = "their frames are all zeros, whatever their class"
        notes.append(Diagnostic("N772", what, why=why, severity=Severity.WARNING))
    return tuple(notes)
