"""Zip archives: what they unpack to is known, and limited, before anything is unpacked.

Source of the layout: PKWARE APPNOTE.TXT 6.3.10, sections 4.3 and 4.4.
"""

from __future__ import annotations

import io
import struct
import zipfile
from dataclasses import dataclass

from .kinds import Kind, parsing
from .memory import Budget

MAGIC = b"PK\x03\x04"
DIRECTORY_ENTRY = b"PK\x01\x02"
LOCAL_HEADER = struct.Struct("<4s22xHH")
"""Signature, and lengths of name and extra field; 30 bytes."""

MOST_MEMBERS = 2**16
"""The directory of an archive without Zip64 holds no more; each takes a kilobyte in memory."""

METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""Other methods unpack a piece of any size at once."""

ENCRYPTED = 1


@dataclass(frozen=True)
class Zip:
    """An archive in memory whose directory was checked.

    Attributes:
        file: the opened archive.
        place: the user's file, and where in it.
        kind: whose messages its faults are.
    """

    file: zipfile.ZipFile
    place: str
    kind: Kind

    @property
    def names(self) -> tuple[str, ...]:
        """All members, folders included, in the archive's order."""
        return tuple(self.file.namelist())

    def read(self, name: str) -> bytes:
        """One member; never more bytes than the directory says, whatever the packed ones hold.

        Raises:
            UserError: of ``kind``: missing, damaged, a wrong checksum.
        """
        with parsing(f"{self.place}: {name}", self.kind):
            info = self.file.getinfo(name)
            with self.file.open(info) as member:
                # Reading with a size never unpacks more than that; reading without one would.
                data = member.read(info.file_size)
            if len(data) != info.file_size:
                raise EOFError(f"{len(data)} bytes, the directory says {info.file_size}")
            return data


def open_zip(data: bytes, place: str, kind: Kind, budget: Budget) -> Zip:
    """Open an archive and check its directory.

    Args:
        data: the archive.
        place: the user's file, and where in it.
        kind: whose messages its faults are.
        budget: what it may unpack to.

    Raises:
        UserError: of ``kind``: no archive, damaged, a name twice, members that overlap, encryption or
            another packing than deflate; D107 it would unpack to too much.
    """
    with parsing(place, kind):
        if data.count(DIRECTORY_ENTRY) > 2 * MOST_MEMBERS:
            raise ValueError(f"more than {MOST_MEMBERS} members")
        try:
            file = zipfile.ZipFile(io.BytesIO(data))
        except zipfile.BadZipFile as problem:
            raise ValueError(f"{problem}; this is typical of an interrupted download") from None
        entries = file.infolist()
        if len(entries) > MOST_MEMBERS:
            raise ValueError(f"{len(entries)} members, the limit is {MOST_MEMBERS}")
        names = {entry.filename for entry in entries}
        if len(names) != len(entries):
            raise ValueError("a member is in the archive twice")
        for entry in entries:
            if entry.compress_type not in METHODS:
                raise ValueError(f"{entry.filename!r} is packed with method {entry.compress_type}")
            if entry.flag_bits & ENCRYPTED:
                raise ValueError(f"{entry.filename!r} is encrypted")
            if entry.file_size < 0 or entry.compress_size < 0:
                raise ValueError(f"{entry.filename!r} has a negative size")
        _refuse_overlaps(data, entries)
    budget.take(sum(entry.file_size for entry in entries), place)
    return Zip(file, place, kind)


def _refuse_overlaps(data: bytes, entries: list[zipfile.ZipInfo]) -> None:
    """Members that share bytes: a small archive of this kind unpacks to any size.

    Source: D. Fifield, A better zip bomb, WOOT 2019.
    """
    end = 0
    for entry in sorted(entries, key=lambda entry: entry.header_offset):
        begin = entry.header_offset
        if begin < end:
            raise ValueError(f"{entry.filename!r} overlaps another member")
        signature, name, extra = LOCAL_HEADER.unpack_from(data, begin)
        if signature != MAGIC:
            raise ValueError(f"{entry.filename!r} does not begin where the directory says")
        end = begin + LOCAL_HEADER.size + name + extra + entry.compress_size
    if end > len(data):
        raise EOFError("the last member ends beyond the file")
