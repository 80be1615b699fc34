"""Names of files that come from a file: plain ones, which lead nowhere but into their own folder."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

LONGEST = 255
"""Bytes of one part: what every common file system takes (NAME_MAX)."""

DRIVE = re.compile(r"[A-Za-z]:")


def why_not_plain(name: str) -> str:
    """What is wrong with a relative POSIX path from a stranger's file; empty where nothing is.

    A plain name goes down only, one named part after the other: ``payload/weights.npz``.
    """
    if not name:
        return "it is empty"
    if name.startswith("/") or DRIVE.match(name):
        return "it is absolute"
    if "\\" in name:
        return "it has a backslash"
    if any(unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Zl", "Zp") for letter in name):
        return "it has characters that cannot be printed"
    parts = name.split("/")
    if "" in parts:
        return "a part of it is empty"
    if "." in parts or ".." in parts:
        return "a part of it is . or .."
    if any(len(part.encode()) > LONGEST for part in parts):
        return f"a part of it has more than {LONGEST} bytes"
    return ""


def colliding(names: Iterable[str]) -> tuple[str, str] | None:
    """Two names that are one on some computer (upper case, composed letters), or a file and its folder.

    Args:
        names: plain ones.
    """
    files: dict[str, str] = {}
    for name in names:
        folded = _folded(name)
        if folded in files:
            return files[folded], name
        files[folded] = name
    folders: dict[str, str] = {}
    for folded, name in files.items():
        parts, given = folded.split("/"), name.split("/")
        for depth in range(1, len(parts)):
            above, written = "/".join(parts[:depth]), "/".join(given[:depth])
            if above in files:
                return files[above], name
            if folders.setdefault(above, written) != written:
                return folders[above], written
    return None


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
