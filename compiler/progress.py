"""How long work tells how far it is, without knowing who listens."""

from __future__ import annotations

from collections.abc import Callable

Report = Callable[[str, int, int], None]
"""What is being done, how much of it is done, out of how much."""


def quiet(what: str, done: int, total: int) -> None:
    """A :data:`Report` that nobody hears."""
