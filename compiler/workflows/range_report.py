"""What a compile says about ranges: proved, observed, or refused."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from snnc.bundle.ranges import PROVED, Bounded, Ranges
from snnc.errors import Diagnostic, Severity, UserError, counted
from snnc.ir import LimitName, Program, Target
from snnc.ir.overflow import overflow_cure, overflow_cure_of_integers
from snnc.sim.reference import ARRIVED
from snnc.verify.claims import Claim, claims
from snnc.verify.known import Range
from snnc.verify.observed import observe
from snnc.verify.ranges import Proof, explain, prove

from .more_frames import more_frames

NEURONS_OWN = ("current", "potential")
"""Registers that are as wide as a neuron's ``state_bits``."""

WIDEST = 32
"""State bits that a program's neurons can have (``docs/numerics.md``)."""

UNCALIBRATED = 1
"""Largest count that ranges are proved for where there are no calibration data, at the least."""


def prove_ranges(
    program: Program,
    target: Target,
    counts: NDArray[np.int64] | None,
    allow_overflow: bool,
    passes: bool = True,
) -> Proof:
    """What the registers of a program can hold, for the counts that the calibration data have.

    Args:
        program: what is about to be emitted.
        target: its limits.
        counts: calibration data, or None.
        allow_overflow: go on where the proof fails.
        passes: whether passes made the integers, and would make others if asked.

    Raises:
        UserError: D423 the proof fails; every register that can leave its range is named.
    """
    low, high = (0, UNCALIBRATED) if counts is None else (int(counts.min()), int(counts.max()))
    proof = prove(program, target, min(low, 0), max(high, 0))
    if proof.holds or allow_overflow:
        return proof
    raise UserError(*(_refused(program, target, r, counts is not None, passes) for r in _broken(proof)))


def report_ranges(
    program: Program,
    target: Target,
    proof: Proof,
    counts: NDArray[np.int64] | None,
    passes: bool = True,
) -> tuple[Ranges, list[Diagnostic]]:
    """The manifest's entry on ranges, and what has to be said about them; as :func:`prove_ranges`.

    Where the proof fails the program is run on the calibration data, to see what its registers hold.
    """
    if not proof.holds:
        return _observed(program, proof, counts)
    entry = _proved(program, target, proof, None if counts is None else counts.shape[1])
    return entry, [*_shorter_than(counts, program, target, proof, passes), *_unproved(proof)]


def _unproved(proof: Proof) -> list[Diagnostic]:
    """N755 where registers follow the rules of a plug-in's neuron model."""
    if not proof.unproved:
        return []
    what = "no range is proved for its registers: its neurons use a model from a plug-in"
    why = "what reaches it is bounded; whether its own registers saturate is not"
    return [Diagnostic("N755", what, ", ".join(proof.unproved), why, severity=Severity.NOTE)]


def _shorter_than(
    counts: NDArray[np.int64] | None,
    program: Program,
    target: Target,
    proof: Proof,
    passes: bool,
) -> list[Diagnostic]:
    """A warning where the calibration data have more frames than the proof holds for."""
    if counts is None or proof.frames is None or proof.shortest is None:
        return []
    if counts.shape[1] <= proof.frames:
        return []
    population = program.by_name[proof.shortest]
    several = passes and program.steps_per_frame > 1
    fewer = "fewer steps a frame (--steps-per-frame)" if several else ""
    longer = more_frames(program, proof.shortest, proof.frames, counts.shape[1], passes)
    shorter = f"streams of at most {counted(proof.frames, 'frame')}"
    wider = _option(target) if population.dynamics.state_bits < WIDEST else ""
    first, *others = (cure for cure in (fewer, longer, shorter, wider) if cure)
    return [
        Diagnostic(
            "N732",
            f"ranges are proved for {counted(proof.frames, 'frame')}, the calibration data have "
            f"{counts.shape[1]}",
            population.origin or population.name,
            "it adds up what arrives in every frame, and some input fills its register before the end",
            ", or ".join((f"use {first}", *others)),
            Severity.WARNING,
        )
    ]


