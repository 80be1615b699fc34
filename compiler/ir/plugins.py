"""What other packages bring, by entry-point group: loaded one by one, each on its own.

``snnc.backends``, ``snnc.passes``, ``snnc.neurons`` and ``snnc.conformance`` are found this way, ours
too. A name that two packages bring is used from neither of them, except that ours stay ours.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Any

OURS = "snnc"


@dataclass(frozen=True)
class Plugin:
    """One entry point.

    Attributes:
        name: as on the command line.
        distribution: the package that brings it, with its version.
        loaded: calls what the entry point names, a class or a function, and gives what it makes.
        value: the class or object itself.
        problem: why it cannot be used, empty where it can.
    """

    name: str
    distribution: str
    loaded: Callable[[], Any]
    value: Any = None
    problem: str = ""


def plugins(group: str) -> tuple[Plugin, ...]:
    """All entry points of a group by name; what cannot be imported or clashes says so."""
    # An editable install can be found twice, beside the sources and in the environment.
    once = {(e.name, _owner(e), e.value): e for e in entry_points(group=group)}
    entries = sorted(once.values(), key=lambda e: (e.name, _owner(e) != OURS, _said(e)))
    by_name: dict[str, list[EntryPoint]] = {}
    for entry in entries:
        by_name.setdefault(entry.name, []).append(entry)
    return tuple(_plugin(entry, by_name[entry.name]) for entry in entries)


def without_interface(value: object, interface: int) -> str:
    """Why what a plug-in brings was not written for this interface; empty where it was."""
    found = getattr(value, "interface", None)
    if found == interface:
        return ""
    if not isinstance(found, int):
        return f"it does not say for which interface of snnc it was written (interface = {interface})"
    which = "a newer snnc" if found > interface else "an older snnc"
    return f"written for interface {found}, {which}; this one has {interface}: update one of them"


def _plugin(entry: EntryPoint, of_name: list[EntryPoint]) -> Plugin:
    others = [e for e in of_name if e is not entry]
    if others and not (_owner(entry) == OURS and all(_owner(e) != OURS for e in others)):
        names = ", ".join(_said(e) or e.value for e in others)
        return Plugin(entry.name, _said(entry), _nothing, None, f"clash: {names} has that name too")
    try:
        value = entry.load()
    except KeyboardInterrupt:
        raise
    except BaseException as problem:  # an import may even ask the interpreter to exit
        return Plugin(entry.name, _said(entry), _nothing, None, f"{type(problem).__name__}: {problem}")
    return Plugin(entry.name, _said(entry), value if callable(value) else lambda: value, value)


def _nothing() -> None:
    return None


def _owner(entry: EntryPoint) -> str:
    return "" if entry.dist is None else entry.dist.name


def _said(entry: EntryPoint) -> str:
    return "" if entry.dist is None else f"{entry.dist.name} {entry.dist.version}"
