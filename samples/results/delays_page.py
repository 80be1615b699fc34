# ruff: noqa: E501  the sentences and heads of a page, as they are to stand there
"""The part of the results on training with and without the delays of a chip."""

from __future__ import annotations

from math import sqrt
from statistics import mean, stdev
from typing import Any

from .delays_figures import (
    MEMORIES,
    NEEDED,
    STREAMING,
    WAYS,
    WITHOUT,
    Ways,
    advantages,
    answered,
    first_answers,
    gap,
    last,
    spread,
)
from .tables import four_fifths, table

INTRODUCTION = """## Training without the delays of a chip

Kugele et al. 2020: a network that is trained without delays mixes up time on a chip, where every connection takes a step; a streaming rollout is trained with these delays, shortcuts let it answer early, and it is \
consistently more efficient than the ANN. *Shortcuts* lead from everything to everything behind it, *loops* from each layer to itself, one frame later. *Without delays* connections forward take no frame in training. \
Right answers in %, mean and standard error over the seeds; that of one figure, from the number of test recordings, is {errors}. A tenth of the recordings to train is held back to choose the epoch by. \
What differs from the paper: the data and their size, the networks, and that the streaming networks are compared with ANNs of their own shape.
"""


def delays_section(found: dict[str, Any]) -> list[str]:
    """Sentences and tables from ``samples.delays.results``."""
    errors = ", ".join(
        f"{_error(each)} points on {each['test_samples']} ({each['title']})" for each in found.values()
    )
    lines = [INTRODUCTION.format(errors=errors)]
    for name, each in found.items():
        lines += _set(name, each)
    return lines


def _error(found: dict[str, Any]) -> str:
    """The standard error of a figure, from the mean of the streaming networks' last answers."""
    share = mean(r for ways in found["networks"].values() for r in last(ways, STREAMING, "with_delays"))
    return f"{100 * (share / 100 * (1 - share / 100) / found['test_samples']) ** 0.5:.1f}"


def _set(name: str, found: dict[str, Any]) -> list[str]:
    networks = found["networks"]
    levels = "levels" if any("operations" in ways for ways in networks.values()) else "ReLUs"
    head = ["network", "trained", "after the last frame, as it was trained"]
    head += ["with the delays of a chip", "difference", "mean of all answers", "first response"]
    rows = [
        [shape, title, *_accuracies(ways, way)]
        for shape, ways in networks.items()
        for way, title in WAYS.items()
    ]
    curves = [
        [
            shape,
            title,
            *(spread([each[f - 1] for each in ways[way]["with_delays"]]) for f in found["shown"]),
            spread([four_fifths(each) for each in ways[way]["with_delays"]]),
        ]
        for shape, ways in networks.items()
        for way, title in WAYS.items()
    ]
    return [
        f"### {found['title']}",
        "",
        f"{found['train_samples']:,} recordings to train, {found['test_samples']} to test, {found['frames']} frames, {found['epochs']} epochs, seeds {', '.join(map(str, found['seeds']))}; activations: {levels}; in floats. "
        "*Mean of all answers*: with the delays of a chip, over the frames from the first response on; *first response*: frames along the shortest path. "
        f"{found['seen']}".rstrip(),
        "",
        *table(head, rows),
        "With the delays of a chip, after frame, and the frame from which on four fifths of the last accuracy are reached:",
        "",
        *table(["network", "trained", *map(str, found["shown"]), "four fifths from frame"], curves),
        f"![Right answers by frame](./{name}_by_frame.svg)",
        "",
        *_verdict(networks),
        *(_energy(name, networks) if levels == "levels" else []),
    ]


def _accuracies(ways: Ways, way: str) -> list[object]:
    own, delayed = last(ways, way, "as_trained"), last(ways, way, "with_delays")
    lost = [b - a for a, b in zip(own, delayed, strict=True)]
    early = answered(ways, way, "with_delays")
    return [spread(own), spread(delayed), spread(lost), spread(early), ways[way]["first_response"][0]]


