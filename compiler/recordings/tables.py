"""Events as text: a line an event, with or without a header."""

from __future__ import annotations

import io
import re
import warnings
from pathlib import Path

import numpy as np

from snnc.files import read_bytes

from .events import FILE, most_bytes
from .fields import named, of_table
from .recording import Reading, Recording, recording_of

LINE_BYTES = 8
"""Of a line at least: ``0,0,0,0`` and its end."""

ROOM = 2
"""So much more memory than other events: a line is four float64 and a text before."""

NUMBER = re.compile(r"[+-]?(\d|\.\d)")


def read_table(path: Path, reading: Reading) -> Recording:
    """Read events of a text file: separated by commas, semicolons, tabs or blanks.

    Args:
        path: lines that begin with ``#`` are left out; the first other line may name the columns. A
            name ``x@640`` says the width, as faery writes it.
        reading: names of the columns where the file has none.

    Raises:
        ValueError: a line that is not like the others, columns that cannot be told apart.
        UserError: as for every file.
    """
    data = read_bytes(path, FILE, most=most_bytes(LINE_BYTES) // ROOM)
    text = data.decode("utf-8-sig")
    lines = io.StringIO(text)
    first = next((line for line in lines if line.strip() and not line.startswith("#")), "")
    if not first:
        raise ValueError("no events: it has no line but comments")
    mark = next((mark for mark in ",;\t" if mark in first), None)
    head = [part for part in first.strip().split(mark) if part]
    has_names = not all(NUMBER.match(part.strip()) for part in head)
    if not has_names:
        lines = io.StringIO(text)
    with warnings.catch_warnings():  # of a table that has names and no lines
        warnings.simplefilter("ignore", UserWarning)
        table = np.loadtxt(lines, dtype=np.float64, delimiter=mark, ndmin=2, comments="#")
    if table.size == 0:
        table = np.empty((0, len(head)))
    if not has_names:
        return recording_of(of_table(table, reading.columns), reading)
    if table.shape[1] != len(head):
        raise ValueError(f"{len(head)} names in the first line, {table.shape[1]} columns below")
    places = named(head)
    sides = [re.search(r"@(\d{1,5})$", head[places[field]].strip()) for field in ("y", "x")]
    height, width = (None if side is None else int(side[1]) for side in sides)
    size = None if height is None or width is None else (height, width)
    return recording_of({field: table[:, place] for field, place in places.items()}, reading, size)
