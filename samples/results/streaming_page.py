# ruff: noqa: E501  the sentences and heads of a page, as they are to stand there
"""``docs/results/streaming-rollouts.md``: Kugele et al. 2020, networks trained with a chip's delays."""

from __future__ import annotations

from statistics import mean
from typing import Any

from .cifar_events_page import cifar_events_section
from .claims import Claim, claims_table
from .delays_figures import (
    MEMORIES,
    STREAMING,
    Ways,
    advantages,
    answered,
    first_answers,
    gap,
    last,
    spread,
)
from .delays_page import beyond, delays_section
from .nmnist_page import nmnist_section
from .speech_page import speech_section

TITLE = "Streaming rollouts"
PAPER = "Kugele, Pfeil, Pfeiffer, Chicca 2020 (method `streaming`)"

HEAD = f"""# {TITLE}: {PAPER}

A network is trained with the delays that a chip has: every connection takes a frame. Shortcuts let it answer early, loops let it remember. Pages of the other papers, and how all of this is measured: [results](../results.md).
"""


def streaming_claims(found: dict[str, Any]) -> list[Claim]:
    """What of the paper's claims holds here."""
    sets = found["delays"].values()
    return [
        *(_delays(each) for each in sets),
        *(_early(each) for each in sets),
        *(_efficient(each) for each in sets if _counted(each)),
        _nothing_lost(found),
    ]


def _delays(found: dict[str, Any]) -> Claim:
    gaps = {name: gap(ways, answered) for name, ways in found["networks"].items()}
    held = [name for name, values in gaps.items() if beyond(values)]
    others = [name for name in gaps if name not in held]
    verdict = f"holds for {' and for '.join(held)}" if held else "does not hold"
    if held and others:
        verdict += f", not for {' and for '.join(others)}"
    return Claim(
        "with a chip's delays, streaming training is better than training without delays",
        f"{found['title']}, points in the mean of all answers: "
        + ", ".join(f"{name} {spread(values)}" for name, values in gaps.items()),
        verdict,
    )


def _early(found: dict[str, Any]) -> Claim:
    chain, shortcuts = found["networks"]["chain"], found["networks"]["shortcuts"]
    pairs = zip(first_answers(chain), first_answers(shortcuts), strict=True)
    earlier = [a - b for a, b in pairs]
    ends = zip(_last(shortcuts), _last(chain), strict=True)
    final = [a - b for a, b in ends]
    held = mean(earlier) >= 2 and mean(final) >= 0
    return Claim(
        "shortcuts answer early, and are no worse in the end",
        f"{found['title']}: four fifths of the last accuracy {spread(earlier)} frames before the chain, last accuracy {spread(final)} points from the chain's",
        "holds" if held else "does not hold by our mark: two frames earlier, not lower in the end",
    )


def _last(ways: Ways) -> list[float]:
    return last(ways, STREAMING, "with_delays")


def _counted(found: dict[str, Any]) -> bool:
    return any("operations" in ways for ways in found["networks"].values())


def _efficient(found: dict[str, Any]) -> Claim:
    times = [
        value
        for ways in found["networks"].values()
        for memory in MEMORIES
        for value in advantages(ways, memory, "ann_quantized").values()
        if value is not None
    ]
    more = sum(value > 1 for value in times)
    return Claim(
        "the spiking network is consistently more efficient than the ANN",
        f"{found['title']}, modelled energy of an ANN with the same bits over that of the chip: {min(times):.2f} to {max(times):.2f}",
        "holds" if more == len(times) else f"does not hold: true in {more} of {len(times)} cases",
    )


def _nothing_lost(found: dict[str, Any]) -> Claim:
    speech = found["speech"]["by_seed"]
    lost = [b - a for a, b in zip(speech["levels"], speech["loihi"], strict=True)]
    events = found["cifar_events"]["networks"]
    decided = [one["differ"] for ways in events.values() for one in ways["grid"]]
    return Claim(
        "the spiking network is as accurate as the network in floats (the paper loses 0.1 to 0.2 points)",
        f"levels, code `graded`; spoken digits: {spread(lost, 2)} points, weights of 8 bits; CIFAR-10 as events: {sum(decided)} decisions differ from torch's with the chip's weights",
        "holds: what is lost is the rounding of weights",
    )


def streaming_page(found: dict[str, Any]) -> str:
    """The whole page."""
    return "\n".join(
        [
            HEAD,
            *claims_table(streaming_claims(found)),
            *delays_section(found["delays"]),
            *nmnist_section(found["nmnist"]),
            *cifar_events_section(found["cifar_events"]),
            *speech_section(found["speech"]),
        ]
    )
