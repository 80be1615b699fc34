"""The conformance classes that packages register, by entry-point group ``snnc.conformance``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from snnc.ir.plugins import plugins

from .judge import Row
from .suite import Conformance

GROUP = "snnc.conformance"


@dataclass(frozen=True)
class Suite:
    """One registered class, or why it cannot be used; ``name`` is that of the entry point."""

    name: str
    distribution: str
    kind: type[Conformance] | None
    problem: str = ""


@cache
def suites() -> tuple[Suite, ...]:
    """All of them by name."""
    found = []
    for plugin in plugins(GROUP):
        kind, problem = plugin.value, plugin.problem
        if not problem and not (isinstance(kind, type) and issubclass(kind, Conformance)):
            problem = "it is not a subclass of snnc.conformance.Conformance"
        found.append(Suite(plugin.name, plugin.distribution, None if problem else kind, problem))
    return tuple(found)


def run_case(_shared: None, of: tuple[str, str]) -> Row:
    """One case of one suite (their names), on every installed engine; in whatever process."""
    suite, case = of
    found = next(s for s in suites() if s.name == suite and s.kind is not None)
    assert found.kind is not None
    return found.kind.row(case)
