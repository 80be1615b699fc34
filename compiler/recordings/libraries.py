"""Recordings that a compiled library reads: in a child process, which it may crash or fill.

``aedat`` reads ``.aedat4``, ``faery`` Prophesee's ``.raw``. The child stays from one file to the next.
"""

from __future__ import annotations

import atexit
import importlib.util
import json
import os
import re
import select
import struct
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from snnc.files import check_file, read_bytes, share_of_memory
from snnc.optional import missing

from .events import EVENT, FILE, as_events, most_events
from .recording import Reading, Recording

SECONDS = 30
"""To read a file, and as many more as it has MiB."""

STARTS = 30
"""Seconds for the child to load its libraries."""

LENGTH = struct.Struct("<Q")
WORDS = {b"2": 4, b"21": 8, b"3": 2}
"""Bytes of a word, by format. Source: Prophesee's descriptions of EVT2, EVT2.1 and EVT3."""


def read_aedat4(path: Path, reading: Reading) -> Recording:
    """Read the one stream of events of an ``.aedat4`` file.

    Raises:
        ValueError: damaged, or no or several streams of events.
        UserError: D123 the package aedat is missing; as for every file.
    """
    return _through("aedat", path)


def read_raw(path: Path, reading: Reading) -> Recording:
    """Read Prophesee's ``.raw``: EVT2, EVT2.1 or EVT3, as its header says.

    expelliarmus 1.1.12 reads it too, but gives EVT3 times that are 4096 us late after the first
    TIME_HIGH; faery 0.7.1 gives those of the format's description.

    Raises:
        ValueError: damaged, or of another format.
        UserError: D123 the package faery is missing; as for every file.
    """
    _check_words(path)
    return _through("faery", path)


def _check_words(path: Path) -> None:
    """Refuse what faery takes for a recording without events: it reads as many words as are whole.

    Raises:
        ValueError: no header that names a format, or a file that ends within a word.
    """
    data = read_bytes(path, FILE)
    header = re.match(rb"(?:%[^\n]*\n)+", data)
    named = re.search(rb"EVT(2\.?1|2|3)|evt (2\.1|2|3)", header[0]) if header else None
    if header is None or named is None:
        raise ValueError("no header that names EVT2, EVT2.1 or EVT3")
    word = WORDS[(named[1] or named[2]).replace(b".", b"")]
    if left := (len(data) - header.end()) % word:
        raise ValueError(f"it ends within a word: {left} of {word} bytes")


def _through(package: str, path: Path) -> Recording:
    if importlib.util.find_spec(package) is None:
        what = f"reading {path.suffix} recordings needs the package {package}"
        raise missing(package, what, ImportError(f"no module named {package}"), where=str(path))
    bytes_there = check_file(path, FILE)  # the child counts the events
    answer = child.ask(package, path, SECONDS + bytes_there // 2**20)
    told = json.loads(answer[: answer.index(b"\n")])
    if "problem" in told:
        raise ValueError(f"{package}: {told['problem']}")
    events = np.frombuffer(answer[answer.index(b"\n") + 1 :], EVENT)
    height, width = told["size"]
    if len(events) and (events["y"].max() >= height or events["x"].max() >= width):
        raise ValueError(f"an event lies outside the {height} x {width} pixels that the file states")
    return Recording(as_events(events), (height, width))


class _Child:
    """The process, started when it is first asked."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[bytes] | None = None

    def ask(self, package: str, path: Path, seconds: float) -> bytes:
        """A line of JSON, then events.

        Raises:
            ValueError: the library crashed, or took too long.
        """
        process = self.process
        if process is None or process.poll() is not None:
            process, seconds = self._start(), seconds + STARTS
        assert process.stdin is not None
        question = {"package": package, "path": os.fsdecode(path.absolute())}
        process.stdin.write(json.dumps(question).encode() + b"\n")
        process.stdin.flush()
        deadline = time.monotonic() + seconds
        length = LENGTH.unpack(self._take(process, LENGTH.size, deadline, package))[0]
        return self._take(process, length, deadline, package)

    def _start(self) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        most = share_of_memory()
        command = [sys.executable, "-P", "-m", "snnc.recordings.library_child", str(most)]
        command.append(str(most_events()))
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
        )
        atexit.register(self.stop)
        return self.process

    def _take(
        self, process: subprocess.Popen[bytes], size: int, deadline: float, package: str
    ) -> bytes:
        assert process.stdout is not None
        handle, parts, left = process.stdout.fileno(), [], size
        while left:
            wait = deadline - time.monotonic()
            if wait <= 0 or not select.select([handle], [], [], wait)[0]:
                self.stop()
                raise ValueError(f"the package {package} did not come to an end while it read it")
            part = os.read(handle, min(left, 2**20))
            if not part:
                self.stop()
                raise ValueError(f"the package {package} crashed while it read it")
            parts.append(part)
            left -= len(part)
        return b"".join(parts)

    def stop(self) -> None:
        """End the process."""
        process, self.process = self.process, None
        if process is not None:
            process.kill()
            process.communicate()


child = _Child()
