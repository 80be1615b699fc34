"""What became of the ways that were tried, which of them is best, and what messages say of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from snnc.bundle.kept import Kept
from snnc.bundle.manifest import TriedEntry
from snnc.errors import Diagnostic, Severity
from snnc.ir import Code

from .attempt import Attempt, Lowered
from .claimed import fewer_frames
from .losses import GRAVE_ERROR
from .ways import Candidate

FEW = 16
"""Samples below which decisions alone say little: the answers' error says more."""


@dataclass(frozen=True)
class Short:
    """Ranges that are proved for fewer frames than the data have.

    Attributes:
        proved: for how many.
        frames: of the data.
    """

    proved: int
    frames: int

    @staticmethod
    def of(attempt: Attempt, lowered: Lowered) -> Short | None:
        """None where the proof covers the data, or where the user asks for no proof."""
        if attempt.data is None or attempt.allow_overflow:
            return None
        proved = fewer_frames(lowered.ranges, attempt.data.x)
        return None if proved is None else Short(proved, attempt.data.x.shape[1])

    @property
    def text(self) -> str:
        """In a few words."""
        return f"ranges proved for {self.proved} of the data's {self.frames} frames"


@dataclass(frozen=True, eq=False)
class Tried:
    """What became of one candidate.

    Attributes:
        candidate: what was tried.
        kept: by the integers; None where it did not compile, or nothing could be judged.
        refused: why it did not compile.
        short: where its ranges are proved for less than the data.
    """

    candidate: Candidate
    kept: Kept | None
    refused: str | None = None
    short: Short | None = None

    @staticmethod
    def of(candidate: Candidate, attempt: Attempt, lowered: Lowered) -> Tried:
        """What a candidate that compiled keeps, and for how long that is proved."""
        return Tried(candidate, attempt.judge(lowered), None, Short.of(attempt, lowered))

    @property
    def entry(self) -> TriedEntry:
        """As the manifest has it."""
        found, options = self.kept, self.candidate.options
        proved = None if self.short is None else self.short.proved
        if found is None:
            return TriedEntry(options, self.refused, None, None, None, None, proved)
        numbers = (found.decisions, found.error, found.steps, found.operations)
        return TriedEntry(options, self.refused, *numbers, proved)

    @property
    def text(self) -> str:
        """What it keeps, and how long that is proved where that is too short."""
        kept = self.refused or kept_text(self.kept)
        return kept if self.short is None else f"{kept}, {self.short.text}"

    def keeps(self, keep: float) -> bool:
        """Whether it keeps such a fraction of decisions."""
        kept = self.kept
        if kept is None:
            return self.refused is None
        if kept.decisions is None or kept.samples < FEW:
            return kept.error <= GRAVE_ERROR
        return kept.decisions >= keep

    def enough(self, keep: float) -> bool:
        """Whether it keeps so much, and no data given can leave its proof."""
        return self.keeps(keep) and self.short is None

    def is_shorter(self, than: Tried) -> bool:
        """Whether it is proved for fewer frames of the data."""
        if self.short is None:
            return False
        return than.short is None or self.short.proved < than.short.proved

    def rank(self, keep: float) -> tuple[int, tuple[float, float]]:
        """For comparing: the first of equals, which is the cheapest, is taken."""
        if self.keeps(keep):
            return (1 if self.short else 2), (0.0, 0.0)
        return 0, score(self.kept)


def score(kept: Kept | None) -> tuple[float, float]:
    """How much was kept, for comparing: decisions and how near the answers are; few decisions last."""
    if kept is None:
        return -math.inf, 0.0
    decisions = 0.0 if kept.decisions is None else kept.decisions
    return (-kept.error, decisions) if kept.samples < FEW else (decisions, -kept.error)


def kept_text(kept: Kept | None) -> str:
    """What was kept, in a few words."""
    if kept is None:
        return "not judged"
    if kept.decisions is None:
        return f"answers off by {kept.error:.1%} of their spread"
    return f"{kept.decisions:.1%} of decisions kept"


def better_than(found: Sequence[Tried], own: Tried | None, keep: float) -> Tried | None:
    """Of those that keep more than what was asked for does, the first that keeps enough, or the best.

    None that is proved for fewer frames and keeps no more decisions: answers a little nearer would be
    paid with the proof, and N732 of that one would lead back.

    Args:
        found: what was tried.
        own: what was asked for; None where that is refused.
        keep: fraction of decisions.
    """
    more = [each for each in found if own is None or _keeps_more(each, own)]
    return max(more, key=lambda each: each.rank(keep), default=None)


def _keeps_more(one: Tried, other: Tried) -> bool:
    if score(one.kept) <= score(other.kept):
        return False
    here, there = ((each.kept and each.kept.decisions) or 0.0 for each in (one, other))
    return here > there or not one.is_shorter(other)


def longest(found: Sequence[Tried], own: Tried, keep: float) -> Tried | None:
    """Of those that keep enough, or as much as ``own`` does, the one that is proved for most frames.

    None where none is proved for more than ``own``.
    """
    able = [
        each
        for each in found
        if each.short is not None and (each.keeps(keep) or score(each.kept) >= score(own.kept))
    ]
    best = max(able, key=lambda each: each.short.proved if each.short else 0, default=None)
    return best if best is not None and own.is_shorter(best) else None


def proved_for_data(found: Sequence[Tried], own: Tried, keep: float) -> Tried | None:
    """The first whose proof covers the data and that keeps enough, or else as much as ``own`` does."""
    able = [each for each in found if each.refused is None and each.short is None]
    able = [each for each in able if each.keeps(keep) or score(each.kept) >= score(own.kept)]
    return max(able, key=lambda each: each.rank(keep), default=None)


def chosen(own: Tried, tried: Sequence[Tried], keep: float, *, large: bool) -> Diagnostic:
    """N780: what was chosen, and what became of the others."""
    candidate, changes = own.candidate, own.candidate.code == Code.DELTA.value
    others = []
    for each in tried:
        if each.candidate == candidate:
            continue
        what = each.text
        if changes and each.kept is not None and each.candidate.code == Code.GRADED.value:
            what += f", {each.kept.operations:,.0f} synaptic operations a sample"
        others.append(f"{each.candidate.options}: {what}")
    why = _why(own, tried, keep, large)
    if changes and own.kept is not None:
        why = f"{own.kept.operations:,.0f} synaptic operations a sample, {why}"
    return Diagnostic(
        "N780",
        f"code chosen: {candidate.options}",
        why=why + ("; tried " + ", ".join(others) if others else ""),
        severity=Severity.NOTE,
    )


def _why(own: Tried, tried: Sequence[Tried], keep: float, large: bool) -> str:
    asked = f"keeps {keep:.0%} of decisions"
    if not own.keeps(keep):
        return f"nothing that was tried {asked}" + ("" if own.short is None else f"; {own.short.text}")
    why = f"the cheapest that {asked}"
    if own.short is not None:
        why += f", {own.short.text}: "
        if large:
            return f"{why}of so large a network nothing more is tried for that"
        return f"{why}nothing that was tried keeps as much for all of them"
    short = [each.short for each in tried if each.short is not None and each.keeps(keep)]
    return why + (f" with ranges proved for the data's {short[0].frames} frames" if short else "")
