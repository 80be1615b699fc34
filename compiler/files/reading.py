"""The bytes of a file: regular files only, and no more of them than there is room for."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from snnc.errors import fail

from .kinds import Kind
from .memory import a_quarter, over_limit, share_of_memory

OTHERS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}


def read_bytes(path: Path, kind: Kind, *, most: int | None = None) -> bytes:
    """The whole of a regular file; never waits for one that is none.

    A symbolic link to a regular file counts as that file.

    Args:
        path: the file.
        kind: whose message it is when the file cannot be read.
        most: bytes that such a file may have; by default a quarter of the memory.

    Raises:
        UserError: ``kind.code`` when it is missing or cannot be read; D140 not a regular file; D107
            it is too large; D141 its size is not what the system says.
    """
    return read_open(_open(path, kind), path, kind, most=most)


def check_file(path: Path, kind: Kind, *, most: int | None = None) -> int:
    """Make sure that a file is a regular one of a size that can be read, for a library that opens it.

    Args:
        path, kind, most: as for :func:`read_bytes`, and so are the errors.

    Returns:
        Its size in bytes.
    """
    handle = _open(path, kind)
    try:
        return checked_size(handle, path, most)
    finally:
        os.close(handle)


def read_open(handle: int, path: Path, kind: Kind, *, most: int | None = None) -> bytes:
    """The whole of what was opened for reading, which is closed then.

    Args:
        handle: the open file.
        path: what messages call it.
        kind, most: as for :func:`read_bytes`, and so are the errors.
    """
    try:
        size = checked_size(handle, path, most)
        with os.fdopen(handle, "rb", closefd=False) as file:
            data = file.read(size + 1)
    except OSError as problem:
        raise kind.wrong(str(path), _said(problem)) from None
    finally:
        os.close(handle)
    if len(data) != size:
        more = "more" if len(data) > size else f"{len(data)}"
        raise fail(
            "D141",
            f"the file has {size} bytes, and {more} were read",
            where=str(path),
            why="it changed while it was read, or is one that the system generates",
            help="copy it, and use the copy",
        )
    return data


def resolved(path: Path) -> Path:
    """Where a name leads; of links that lead in a circle, or are too long, the name itself.

    Raises:
        UserError: D145 the name holds a zero byte, and no file can have it.
    """
    try:
        return Path(os.path.realpath(path))
    except ValueError as problem:
        raise fail("D145", f"no file can have this name: {problem}", where=repr(str(path))) from None


def _open(path: Path, kind: Kind) -> int:
    # Without O_NONBLOCK a named pipe would wait for a writer that never comes.
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
    try:
        return os.open(path, flags)
    except FileNotFoundError:
        raise kind.missing(path) from None
    except OSError as problem:
        try:  # a socket cannot even be opened; say what it is
            mode = path.stat().st_mode
        except OSError:
            mode = stat.S_IFREG
        if not stat.S_ISREG(mode):
            raise _no_file(path, mode) from None
        raise kind.wrong(str(path), _said(problem)) from None
    except ValueError as problem:  # a name with a zero byte in it
        raise kind.wrong(repr(str(path)), str(problem)) from None


def checked_size(handle: int, path: Path, most: int | None = None) -> int:
    """The size of an open file that is going to be read, in bytes.

    Raises:
        UserError: D140 it is not a regular file, D107 it is larger than one file may be.
    """
    status = os.fstat(handle)
    if not stat.S_ISREG(status.st_mode):
        raise _no_file(path, status.st_mode)
    share = share_of_memory()
    limit = share if most is None else min(most, share)
    if status.st_size > limit:
        size, allowed = over_limit(status.st_size, limit)
        raise fail(
            "D107",
            f"the file has {size}, the limit is {allowed}",
            where=str(path),
            why=a_quarter() if limit == share else "files of this kind are never that large",
        )
    return status.st_size


def _no_file(path: Path, mode: int) -> Exception:
    return fail(
        "D140",
        f"this is {OTHERS.get(stat.S_IFMT(mode), 'something else')}, not a file",
        where=str(path),
        why="only regular files are read: anything else may block, or never end",
        help="name the file inside it" if stat.S_ISDIR(mode) else "name a file",
    )


def _said(problem: OSError) -> str:
    return problem.strerror or type(problem).__name__
