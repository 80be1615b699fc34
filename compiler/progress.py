"""How long work tells how far it is, without knowing who listens."""

from __future__ import annotations

from collections.abc import Callable

Report = Callable[[str, int, int], None]
"""What is being done, how much of it is done, out of how much.

Called before each phase and while it runs. What is behind a colon belongs to the same phase: only it
changes between one call and the next (``stdb, epoch 2 of 10: loss 0.31``).
"""


def quiet(what: str, done: int, total: int) -> None:
    """A :data:`Report` that nobody reads."""
