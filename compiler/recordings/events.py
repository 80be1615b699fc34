"""Events of an event camera, and frames of whole event counts made of them.

An event is a pixel that saw its brightness change by a threshold, at a time of its own. A network of
this project hears frames: how many events each pixel sent during a window of time, or among so many
events. Counts stay whole numbers, since a chip gets spikes.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from snnc.files import Kind, read_bytes, share_of_memory

EVENT = np.dtype([("x", np.uint16), ("y", np.uint16), ("p", np.uint8), ("t", np.int64)])
"""One event: column and row from the upper left corner, polarity (1 brighter, 0 darker),
microseconds."""

Events: TypeAlias = NDArray[np.void]
"""Structured, (events,), of dtype :data:`EVENT`, in the order of time."""

Counts: TypeAlias = NDArray[np.uint8] | NDArray[np.uint16] | NDArray[np.int8] | NDArray[np.int16]

NMNIST_BYTES = 5
NMNIST_OVERFLOW = 240
DAT_BYTES = 8
IN_MEMORY = 64
"""Bytes for each event, of the file's and ours, while a recording is read."""

FILE = Kind("D620", "the recording cannot be read")

LARGEST_COUNT, SMALLEST_COUNT = int(np.iinfo(np.uint16).max), int(np.iinfo(np.int16).min)


def brighter(polarities: NDArray[Any]) -> NDArray[np.bool_]:
    """Which events are brighter: polarities are 1 and 0, or 1 and -1, as recordings have them.

    Raises:
        ValueError: other values, of which nobody knows what they mean.
    """
    there = polarities[:0] if not len(polarities) else np.unique(polarities)
    if not (np.isin(there, (0, 1)).all() or np.isin(there, (-1, 1)).all()):
        some = ", ".join(f"{float(value):g}" for value in there[:4]) + (
            ", ..." if len(there) > 4 else ""
        )
        raise ValueError(f"polarities of {some}; they have to be 0 and 1, or -1 and 1")
    return np.asarray(polarities > 0)


def as_events(given: NDArray[Any]) -> Events:
    """Events from any structured array with the fields x, y, p, t, as other readers return them.

    Args:
        given: (events,), fields in any order and of any integer or boolean dtype; y, x >= 0.
            Polarities are 1 and 0, or 1 and -1.

    Returns:
        The same events with dtype :data:`EVENT`, sorted by time where they are not; events of one time
        keep their order.

    Raises:
        ValueError: a field is missing or holds no whole numbers, a coordinate is outside 0..65535, or
            polarities are no two values (:func:`brighter`).
    """
    names = given.dtype.names or ()
    if missing := [name for name in ("x", "y", "p", "t") if name not in names]:
        raise ValueError(
            f"events need the fields x, y, p and t; {', '.join(missing)} missing, found "
            f"{', '.join(names) or f'a plain array of {given.dtype}'}"
        )
    if given.ndim != 1:
        raise ValueError(f"events must have shape (events,), got {given.shape}")
    for name in ("x", "y", "p", "t"):
        if given[name].dtype.kind not in "biu":
            raise ValueError(f"events' field {name} must hold whole numbers, got {given[name].dtype}")
    for name in ("x", "y"):
        _check_coordinates(name, given[name])
    events = np.empty(len(given), EVENT)
    events["x"], events["y"], events["t"] = given["x"], given["y"], given["t"]
    events["p"] = brighter(given["p"])
    if len(events) and np.any(np.diff(events["t"]) < 0):
        events = events[np.argsort(events["t"], kind="stable")]
    return events


def read_nmnist(path: Path) -> Events:
    """Read one N-MNIST recording.

    Five bytes an event: x, y, then polarity (the highest bit) and time (23 bits, microseconds, big
    endian), as the data set's page says (Orchard et al. 2015, garrickorchard.com/datasets/n-mnist). An
    entry with y = 240 is not an event: the camera's clock of 13 bits has overflown, and what follows is
    8192 us later (as in the authors' reader, gorchard/event-Python, and in tonic's).

    Args:
        path: a ``.bin`` file; 34 x 34 pixels, about 310 ms and 4,100 events in the original set.

    Returns:
        (events,), in the order of time.

    Raises:
        UserError: D620 it cannot be read, or its length is not a whole number of events; D140,
            D141 it is not a regular file, or too large.
    """
    raw = np.frombuffer(_read(path, NMNIST_BYTES), np.uint8)
    if len(raw) % NMNIST_BYTES:
        why = f"{len(raw)} bytes are not a whole number of events of {NMNIST_BYTES} bytes"
        raise FILE.wrong(str(path), why)
    x, y, high, middle, low = raw.reshape(-1, NMNIST_BYTES).T.astype(np.int64)
    events = np.empty(len(x), EVENT)
    overflow = y == NMNIST_OVERFLOW
    events["x"], events["y"], events["p"] = x, y, high >> 7
    events["t"] = ((high & 0x7F) << 16 | middle << 8 | low) + np.cumsum(overflow) * 2**13
    return as_events(events[~overflow])


