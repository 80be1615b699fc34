"""One case, and how modules of cases collect theirs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .bench import Bench
from .builder import Built
from .kit import Kit


@dataclass(frozen=True)
class Case:
    """Something that a correct back end does, or refuses with a reason.

    Attributes:
        name: ``group/case``, as in ``Conformance.cannot``.
        title: what is tried, in a line.
        run: tries it; raises ``Wrong``, ``NotInstalled`` or ``UserError`` (refused).
    """

    name: str
    title: str
    run: Callable[[Bench], None]


class Cases:
    """The cases of one module, in the order in which they are written."""

    def __init__(self) -> None:
        self.found: list[Case] = []

    def exact(self, name: str, title: str, build: Callable[[Kit], Built]) -> None:
        """A case of one program, which every engine must run bit for bit."""
        self.found.append(Case(name, title, lambda bench: bench.exact(build(bench.kit))))

    def case(
        self, name: str, title: str
    ) -> Callable[[Callable[[Bench], None]], Callable[[Bench], None]]:
        """Decorator for a case that does something else."""

        def keep(run: Callable[[Bench], None]) -> Callable[[Bench], None]:
            self.found.append(Case(name, title, run))
            return run

        return keep
