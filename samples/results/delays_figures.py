"""What the runs with and without the delays of a chip come to: gaps, first answers, energy."""

from __future__ import annotations

from statistics import mean, stdev
from typing import Any

from .tables import four_fifths

STREAMING, WITHOUT = "streaming", "without_delays"
WAYS = {STREAMING: "streaming", WITHOUT: "without delays"}
NEEDED = (50, 70, 80, 90)
"""Right answers, %, whose energy is compared."""

MEMORIES = ("fitted", "wide")

Ways = dict[str, Any]


def spread(values: list[float], digits: int = 1) -> str:
    """Mean and standard error over the seeds."""
    error = stdev(values) / len(values) ** 0.5
    return f"{mean(values):.{digits}f} ± {error:.{digits}f}"


def last(ways: Ways, way: str, run: str) -> list[float]:
    """Right answers after the last frame, by seed."""
    return [each[-1] for each in ways[way][run]]


def answered(ways: Ways, way: str, run: str) -> list[float]:
    """Right answers, the mean over the frames from the first response on, by seed."""
    first = ways[way]["first_response"][0] if run == "with_delays" or way == STREAMING else 0
    return [mean(each[first:]) for each in ways[way][run]]


def gap(ways: Ways, values: Any) -> list[float]:
    """Streaming minus without delays, both with the chip's delays, by seed, of some figure."""
    pairs = zip(
        values(ways, STREAMING, "with_delays"), values(ways, WITHOUT, "with_delays"), strict=True
    )
    return [own - other for own, other in pairs]


def first_answers(ways: Ways) -> list[float]:
    """Of the streaming network, by seed: the frame from which four fifths are reached."""
    return [four_fifths(each) for each in ways[STREAMING]["with_delays"]]


def energy_needed(ways: Ways, memory: str, needed: float) -> dict[str, list[float | None]]:
    """Least energy, µJ a recording, after which so many answers are right; by seed, None where never.

    Returns:
        ``snn``: the streaming network in integers on the chip, after its frames; ``ann_quantized``,
        ``ann_float``: the network trained without delays, as it was trained, every frame in full.
    """
    found: dict[str, list[float | None]] = {"snn": [], "ann_quantized": [], "ann_float": []}
    for seed, counted in enumerate(ways["operations"]):
        right = {"snn": counted["by_frame"]}
        right |= dict.fromkeys(("ann_quantized", "ann_float"), ways[WITHOUT]["as_trained"][seed])
        for kind, by_frame in right.items():
            enough = [
                each["microjoules"][memory][kind]
                for frame, each in counted["frames"].items()
                if by_frame[int(frame) - 1] >= needed
            ]
            found[kind].append(min(enough, default=None))
    return found


def advantages(ways: Ways, memory: str, ann: str) -> dict[int, float | None]:
    """By right answers needed: how many times the SNN's energy the ANN takes, mean over the seeds."""
    found: dict[int, float | None] = {}
    for needed in NEEDED:
        each = energy_needed(ways, memory, needed)
        pairs = zip(each["snn"], each[ann], strict=True)
        ratios = [b / a for a, b in pairs if a is not None and b is not None]
        found[needed] = mean(ratios) if len(ratios) == len(each["snn"]) else None
    return found
