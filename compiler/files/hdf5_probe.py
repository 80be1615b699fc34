"""An HDF5 file is read for the first time in a process of its own.

The HDF5 library follows whatever a file says of itself. Damaged files are known to make it run in
circles (a text whose place in the heap is damaged) or crash, which no exception can report. The process
looks the file through, reads every array, and ends; only then is the same done here.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from snnc.errors import Diagnostic, UserError

from .hdf5 import check_hdf5
from .kinds import Kind, parsing
from .memory import Budget, limit_memory

if TYPE_CHECKING:
    from numpy.typing import NDArray

SECONDS = 5
"""Of one core, and as many more as the file has MiB; a file of a few MiB takes a tenth of one."""

WAIT = 6
"""Times as long on the clock, where other programs take the cores."""

REFUSED = 2

_harmless: set[bytes] = set()
"""SHA-256 of files that this process need not have looked through again, at most MOST_KNOWN."""

MOST_KNOWN = 4096


def probe_hdf5(data: bytes, place: str, kind: Kind) -> None:
    """Look through a file and read all of it in a process of its own, unless it was before.

    Args:
        data: the file.
        place: for messages.
        kind: whose messages its faults are.

    Raises:
        UserError: as :func:`check_hdf5`; of ``kind`` when the library does not come to an end.
    """
    if hashlib.sha256(data).digest() in _harmless:
        return
    seconds = SECONDS + len(data) // 2**20
    command = [
        sys.executable,
        "-P",
        "-m",
        __name__,
        place,
        str(seconds),
        kind.code,
        kind.what,
        kind.help,
    ]
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    try:
        done = subprocess.run(
            [os.fsencode(part) for part in command],
            input=data,
            capture_output=True,
            timeout=WAIT * seconds,
            env=environment,
        )
    except subprocess.TimeoutExpired:
        raise kind.wrong(place, f"the HDF5 library was still busy after {WAIT * seconds} s") from None
    if done.returncode == 0:
        remember_hdf5(data)
        return
    if done.returncode == REFUSED:
        raise UserError(*(Diagnostic(**entry) for entry in json.loads(done.stdout)))
    if done.returncode == -signal.SIGXCPU:
        raise kind.wrong(place, f"the HDF5 library was still busy after {seconds} s")
    if done.returncode < 0:
        name = signal.Signals(-done.returncode).name
        raise kind.wrong(place, f"the HDF5 library ended with {name} while it was read")
    raise kind.wrong(place, f"reading it failed: {done.stderr.decode(errors='replace').strip()[-300:]}")


def hdf5_root(data: bytes, place: str, kind: Kind) -> tuple[list[str], list[str]]:
    """Names of what the root of an HDF5 file holds, and of its attributes. Needs the package h5py.

    Raises:
        UserError: as :func:`probe_hdf5`, which it goes through.
    """
    import h5py

    probe_hdf5(data, place, kind)
    with parsing(place, kind), h5py.File(io.BytesIO(data), "r") as file:
        return [str(name) for name in file], [str(name) for name in file.attrs]


def hdf5_arrays(
    data: bytes, place: str, kind: Kind, choose: Callable[[dict[str, tuple[int, ...]]], Iterable[str]]
) -> dict[str, NDArray[Any]]:
    """Arrays of an HDF5 file by the path inside it. Needs the package h5py.

    Args:
        data: the file.
        place: for messages.
        kind: whose messages its faults are.
        choose: gets the shapes of all arrays by path, and says which are read; a ``ValueError`` of it
            becomes a message.

    Raises:
        UserError: as :func:`probe_hdf5`, which it goes through.
    """
    import h5py
    import numpy as np

    probe_hdf5(data, place, kind)
    with parsing(place, kind), h5py.File(io.BytesIO(data), "r") as file:
        shapes: dict[str, tuple[int, ...]] = {}

        def note(name: str, item: Any) -> None:
            if isinstance(item, h5py.Dataset):
                shapes[name] = item.shape

        file.visititems(note)
        return {name: np.asarray(file[name][()]) for name in choose(shapes)}


def remember_hdf5(data: bytes) -> None:
    """Take a file for harmless in this process: it was looked through, or the library made it here."""
    if len(_harmless) == MOST_KNOWN:
        _harmless.clear()
    _harmless.add(hashlib.sha256(data).digest())


def _read_all(data: bytes, place: str, kind: Kind, budget: Budget) -> None:
    import h5py

    check_hdf5(data, place, kind, budget)

    def read(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset):
            item[()]

    with parsing(place, kind), h5py.File(io.BytesIO(data), "r") as file:
        file.visititems(read)


def main() -> int:
    """The process: the file on standard input, its messages on standard output."""
    import h5py  # noqa: F401  # what is loaded counts for what the process has

    place, seconds, *words = sys.argv[1:]
    data = sys.stdin.buffer.read()
    budget = Budget(place)  # before there is a limit: it would count as the machine's memory
    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds), int(seconds) + 5))
    limit_memory(budget.limit + 2 * len(data))
    try:
        _read_all(data, place, Kind(*words), budget)
    except UserError as refused:
        words_of = ("code", "what", "where", "why", "help")
        found = [{word: getattr(d, word) for word in words_of} for d in refused.diagnostics]
        sys.stdout.write(json.dumps(found))
        return REFUSED
    return 0


if __name__ == "__main__":
    sys.exit(main())
