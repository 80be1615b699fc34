"""Tables of a page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """Lines of Markdown, an empty one behind them."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return [*lines, *("| " + " | ".join(str(cell) for cell in row) + " |" for row in rows), ""]


def spread(percent: float, samples: int) -> str:
    """An accuracy with its standard error, percent."""
    share = percent / 100
    return f"{percent:g} ± {100 * (share * (1 - share) / samples) ** 0.5:.1f}"


def four_fifths(by_frame: Sequence[float]) -> float:
    """The first frame, from 1, from which on answers are right four fifths as often as the last.

    Args:
        by_frame: accuracy after each frame.
    """
    enough = 0.8 * by_frame[-1]
    below = [frame for frame, right in enumerate(by_frame, 1) if right < enough]
    return float(max(below, default=0) + 1)


def seconds(each: Mapping[str, float], remark: str = "") -> list[str]:
    """What every part took, and all of it."""
    total = sum(each.values())
    listed = ", ".join(f"{name} {value:.0f} s" for name, value in each.items())
    told = f", {remark}" if remark else ""
    return [f"Time{told}, in all {total / 60:.0f} minutes of one or two cores: {listed}.", ""]
