# ruff: noqa: E501  the sentences and heads of a page, as they are to stand there
"""The part of ``docs/results.md`` on training with and without the delays of a chip."""

from __future__ import annotations

from statistics import mean, stdev
from typing import Any

from .tables import four_fifths, table

SHOWN = (2, 5, 10, 20, 40)
"""Frames whose answers are shown."""

WAYS = {"streaming": "streaming", "without_delays": "without delays"}


def delays_section(found: dict[str, Any]) -> list[str]:
    """Sentences and tables from ``samples.delays.results``."""
    seeds = ", ".join(str(seed) for seed in found["seeds"])
    rows, curves = [], []
    for name, ways in found["networks"].items():
        for way, title in WAYS.items():
            own, delayed = ways[way]["as_trained"], ways[way]["with_delays"]
            trained, run = [each[-1] for each in own], [each[-1] for each in delayed]
            rows.append(
                [
                    name,
                    title,
                    _mean(trained),
                    _mean(run),
                    _mean([b - a for a, b in zip(trained, run, strict=True)]),
                ]
            )
            shown = [_mean([each[frame - 1] for each in delayed]) for frame in SHOWN]
            curves.append([name, title, *shown, _mean([four_fifths(each) for each in delayed])])
    return [
        "## Training without the delays of a chip",
        "",
        "Kugele et al. 2020: a network that is trained without delays mixes up time on a chip, where every connection takes a step; a streaming rollout is trained with these delays. "
        "Spoken digits (`fsdd`): 2,700 recordings to train (a tenth held back to choose the epoch), "
        f"{found['test_samples']} to test, 40 frames of 25 ms of 32 bands; three layers of 96, {found['epochs']} epochs, seeds {seeds}. "
        "*Shortcuts* lead from everything to everything behind it, *loops* from each layer to itself, one frame later. *Without delays* connections forward take no frame in training. "
        "In floats; right answers in %, mean and standard deviation over the seeds (the standard error of one figure is 1 to 2 points).",
        "",
        *table(
            [
                "network",
                "trained",
                "after the last frame, as it was trained",
                "with the delays of a chip",
                "difference",
            ],
            rows,
        ),
        "With the delays of a chip, after frame, and the frame from which on four fifths of the last accuracy are reached:",
        "",
        *table(["network", "trained", *map(str, SHOWN), "four fifths from frame"], curves),
        *_verdict(found["networks"]),
    ]


def _mean(values: list[float]) -> str:
    return f"{mean(values):.1f} ± {stdev(values):.1f}"


def _verdict(networks: dict[str, Any]) -> list[str]:
    """What the figures say of the claim, in words."""
    lost = {
        name: mean(
            b[-1] - a[-1]
            for a, b in zip(
                ways["without_delays"]["as_trained"], ways["without_delays"]["with_delays"], strict=True
            )
        )
        for name, ways in networks.items()
    }
    gap = {
        name: mean(each[-1] for each in ways["streaming"]["with_delays"])
        - mean(each[-1] for each in ways["without_delays"]["with_delays"])
        for name, ways in networks.items()
    }
    return [
        "In words: where paths of several lengths meet (shortcuts), training without the chip's delays costs accuracy, early answers most; a chain is only late. "
        f"By the delays, networks trained without them change by {_listed(lost)} points after the last frame; streaming networks are then right more often by {_listed(gap)} points.",
        "",
    ]


def _listed(points: dict[str, float]) -> str:
    return ", ".join(f"{value:+.1f} ({name})" for name, value in points.items())