def _verdict(networks: dict[str, Ways]) -> list[str]:
    """What the figures say of the claim, in words."""
    ends = "; ".join(f"{name} {_signed(gap(ways, last))}" for name, ways in networks.items())
    means = "; ".join(f"{name} {_signed(gap(ways, answered))}" for name, ways in networks.items())
    held = [name for name, ways in networks.items() if beyond(gap(ways, answered))]
    said = f"holds for {' and '.join(held)}" if held else "does not hold"
    others = [name for name in networks if name not in held]
    ended = f", not for {' and '.join(others)}" if held and others else ""
    lines = [
        "With the chip's delays, a streaming network is right more often than one that was trained without them by (points, ± standard error) "
        f"after the last frame: {ends}; in the mean of all answers: {means}. **The claim {said}{ended}** (two standard errors, mean of all answers). A chain is only late: all its paths have one length.",
        "",
    ]
    if "chain" in networks and "shortcuts" in networks:
        lines += _early(networks["chain"], networks["shortcuts"])
    return lines


def _early(chain: Ways, shortcuts: Ways) -> list[str]:
    """Whether shortcuts answer two frames earlier, and no worse in the end."""
    pairs = zip(first_answers(chain), first_answers(shortcuts), strict=True)
    earlier = [a - b for a, b in pairs]
    ends = zip(
        last(shortcuts, STREAMING, "with_delays"), last(chain, STREAMING, "with_delays"), strict=True
    )
    final = [a - b for a, b in ends]
    two = "at least two frames earlier" if mean(earlier) >= 2 else "not two frames earlier"
    lower = "not lower" if mean(final) >= 0 else "**lower**"
    curve = [mean(at) for at in zip(*shortcuts[STREAMING]["with_delays"], strict=True)]
    best = max(range(len(curve)), key=curve.__getitem__)
    return [
        f"*First answers.* The streaming network with shortcuts reaches four fifths of its last accuracy {spread(earlier)} frames before the chain: **{two}**; "
        f"its last accuracy is {_signed(final)} points from the chain's: {lower}. With shortcuts most answers are right after frame {best + 1} ({curve[best]:.1f} %).",
        "",
    ]


def _energy(name: str, networks: dict[str, Ways]) -> list[str]:
    """Operations by frame, energy by right answers, and the verdict on efficiency."""
    rows = []
    for shape, ways in networks.items():
        runs = ways["operations"]
        for frame in runs[0]["frames"]:
            at = [run["frames"][frame] for run in runs]
            rows.append(
                [
                    shape,
                    frame,
                    spread([run["by_frame"][int(frame) - 1] for run in runs]),
                    f"{mean(each['synaptic_operations'] for each in at):,.0f}",
                    spread([r[int(frame) - 1] for r in ways[WITHOUT]["as_trained"]]),
                    f"{at[0]['ann_macs']:,}",
                ]
            )
    head = ["network", "after frame", "streaming, integers, right", "synaptic operations"]
    head += ["without delays, as trained, right", "MACs"]
    return [
        "Accuracy by operations a recording: the streaming network in integers on `loihi` (code `graded`) next to the one trained without delays, run as an ANN, every frame in full:",
        "",
        *table(head, rows),
        f"![Right answers by operations](./{name}_by_operations.svg)",
        "",
        "How many times the streaming network's energy (`docs/energy.md`: an estimate) the ANN takes until this share of the answers is right, %:",
        "",
        *table(["network", "ANN", "memory", *map(str, NEEDED)], _times(networks)),
        *_efficient(networks),
    ]


ANNS = {"ann_quantized": "same bits", "ann_float": "float32"}


def _times(networks: dict[str, Ways]) -> list[list[object]]:
    return [
        [shape, title, memory, *(_times_text(t) for t in advantages(ways, memory, ann).values())]
        for shape, ways in networks.items()
        for ann, title in ANNS.items()
        for memory in MEMORIES
    ]


def _times_text(times: float | None) -> str:
    return "not reached" if times is None else f"{times:.2f}"


def _efficient(networks: dict[str, Ways]) -> list[str]:
    """The verdict on *consistently more efficient*."""
    said = []
    for ann, title in ANNS.items():
        found = [
            times
            for ways in networks.values()
            for memory in MEMORIES
            for times in advantages(ways, memory, ann).values()
            if times is not None
        ]
        more = sum(times > 1 for times in found)
        word = "holds" if more == len(found) else "does not hold"
        said.append(
            f"against an ANN ({title}) it {word}: less energy in {more} of {len(found)} cells, {min(found):.2f} to {max(found):.2f} times"
        )
    return ["*Consistently more efficient*: " + "; ".join(said) + ".", ""]


def beyond(values: list[float]) -> bool:
    """Whether a mean is above 0 by two standard errors."""
    return mean(values) > 2 * stdev(values) / sqrt(len(values))


def _signed(values: list[float]) -> str:
    text = spread(values)
    return text if text.startswith("-") else f"+{text}"
