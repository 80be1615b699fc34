"""Zip archives from strangers: read without trusting what they declare.

Source of the layout: torch/export/pt2_archive (torch 2.13), one root folder in a zip whose members
are stored without compression.
"""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from snnc.errors import UserError, fail

ZIP_MAGIC = b"PK\x03\x04"

SMALLEST_LIMIT = 64 * 2**20
"""Bytes that an archive may always unpack to."""

LARGEST_RATIO = 100
"""How many times its own size an archive may unpack to; torch itself does not compress at all."""

READ_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    KeyError,
    NotImplementedError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
)
"""What ``zipfile`` raises for wrong checksums, early ends, unknown methods and encryption."""


MALFORMED = (
    ArithmeticError,
    AttributeError,
    IndexError,
    KeyError,
    MemoryError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What a wrong structure raises when it is read as if it were the right one."""


@dataclass(frozen=True)
class Archive:
    """An opened zip archive.

    Attributes:
        path: the user's file.
        zip: the archive in memory.
        inside: where in the user's file it lies, for messages; empty for the file itself.
    """

    path: Path
    zip: zipfile.ZipFile
    inside: str = ""

    @staticmethod
    def is_archive(data: bytes) -> bool:
        """Whether the bytes begin as a zip archive does."""
        return data.startswith(ZIP_MAGIC)

    @classmethod
    def open(cls, path: Path, data: bytes, inside: str = "") -> Archive:
        """Open an archive that is already in memory, and check what it declares.

        Raises:
            UserError: D106 truncated, damaged or with a name twice, D107 it unpacks to too much.
        """
        try:
            archive = cls(path, zipfile.ZipFile(io.BytesIO(data)), inside)
        except READ_ERRORS as error:
            place = f"{path}: {inside}" if inside else str(path)
            raise damaged(place, f"{error}; an interrupted download ends like this") from None
        declared = sum(entry.file_size for entry in archive.zip.infolist())
        limit = max(SMALLEST_LIMIT, LARGEST_RATIO * len(data))
        if declared > limit:
            raise fail(
                "D107",
                f"{len(data)} bytes would unpack to {declared}, the limit is {limit}",
                where=archive.place(),
                why="torch does not compress; an archive like this is made to fill the memory",
            )
        if len(set(archive.zip.namelist())) != len(archive.zip.namelist()):
            raise damaged(archive.place(), "a member is in the archive twice")
        return archive

    @cached_property
    def root(self) -> str:
        """The folder that holds everything, with a slash; empty when there is no such folder."""
        tops = {name.partition("/")[0] for name in self.zip.namelist() if "/" in name}
        loose = any("/" not in name for name in self.zip.namelist())
        return f"{tops.pop()}/" if len(tops) == 1 and not loose else ""

    @cached_property
    def names(self) -> tuple[str, ...]:
        """All files, without the root folder, in the archive's order."""
        start = len(self.root)
        return tuple(n[start:] for n in self.zip.namelist() if not n.endswith("/"))

    def place(self, member: str = "") -> str:
        """How messages call the archive or one of its members."""
        return ": ".join(part for part in (str(self.path), self.inside, member) if part)

    def read(self, member: str) -> bytes:
        """The bytes of one member.

        Raises:
            UserError: D106 when it is missing or its checksum is wrong.
        """
        if member not in self.names:
            raise damaged(self.place(member), "the archive lacks this member")
        try:
            return self.zip.read(self.root + member)
        except READ_ERRORS as error:
            raise damaged(self.place(member), str(error)) from None

    def read_json(self, member: str) -> Any:
        """One member as JSON.

        Raises:
            UserError: D106 when it is missing, damaged or not JSON.
        """
        try:
            return json.loads(self.read(member))
        except (ValueError, RecursionError) as error:
            raise damaged(self.place(member), f"not JSON: {error}") from None


def damaged(where: str, why: str) -> UserError:
    """The message for everything that torch would not have written."""
    return fail(
        "D106",
        "the model file is damaged",
        where=where,
        why=why,
        help="export or copy the model again",
    )