def read_dat(path: Path) -> Events:
    """Read one recording in Prophesee's ``.dat`` format of change detection, as in N-CARS.

    Lines that begin with ``%``, then a byte for the kind and one for the size of an event (8), then for
    each event the time (32 bits, microseconds) and a word with x (14 bits), y (14 bits) and polarity
    (the bit above), little endian (Prophesee's ``load_atis_data``; checked against expelliarmus
    1.1.12).

    Args:
        path: a ``.dat`` file.

    Returns:
        (events,), in the order of time.

    Raises:
        UserError: D620 it cannot be read, has no header, events of another size, or a length that is
            not a whole number of events; D140, D141 it is not a regular file, or too large.
    """
    data = _read(path, DAT_BYTES)
    begin = 0
    while data[begin : begin + 1] == b"%":
        line = data.find(b"\n", begin)
        begin = len(data) if line < 0 else line + 1
    kind_and_size = data[begin : begin + 2]
    body = data[begin + 2 :]
    if begin == 0 or len(kind_and_size) < 2 or kind_and_size[1] != DAT_BYTES or len(body) % DAT_BYTES:
        why = (
            "not a .dat recording: expected lines that begin with %, two bytes of which the second is "
            f"{DAT_BYTES}, and events of {DAT_BYTES} bytes"
        )
        raise FILE.wrong(str(path), why)
    time, word = np.frombuffer(body, "<u4").reshape(-1, 2).T
    events = np.empty(len(time), EVENT)
    events["x"], events["y"], events["p"] = word & 0x3FFF, word >> 14 & 0x3FFF, word >> 28 & 1
    events["t"] = time
    return as_events(events)


def _read(path: Path, size: int) -> bytes:
    return read_bytes(path, FILE, most=most_bytes(size))


def most_events() -> int:
    """Events that one recording may have, so that they fit into memory."""
    return share_of_memory() // IN_MEMORY


def most_bytes(size: int) -> int:
    """Bytes that a recording may have, so that its events fit into memory.

    Args:
        size: bytes of the file that an event takes at least; each takes ``IN_MEMORY`` while it is read.
    """
    return share_of_memory() * size // IN_MEMORY


