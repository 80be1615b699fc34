"""jAER's and cAER's files, AEDAT 2.0 and 3.1. No library with a free licence reads them (tonic: GPL).

Sources: iniVation's page "AEDAT file formats" (2.0: addresses and times, big endian; 3.1: packets of
events, little endian) and jAER's event extractors, for what an address means in each camera.
"""

from __future__ import annotations

import re
import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from snnc.files import read_bytes

from .events import FILE, Events, as_events, most_bytes
from .recording import Reading, Recording, empty_events

EVENT_BYTES = 8
WRAP = 2**31
PACKET = struct.Struct("<hhiiiiii")
"""Kind, source, bytes of an event, place of its time, overflows, capacity, number, valid ones."""

POLARITY = 1
"""Kind of a packet whose events are of pixels."""

DAVIS = {"DAVIS240": (180, 240), "DAVIS346": (260, 346), "DAVIS640": (480, 640)}
DVS128 = (128, 128)
END = b"#!END-HEADER\r\n"


def read_aedat(path: Path, reading: Reading) -> Recording:
    """Read events of pixels from an ``.aedat`` file; frames and other measurements are left out.

    Rows count from above, as everywhere here; jAER counts them from below.

    Args:
        path: AEDAT 2.0 of a DVS128 or DAVIS 240, 346 or 640, or AEDAT 3.1.
        reading: not needed.

    Raises:
        ValueError: another version or camera, or a packet that is damaged.
        UserError: as for every file.
    """
    data = read_bytes(path, FILE, most=most_bytes(EVENT_BYTES))
    version = re.match(rb"#!AER-DAT(\d\.\d)", data)
    if version is None:
        raise ValueError("it does not begin with #!AER-DAT and a version")
    begin = 0
    while data[begin : begin + 1] == b"#":
        line = data.find(b"\n", begin)
        end = len(data) if line < 0 else line + 1
        done, begin = data[begin:end] == END, end
        if done:
            break
    header, body = data[:begin].decode("utf-8", "replace"), data[begin:]
    if version[1] == b"2.0":
        return _version_2(header, body)
    if version[1] == b"3.1":
        return Recording(_version_3(body), _size_of_3(header))
    raise ValueError(f"AEDAT {version[1].decode()}, known are 2.0 and 3.1; .aedat4 is for 4.0")


def _version_2(header: str, body: bytes) -> Recording:
    if len(body) % EVENT_BYTES:
        raise ValueError(f"{len(body)} bytes behind the header are not a whole number of 8-byte events")
    address, stamp = np.frombuffer(body, ">u4").reshape(-1, 2).T.astype(np.int64)
    chip = next((name for name in DAVIS if name in header.upper()), None)
    if chip is not None:
        height, width = DAVIS[chip]
        # Bit 31: samples of a frame or of the inertia; bit 10: a signal from outside.
        mine = (address >> 31 == 0) & (address >> 10 & 1 == 0)
        x, y, p = address >> 12 & 0x3FF, address >> 22 & 0x1FF, address >> 11 & 1
    elif "DVS128" in header.upper():
        (height, width), mine = DVS128, address >> 15 & 1 == 0
        x, y, p = address >> 1 & 0x7F, address >> 8 & 0x7F, 1 - (address & 1)
    else:
        raise ValueError(
            f"its header names no camera that is known: DVS128, {', '.join(DAVIS)}; what an address "
            "means depends on it"
        )
    if np.any(mine & ((x >= width) | (y >= height))):
        raise ValueError(f"an event lies outside the camera's {height} x {width} pixels")
    events = empty_events(len(address))
    events["x"], events["y"], events["p"] = width - 1 - x, height - 1 - y, p
    events["t"] = stamp
    return Recording(as_events(events[mine]), (height, width))


def _version_3(body: bytes) -> Events:
    parts: list[NDArray[np.void]] = [empty_events(0)]
    place = 0
    while place < len(body):
        if place + PACKET.size > len(body):
            raise ValueError("it ends within the header of a packet")
        kind, _, size, _, overflows, _, number, _ = PACKET.unpack_from(body, place)
        place += PACKET.size
        if size <= 0 or number < 0 or overflows < 0 or place + size * number > len(body):
            raise ValueError(f"a packet of {number} events of {size} bytes reaches behind the end")
        if kind == POLARITY:
            if size != EVENT_BYTES:
                raise ValueError(f"events of pixels have {EVENT_BYTES} bytes, here {size}")
            parts.append(_packet(body[place : place + size * number], overflows))
        place += size * number
    return as_events(np.concatenate(parts))


def _packet(content: bytes, overflows: int) -> NDArray[np.void]:
    word, stamp = np.frombuffer(content, "<u4").reshape(-1, 2).T.astype(np.int64)
    events = empty_events(len(word))
    events["x"], events["y"], events["p"] = word >> 17 & 0x7FFF, word >> 2 & 0x7FFF, word >> 1 & 1
    events["t"] = stamp + overflows * WRAP
    valid: NDArray[np.void] = events[word & 1 == 1]
    return valid


def _size_of_3(header: str) -> tuple[int, int] | None:
    """What the header's camera has, where it is one of these."""
    named = next((name for name in DAVIS if name in header.upper()), None)
    if named is not None:
        return DAVIS[named]
    return DVS128 if "DVS128" in header.upper() else None
