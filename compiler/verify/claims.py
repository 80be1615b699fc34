"""What is claimed of a program's ranges: counts and frames that go together, each as it was proved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from snnc.ir import Program, Target, input_range

from .known import KnownRanges, Range
from .ranges import Proof, prove
from .timing import frames_to_hear


@dataclass(frozen=True)
class Claim:
    """No input with counts from ``low`` to ``high``, over up to ``frames`` frames, leaves a register.

    Attributes:
        low, high: counts, low <= 0 <= high.
        frames: most frames; None for any number.
        ranges: what each register can hold for these counts after so many frames.
    """

    low: int
    high: int
    frames: int | None
    ranges: tuple[Range, ...] = ()

    def covers(self, low: int, high: int, frames: int) -> bool:
        """Whether it speaks of such data."""
        return self.low <= low and high <= self.high and (self.frames is None or frames <= self.frames)

    def within(self, other: Claim) -> bool:
        """Whether the other claims all that this one does."""
        lasts = other.frames is None or (self.frames is not None and self.frames <= other.frames)
        return other.low <= self.low and self.high <= other.high and lasts


def claims(program: Program, target: Target, proof: Proof, frames: int | None) -> tuple[Claim, ...]:
    """The corners of the region in which nothing leaves its register; each is proved by itself.

    The first is about the counts that were asked for, or holds that and more. Others have larger
    counts: as large as can be without end, for the frames of the calibration data, and for the shortest
    run in which every population hears the input.

    Args:
        program: the network.
        target: its limits.
        proof: that holds, of the counts that were asked for.
        frames: of the calibration data; None where there are none.

    Returns:
        None of them within another, the one with the smallest counts first.
    """
    kept: list[Claim] = []
    shortest = frames_to_hear(program)
    wanted = dict.fromkeys((None, frames or shortest, shortest))
    signed = proof.low < 0

    known = KnownRanges()

    @cache
    def at(count: int) -> Proof:
        return prove(program, target, -count if signed else 0, count, known)

    corners = [_farthest(program, target, proof, f, at) for f in wanted if proof.lasts(f)]
    for claim in (Claim(proof.low, proof.high, proof.frames, proof.ranges), *corners):
        if not any(claim.within(other) for other in kept):
            kept = [*(other for other in kept if not other.within(claim)), claim]
    return tuple(sorted(kept, key=lambda claim: claim.high))


def _farthest(
    program: Program,
    target: Target,
    proof: Proof,
    frames: int | None,
    at: Callable[[int], Proof],
) -> Claim:
    """The largest counts that are proved for so many frames, and how many frames those last.

    Where negative counts were asked for, both ends go out together. A proof of a large network takes
    seconds, and the end is mostly near: counts are doubled until they are too large, then halved.
    """
    least, most = input_range(program, target)
    known = max(proof.high, -proof.low)
    beyond = min(most, -least) if proof.low < 0 else most
    best = proof
    if known < beyond and at(beyond).lasts(frames):
        best, known = at(beyond), beyond
    count = max(1, 2 * known)
    while count < beyond and at(count).lasts(frames):
        best, known, count = at(count), count, 2 * count
    beyond = min(count, beyond)
    while known + 1 < beyond:
        middle = (known + beyond) // 2
        if at(middle).lasts(frames):
            best, known = at(middle), middle
        else:
            beyond = middle
    return Claim(best.low, best.high, best.frames, best.ranges)