@dataclass(frozen=True)
class View:
    """Which pixel and polarity of a sensor is which element of a frame.

    Attributes:
        sensor: height and width in pixels; events outside are an error.
        crop: top, left, height, width of the part that is kept, in pixels of the sensor; all if None.
        pool: squares of this number of pixels a side are summed to one; rows and columns left over at
            the bottom and on the right make smaller sums, so that no event is lost.
        merge_polarities: one channel with all events in place of two (0: darker, 1: brighter).
        largest: counts above it become it; None: none is cut.

    Raises:
        ValueError: a size is out of bounds.
    """

    sensor: tuple[int, int]
    crop: tuple[int, int, int, int] | None = None
    pool: int = 1
    merge_polarities: bool = False
    largest: int | None = None

    def __post_init__(self) -> None:
        _at_least(1, sensor_height=self.sensor[0], sensor_width=self.sensor[1], pool=self.pool)
        if self.largest is not None:
            _at_least(1, largest=self.largest)
        if self.crop is None:
            return
        top, left, height, width = self.crop
        _at_least(0, crop_top=top, crop_left=left)
        _at_least(1, crop_height=height, crop_width=width)
        if top + height > self.sensor[0] or left + width > self.sensor[1]:
            raise ValueError(
                f"crop {self.crop} (top, left, height, width) reaches beyond the sensor of "
                f"{self.sensor[0]} x {self.sensor[1]} pixels"
            )

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape of a frame: channels, height, width."""
        _, _, height, width = self.crop or (0, 0, *self.sensor)
        channels = 1 if self.merge_polarities else 2
        return channels, -(-height // self.pool), -(-width // self.pool)

    def count(self, events: Events, frame: NDArray[np.int64], frames: int) -> Counts:
        """Count events.

        Args:
            events: (events,).
            frame: int64 (events,), the frame of each; events with one outside 0..frames-1 are left out.
            frames: how many.

        Returns:
            (frames, channels, height, width), uint8, or uint16 where a count is above 255.

        Raises:
            ValueError: an event outside the sensor, or a count above 65535.
        """
        x, y = events["x"].astype(np.int64), events["y"].astype(np.int64)
        if len(events) and (y.max() >= self.sensor[0] or x.max() >= self.sensor[1]):
            raise ValueError(
                f"an event at row {y.max()}, column {x.max()} at most lies outside the sensor of "
                f"{self.sensor[0]} x {self.sensor[1]} pixels (rows x columns)"
            )
        top, left, height, width = self.crop or (0, 0, *self.sensor)
        y, x = y - top, x - left
        kept = (y >= 0) & (y < height) & (x >= 0) & (x < width) & (frame >= 0) & (frame < frames)
        channel = np.zeros(len(events), np.int64) if self.merge_polarities else events["p"] != 0
        index = (frame, channel, y // self.pool, x // self.pool)
        shape = (frames, *self.shape)
        flat = np.ravel_multi_index(tuple(part[kept] for part in index), shape)
        counts = np.bincount(flat, minlength=int(np.prod(shape))).reshape(shape)
        if self.largest is not None:
            counts = np.minimum(counts, self.largest)
        return narrow(counts)


def frames_by_time(
    events: Events,
    view: View,
    *,
    frames: int | None = None,
    window: int | None = None,
    duration: int | None = None,
    start: int | None = None,
) -> Counts:
    """Cut a recording into windows of equal time. Two of ``frames``, ``window``, ``duration`` say
    which.

    Args:
        events: (events,), in the order of time.
        view: pixels to elements.
        frames: how many windows. Empty ones at the end are frames of zeros: the answer of a streaming
            rollout comes so many frames after its input.
        window: length of each, microseconds.
        duration: length of all, microseconds; with ``frames`` windows are equal to the microsecond,
            with ``window`` the last one may reach beyond it.
        start: where the first begins, microseconds; None: at the first event.

    Returns:
        (frames, channels, height, width), uint8 or uint16. Events before the first and after the last
        window are left out.

    Raises:
        ValueError: not two of the three, one below 1, or as in :meth:`View.count`.
    """
    given = {"frames": frames, "window": window, "duration": duration}
    known = {name: value for name, value in given.items() if value is not None}
    if len(known) != 2:
        raise ValueError(
            "give two of frames, window and duration (microseconds), got "
            f"{', '.join(known) or 'none of them'}"
        )
    _at_least(1, **known)
    elapsed = events["t"] - (start if start is not None else events["t"][0] if len(events) else 0)
    if window is None:
        assert frames is not None and duration is not None
        # In whole numbers: windows of a third of a millisecond must not drift.
        return view.count(events, elapsed * frames // duration, frames)
    if frames is None:
        assert duration is not None
        frames = -(-duration // window)
    return view.count(events, elapsed // window, frames)


def frames_by_count(events: Events, view: View, *, frames: int, events_a_frame: int) -> Counts:
    """Cut a recording into pieces of equally many events, whenever they happened.

    Args:
        events: (events,), in the order of time.
        view: pixels to elements; events that it crops away are counted, so that frames do not depend on
            it.
        frames: how many; a shorter recording leaves the last ones empty, of a longer one the rest is
            left out.
        events_a_frame: how many events one frame holds.

    Returns:
        (frames, channels, height, width), uint8 or uint16.

    Raises:
        ValueError: a number below 1, or as in :meth:`View.count`.
    """
    _at_least(1, frames=frames, events_a_frame=events_a_frame)
    return view.count(events, np.arange(len(events)) // events_a_frame, frames)


def narrow(counts: NDArray[np.integer[Any]]) -> Counts:
    """The same counts as uint8, or as uint16 where one is above 255; of either sign int8 or int16.

    Raises:
        ValueError: one is above 65535, or of either sign one is outside -32768..32767.
    """
    most, least = int(counts.max(initial=0)), int(counts.min(initial=0))
    if least < 0:
        if least < SMALLEST_COUNT or most >= -SMALLEST_COUNT:
            raise ValueError(f"counts of either sign from {least} to {most}, beyond 16 bits")
        small = least >= -128 and most <= 127
        return counts.astype(np.int8) if small else counts.astype(np.int16)
    if most > LARGEST_COUNT:
        raise ValueError(
            f"a pixel counts {most} events in one frame, more than {LARGEST_COUNT}; take shorter "
            "frames, pool less, or cut counts with View(largest=...)"
        )
    return counts.astype(np.uint8) if most <= np.iinfo(np.uint8).max else counts.astype(np.uint16)


def _check_coordinates(name: str, values: NDArray[Any]) -> None:
    if len(values) and (values.min() < 0 or values.max() > np.iinfo(EVENT[name]).max):
        raise ValueError(
            f"events' field {name} must be in 0..65535, got {values.min()}..{values.max()}"
        )


def _at_least(least: int, **numbers: object) -> None:
    for name, value in numbers.items():
        whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
        if not whole or value < least:  # type: ignore[operator]
            raise ValueError(
                f"{name.replace('_', ' ')} must be a whole number of at least {least}, got {value!r}"
            )
