"""HDF5 files: whole in themselves, of known size, and unpacked by nothing but the library.

An HDF5 file may name other files (external links, external storage, virtual data sets) and have the
library load shared objects (filters). Links may lead to one array many times, or in a circle. All of
it is looked at before any array is read. Source: HDF5 File Format Specification 3.0; h5py 3.16.
"""

from __future__ import annotations

import io
import math
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np

from snnc.errors import fail

from .kinds import Kind, parsing
from .memory import Budget

MAGIC = b"\x89HDF\r\n\x1a\n"
"""How an HDF5 file begins. Source: HDF5 File Format Specification 3.0, superblock."""

FIRST_BLOCK = 512
"""Bytes of the smallest user block; others are twice, four times, ... as long. Source: likewise."""

DEEPEST = 32
"""Groups within groups."""

MOST_LINKS = 2**17
"""Of all groups together, each counted as often as links lead to it."""

MOST_ATTRIBUTES = 64
"""Of one object; nothing here reads them."""

MOST_CHUNKS = 2**18
"""Pieces that arrays are stored in, of all arrays together; the library lists them in memory."""

MOST_TEXTS = 2**16
"""Of an array that is read text by text, because all of them could be as long as the file."""

LEAST_ELEMENT = 8
"""Bytes that a number counts at least: every number becomes a float64."""

WIDEST = 8
"""Bytes of a number: a long double holds numbers that become infinite as a double."""

TEXT = 64
"""Bytes that Python takes for a text beside its letters."""

SHUFFLE, FLETCHER32, DEFLATE, LZF = 2, 3, 1, 32000
FILTERS = (DEFLATE, SHUFFLE, FLETCHER32, LZF)
"""Filters that are part of HDF5 and h5py; any other number is looked up in shared objects on disk."""

LARGEST_RATIO = {DEFLATE: 1032, LZF: 132}
"""Bytes that one packed byte can become: three bits stand for 258 in deflate, two bytes for 264."""

HARMLESS = 64
"""A piece that can unpack to no more than this part of what a file may take is not looked into."""

OUTSIDE = "a file that refers to other files would load their bytes as weights, or wait for them"


def hdf5_of(data: bytes) -> bytes | None:
    """The HDF5 file in a file, without the user block that may precede it; None where there is none.

    A user block holds what other programs like, and no address in the file counts it (``h5unjam``
    takes it away without changing anything behind it).
    """
    place = 0
    while place < len(data):
        if data.startswith(MAGIC, place):
            return data[place:]
        place = 2 * place or FIRST_BLOCK
    return None


def check_hdf5(data: bytes, place: str, kind: Kind, budget: Budget | None = None) -> None:
    """Look through a file before anything is read from it. Needs the package h5py.

    Args:
        data: the file.
        place: for messages.
        kind: whose messages its faults are.
        budget: what its arrays may take; by default the share of one file.

    Raises:
        UserError: of ``kind`` when it is damaged or holds what is neither numbers nor texts; D142 it
            reaches outside itself, or has links that are no plain ones; D143 it asks for a filter that
            is not built in; D107 it would unpack to too much.
    """
    import h5py

    with parsing(place, kind), h5py.File(io.BytesIO(data), "r") as file:
        _Walk(place, len(data), budget or Budget(place)).group(file.id, "", ())


