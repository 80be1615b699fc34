"""The process in which compiled libraries read files: ``python -m snnc.recordings.library_child``.

A line of JSON comes in for each file, with package and path; out goes the length of the answer, a line
of JSON (size, or the problem), and the events' bytes.
"""

from __future__ import annotations

import json
import os
import struct
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.files.memory import limit_memory

from .events import EVENT

Pieces = Iterator[NDArray[Any]]


def main() -> None:
    """Answer until nobody asks any more. Arguments: bytes of memory, and events a file may have."""
    memory, most = (int(word) for word in sys.argv[1:])
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no answer
    limit_memory(2 * memory + 2**30)  # twice, as pieces are put together
    for line in sys.stdin.buffer:
        asked = json.loads(line)
        head: dict[str, Any]
        try:
            size, pieces = READERS[asked["package"]](asked["path"])
            head, body = {"size": size}, gathered(pieces, most)
        except BaseException as problem:  # a panic of Rust is no Exception
            head, body = {"problem": f"{type(problem).__name__}: {problem}"[:300]}, b""
        text = json.dumps(head).encode() + b"\n"
        out.write(struct.pack("<Q", len(text) + len(body)) + text)
        out.write(body)
        out.flush()


def gathered(pieces: Pieces, most: int) -> bytes:
    """The bytes of all events.

    Raises:
        ValueError: there are more than ``most``.
    """
    parts, count = [], 0
    for piece in pieces:
        count += len(piece)
        if count > most:
            raise ValueError(f"more than {most} events, which is what the memory has room for")
        events = np.empty(len(piece), EVENT)
        for name in ("x", "y", "p", "t"):
            events[name] = piece[name]
        parts.append(events.tobytes())
    return b"".join(parts)


def _aedat(path: str) -> tuple[tuple[int, int], Pieces]:
    import aedat

    decoder = aedat.Decoder(path)
    streams = {
        number: stream
        for number, stream in decoder.id_to_stream().items()
        if stream["type"] == "events"
    }
    if len(streams) != 1:
        raise ValueError(f"{len(streams)} streams of events, one is read")
    number, stream = next(iter(streams.items()))
    packets = (
        packet["events"] for packet in decoder if packet["stream_id"] == number and "events" in packet
    )
    return (stream["height"], stream["width"]), packets


def _faery(path: str) -> tuple[tuple[int, int], Pieces]:
    import faery

    stream = faery.events_stream_from_file(path)
    width, height = stream.dimensions()
    return (height, width), iter(stream)


READERS = {"aedat": _aedat, "faery": _faery}

if __name__ == "__main__":
    main()
