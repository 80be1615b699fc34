"""What networks take that one chip does not hold."""

from __future__ import annotations


def several_chips() -> None:
    """Print it."""
