"""What is inside a stranger's folder: looked at without following a link, opened part by part."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from pathlib import Path

FILE = "a file"
FOLDER = "a folder"
LINK = "a symbolic link"
KINDS = {
    stat.S_IFREG: FILE,
    stat.S_IFDIR: FOLDER,
    stat.S_IFLNK: LINK,
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def folders_of(names: Iterable[str]) -> set[str]:
    """The folders that plain names go through."""
    parts = (name.split("/")[:-1] for name in names)
    return {"/".join(above[:depth]) for above in parts for depth in range(1, len(above) + 1)}


def look(folder: Path, expected: Iterable[str]) -> dict[str, str]:
    """Everything in a folder by its POSIX path, and of which kind it is.

    Args:
        folder: where to look.
        expected: plain names of files. Folders that they go through are entered and not listed; of any
            other there is one entry, whatever is in it, so that a look ends soon.

    Raises:
        OSError: a folder cannot be read.
    """
    through, found, pending = folders_of(expected), {}, [""]
    while pending:
        above = pending.pop()
        with os.scandir(folder / above) as entries:
            for entry in entries:
                name = f"{above}/{entry.name}" if above else entry.name
                kind = KINDS.get(stat.S_IFMT(entry.stat(follow_symlinks=False).st_mode), "no file")
                if kind == FOLDER and name in through:
                    pending.append(name)
                else:
                    found[name] = kind
    return dict(sorted(found.items()))


def open_inside(folder: Path, name: str) -> int:
    """A handle for reading a regular file at a plain name, with no link on the way below ``folder``.

    Raises:
        OSError: it is not there, or it or a folder on the way is something else (ELOOP: a link).
    """
    flags = os.O_RDONLY | os.O_CLOEXEC
    above = os.open(folder, flags | os.O_DIRECTORY)
    try:
        *through, last = name.split("/")
        for part in through:
            below = os.open(part, flags | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=above)
            os.close(above)
            above = below
        # O_NONBLOCK: a named pipe that took the file's place must not be waited for.
        handle = os.open(last, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY, dir_fd=above)
    finally:
        os.close(above)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(None, "it is not a regular file", str(folder / name))
    return handle
