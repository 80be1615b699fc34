"""How a violated limit is worded: the fact with both numbers, then unit and source, then the cure."""

from __future__ import annotations

from snnc.errors import Diagnostic
from snnc.ir import Limit, ProgramPopulation


def exceeds(code: str, what: str, value: int, limit: Limit, where: str, cure: str) -> Diagnostic:
    """A value above its limit."""
    return Diagnostic(
        code,
        f"{what} {value} exceeds {limit.value} on loihi1",
        where,
        f"unit: {limit.unit}; stated by {limit.source}",
        cure,
    )


def below(code: str, what: str, value: int, least: int, where: str, cure: str) -> Diagnostic:
    """A value below the least that makes sense."""
    return Diagnostic(code, f"{what} {value} is below {least} on loihi1", where, help=cure)


def where_is(population: ProgramPopulation) -> str:
    """The user's own name first, the program's after it where they differ."""
    return where_in(population.origin, population.name)


def where_in(origin: str, name: str) -> str:
    """The same for anything that has an origin."""
    return origin if origin == name else f"{origin} ({name})"
