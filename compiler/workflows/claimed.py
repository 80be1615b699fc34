"""What a bundle claims of its ranges: read from its manifest, put in words, held against data."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.bundle.folder import Bundle
from snnc.errors import Diagnostic, Severity, counted, fail
from snnc.ir import Target
from snnc.verify.claims import Claim

PROVED = "proved"
"""The manifest's word where there are claims."""


def claims_in(ranges: dict[str, Any], where: str) -> tuple[Claim, ...]:
    """The claims of a manifest's entry on ranges, without registers; none where nothing is proved.

    Args:
        ranges: the entry, from disk.
        where: the bundle.

    Raises:
        UserError: D114 it is damaged.
    """
    if ranges.get("status") != PROVED:
        return ()
    try:
        return tuple(_claim(each["counts"], each["frames"]) for each in ranges["claims"])
    except (KeyError, TypeError, ValueError, AttributeError) as problem:
        raise fail(
            "D114",
            "its manifest does not say for which counts and frames ranges are proved",
            where=where,
            why=f"{type(problem).__name__}: {problem}",
            help="compile again",
        ) from problem


def _claim(counts: Any, frames: Any) -> Claim:
    low, high = counts
    return Claim(int(low), int(high), None if frames is None else int(frames))


def claims_text(found: tuple[Claim, ...]) -> str:
    """For which inputs no register can wrap or saturate, in words."""
    return "; or ".join(f"counts from {c.low} to {c.high}, {_lasting(c.frames)}" for c in found)


def _lasting(frames: int | None) -> str:
    return "any number of frames" if frames is None else f"up to {counted(frames, 'frame')}"


def beyond_proof(bundle: Bundle, counts: NDArray[np.int64], target: Target) -> list[Diagnostic]:
    """A warning (N725) where samples lie in no claim: their counts and their frames together.

    Args:
        bundle: claims what its manifest says.
        counts: (samples, frames, ...).
        target: says what its engines do where a register overflows.

    Raises:
        UserError: D114 the manifest is damaged.
    """
    found = claims_in(bundle.manifest["ranges"], str(bundle.folder))
    if not found:
        return []
    samples, frames = counts.shape[:2]
    flat = counts.reshape(samples, -1)
    ends = list(zip(flat.min(axis=1).tolist(), flat.max(axis=1).tolist(), strict=True))
    beyond = [end for end in ends if not any(claim.covers(*end, frames) for claim in found)]
    if not beyond:
        return []
    low, high = min(low for low, _ in beyond), max(high for _, high in beyond)
    return [
        Diagnostic(
            "N725",
            f"beyond the range proof: {len(beyond)} of {counted(samples, 'sample')}, with counts from "
            f"{low} to {high} over {counted(frames, 'frame')}; proved for {claims_text(found)}",
            "the data",
            f"registers may wrap or saturate there, and it is another network; {target.overflow}",
            "compile with --calibration data like these",
            Severity.WARNING,
        )
    ]
