"""The same events as files of every kind, written here after the formats' descriptions."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np

from snnc.recordings.events import EVENT, Events, as_events

SIDE = 34


def some_events(count: int = 300, seed: int = 0, *, duration: int = 100_000) -> Events:
    """Random events of a sensor of 34 x 34 pixels, the corner among them, the first at 0."""
    rng = np.random.default_rng(seed)
    events = np.empty(count, EVENT)
    for field, limit in (("x", SIDE), ("y", SIDE), ("p", 2), ("t", duration)):
        events[field] = rng.integers(0, limit, count)
    events[0], events[1] = (SIDE - 1, SIDE - 1, 1, 0), (3, 5, 0, duration - 1)
    return as_events(events)


def nmnist(events: Events) -> bytes:
    rows = (bytes([x, y, p << 7 | t >> 16, t >> 8 & 255, t & 255]) for x, y, p, t in events.tolist())
    return b"".join(rows)


def dat(events: Events) -> bytes:
    words = (struct.pack("<II", t, p << 28 | y << 14 | x) for x, y, p, t in events.tolist())
    return b"% Version 2\n% Width 34\n% Height 34\n\x0c\x08" + b"".join(words)


def npy(events: Events) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, events)
    return buffer.getvalue()


def npz(events: Events) -> bytes:
    buffer = io.BytesIO()
    named = {"timestamp": events["t"], "polarity": events["p"].astype(bool)}
    np.savez(buffer, x=events["x"], y=events["y"], **named)
    return buffer.getvalue()


def csv(events: Events) -> bytes:
    lines = (f"{x},{y},{p},{t}\n" for x, y, p, t in events.tolist())
    return ("x,y,polarity,timestamp [us]\n" + "".join(lines)).encode()


def txt(events: Events) -> bytes:
    """The Event Camera Dataset's: seconds, x, y, polarity, without names."""
    return "".join(f"{t / 1e6:.6f} {x} {y} {p}\n" for x, y, p, t in events.tolist()).encode()


def hdf5(events: Events) -> bytes:
    h5py = __import__("h5py")
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        for field in "xytp":
            file.create_dataset(f"events/{field}", data=events[field], compression="gzip")
        file["ms_to_idx"] = np.arange(5)
    return buffer.getvalue()


def raw_2(events: Events) -> bytes:
    """EVT2: words of 32 bits, the time's upper bits on their own."""
    words, high = [], -1
    for x, y, p, t in events.tolist():
        if t >> 6 != high:
            high = t >> 6
            words.append(8 << 28 | high)
        words.append(p << 28 | (t & 63) << 22 | x << 11 | y)
    head = b"% evt 2.0\n% format EVT2;height=34;width=34\n% geometry 34x34\n% end\n"
    return head + np.array(words, "<u4").tobytes()


def raw_3(events: Events) -> bytes:
    """EVT3: words of 16 bits, each changes one part of the state."""
    words, high, low = [], -1, -1
    for x, y, p, t in events.tolist():
        if t >> 12 != high:
            high = t >> 12
            words.append(8 << 12 | high)
        if t & 4095 != low:
            low = t & 4095
            words.append(6 << 12 | low)
        words += [y, 2 << 12 | p << 11 | x]
    head = b"% evt 3.0\n% format EVT3;height=34;width=34\n% geometry 34x34\n% end\n"
    return head + np.array(words, "<u2").tobytes()


def aedat_2(events: Events) -> bytes:
    """jAER's, of a DVS128: rows from below, columns from the right, 0 brighter."""
    words = [(127 - y) << 8 | (127 - x) << 1 | 1 - p for x, y, p, _ in events.tolist()]
    pairs = np.stack([np.array(words), events["t"]], 1).astype(">u4")
    head = b"#!AER-DAT2.0\r\n# AEChip: ch.unizh.ini.jaer.chip.retina.DVS128\r\n"
    return head + bytes(pairs.tobytes())


def aedat_3(events: Events) -> bytes:
    """cAER's: packets of events, one of something else between them."""
    parts = [b"#!AER-DAT3.1\r\n#Source 1: DVS128\r\n#!END-HEADER\r\n"]
    for begin in range(0, len(events), 128):
        piece = events[begin : begin + 128]
        words = [x << 17 | y << 2 | p << 1 | 1 for x, y, p, _ in piece.tolist()]
        count = len(piece)
        parts.append(struct.pack("<hhiiiiii", 1, 1, 8, 4, 0, count, count, count))
        parts.append(np.stack([np.array(words), piece["t"]], 1).astype("<u4").tobytes())
        parts.append(struct.pack("<hhiiiiii", 3, 1, 36, 4, 0, 1, 1, 1) + bytes(36))
    return b"".join(parts)


def aedat_4(events: Events, folder: Path) -> bytes:
    """Through faery, while the package aedat reads it."""
    faery = __import__("faery")
    given = np.zeros(len(events), faery.EVENTS_DTYPE)
    for field in "xytp":
        given[field] = events[field]
    faery.events_stream_from_array(given, (SIDE, SIDE)).to_file(str(folder / "written.aedat4"))
    return (folder / "written.aedat4").read_bytes()


WRITERS: dict[str, Callable[[Events], bytes]] = {
    "a.bin": nmnist,
    "a.dat": dat,
    "a.npy": npy,
    "a.npz": npz,
    "a.csv": csv,
    "a.txt": txt,
    "a.h5": hdf5,
    "evt2.raw": raw_2,
    "evt3.raw": raw_3,
    "jaer.aedat": aedat_2,
    "caer.aedat": aedat_3,
}

NEEDED = {".h5": "h5py", ".raw": "faery", ".aedat4": "faery"}
