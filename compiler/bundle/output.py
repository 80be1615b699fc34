"""Where a bundle is written: a folder that appears under its name all at once, or not at all.

It is filled under a temporary name in the same folder. Where a bundle exists, the two change places
in one step of the system, so a process that dies, even at that moment, leaves the old one or the new
one. Files are not synchronised: after a power loss a bundle may be damaged, which its digests show, and
the same compile makes it again.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from snnc.errors import UserError, fail
from snnc.files.enclosing import refuse_inside_bundle
from snnc.files.exchanging import exchange
from snnc.files.inside import FILE, FOLDER, look
from snnc.files.writing import FolderBeside, abandoned_folders, cannot_write, no_folder
from snnc.stopping import undivided

from .manifest_file import MANIFEST, listed_files

SHOWN_FILES = 3
FRESH, OLD = "bundle", "old"
"""In the folder beside the name: what is being made, and what was there before."""

OVERTAKEN = {errno.ENOENT, errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR, errno.EISDIR}
"""What a rename says where somebody else made or removed the name meanwhile."""

TRIES = 5
"""Others can come and go between a look and a rename; not for ever."""


def refuse_output(output: Path) -> None:
    """Refuse an output folder that is there and is not a bundle, before any work is done.

    Raises:
        UserError: D110 a file, or a folder that is not a bundle or holds other things; D111 there is
            no folder to put it into; D119 it lies inside another bundle.
    """
    refuse_inside_bundle(output)
    for left in reversed(range(TRIES)):
        try:
            return _refuse(output)
        except FileNotFoundError:  # another compile has replaced it between two looks
            if not left:
                raise
        except UserError as refused:
            if refused.diagnostics[0].code != GONE or not left:
                raise


GONE = "D113"
"""Of :func:`listed_files`: there is no manifest where one was just seen."""


def _refuse(output: Path) -> None:
    if output.is_dir() and not any(output.iterdir()):
        return
    if output.is_dir() and (output / MANIFEST).is_file():
        foreign = _foreign(output)
        if not foreign:
            return
        raise fail(
            "D110",
            f"holds files that are not the bundle's own: {', '.join(foreign[:SHOWN_FILES])}"
            + (f" and {len(foreign) - SHOWN_FILES} more" if len(foreign) > SHOWN_FILES else ""),
            where=str(output),
            why="a compile replaces the whole folder",
            help="move them away, or choose another folder with -o",
        )
    if output.exists() or output.is_symlink():
        raise fail(
            "D110",
            "exists and is not a bundle; it will not be overwritten",
            where=str(output),
            help="choose another folder with -o, or remove it",
        )
    if not output.absolute().parent.is_dir():
        raise no_folder(output)


def _foreign(output: Path) -> list[str]:
    """What a compile would remove and the bundle does not list, Python's byte code apart."""
    found = look(output, listed_files(output))
    own = {MANIFEST, *listed_files(output)}
    return [
        name
        for name, kind in found.items()
        if name not in own and not (kind == FOLDER and _byte_code(output / name))
    ]


def _byte_code(folder: Path) -> bool:
    inside = look(folder, []) if folder.name == "__pycache__" else {"": ""}
    return all(name.endswith(".pyc") and kind == FILE for name, kind in inside.items())


@contextmanager
def staged(output: Path) -> Iterator[Path]:
    """A folder to fill; it becomes ``output`` on success and vanishes on any failure.

    Raises:
        UserError: D112 the disk is full, or the folder cannot be written; D110, D111 as
            :func:`refuse_output`, now and once more before anything is replaced.
    """
    refuse_output(output)
    place = Path(os.path.realpath(output))
    try:
        _bring_back(place)
        with FolderBeside(place) as name:
            work = Path(name)
            fresh = work / FRESH
            fresh.mkdir()
            yield fresh
            with undivided():
                _put(fresh, place, work / OLD, output)
    except OSError as problem:
        raise cannot_write(output, problem) from problem


def _bring_back(place: Path) -> None:
    """Put back what a process that died between two renames had moved away (:func:`_put`)."""
    for folder in abandoned_folders(place):
        if (folder / OLD).is_dir() and not os.path.lexists(place):
            (folder / OLD).rename(place)


def _put(fresh: Path, place: Path, old: Path, output: Path) -> None:
    """Give a finished folder its name; what had it before gets the temporary name."""
    for left in reversed(range(TRIES)):
        refuse_output(output)  # once more: the work took time, and others have the folder too
        try:
            if not os.path.lexists(place):
                fresh.rename(place)
            elif not exchange(fresh, place):
                _in_two_steps(fresh, place, old)
            return
        except OSError as problem:
            if problem.errno not in OVERTAKEN or not left:
                raise


def _in_two_steps(fresh: Path, place: Path, old: Path) -> None:
    """Where the system cannot exchange two folders; who dies between leaves it to the next compile."""
    place.rename(old)
    try:
        fresh.rename(place)
    except BaseException:
        old.rename(place)
        raise
