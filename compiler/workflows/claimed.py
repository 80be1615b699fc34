"""What a bundle claims of its ranges: read from its manifest, put in words, held against data."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from snnc.bundle.ranges import Ranges
from snnc.errors import Diagnostic, Severity, counted
from snnc.ir import Program, Target
from snnc.verify.claims import Claim

from .more_frames import more_frames, nearest_to_its_end


def claims_in(ranges: Ranges) -> tuple[Claim, ...]:
    """The claims of a bundle, without registers; none where nothing is proved."""
    return tuple(Claim(each.low, each.high, each.frames) for each in ranges.claims)


def fewer_frames(ranges: Ranges, counts: NDArray[np.int64]) -> int | None:
    """For how many frames ranges are proved with the counts of data, where the data have more.

    Args:
        ranges: as a manifest has them.
        counts: (samples, frames, ...).

    Returns:
        None where the data lie within a claim, and where nothing is proved.
    """
    found = claims_in(ranges)
    low, high, frames = min(0, int(counts.min())), max(0, int(counts.max())), counts.shape[1]
    if not found or any(claim.covers(low, high, frames) for claim in found):
        return None
    able = [c.frames for c in found if c.low <= low and high <= c.high and c.frames is not None]
    return max(able, default=0)


def claims_text(found: tuple[Claim, ...]) -> str:
    """For which inputs no register can wrap or saturate, in words."""
    return "; or ".join(f"counts from {c.low} to {c.high}, {_lasting(c.frames)}" for c in found)


def _lasting(frames: int | None) -> str:
    return "any number of frames" if frames is None else f"up to {counted(frames, 'frame')}"


def _longer(program: Program | None, ranges: Ranges, proved: int, wanted: int) -> str:
    """What makes the claim that holds for ``proved`` frames hold for more, and may be named."""
    (claim, *_) = (each for each in ranges.claims if each.frames == proved)
    name = None if program is None else nearest_to_its_end(program, claim.registers)
    return "" if program is None or name is None else more_frames(program, name, proved, wanted)


def beyond_proof(
    ranges: Ranges,
    counts: NDArray[np.int64],
    target: Target,
    *,
    settled: bool = False,
    asked: bool = False,
    program: Program | None = None,
) -> list[Diagnostic]:
    """A warning (N725) where samples lie in no claim: their counts and their frames together.

    Args:
        ranges: what the bundle claims.
        counts: (samples, frames, ...).
        target: says what its engines do where a register overflows.
        settled: calibrating with such data changes nothing: neither weights nor thresholds.
        asked: the user chose the code.
        program: of the bundle; names what else makes the proof longer.
    """
    found = claims_in(ranges)
    if not found:
        return []
    samples, frames = counts.shape[:2]
    flat = counts.reshape(samples, -1)
    ends = list(zip(flat.min(axis=1).tolist(), flat.max(axis=1).tolist(), strict=True))
    beyond = [end for end in ends if not any(claim.covers(*end, frames) for claim in found)]
    if not beyond:
        return []
    low, high = min(low for low, _ in beyond), max(high for _, high in beyond)
    cure = "compile with --calibration data like these"
    lasting = [c.frames for c in found if c.low <= low and high <= c.high and c.frames is not None]
    if lasting and settled:
        cure = f"use streams of {_lasting(max(lasting))}"
        longer = _longer(program, ranges, max(lasting), frames)
        cure += f", or compile with {longer}" if longer else ""
        cure += ", or without --code, which looks for one that is proved for them" if asked else ""
    return [
        Diagnostic(
            "N725",
            f"beyond the range proof: {len(beyond)} of {counted(samples, 'sample')}, with counts from "
            f"{low} to {high} over {counted(frames, 'frame')}; proved for {claims_text(found)}",
            "the data",
            "registers may wrap or saturate there, and the chip would no longer "
            f"compute the same function; {target.overflow}",
            cure,
            Severity.WARNING,
        )
    ]
