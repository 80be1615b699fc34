"""Back ends by name, from the entry-point group ``snnc.backends`` alone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from snnc import settings
from snnc.errors import fail, nearest
from snnc.ir.plugins import Plugin, plugins, without_interface

from .base import INTERFACE, Backend, Engine

GROUP = "snnc.backends"
MEMBERS = tuple(sorted(name for name in vars(Backend) if not name.startswith("_")))
"""What the protocol asks for."""


@dataclass(frozen=True)
class Found:
    """One registered target: its back end, or why it cannot be used.

    ``distribution`` is the package that brings it, with its version.
    """

    name: str
    distribution: str
    backend: Backend | None
    problem: str = ""

    def engines(self) -> tuple[tuple[Engine, ...], str]:
        """Its engines as they are now, and what went wrong in asking for them."""
        if self.backend is None:
            return (), self.problem
        try:
            return tuple(self.backend.engines()), ""
        except Exception as problem:  # of a package that is not ours
            return (), f"{type(problem).__name__}: {problem}"


@cache
def registered_backends() -> tuple[Found, ...]:
    """All targets by name; a broken, outdated or clashing plug-in is named and breaks no other."""
    return tuple(_found(plugin) for plugin in plugins(GROUP))


def _found(plugin: Plugin) -> Found:
    if plugin.problem:
        return Found(plugin.name, plugin.distribution, None, plugin.problem)
    try:
        backend = plugin.loaded()
        problem = _unusable(plugin.name, backend)
    except Exception as raised:
        problem = f"{type(raised).__name__}: {raised}"
    return Found(plugin.name, plugin.distribution, None if problem else backend, problem)


def _unusable(name: str, backend: object) -> str:
    """Why an object is no back end of that name; empty where it is."""
    outdated = without_interface(backend, INTERFACE)
    if outdated:
        return outdated
    lacking = [member for member in MEMBERS if not hasattr(backend, member)]
    if lacking:
        return f"it lacks {', '.join(lacking)}"
    called = getattr(backend, "name", None)
    return "" if called == name else f"it calls itself {called!r}, its entry point {name!r}"


def find_backend(text: str, where: str = "--target") -> Backend:
    """The back end of a target, with its options set.

    Args:
        text: ``name`` or ``name{option=value,...}``.
        where: what names the target, for messages: the option, or a bundle.

    Raises:
        UserError: D311 no such target (with the nearest name), D312 it cannot be used, or an option is
            wrong.
    """
    name, texts = settings.split(text)
    found = find_target(name, where)
    assert found.backend is not None
    kind = type(found.backend)
    return kind(**settings.values(kind, texts, f"target {name}")) if texts else found.backend


def called(backend: Backend) -> str:
    """A back end as messages about its bugs name it: the target, and the package that brings it."""
    found = registered_backends()
    origins = [f.distribution for f in found if type(f.backend) is type(backend)]
    return f"target {backend.name}" + (f" of {origins[0]}" if origins and origins[0] else "")


def find_target(name: str, where: str = "--target") -> Found:
    """The target of a name, which can be used.

    Raises:
        UserError: D311 there is none, D312 it cannot be used.
    """
    targets = {found.name: found for found in registered_backends()}
    found = targets.get(name)
    if found is None:
        raise fail(
            "D311",
            f"no target {name!r}",
            where=where,
            why=f"installed: {', '.join(n for n, f in targets.items() if f.backend is not None)}",
            help=nearest(name, targets)
            or "install the package that provides it; snnc targets lists what is there",
        )
    usable = [f for f in registered_backends() if f.name == name and f.backend is not None]
    if not usable:
        raise fail(
            "D312",
            f"target {name} cannot be used: {found.problem}",
            where=found.distribution or "--target",
            help="update or remove that package; snnc targets lists what is there",
        )
    return usable[0]
