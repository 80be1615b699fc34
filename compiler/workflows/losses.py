"""N781: what a conversion loses of the float network, where that arises, and what does better."""

from __future__ import annotations

from snnc.bundle.kept import Kept
from snnc.errors import Diagnostic, Severity, counted
from snnc.passes import Pipeline
from snnc.passes.widths import more_bits

from .attempt import Attempt, Lowered
from .room import is_large
from .variation import Variation

LOSS = 0.01
"""Fraction of decisions from which a loss is a warning."""

GRAVE_ERROR = 0.1
"""Error of the answers, relative to their spread, from which one output alone gets the warning."""

CHANCE = 2
"""Standard errors within which a difference may be chance."""

DROWNED = 1.0
"""Error from which equal decisions prove nothing, where the float network decides alike throughout."""

OF_LARGE = "try another --code or --steps-per-frame: of so large a network few are tried"


def is_lost(kept: Kept | None, attempt: Attempt, lowered: Lowered) -> bool:
    """Whether the integers lose so much that it is said."""
    if kept is None:
        return False
    if kept.decisions is None:
        return kept.error > GRAVE_ERROR
    return 1 - kept.decisions > LOSS or is_drowned(kept, attempt, lowered)


def is_drowned(kept: Kept | None, attempt: Attempt, lowered: Lowered) -> bool:
    """Whether the answers' error is larger than all that the one decision of all samples varies by."""
    if kept is None or kept.decisions is None or kept.error <= DROWNED:
        return False
    return _variation(attempt, lowered).one_decision


def loss(
    kept: Kept, attempt: Attempt, asked: Pipeline, lowered: Lowered, cure: str, *, enough: bool
) -> Diagnostic:
    """The warning.

    Args:
        kept: by the integers, with a loss (:func:`is_lost`).
        attempt: the compile.
        asked: its pipeline.
        lowered: what became of the model.
        cure: what was tried and does better; empty where nothing does.
        enough: whether that keeps what is usually asked for.
    """
    which = "kept out of calibration" if kept.aside else "that calibration used as well"
    worst, varied = kept.worst, _variation(attempt, lowered)
    why = f"judged on {counted(kept.samples, 'sample')} {which}{uncertainty(kept)}; "
    why += "if the network was trained on them, other samples may lose more"
    if worst is not None:
        why += f"; the largest error is that of {worst.population}, {worst.error:.1%}: {worst.cause}"
    if varied.why():
        why += f"; {varied.why()}"
    spikes = attempt.model.graph.frame_is_step
    cures = [varied.cure()]
    if not cure:
        cures += [
            *_wider(asked, attempt),
            *(["train with weights on the chip's grid"] if spikes else []),
        ]
    if not cure or not enough:
        cures += _trained(attempt, asked, lowered)
    also = " or ".join(filter(None, cures))
    if cure:
        help = f"{cure}; or {also}" if also else cure
    else:
        tried = "" if spikes else "no other code or K that was tried does better"
        if is_large(attempt.model.graph) and not spikes:
            tried = OF_LARGE
        help = "; ".join(filter(None, (tried, also)))
    where = "" if worst is None else attempt.model.graph.by_name[worst.population].origin
    return Diagnostic("N781", what(kept), where, why, help, Severity.WARNING)


def uncertainty(kept: Kept) -> str:
    """How well the share of lost decisions is known: what follows the number of samples.

    Decisions are compared with the float network's, not with labels: each that differs is lost for
    sure, and chance is only in which samples these are. So a share above ``LOSS`` is a warning even
    where few samples judge, and says that it may be less on others.
    """
    if kept.decisions is None:
        return ""
    lost = 1 - kept.decisions
    said = f", standard error {kept.standard_error:.1%}"
    if LOSS < lost <= LOSS + CHANCE * kept.standard_error:
        number = counted(round(lost * kept.samples), "decision")
        said += f": {number} lost here, too few to tell whether more than {LOSS:.0%} of others are"
    return said


def what(kept: Kept) -> str:
    """The loss in one sentence."""
    off = f"the integers' answers are off by {kept.error:.1%} of the float answers' spread"
    if kept.decisions is None:
        return off
    if 1 - kept.decisions <= LOSS:
        return (
            f"{off}; the float network decides alike on all samples, so equal decisions prove nothing"
        )
    lost = 1 - kept.decisions
    said = f"the integers decide differently from the float network on {lost:.1%} of samples"
    if kept.accuracy is not None:
        meant, found = kept.accuracy
        said += f"; accuracy {found:.1%} in integers, {meant:.1%} in floats"
        said += f", a difference whose standard error is up to {kept.accuracy_error:.1%}"
        if meant != found and abs(meant - found) <= CHANCE * kept.accuracy_error:
            said += ": it may be chance"
    return said


def _variation(attempt: Attempt, lowered: Lowered) -> Variation:
    assert attempt.data is not None  # something was judged
    return Variation.of(lowered.stages, attempt.judged())


def _trained(attempt: Attempt, asked: Pipeline, lowered: Lowered) -> list[str]:
    """The command that trains the network for the chip, where its data can be trained on."""
    if attempt.retraining is None or attempt.model.graph.frame_is_step:
        return []
    labelled = attempt.data is not None and attempt.data.y is not None
    spikes, code = attempt.model.graph.was_trained_for_spikes, lowered.graph.code
    command = attempt.retraining.command(asked, code, spikes=spikes, labelled=labelled)
    return [f"train it for the chip: {command}"]


def _wider(asked: Pipeline, attempt: Attempt) -> list[str]:
    """More bits, where few were asked for and the target stores more."""
    bits = [getattr(p, "bits", None) for p in asked.passes if p.name == "quantize-weights"]
    return [cure for n in bits if n is not None for cure in more_bits(n, attempt.backend.target)]
