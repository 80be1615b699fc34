"""From pieces to their results, in their order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from snnc.progress import Report

from .place import Place
from .processes import in_processes
from .scheduled import by_scheduler
from .work import Heard, Piece, Work, nobody

Shared = TypeVar("Shared")
Value = TypeVar("Value")
Found = TypeVar("Found")


def carry_out(
    work: Work[Shared, Value, Found],
    pieces: Sequence[Piece[Value]],
    place: Place,
    report: Report,
    *,
    usual: int = 1,
    heard: Heard = nobody,
) -> tuple[Found, ...]:
    """What comes of each piece, in the order of the pieces.

    A piece whose worker dies is tried again once. The first piece that fails ends the work, and so does
    a request to stop: no process of ours is left then, and nothing more is started elsewhere.

    Args:
        work: what is done.
        pieces: with what; at least one.
        place: where.
        report: progress: the phase with the name of a piece that is done, how many are, of how many.
        usual: processes where the user named no place.
        heard: called here with the number of a piece and its result, as they come.

    Raises:
        UserError: what a piece raised, with its name; D619 a worker ended twice over a piece, D610
            the scheduler cannot be used, D123 the package ``distributed`` is missing.
    """
    if place.scheduler is not None:
        return by_scheduler(work, pieces, place.scheduler, report, heard)
    processes = place.processes(len(pieces), usual)
    if processes > 1:
        return in_processes(work, pieces, processes, report, heard)
    found = []
    for number, piece in enumerate(pieces):
        report(f"{work.phase}: {piece.name}", number, len(pieces))
        found.append(work.done(piece))
        heard(number, found[-1])
    return tuple(found)
