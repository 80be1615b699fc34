"""What became of recordings (docs/recordings.md)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from snnc.errors import counted

from .console import say

if TYPE_CHECKING:
    from snnc.recordings.result import Frames

MOST_NAMES = 12


def framed(found: Frames, output: Path) -> None:
    """Files, classes, frames, events a frame, and what was left out."""
    samples, frames, *shape = found.x.shape
    tally, settings = found.tally, found.settings
    names = ", ".join(found.classes[:MOST_NAMES]) + (", ..." if len(found.classes) > MOST_NAMES else "")
    classes = f"{counted(len(found.classes), 'class')}: {names}" if found.classes else "no labels"
    how = ""
    if settings.dt is not None:
        how = f" of {settings.dt / 1000:g} ms"
    elif settings.events_per_frame is not None:
        how = f" of {counted(settings.events_per_frame, 'event')}"
    median, largest, empty = found.events_per_frame()
    lost = tally.outside_time + tally.outside_crop + tally.above_largest
    say(f"{counted(samples, 'recording')}, {classes}")
    say(f"{counted(frames, 'frame')}{how} each, shape of a frame {tuple(shape)}")
    spread = f"median {median:g}, largest {largest}; {empty:.1%} of frames are empty"
    say(f"events a frame: {spread}; largest count {found.x.max()}")
    say(f"left out: {lost} of {tally.events} events")
    say(f"wrote {output}: x {found.x.shape} {found.x.dtype}{'' if found.y is None else ', y'}")
