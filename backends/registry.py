"""Back ends by name, from the entry-point group ``snnc.backends`` alone."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points

from snnc import settings
from snnc.errors import fail

from .base import Backend

GROUP = "snnc.backends"


@dataclass(frozen=True)
class Found:
    """One registered target: its back end, or why it cannot be loaded.

    ``distribution`` is the package that brings it, with its version.
    """

    name: str
    distribution: str
    backend: Backend | None
    problem: str = ""


@cache
def registered_backends() -> tuple[Found, ...]:
    """All targets by name; a broken plug-in is named and does not break the others."""
    found = []
    for entry in sorted(entry_points(group=GROUP), key=lambda e: e.name):
        dist = "" if entry.dist is None else f"{entry.dist.name} {entry.dist.version}"
        try:
            found.append(Found(entry.name, dist, entry.load()()))
        except Exception as problem:
            found.append(Found(entry.name, dist, None, f"{type(problem).__name__}: {problem}"))
    return tuple(found)


def find_backend(text: str) -> Backend:
    """The back end of a target, with its options set.

    Args:
        text: ``name`` or ``name{option=value,...}``.

    Raises:
        UserError: no such target (with the nearest name), it cannot be loaded, or an option is wrong.
    """
    name, texts = settings.split(text)
    targets = {found.name: found for found in registered_backends()}
    found = targets.get(name)
    if found is None:
        near = difflib.get_close_matches(name, targets, 1)
        raise fail(
            "D311",
            f"no target {name!r}",
            where="--target",
            why=f"installed: {', '.join(targets)}",
            help=f"did you mean {near[0]}?" if near else "snnc targets lists them",
        )
    if found.backend is None:
        raise fail("D312", f"target {name} cannot be loaded: {found.problem}", where="--target")
    kind = type(found.backend)
    return kind(**settings.values(kind, texts, f"target {name}")) if texts else found.backend
