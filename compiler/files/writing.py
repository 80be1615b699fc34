"""How results get onto the disk: written beside their name, then renamed. One way for all of them.

A name has its old content or the whole new one, whatever happens in between: a full disk, a signal, a
power loss. For the last the content is synchronised before the name moves (else the name may survive
and the content not); that also makes a network's disk say early that it is full.

What a killed process left beside a name is removed by the next one that writes there, and its
temporary folders by the next one that needs any. They are known to be abandoned by their lock, which
the system takes back from the dead.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import secrets
import shutil
import stat
import tempfile
import time
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path

from snnc.errors import UserError, fail
from snnc.stopping import undivided

PART = ".part"
"""Ends the name of a file that is being written."""

PARTIAL = ".partial"
"""Ends the name of a folder that is being filled."""

PRIVATE, OURS = ".private", "snnc-"
"""End and begin the name of a temporary folder that is one process's alone."""

RANDOM = 8
"""Letters and digits between a name and its ending; ``tempfile`` draws as many."""

LONGEST_STEM = 200
"""Bytes of a name that are repeated in what is beside it: names have 255 at most."""

PRIVATE_NAME = re.compile(rf"{OURS}.*[a-z0-9_]{{{RANDOM}}}{re.escape(PRIVATE)}", re.DOTALL)
PATIENCE, PAUSE = 1.0, 0.02
"""Seconds to wait for one who tidies a folder, and between two looks."""


def write_file(path: Path, content: bytes) -> None:
    """Replace a file at once; its permissions are those of any new file.

    Args:
        path: the file; where it is a symbolic link, what that leads to.
        content: all of it.

    Raises:
        UserError: D112 it cannot be written, D151 the name is taken by something that is no file.
    """
    try:
        place = Path(os.path.realpath(path))
        _refuse_other_kinds(place, path)
        remove_abandoned(place, PART)
        _replace(place, content)
    except OSError as problem:
        raise cannot_write(path, problem) from problem


def cannot_write(path: Path, problem: OSError) -> UserError:
    """The message for what the system refused."""
    return fail("D112", f"cannot write: {problem.strerror or problem}", where=str(path))


def no_folder(path: Path) -> UserError:
    """D111, for an output whose folder is not there; snnc makes the output alone."""
    what = f"the folder {path.parent} does not exist"
    return fail("D111", what, where=str(path), help="make it, or name another place")


def _refuse_other_kinds(place: Path, path: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        mode = place.stat().st_mode
        if not stat.S_ISREG(mode):
            kind = "a folder" if stat.S_ISDIR(mode) else "a pipe, socket or device, not a regular file"
            raise fail(
                "D151",
                f"the output is {kind}",
                where=str(path),
                why="results are written under a temporary name and then renamed",
                help="name a file",
            )


def _replace(place: Path, content: bytes) -> None:
    part: Path | None = None
    try:
        with undivided(), nobody_removes(place.parent):
            # No request until the name is known to what removes it.
            part = place.with_name(f"{_stem(place)}{secrets.token_hex(RANDOM // 2)}{PART}")
            handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
            _lock(handle)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(handle)
            part.replace(place)
    finally:
        if part is not None:
            part.unlink(missing_ok=True)


class _LockedFolder(tempfile.TemporaryDirectory[str]):
    """A locked folder, gone afterwards, which a signal at the wrong moment does not leave behind."""

    def __init__(self, suffix: str, prefix: str, inside: Path) -> None:
        with undivided(), nobody_removes(inside):
            super().__init__(suffix, prefix, inside, ignore_cleanup_errors=True)
            handle = os.open(self.name, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            self._unlock = weakref.finalize(self, os.close, handle)  # also where nobody cleans up
            _lock(handle)

    def cleanup(self) -> None:
        """Remove it, whatever else is asked for meanwhile."""
        with undivided():
            super().cleanup()
            self._unlock()


class FolderBeside(_LockedFolder):
    """``with FolderBeside(place) as name:`` a locked folder next to a place, gone afterwards."""

    def __init__(self, place: Path) -> None:
        remove_abandoned(place, PARTIAL)
        super().__init__(PARTIAL, _stem(place), place.parent)


class PrivateFolder(_LockedFolder):
    """``with PrivateFolder(prefix) as name:`` a folder for this process alone, gone afterwards.

    Where a process was killed, the next one that needs such a folder removes it.

    Args:
        prefix: of its name, beginning with ``snnc-``.
    """

    def __init__(self, prefix: str) -> None:
        place = Path(tempfile.gettempdir())
        with _others_wait(place) as alone:
            for path in _matching(place, PRIVATE_NAME, stat.S_ISDIR) if alone else ():
                shutil.rmtree(path, ignore_errors=True)
        super().__init__(PRIVATE, prefix, place)


def remove_abandoned(place: Path, ending: str) -> None:
    """Remove what killed processes left beside a name; what cannot be removed stays.

    Args:
        place: the name; resolved, so that everybody looks into the same folder.
        ending: :data:`PART` or :data:`PARTIAL`.
    """
    with _others_wait(place.parent) as alone:
        for path in _abandoned(place, ending) if alone else ():
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


def abandoned_folders(place: Path) -> list[Path]:
    """The folders of killed processes that :class:`FolderBeside` would remove."""
    with _others_wait(place.parent) as alone:
        return list(_abandoned(place, PARTIAL)) if alone else []


def _abandoned(place: Path, ending: str) -> Iterator[Path]:
    pattern = re.compile(rf"{re.escape(_stem(place))}[a-z0-9_]{{{RANDOM}}}{re.escape(ending)}")
    return _matching(place.parent, pattern, stat.S_ISDIR if ending == PARTIAL else stat.S_ISREG)


def _matching(folder: Path, pattern: re.Pattern[str], kind: Callable[[int], bool]) -> Iterator[Path]:
    """What has such a name, is of that kind, and has no owner; others may remove things meanwhile."""
    for name in os.listdir(folder):  # noqa: PTH208  (names that are no text, too)
        path = folder / name
        with contextlib.suppress(FileNotFoundError):
            if pattern.fullmatch(name) and kind(path.lstat().st_mode) and _has_no_owner(path):
                yield path


def _stem(place: Path) -> str:
    return f".{os.fsdecode(os.fsencode(place.name)[:LONGEST_STEM])}."


def _has_no_owner(path: Path) -> bool:
    with contextlib.suppress(OSError):
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            return _lock(handle)
        finally:
            os.close(handle)
    return False


def _lock(handle: int, how: int = fcntl.LOCK_EX) -> bool:
    """Lock what is open, if nobody else has; the lock ends with the process, however that ends."""
    try:
        fcntl.flock(handle, how | fcntl.LOCK_NB)
    except OSError:  # somebody has, or the file system knows no locks: then nothing is removed
        return False
    return True


@contextlib.contextmanager
def _folder_lock(folder: Path, how: int, patience: float) -> Iterator[bool]:
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:  # may be written, but not listed
        yield False
        return
    try:
        until = time.monotonic() + patience
        while not (got := _lock(handle, how)) and time.monotonic() < until:
            time.sleep(PAUSE)
        yield got
    finally:
        os.close(handle)


def _others_wait(folder: Path) -> contextlib.AbstractContextManager[bool]:
    """Nobody makes anything here meanwhile; false where somebody just does."""
    return _folder_lock(folder, fcntl.LOCK_EX, 0.0)


def nobody_removes(folder: Path) -> contextlib.AbstractContextManager[bool]:
    """What is made in it is not taken for abandoned before it is locked."""
    return _folder_lock(folder, fcntl.LOCK_SH, PATIENCE)