@dataclass
class _Walk:
    """One pass over everything that links lead to, counted once a link.

    Attributes:
        place: the file.
        size: of the file in bytes: no text in it is longer.
        budget: what its arrays may take.
        links, chunks: counted so far.
    """

    place: str
    size: int
    budget: Budget
    links: int = 0
    chunks: int = 0

    def group(self, group: Any, path: str, above: tuple[Any, ...]) -> None:
        """Check a group and what is in it."""
        import h5py

        token = _identity(group)
        if token in above or len(above) > DEEPEST:
            raise self._outside(path, "it contains itself, or is nested too deeply", "")
        self._attributes(group, path)
        for name in group:
            inner = f"{path}/{name.decode('utf-8')}"
            self.links += 1
            if self.links > MOST_LINKS:
                raise ValueError(f"more than {MOST_LINKS} groups and arrays")
            link = group.links.get_info(name).type
            if link != h5py.h5l.TYPE_HARD:
                what = {h5py.h5l.TYPE_SOFT: "a soft link", h5py.h5l.TYPE_EXTERNAL: "an external link"}
                raise self._outside(inner, f"{what.get(link, 'a user-defined link')} is in it", OUTSIDE)
            found = h5py.h5o.open(group, name)
            if isinstance(found, h5py.h5g.GroupID):
                self.group(found, inner, (*above, token))
            elif isinstance(found, h5py.h5d.DatasetID):
                self.array(found, inner)
            else:
                raise ValueError(f"{inner} is neither a group nor an array")

    def array(self, array: Any, path: str) -> None:
        """Check one array: where its bytes are, its type, and its size in memory."""
        import h5py

        self._attributes(array, path)
        plist, space = array.get_create_plist(), array.get_space()
        layout = plist.get_layout()
        if layout not in (h5py.h5d.COMPACT, h5py.h5d.CONTIGUOUS, h5py.h5d.CHUNKED):
            raise self._outside(path, "it contains a virtual data set", OUTSIDE)
        if plist.get_external_count():
            raise self._outside(path, "it contains an array with external storage", OUTSIDE)
        if space.get_simple_extent_type() not in (h5py.h5s.SCALAR, h5py.h5s.SIMPLE):
            raise ValueError(f"{path} has no value")
        filters = [plist.get_filter(i)[0] for i in range(plist.get_nfilters())]
        self._filters(filters, path)
        kind = array.get_type()
        _refuse_type(kind, path)
        elements = math.prod(space.get_simple_extent_dims())
        piece = 0
        if layout == h5py.h5d.CHUNKED:
            piece = self._chunks(array, plist, space, kind.get_size(), filters, path)
        where = f"{self.place}: {path}"
        texts = isinstance(kind, h5py.h5t.TypeStringID) and kind.is_variable_str()
        element = TEXT if texts else max(kind.get_size(), LEAST_ELEMENT)
        self.budget.take(max(elements * element, piece), where)
        if texts:
            self._texts(h5py.Dataset(array), elements, where)

    def _filters(self, filters: list[int], path: str) -> None:
        wrong = [number for number in filters if number not in FILTERS]
        if wrong or len(set(filters)) != len(filters):
            what = f"filter {wrong[0]}" if wrong else "one filter twice"
            raise fail(
                "D143",
                f"an array in the file is compressed with {what}",
                where=f"{self.place}: {path}",
                why="a filter that is not built in is a shared object, which would be loaded and run"
                if wrong
                else "data that are compressed twice can unpack to any size",
                help="write the array with gzip, lzf, shuffle or fletcher32, or without compression",
            )

    def _chunks(
        self, array: Any, plist: Any, space: Any, element: int, filters: list[int], path: str
    ) -> int:
        """Check the pieces that an array is stored in; the bytes of the largest one unpacked."""
        shape, chunk = space.get_simple_extent_dims(), plist.get_chunk()
        self.chunks += math.prod(-(-n // k) for n, k in zip(shape, chunk, strict=True))
        if self.chunks > MOST_CHUNKS:
            raise ValueError(f"{path} is cut into too many pieces: {MOST_CHUNKS} are the limit")
        size = math.prod(chunk) * element
        ratio = max((LARGEST_RATIO.get(number, 1) for number in filters), default=1)
        stored = [array.get_chunk_info(i) for i in range(array.get_num_chunks())] if ratio > 1 else []
        for info in stored:
            skipped = DEFLATE in filters and info.filter_mask >> filters.index(DEFLATE) & 1
            if skipped or info.size * ratio <= max(size, self.budget.limit // HARMLESS):
                continue
            if DEFLATE not in filters or LZF in filters:
                raise ValueError(f"{path} has a piece of {info.size} packed bytes for {size}")
            # The library unpacks a piece to its end before it looks at how long it should be.
            packed = array.read_direct_chunk(info.chunk_offset)[1]
            stream = zlib.decompressobj()
            if len(stream.decompress(packed, size + 1)) > size or not stream.eof:
                raise ValueError(f"{path} has a piece that unpacks to more than its {size} bytes")
        return int(size)

    def _texts(self, array: Any, elements: int, where: str) -> None:
        """Add up texts of any length: all elements may refer to one long text."""
        if elements * self.size <= self.budget.limit - self.budget.used:
            pieces: list[Any] = [()]
        elif elements > MOST_TEXTS:
            raise ValueError(
                f"{where} holds {elements} texts, too many for a file of {self.size} bytes"
            )
        else:
            pieces = list(np.ndindex(array.shape))
        for piece in pieces:
            self.budget.take(sum(len(text) for text in np.ravel(array[piece])), where)

    def _attributes(self, thing: Any, path: str) -> None:
        import h5py

        if h5py.h5a.get_num_attrs(thing) > MOST_ATTRIBUTES:
            raise ValueError(f"{path or '/'} has more than {MOST_ATTRIBUTES} attributes")

    def _outside(self, path: str, what: str, why: str) -> Exception:
        return fail(
            "D142",
            f"the file is not self-contained: {what}",
            where=f"{self.place}: {path or '/'}",
            why=why or "reading it would never end",
            help="write it again with every array in the file itself, as nir.write does",
        )


def _identity(thing: Any) -> tuple[int, int]:
    import h5py

    info = h5py.h5o.get_info(thing)
    return int(info.fileno), int(info.addr)


def _refuse_type(kind: Any, path: str) -> None:
    """Let pass whole and real numbers, truth values and texts.

    Raises:
        ValueError: another type, or one that is an object of its own in the file.
    """
    import h5py

    plain = isinstance(kind, h5py.h5t.TypeIntegerID | h5py.h5t.TypeFloatID | h5py.h5t.TypeStringID)
    truth = isinstance(kind, h5py.h5t.TypeEnumID) and kind.dtype.kind == "b"
    if not (plain or truth) or kind.committed():
        name = type(kind).__name__.removeprefix("Type").removesuffix("ID").lower()
        name = "named" if plain or truth else name
        raise ValueError(f"{path} is of a type that no array of numbers or texts has: {name}")
    if not isinstance(kind, h5py.h5t.TypeStringID) and kind.dtype.itemsize > WIDEST:
        raise ValueError(f"{path} is of type {kind.dtype}, which is wider than a double: write float64")
