"""Zip archives from strangers: read without trusting what they declare.

Source of the layout: torch/export/pt2_archive (torch 2.13), one root folder in a zip whose members
are stored without compression.
"""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from snnc.errors import UserError
from snnc.files import Budget, Kind, Zip, open_zip, parse_json, share_of_memory
from snnc.files.zips import MAGIC

MODEL = Kind("D106", "the model file is damaged", "export or copy the model again")

SMALLEST_LIMIT = 64 * 2**20
"""Bytes that an archive may always unpack to."""

LARGEST_RATIO = 100
"""How many times its own size an archive may unpack to; torch itself does not compress at all."""


@dataclass(frozen=True)
class Archive:
    """An opened zip archive.

    Attributes:
        path: the user's file.
        zip: the archive in memory.
        budget: what the user's file may take in memory, with all that is in it.
        inside: where in the user's file it lies, for messages; empty for the file itself.
    """

    path: Path
    zip: Zip
    budget: Budget
    inside: str = ""

    @staticmethod
    def is_archive(data: bytes) -> bool:
        """Whether the bytes begin as a zip archive does."""
        return data.startswith(MAGIC)

    @classmethod
    def open(cls, path: Path, data: bytes, kind: Kind = MODEL) -> Archive:
        """Open an archive that is already in memory, and check what it declares.

        Args:
            path: the user's file.
            data: the archive.
            kind: what the file is; its code stands for D106 below.

        Raises:
            UserError: D106 truncated, damaged or with a name twice, D107 it unpacks to too much.
        """
        limit, share = max(SMALLEST_LIMIT, LARGEST_RATIO * len(data)), share_of_memory()
        why = "torch does not compress; an archive like this is made to fill the memory"
        budget = Budget(str(path), min(limit, share), why=why if limit < share else "")
        return cls(path, open_zip(data, str(path), kind, budget), budget)

    def within(self, member: str, data: bytes) -> Archive:
        """Open an archive that a member holds; what it unpacks to counts for the whole file.

        Raises:
            UserError: as :meth:`open`.
        """
        inside = f"{self.inside}: {member}" if self.inside else member
        found = open_zip(data, f"{self.path}: {inside}", self.zip.kind, self.budget)
        return Archive(self.path, found, self.budget, inside)

    @cached_property
    def root(self) -> str:
        """The folder that holds everything, with a slash; empty when there is no such folder."""
        tops = {name.partition("/")[0] for name in self.zip.names if "/" in name}
        loose = any("/" not in name for name in self.zip.names)
        return f"{tops.pop()}/" if len(tops) == 1 and not loose else ""

    @cached_property
    def names(self) -> tuple[str, ...]:
        """All files, without the root folder, in the archive's order."""
        start = len(self.root)
        return tuple(n[start:] for n in self.zip.names if not n.endswith("/"))

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(self.names)

    def place(self, member: str = "") -> str:
        """How messages call the archive or one of its members."""
        return ": ".join(part for part in (str(self.path), self.inside, member) if part)

    def read(self, member: str) -> bytes:
        """The bytes of one member.

        Raises:
            UserError: D106 when it is missing or its checksum is wrong.
        """
        if member not in self._known:
            raise self.zip.kind.wrong(self.place(member), "the archive lacks this member")
        return self.zip.read(self.root + member)

    def read_json(self, member: str) -> Any:
        """One member as JSON.

        Raises:
            UserError: D106 when it is missing, damaged or not JSON.
        """
        return parse_json(self.read(member), self.place(member), self.zip.kind)

    def repacked(self) -> bytes:
        """The same members in a new archive, for readers that look for members in another way.

        Two readers may find different members in one file; what was looked at here is in this one.
        """
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
            for name in self.names:
                archive.writestr(zipfile.ZipInfo(self.root + name), self.read(name))
        return buffer.getvalue()


def damaged(where: str, why: str) -> UserError:
    """The message for everything that torch would not have written."""
    return MODEL.wrong(where, why)
