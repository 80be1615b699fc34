"""One place where a neuron's step stands, as the list has it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from .claims import Claim

CODE, MEANT, EVERY_VALUE, TESTED, REALS = (
    "proved",
    "proved by transcription",
    "tested exhaustively at a smaller width",
    "tested only",
    "real numbers: not claimed",
)
"""How an implementation is shown to be the normative step."""


@dataclass(frozen=True)
class Implementation:
    """One row of the list.

    Attributes:
        name: for the list.
        places: where it stands; files of the repository, or of a package after its name.
        purpose: what it is for.
        numbers: what it computes in.
        shown: one of the words above.
        how: what is taken for granted, and what stays open.
        claims: what ``make prove`` shows.
        checks: what it computes through, for every value of a smaller width: raises where it differs.
    """

    name: str
    places: tuple[str, ...]
    purpose: str
    numbers: str
    shown: str
    how: str
    claims: tuple[Claim, ...] = ()
    checks: tuple[Callable[[], int], ...] = field(default=())

    @property
    def cheap(self) -> Iterator[Claim]:
        """The claims that tests can afford: one kind of neuron for each way of computing."""
        return (claim for claim in self.claims if claim.cheap)


NOT_OURS = "arithmetic of another package, compared with ours on random networks"
