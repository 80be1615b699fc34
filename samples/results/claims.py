"""What the papers claim next to what was measured: a claim, a figure of ours, a verdict in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt

from .tables import table

CLOSE = 1.5
"""Points below floats that count as enough."""


@dataclass(frozen=True)
class Claim:
    """One row of a page's first table.

    Attributes:
        claim: the paper's, in short.
        ours: what was measured, with the data.
        verdict: whether it holds, in words.
    """

    claim: str
    ours: str
    verdict: str


def claims_table(claims: list[Claim]) -> list[str]:
    """Lines of Markdown."""
    return table(["claim", "measured here", "verdict"], [[c.claim, c.ours, c.verdict] for c in claims])


def fewer_steps(
    trained: Mapping[int, float], converted: Mapping[int, float], samples: int
) -> dict[int, float | None]:
    """How many times the steps of the trained network the converted one takes to be as good.

    Args:
        trained: accuracy by steps, percent.
        converted: likewise.
        samples: that both are counted on; as good is what lies within one standard error.

    Returns:
        By steps of the trained network; None where the converted one is not as good with any number.
    """
    found: dict[int, float | None] = {}
    for steps, right in trained.items():
        least = right - sqrt(right * (100 - right) / samples)
        enough = [t for t, other in converted.items() if other >= least]
        found[steps] = min(enough) / steps if enough else None
    return found


TENTH = 10
"""The paper: 10 to 25 times fewer steps."""


def steps_claim(
    data: str,
    baseline: str,
    trained: Mapping[int, float],
    converted: Mapping[int, float],
    samples: int,
) -> Claim:
    """The claim on steps, against one way of converting."""
    factors, most = fewer_steps(trained, converted, samples), max(converted)
    least = {steps: most / steps if factor is None else factor for steps, factor in factors.items()}
    held = [steps for steps, factor in least.items() if factor >= TENTH]
    open_ = [steps for steps, factor in factors.items() if factor is None and steps not in held]
    if held and len(held) == len(factors):
        verdict = "holds"
    elif held:
        verdict = f"holds at T = {', '.join(map(str, held))} only"
    else:
        verdict = "does not hold: that conversion needs fewer than ten times as many steps"
    if open_:
        verdict += f"; open at T = {', '.join(map(str, open_))}: not converted to ten times as many"
    told = ", ".join(
        f"T = {steps}: {'over ' if factor is None else ''}{least[steps]:g}"
        for steps, factor in factors.items()
    )
    return Claim(
        f"{TENTH} to 25 times fewer steps than a converted network as good (within one standard "
        f"error), against {baseline}",
        f"{data}, times as many steps: {told}",
        verdict,
    )


def differences(
    one: Mapping[int, float], other: Mapping[int, float], samples: int
) -> dict[int, tuple[float, float]]:
    """One accuracy minus the other, by steps, with a standard error in points.

    The error takes both as independent, which is too large where both are counted on the same images.
    """
    return {
        steps: (
            right - other[steps],
            sqrt(sum(p * (100 - p) / samples for p in (right, other[steps]))),
        )
        for steps, right in one.items()
        if steps in other
    }


def differences_text(found: Mapping[int, tuple[float, float]]) -> str:
    """As the tables write them."""
    return ", ".join(f"T = {steps}: {gap:+.2f} ± {error:.1f}" for steps, (gap, error) in found.items())
