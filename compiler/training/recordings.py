"""Parts of a set of event recordings, as a table of a configuration says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from snnc.bounds import SAMPLES, Bounds
from snnc.choices import not_together
from snnc.errors import counted, fail
from snnc.recordings.event_sets import EventSet, Recordings, as_frames, chosen, event_set
from snnc.recordings.events import LARGEST_COUNT, Counts, Events, View, frames_by_count, frames_by_time

from .data.augment import Augmentation
from .data.event_batches import EventBatches
from .methods.base import STRENGTH
from .parts import DEFAULT_SHARE, HELD_BACK, Parts, hold_back
from .tables import Table

CUTS = {"frames": int, "window": int, "duration": int, "events_a_frame": int}
VIEWS = {"crop": list, "pool": int, "merge_polarities": bool, "largest": int}
NUMBERS = {"train_samples": int, "test_samples": int}
MICROSECONDS = Bounds(1, 2**40)
"""About 13 days."""

KEYS = frozenset({"set", "folder", "augment", "validation_share", *CUTS, *VIEWS, *NUMBERS})
PIXELS = Bounds(0, 2**16)
BOUNDS = {
    "validation_share": HELD_BACK,
    "frames": Bounds(1, 2**16),
    "window": MICROSECONDS,
    "duration": MICROSECONDS,
    "events_a_frame": SAMPLES,
    "pool": Bounds(1, 2**16),
    "largest": Bounds(1, LARGEST_COUNT),
    "train_samples": SAMPLES,
    "test_samples": SAMPLES,
}
AUGMENTED = ("shift", "rotation", "scaling", "shear", "dropping", "stretching", "jitter")


def recorded_parts(table: Table, folder: Path, seed: int) -> Parts:
    """The parts of a set of recordings, cut into frames as the table says.

    Args:
        table: ``[data]`` with ``set``: a name or a folder (:func:`event_set`); what
            :func:`frames_by_time` or, with ``events_a_frame``, :func:`frames_by_count` take; what
            :class:`View` takes; ``[data.augment]`` with the bounds of :class:`Augmentation`.
        folder: relative paths begin here.
        seed: of the samples that are held back.

    Raises:
        UserError: D325 keys that do not fit, D518 the recordings cannot be read or cut.
    """
    name = table.need("set", str)
    place = folder / name if (folder / name).is_dir() else None
    how, views = _augmentation(table), _views(table)
    share = table.get("validation_share", float)
    try:
        found = event_set(str(place or name), folder / (table.get("folder", str) or "data"))
        cut = _cut(table, found, views)
        train = _first(found.train, table.get("train_samples", int))
        test = _first(found.test, table.get("test_samples", int))
        frames, kept = as_frames(train, cut), as_frames(test, cut)
    except (ValueError, OSError) as problem:
        raise fail(
            "D518", f"no frames can be made of {name!r}", where=table.place, why=str(problem)
        ) from problem
    held = hold_back(frames, DEFAULT_SHARE if share is None else share, seed, name)
    batches = None
    if how is not None:
        assert held.kept is not None
        batches = partial(EventBatches, chosen(train, held.kept), cut, found.sensor, how)
    return replace(held, test=kept, batches=batches)


def _views(table: Table) -> dict[str, Any]:
    """What :class:`View` takes beside the sensor."""
    options = table.given(**VIEWS)
    if "crop" in options:
        crop = options["crop"]
        if len(crop) != 4 or not all(type(n) is int and PIXELS.hold(n) for n in crop):
            raise table.wrong("crop", f"it must be [top, left, height, width] in pixels, each {PIXELS}")
        options["crop"] = tuple(crop)
    return options


def _cut(table: Table, found: EventSet, views: dict[str, Any]) -> Callable[[Events], Counts]:
    view = View(found.sensor, **views)
    if "events_a_frame" in table:
        frames, each = table.need("frames", int), table.need("events_a_frame", int)
        if "window" in table or "duration" in table:
            raise not_together("events_a_frame and a time", where=table.place, help="give one of them")
        return partial(frames_by_count, view=view, frames=frames, events_a_frame=each)
    return partial(frames_by_time, view=view, **table.given(frames=int, window=int, duration=int))


def _augmentation(table: Table) -> Augmentation | None:
    values = table.get("augment", dict)
    if values is None:
        return None
    bounds = Table(values, f"{table.place}, augment", AUGMENTED, dict.fromkeys(AUGMENTED, STRENGTH))
    try:
        return Augmentation(**bounds.given(**dict.fromkeys(AUGMENTED, float)))
    except ValueError as problem:
        raise fail("D325", str(problem), where=bounds.place) from None


def _first(recordings: Recordings, samples: int | None) -> Recordings:
    if samples is None:
        return recordings
    if samples < 1:
        raise ValueError(f"{counted(samples, 'sample')}")
    return chosen(recordings, np.arange(min(samples, len(recordings))))
