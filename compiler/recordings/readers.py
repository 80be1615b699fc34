"""Recordings from files: which reader takes a file, by its ending."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from snnc.errors import fail
from snnc.files import hdf5_arrays, parse_npy, parse_npz, parsing, read_bytes
from snnc.optional import missing

from .aedat import read_aedat
from .events import DAT_BYTES, FILE, most_bytes, read_dat, read_nmnist
from .fields import FIELDS, field_of, named, of_table
from .libraries import read_aedat4, read_raw
from .recording import Reading, Recording, recording_of
from .tables import read_table

NMNIST_SIDE = 34

HEADER = 4096
"""Bytes in which a header of Prophesee's ``.dat`` ends."""


def read_recording(path: Path, reading: Reading) -> Recording:
    """The events of one file.

    Args:
        path: its ending (``READERS``) says what it is.
        reading: what the file does not say itself.

    Raises:
        UserError: D620 it is missing, damaged or not what its ending says; D621 no reader takes such an
            ending; D107, D140, D141, D142, D143 as for every file; D123 a package that reads it is
            missing.
    """
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise unknown_ending(path)
    with parsing(str(path), FILE):
        return reader(path, reading)


def unknown_ending(path: Path) -> Exception:
    """D621, for a file that no reader takes."""
    return fail(
        "D621",
        f"no reader takes files that end in {path.suffix or 'nothing'}",
        where=str(path),
        why=f"recordings end in {', '.join([*READERS, '.wav'])}",
        help="save its events as .npz with arrays x, y, t (microseconds) and p",
    )


def _nmnist(path: Path, reading: Reading) -> Recording:
    return Recording(read_nmnist(path), (NMNIST_SIDE, NMNIST_SIDE))


def _dat(path: Path, reading: Reading) -> Recording:
    events = read_dat(path)
    head = read_bytes(path, FILE, most=most_bytes(DAT_BYTES))[:HEADER]
    sides = [
        re.search(rb"^% " + word + rb" (\d{1,5})\s*$", head, re.M) for word in (b"Height", b"Width")
    ]
    height, width = (None if side is None else int(side[1]) for side in sides)
    return Recording(events, None if height is None or width is None else (height, width))


def _numpy(path: Path, reading: Reading) -> Recording:
    data = read_bytes(path, FILE)
    if path.suffix.lower() == ".npy":
        return _of_array(parse_npy(data, str(path), FILE, structured=True), reading)
    arrays = parse_npz(data, str(path), FILE, structured=True)
    whole = [array for array in arrays.values() if array.dtype.names or array.ndim == 2]
    if len(whole) == 1:
        return _of_array(whole[0], reading)
    if "x" in arrays and arrays["x"].ndim >= 3:
        raise ValueError("x has frames already: give the file to --data as it is")
    names = list(arrays)
    return recording_of({name: arrays[names[i]] for name, i in named(names).items()}, reading)


def _of_array(array: NDArray[Any], reading: Reading) -> Recording:
    """A structured array (events,), or a table (events, 4)."""
    if array.dtype.names is not None:
        if array.ndim != 1:
            raise ValueError(f"events must have shape (events,), got {array.shape}")
        names = list(array.dtype.names)
        return recording_of({name: array[names[i]] for name, i in named(names).items()}, reading)
    if array.ndim != 2 or array.dtype.kind not in "biuf":
        raise ValueError(f"no events but an array of {array.dtype}, shape {array.shape}")
    return recording_of(of_table(array, reading.columns), reading)


def _hdf5(path: Path, reading: Reading) -> Recording:
    try:
        import h5py  # noqa: F401
    except ImportError as problem:
        raise missing("h5py", "reading HDF5 recordings needs h5py", problem, where=str(path)) from None
    data = read_bytes(path, FILE)
    arrays = hdf5_arrays(data, str(path), FILE, _event_arrays)
    if len(arrays) == 1:
        return _of_array(next(iter(arrays.values())), reading)
    fields = {str(field_of(name.rpartition("/")[2])): array for name, array in arrays.items()}
    return recording_of(fields, reading)


def _event_arrays(shapes: dict[str, tuple[int, ...]]) -> list[str]:
    """Paths of x, y, t and p in the one group that has all, or of the one table of events.

    Raises:
        ValueError: no group and no table, or several.
    """
    groups: dict[str, dict[str, str]] = {}
    for path, shape in shapes.items():
        group, _, name = path.rpartition("/")
        field = field_of(name)
        if field is not None and len(shape) == 1:
            groups.setdefault(group, {}).setdefault(field, path)
    whole = [list(found.values()) for found in groups.values() if len(found) == len(FIELDS)]
    tables = [
        [path]
        for path, shape in shapes.items()
        if len(shape) == 2 and shape[1] == len(FIELDS) and path.rpartition("/")[2] == "events"
    ]
    found = whole or tables
    if len(found) != 1:
        names = ", ".join(sorted(shapes)[:8]) or "no arrays"
        what = "several groups of events" if found else "no group with x, y, t and p"
        raise ValueError(f"{what}: found {names}")
    return found[0]


Reader = Callable[[Path, Reading], Recording]

READERS: dict[str, Reader] = {
    ".bin": _nmnist,
    ".dat": _dat,
    ".raw": read_raw,
    ".aedat4": read_aedat4,
    ".aedat": read_aedat,
    ".npy": _numpy,
    ".npz": _numpy,
    ".h5": _hdf5,
    ".hdf5": _hdf5,
    ".csv": read_table,
    ".txt": read_table,
}
"""By ending, small letters."""
