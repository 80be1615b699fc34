"""What is to be done, and how one piece of it is done, wherever that is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from threadpoolctl import threadpool_limits

from snnc.errors import UserError

Heard = Callable[[int, Any], None]
"""Called in the user's process with the number of a piece and its result, in the order they come."""


def nobody(_number: int, _found: Any) -> None:
    """A :data:`Heard` that keeps nothing."""


Shared = TypeVar("Shared")
Value = TypeVar("Value")
Found = TypeVar("Found")


@dataclass(frozen=True, eq=False)
class Piece(Generic[Value]):
    """One piece.

    Attributes:
        name: what messages call it: options of a setting, samples of the data.
        value: what is particular to it; it travels to the worker that has it, and to no other.
    """

    name: str
    value: Value


@dataclass(frozen=True, eq=False)
class Work(Generic[Shared, Value, Found]):
    """What is done with every piece.

    Attributes:
        job: a function of a module, called with ``shared`` and a piece's value. It must give the same
            for the same arguments, in any process.
        shared: what all pieces need. It goes to every worker once.
        phase: what progress calls it.
    """

    job: Callable[[Shared, Value], Found]
    shared: Shared
    phase: str

    def done(self, piece: Piece[Value]) -> Found:
        """One piece, with one thread for BLAS: with more, sums may be added up in another order.

        Raises:
            UserError: with the piece's name, where the job refuses.
            Exception: as it was, with the piece's name as a note.
        """
        try:
            with threadpool_limits(1):
                return self.job(self.shared, piece.value)
        except UserError as refused:
            raise named(refused, piece.name) from refused
        except Exception as problem:
            problem.add_note(f"while working on {piece.name}")
            raise


def named(refused: UserError, name: str) -> UserError:
    """The same messages, each with the piece in which they came up."""
    of = f"of {name}"
    places = (f"{d.where}, {of}" if d.where else name for d in refused.diagnostics)
    return type(refused)(
        *(replace(d, where=where) for d, where in zip(refused.diagnostics, places, strict=True))
    )
