"""Standard output and standard error that never raise: what did not arrive is asked for at the end.

A message that cannot be printed must not become another exit code. Libraries that print (rich, typer,
traceback) make of a failing stream what they like: ``SystemExit(1)``, or an exception in the middle of
a message. Imports nothing but the standard library, so that it holds before anything else is imported.
"""

from __future__ import annotations

import errno
import io
import os
import select
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import Buffer

NAMES = {"stdout": "standard output", "stderr": "standard error"}


class _Lenient(io.FileIO):
    """A file descriptor that takes everything, and remembers the first thing that did not arrive."""

    lost: OSError | None = None

    def write(self, data: Buffer, /) -> int:
        """Bytes taken: all or some of ``data``, and all of it once something is lost."""
        while self.lost is None:
            try:
                written = super().write(data)
            except OSError as problem:
                self.lost = problem
                break
            if written is not None:
                return written
            # Another program has made the pipe or terminal non-blocking, and it is full.
            select.select([], [self], [])
        return memoryview(data).nbytes


_raw: dict[str, _Lenient] = {}


def open_streams() -> None:
    """Let every name be printed, a closed stream take everything, and no stream raise."""
    for name in NAMES:
        stream: io.TextIOWrapper | None = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115
            continue
        _raw[name] = _Lenient(stream.fileno(), "w", closefd=False)
        again = io.TextIOWrapper(
            io.BufferedWriter(_raw[name]),
            encoding=stream.encoding,
            # A file's name need not be UTF-8, nor the terminal able to show what is.
            errors="backslashreplace",
            line_buffering=stream.line_buffering or stream.write_through,
        )
        setattr(sys, name, again)


def lost() -> dict[str, OSError]:
    """Push out what was said; what did not arrive, by the stream's name in words."""
    for name in NAMES:
        getattr(sys, name).flush()
    return {NAMES[name]: raw.lost for name, raw in _raw.items() if raw.lost is not None}


def nobody_reads(problem: OSError) -> bool:
    """Whether it is lost because the reader has gone, as with ``| head -1``."""
    return problem.errno == errno.EPIPE
