"""Every way through code that decides by unknowns: it is run once for each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from .expressions import FALSE, TRUE, Node, either, invert
from .solver import ask

Result = TypeVar("Result")


@dataclass
class Path:
    """One way: what was decided, and what the code takes for granted on it.

    Attributes:
        hypotheses: of the whole run.
        taken: decisions so far, as expressions that hold.
        needed: what must hold for the code to mean what it says: nothing overflows that may not.
    """

    hypotheses: Sequence[Node]
    simplify: Callable[[Node], Node]
    plan: list[bool]
    taken: list[Node] = field(default_factory=list)
    needed: list[tuple[str, Node]] = field(default_factory=list)
    open: list[bool] = field(default_factory=list)
    choices: list[bool] = field(default_factory=list)
    decided: dict[int, bool] = field(default_factory=dict)
    guards: list[Node] = field(default_factory=list)

    def decide(self, condition: Node) -> bool:
        """Which way to go; both are gone if both can be."""
        condition = self.simplify(condition)
        if condition.value is not None:
            return bool(condition.value)
        known = self.decided.get(condition.number)
        if known is not None:
            return known
        at = len(self.choices)
        if at < len(self.plan):
            way, other = self.plan[at], False
        else:
            context = [*self.hypotheses, *self.taken]
            can = not ask(invert(condition), context).proved
            cannot = not ask(condition, context).proved
            way, other = can, can and cannot
        self.choices.append(way)
        self.open.append(other)
        self.decided[condition.number] = way
        self.decided[invert(condition).number] = not way
        self.taken.append(condition if way else invert(condition))
        return way

    def need(self, what: str, condition: Node) -> None:
        """The code is only right where this holds, as far as its guards do."""
        for guard in self.guards:
            condition = either(invert(guard), condition)
        if condition is not TRUE:
            self.needed.append((what, condition))

    @contextmanager
    def guarded(self, condition: Node) -> Iterator[None]:
        """Code that only runs where this holds; what it needs, it needs only there."""
        self.guards.append(condition)
        try:
            yield
        finally:
            self.guards.pop()


_RUNNING: list[Path] = []


def running() -> Path:
    """The way that is being gone."""
    return _RUNNING[-1]


@dataclass
class Way(Generic[Result]):
    """A way that was gone to its end."""

    path: Path
    result: Result


def ways(
    code: Callable[[], Result], hypotheses: Sequence[Node], simplify: Callable[[Node], Node]
) -> Iterator[Way[Result]]:
    """Run code on every way that the hypotheses leave open."""
    plans: list[list[bool]] = [[]]
    while plans:
        path = Path(hypotheses, simplify, plans.pop())
        _RUNNING.append(path)
        try:
            result = code()
        finally:
            _RUNNING.pop()
        for at in range(len(path.plan), len(path.choices)):
            if path.open[at]:
                plans.append([*path.choices[:at], not path.choices[at]])
        if FALSE not in path.taken:
            yield Way(path, result)
