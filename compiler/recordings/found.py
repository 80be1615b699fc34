"""Which files are meant, what class each belongs to, and their order."""

from __future__ import annotations

import fnmatch
import os
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from snnc.errors import counted, fail
from snnc.files import resolved

from .readers import READERS, unknown_ending
from .sounds import ENDINGS

MOST_FILES = 2**20
PARTS = frozenset({"train", "training", "test", "testing", "val", "valid", "validation"})
"""Names of folders, in small letters, that are parts of a set and no classes."""

SHOWN = 3


@dataclass(frozen=True)
class Source:
    """A file, and the name of its class, if it has one."""

    path: Path
    label: str | None


def find_recordings(
    given: Sequence[Path], *, only: str | None, label_from: str | None, leave_out: Path | None
) -> list[Source]:
    """Recordings of files and folders, folders at any depth.

    They come in an order that is drawn once and the same everywhere, so that the first few have all
    classes.

    Args:
        given: files and folders.
        only: which names of files in folders count, as ``*.bin``.
        label_from: pattern of a name with ``{label}``; None: the folder's name is the class, where
            folders tell files apart.
        leave_out: the output, which may lie in a folder.

    Raises:
        UserError: D621 nothing there, several kinds, or a kind that nothing reads; D623 classes that
            cannot be told.
    """
    places: dict[Path, Path | None] = {}
    for place in given:
        if place.is_dir():
            places.update(dict.fromkeys(_inside(place, only, leave_out), place))
        else:
            places[place] = None
    for path in places:
        if path.suffix.lower() not in {*READERS, *ENDINGS}:
            raise unknown_ending(path)
    _refuse_several_kinds(places)
    if label_from is not None:
        sources = [Source(path, _label_of(path, label_from)) for path in sorted(places)]
    else:
        sources = _labelled_by_folder(places)
    order = np.random.default_rng(0).permutation(len(sources))
    return [sources[i] for i in order]


def _inside(folder: Path, only: str | None, leave_out: Path | None) -> list[Path]:
    found, others = [], Counter[str]()
    hidden = None if leave_out is None else resolved(leave_out)
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            path = Path(place, name)
            known = path.suffix.lower() in {*READERS, *ENDINGS}
            chosen = fnmatch.fnmatch(name, only) if only else known
            if name.startswith(".") or not chosen or (hidden and resolved(path) == hidden):
                others[path.suffix] += 1
                continue
            found.append(path)
            if len(found) > MOST_FILES:
                raise fail("D621", f"more than {MOST_FILES} files", where=str(folder))
    if not found:
        seen = ", ".join(f"{count} {suffix or 'without ending'}" for suffix, count in others.items())
        raise fail(
            "D621",
            "no recordings in this folder",
            where=str(folder),
            why=f"files there: {seen or 'none'}; recordings end in {', '.join([*READERS, *ENDINGS])}",
            help="name the folder that holds them" + (", or another --only" if only else ""),
        )
    return found


def _refuse_several_kinds(places: Iterable[Path]) -> None:
    kinds = Counter(path.suffix.lower() for path in places)
    if len(kinds) > 1:
        seen = ", ".join(f"{counted(count, 'file')} {kind}" for kind, count in kinds.most_common())
        most = kinds.most_common(1)[0][0]
        raise fail(
            "D621",
            f"files of several kinds: {seen}",
            where="--only",
            why="a text next to the recordings would be taken for one",
            help=f"choose one kind, such as --only '*{most}'",
        )


def _label_of(path: Path, pattern: str) -> str:
    """What stands for ``{label}`` in a file's name, ``*`` being anything."""
    if pattern.count("{label}") != 1:
        raise fail(
            "D623",
            f"the pattern {pattern!r} has not one {{label}}",
            where="--label-from",
            help="write the name with {label} where its class stands: '{label}_*.wav'",
        )
    before, after = (
        ".*?".join(re.escape(part) for part in half.split("*")) for half in pattern.split("{label}")
    )
    found = re.fullmatch(f"{before}(.+?){after}", path.name)
    if found is None:
        raise fail(
            "D623",
            f"the name does not fit {pattern!r}",
            where=str(path),
            help="--only leaves files out; * in --label-from stands for anything",
        )
    return found[1]


def _labelled_by_folder(places: dict[Path, Path | None]) -> list[Source]:
    """Classes are folders' names; none where all files lie in one place that was named itself."""
    parents = {path: path.parent for path in places}
    direct = [path for path, folder in places.items() if folder is None or path.parent == folder]
    if len(direct) == len(places) and len(set(parents.values())) == 1:
        return [Source(path, None) for path in sorted(places)]
    if direct and len(direct) < len(places):
        raise fail(
            "D623",
            f"{counted(len(direct), 'file')} in no folder of a class, such as {direct[0].name}",
            where=str(direct[0].parent),
            why=f"the other {counted(len(places) - len(direct), 'file')} take theirs from their folder",
            help="move them, leave them out with --only, or use --label-from",
        )
    _refuse_parts(places)
    return [Source(path, parents[path].name) for path in sorted(places)]


def _refuse_parts(places: dict[Path, Path | None]) -> None:
    """Training and test part of a set must not become one, nor classes."""
    found: set[str] = set()
    for path, folder in places.items():
        if folder is not None:
            inside = path.relative_to(folder).parts[:-1]
            found |= {part for part in inside if part.lower() in PARTS}
    if len(found) > 1:
        parts = sorted(found)
        raise fail(
            "D623",
            f"this folder holds parts of a set: {', '.join(parts)}",
            where=str(next(folder for folder in places.values() if folder is not None)),
            why="together, what trains could not be told from what tests",
            help=f"name one of them, such as the folder {parts[0]}",
        )


def classes_of(sources: Sequence[Source], wanted: tuple[str, ...] | None) -> tuple[str, ...]:
    """Names of the classes in the order of their numbers; empty where there are none.

    Args:
        sources: recordings.
        wanted: the classes of another file, whose numbers are kept; None: those found, sorted; by value
            where all are whole numbers.

    Raises:
        UserError: D623 a class that the other file has not.
    """
    found = {source.label for source in sources if source.label is not None}
    if wanted is not None and found:
        if unknown := sorted(found - {*wanted}):
            raise fail(
                "D623",
                f"classes that the other file has not: {', '.join(unknown[:SHOWN])}",
                where="--like",
                why=f"its classes are {', '.join(wanted[:10])}",
                help="leave them out, or make the other file with them",
            )
        return wanted
    if all(name.isdecimal() and name.isascii() for name in found):
        return tuple(sorted(found, key=lambda name: (int(name), name)))
    return tuple(sorted(found))
