"""Recordings that could have been made: events moved, turned, stretched, thinned out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from snnc.recordings.events import Events


@dataclass(frozen=True)
class Augmentation:
    """How far a recording may be changed; each change is drawn evenly between nothing and its bound.

    Attributes:
        shift: largest shift in each direction, pixels.
        rotation: largest turn to either side around the sensor's centre, degrees.
        scaling: largest relative change of size, each axis by itself.
        shear: largest shift of a row by its distance from the centre, pixels a pixel.
        dropping: largest share of events that is left out, each event by itself.
        stretching: largest relative change of all times.
        jitter: standard deviation of each event's time, microseconds.

    Raises:
        ValueError: a bound below 0, or one that could turn a recording inside out.
    """

    shift: float = 0.0
    rotation: float = 0.0
    scaling: float = 0.0
    shear: float = 0.0
    dropping: float = 0.0
    stretching: float = 0.0
    jitter: float = 0.0

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not 0 <= value < float("inf"):
                raise ValueError(f"{name} must be a number of at least 0, got {value!r}")
        for name in ("scaling", "dropping", "stretching"):
            if getattr(self, name) >= 1:
                raise ValueError(f"{name} is a share and must be below 1, got {getattr(self, name)!r}")


def augment(
    events: Events, sensor: tuple[int, int], how: Augmentation, rng: np.random.Generator
) -> Events:
    """One changed recording. Events that leave the sensor are lost.

    A coordinate is changed with a dither of half a pixel to either side and then rounded: else a small
    turn would leave whole rows empty and double others.

    Args:
        events: (events,); not changed.
        sensor: height and width, pixels.
        how: the bounds.
        rng: where chance comes from; the same state gives the same recording.

    Returns:
        (events or fewer,), in the order of time, times from that of the first event on.
    """
    kept = events[rng.random(len(events)) >= rng.uniform(0, how.dropping)]
    if not len(kept):
        return kept
    centre = (np.array(sensor) - 1) / 2
    place = np.stack([kept["y"], kept["x"]]) - centre[:, None]
    angle = np.deg2rad(rng.uniform(-how.rotation, how.rotation))
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    slant = np.array([[1.0, 0.0], [rng.uniform(-how.shear, how.shear), 1.0]])
    size = np.diag(1 + rng.uniform(-how.scaling, how.scaling, 2))
    shift = rng.uniform(-how.shift, how.shift, 2)
    matrix = turn @ slant @ size
    # Nothing to dither where the grid maps onto itself.
    plain = np.array_equal(matrix, np.eye(2)) and not shift.any()
    dither = 0.0 if plain else rng.uniform(-0.5, 0.5, place.shape)
    place = np.rint(matrix @ place + (shift + centre)[:, None] + dither).astype(np.int64)
    begin = kept["t"][0]
    times = (kept["t"] - begin) * (1 + rng.uniform(-how.stretching, how.stretching))
    if how.jitter:
        times = np.maximum(times + rng.normal(0, how.jitter, len(kept)), 0)
    moved = kept.copy()
    inside = (place >= 0).all(0) & (place < np.array(sensor)[:, None]).all(0)
    place = np.where(inside, place, 0)
    moved["y"], moved["x"] = place
    moved["t"] = begin + np.rint(times).astype(np.int64)
    moved = moved[inside]
    in_time: Events = moved[np.argsort(moved["t"], kind="stable")]
    return in_time
