"""A payload is the files that its target writes, under their names, and no others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from snnc.errors import fail

COMPILERS = ("manifest.json", "program.json", "weights.npz")
"""What the compiler itself writes into a bundle."""


def refuse_other_names(told: Mapping[str, str], meant: Mapping[str, str]) -> None:
    """Make sure that a manifest calls the payload's files what the target calls them.

    Args:
        told: names by role, from a manifest.
        meant: names by role, as the target gives them.

    Raises:
        UserError: D155.
    """
    if dict(told) == dict(meant):
        return
    role = next(r for r in (*meant, *told) if told.get(r) != meant.get(r))
    said = f"the payload's {role:.100} is {told[role]!r:.100}" if role in told else ""
    said = said or f"the payload has no {role}"
    writes = f"the target writes {meant[role]!r}" if role in meant else "the target has no such file"
    raise fail(
        "D155",
        f"{said}, {writes}",
        where=f"payload.{role:.100} of the manifest",
        why="the bundle was made by hand, or by another version of snnc",
        help="compile again",
    )


def strange_files(folder: Path, own: Iterable[str]) -> list[str]:
    """The files in a bundle that are neither the compiler's nor the payload's, each as a sentence.

    Whoever uses a bundle as its README says has all of it on Python's path, or on a compiler's.

    Args:
        folder: the bundle.
        own: names of the payload's files, README included.
    """
    known = {*COMPILERS, *own}
    names = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())
    return [f"{name} is not one of the target's files" for name in sorted(names) if name not in known]