def _broken(proof: Proof) -> list[Range]:
    """Registers that break in a first frame; of each population the one that breaks worst."""
    worst: dict[str, Range] = {}
    for found in proof.broken:
        before = worst.get(found.population)
        if before is None or _excess(found) > _excess(before):
            worst[found.population] = found
    return list(worst.values())


def _excess(found: Range) -> float:
    return max(found.high / found.most, found.low / found.least)


def _refused(
    program: Program, target: Target, broken: Range, calibrated: bool, passes: bool
) -> Diagnostic:
    population = program.by_name[broken.population]
    where = f"{population.origin or population.name}{list(broken.neuron)}"
    return Diagnostic(
        "D423",
        f"its {broken.register} {' and '.join(explain(broken))}",
        where,
        f"some input makes it wrap or saturate on {target.name}, and the chip would no longer compute "
        "the same function",
        _overflow_cure(program, target, broken, calibrated)
        if passes
        else overflow_cure_of_integers(calibrated, _wider_registers(program, target, broken)),
    )


def _overflow_cure(program: Program, target: Target, broken: Range, calibrated: bool) -> str:
    option = _option(target) if broken.register in NEURONS_OWN else ""
    if program.step_seconds is not None:  # its thresholds are its own, and it has no levels
        return overflow_cure("smaller weights", True, False, option)
    several = program.steps_per_frame > 1
    return overflow_cure("smaller weights or fewer levels", calibrated, several, option)


def _option(target: Target) -> str:
    """The target's option for wider registers, empty where it has none."""
    limit = target.limits.get(LimitName.STATE_BITS)
    return "" if limit is None else limit.cure


def _wider_registers(program: Program, target: Target, broken: Range) -> str:
    """How a program's own neurons would hold what this register can reach; empty where they cannot."""
    neuron = program.by_name[broken.population].dynamics
    needed = max(broken.high, -broken.low).bit_length() + 1
    if broken.register not in NEURONS_OWN or not neuron.state_bits < needed <= WIDEST:
        return ""
    wider = f"give its neurons {needed} state bits"
    limit = target.limits.get(LimitName.STATE_BITS)
    if limit is None or needed <= limit.value:
        return wider
    return f"{wider} and {limit.cure}" if limit.cure else ""


def _proved(program: Program, target: Target, proof: Proof, frames: int | None) -> Ranges:
    if proof.unproved:
        names = ", ".join(proof.unproved)
        status = f"not proved: {names} use a neuron model from a plug-in"
        return Ranges(status, unproved=tuple(proof.unproved), bounds=_bounds(proof))
    found = claims(program, target, proof, frames)
    return Ranges(PROVED, tuple(_bounds(claim) for claim in found))


def _bounds(found: Claim | Proof) -> Bounded:
    """Counts, frames, and what registers can hold for these."""
    return Bounded(found.low, found.high, found.frames, tuple(r.as_json() for r in found.ranges))


def _observed(
    program: Program, proof: Proof, counts: NDArray[np.int64] | None
) -> tuple[Ranges, list[Diagnostic]]:
    if counts is None:
        entry = Ranges("not observed: there are no calibration data", bounds=_bounds(proof))
        shown = "nothing shows whether any does"
    else:
        inputs = {r.population: r.most for r in proof.ranges if r.register == ARRIVED}
        observed = observe(program, counts, inputs)
        status = f"observed on {counted(observed.samples, 'sample')}"
        entry = Ranges(status, observed=tuple(observed.as_json()), bounds=_bounds(proof))
        overflows = sum(observed.overflows.values())
        shown = (
            f"{counted(overflows, 'value')} did on {counted(observed.samples, 'calibration sample')}"
        )
    notes = [
        Diagnostic(
            "N724",
            f"its {broken.register} {' and '.join(explain(broken))}; {shown}",
            program.by_name[broken.population].origin,
            "asked for with --allow-overflow",
            "",
            Severity.WARNING,
        )
        for broken in _broken(proof)
    ]
    return entry, notes
