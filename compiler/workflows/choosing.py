"""``--code auto``: the first code, in the order of their cost, that keeps what the user asks for.

Also what an explicit code is measured by: where it loses too much, or is refused, the others are tried,
so that the message can name one that does better.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from snnc.bounds import Bounds
from snnc.bundle.kept import Kept
from snnc.bundle.manifest import TriedEntry
from snnc.errors import Diagnostic, Severity, UserError
from snnc.ir import Code, Graph, Target
from snnc.passes import Pipeline

from .attempt import Attempt, Lowered
from .changes import costs_less, could_pay
from .encodings import lower_encoded
from .losses import GRAVE_ERROR, LOSS, is_drowned, is_lost, loss
from .room import is_large

KEPT = Bounds(0.0, 1.0, above_low=True)
"""Fraction of decisions that can be asked for."""

FEW = 16
"""Samples below which decisions alone say little: the answers' error says more."""


@dataclass(frozen=True)
class Candidate:
    """A way to compile.

    Attributes:
        code: None for that of a network that spikes already.
        steps_per_frame: that a frame takes in it; None leaves these to the passes.
        levels: of activations; None likewise.
        headroom: of ``quantize-weights``; None likewise.
    """

    code: str | None
    steps_per_frame: int | None
    levels: int | None = None
    headroom: int | None = None

    @property
    def options(self) -> str:
        """As the command line has them."""
        code = [] if self.code is None else [f"--code {self.code}"]
        steps = [f"--steps-per-frame {self.steps_per_frame}"] if self.steps_per_frame else []
        return " ".join([*code, *steps, *(f"--set '{change}'" for change in self.changes)])

    @property
    def changes(self) -> tuple[str, ...]:
        """Options of passes."""
        levels = () if self.levels is None else (f"quantize-activations{{levels={self.levels}}}",)
        room = () if self.headroom is None else (f"quantize-weights{{headroom={self.headroom}}}",)
        return (*levels, *room)


ORDER = (
    Candidate("graded", None, 31),
    Candidate("graded", None),
    Candidate("frame", 16),
    Candidate("rate", 16),
    Candidate("frame", 32),
    Candidate("rate", 32),
    Candidate("rate", 64),
)
"""By what a frame costs: time steps first, then synaptic operations (docs/conversion.md has both).

``delta`` is ``graded`` with other spikes: it is taken in place of it where it takes less energy.
"""

FINER = (Candidate(None, None, headroom=16),)
"""For a network that spikes already: weights are rounded less, for streams that are proved shorter."""


@dataclass(frozen=True, eq=False)
class Tried:
    """What became of one candidate: ``kept`` where it compiled and could be judged, else why not."""

    candidate: Candidate
    kept: Kept | None
    refused: str | None = None

    @property
    def entry(self) -> TriedEntry:
        """As the manifest has it."""
        found = self.kept
        numbers: tuple[Any, ...] = (None,) * 4
        if found is not None:
            numbers = (found.decisions, found.error, found.steps, found.operations)
        return TriedEntry(self.candidate.options, self.refused, *numbers)


@dataclass(frozen=True, eq=False)
class Choice:
    """What is compiled in the end, and what was tried on the way."""

    lowered: Lowered
    pipeline: Pipeline
    kept: Kept | None
    tried: tuple[Tried, ...]
    notes: tuple[Diagnostic, ...]


TELLING = 64
"""Samples to judge by from which 31 levels may be taken for enough: fewer agree by chance, where 255
levels lost nothing on the networks of docs/conversion.md."""


TRIED_OF_LARGE = 2
"""Ways that are tried of a network that takes long to compile."""


def candidates(
    target: Target, graph: Graph, steps_per_frame: int | None, judged: int
) -> tuple[Candidate, ...]:
    """What may be tried for a network on a target, cheapest first.

    A network that was trained with spikes has settled its code; one that spikes already has no other.
    Of a large network only the first two are.

    Args:
        steps_per_frame: what the user asks for; only codes of so many steps are tried then.
        judged: samples to judge by.
    """
    if graph.was_trained_for_spikes:
        return ()
    able = [
        c for c in ORDER if Code(c.code) in target.codes and (c.levels is None or judged >= TELLING)
    ]
    if steps_per_frame is not None:
        able = [Candidate(code, steps_per_frame) for code in dict.fromkeys(c.code for c in able)]
        able.sort(key=lambda c: c.code != Code.RATE.value)
    return tuple(able[:TRIED_OF_LARGE] if is_large(graph) else able)


def choose(
    attempt: Attempt,
    asked: Pipeline,
    possible: Sequence[Candidate],
    cures: Sequence[Candidate],
    pipeline_of: Callable[[Candidate], Pipeline],
    *,
    automatic: bool,
    keep: float,
) -> Choice:
    """Lower the model as asked, or in the first way that keeps enough.

    Args:
        attempt: the model and what it is lowered with.
        asked: the pipeline where the code is not automatic, or cannot be.
        possible: what may be taken.
        cures: what may be tried beside, to name it where the result loses much; other K's, too.
        pipeline_of: the pipeline of a candidate.
        automatic: choose among them.
        keep: fraction of decisions.

    Raises:
        UserError: nothing compiles; D305 ``keep`` is no fraction.
    """
    KEPT.check(keep, "--keep")
    if not automatic or not possible or attempt.data is None:
        return _as_asked(attempt, asked, cures, pipeline_of, keep)
    large = is_large(attempt.model.graph)
    if large:
        cures = ()
    best: tuple[Candidate, Lowered | None, Pipeline, Kept | None] | None = None
    tried: list[Tried] = []
    refusals: list[UserError] = []
    for candidate in possible:
        try:
            lowered, pipeline = lower_encoded(attempt, pipeline_of(candidate))
        except UserError as refused:
            refusals.append(refused.with_traceback(None))  # which holds all that the attempt had made
            tried.append(Tried(candidate, None, _reason(refused)))
            continue
        kept = attempt.judge(lowered)
        tried.append(Tried(candidate, kept))
        if best is None or _score(kept) > _score(best[3]):
            best = (candidate, lowered, pipeline, kept)
        del lowered
        if _enough(kept, keep):
            break
        if large and candidate is not possible[-1]:
            best = (best[0], None, *best[2:])  # gigabytes, while the next is lowered
    others = [cure for cure in cures if cure not in possible]
    if best is None:
        first, *more = refusals[0].diagnostics
        better = _better(attempt, asked, others, pipeline_of, keep)
        raise refusals[0] if better is None else UserError(_with_cure(first, asked, better), *more)
    candidate, once, pipeline, kept = best
    lowered = once or lower_encoded(attempt, pipeline_of(candidate))[0]  # with all that it said
    if not large:
        sibling = _in_changes(attempt, candidate, lowered, pipeline, kept, pipeline_of)
        if sibling is not None:
            tried.append(Tried(sibling[0], sibling[3]))
            candidate, lowered, pipeline, kept = sibling
    notes = [_chosen(candidate, tried, keep, enough=_enough(kept, keep))]
    if not _enough(kept, keep) or is_drowned(kept, attempt, lowered):
        better = _better(attempt, asked, others, pipeline_of, keep, than=kept)
        notes += _loss(kept, attempt, asked, better, lowered)
    return Choice(lowered, pipeline, kept, tuple(tried), tuple(notes))


def _in_changes(
    attempt: Attempt,
    candidate: Candidate,
    lowered: Lowered,
    pipeline: Pipeline,
    kept: Kept | None,
    pipeline_of: Callable[[Candidate], Pipeline],
) -> tuple[Candidate, Lowered, Pipeline, Kept | None] | None:
    """The same in the code ``delta``, where that takes less energy and is not refused.

    It has the levels of the code ``graded``: nothing is kept less, and cost alone decides. Only where a
    change does not fit its register is a scale another one; then what is kept has to be as much.
    """
    if candidate.code != Code.GRADED.value or kept is None:
        return None
    other = replace(candidate, code=Code.DELTA.value)
    asked = pipeline_of(other)
    if not could_pay(attempt, lowered, asked):
        return None
    try:
        found, asked = lower_encoded(attempt, asked)
    except UserError:
        return None
    judged = attempt.judge(found)
    if judged is None or _score(judged) < _score(kept) or not costs_less(attempt, lowered, found):
        return None
    return other, found, asked, judged


def _as_asked(
    attempt: Attempt,
    asked: Pipeline,
    possible: Sequence[Candidate],
    pipeline_of: Callable[[Candidate], Pipeline],
    keep: float,
) -> Choice:
    """One way only; where it is refused or loses much, others are tried, to name a better one.

    Not of a large network, of which each takes as long as what was asked for.
    """
    if is_large(attempt.model.graph):
        possible = ()
    try:
        lowered, asked = lower_encoded(attempt, asked)
    except UserError as refused:
        refused.__traceback__ = None  # it holds all that the attempt had made
        better = _better(attempt, asked, possible, pipeline_of, keep)
        if better is None:
            raise
        first, *others = refused.diagnostics
        raise UserError(_with_cure(first, asked, better), *others) from None
    kept = attempt.judge(lowered)
    if not is_lost(kept, attempt, lowered):
        return Choice(lowered, asked, kept, (), ())
    better = _better(attempt, asked, possible, pipeline_of, keep, than=kept)
    return Choice(lowered, asked, kept, (), tuple(_loss(kept, attempt, asked, better, lowered)))


def _better(
    attempt: Attempt,
    asked: Pipeline,
    possible: Sequence[Candidate],
    pipeline_of: Callable[[Candidate], Pipeline],
    keep: float,
    than: Kept | None = None,
) -> Tried | None:
    """The first candidate that keeps enough, or else the best that was found, if any is better."""
    if attempt.data is None:
        return None
    best: Tried | None = None
    for candidate in possible:
        try:
            pipeline = pipeline_of(candidate)
            if str(pipeline) == str(asked):
                continue
            kept = attempt.judge(lower_encoded(attempt, pipeline)[0])
        except UserError:
            continue
        if best is None or _score(kept) > _score(best.kept):
            best = Tried(candidate, kept)
        if _enough(kept, keep):
            break
    if best is None or (than is not None and _score(best.kept) <= _score(than)):
        return None
    return best


def _score(kept: Kept | None) -> tuple[float, float]:
    """How much was kept, for comparing: decisions and how near the answers are; few decisions last."""
    if kept is None:
        return -math.inf, 0.0
    decisions = 0.0 if kept.decisions is None else kept.decisions
    return (-kept.error, decisions) if kept.samples < FEW else (decisions, -kept.error)


def _enough(kept: Kept | None, keep: float) -> bool:
    if kept is None:
        return True
    if kept.decisions is None or kept.samples < FEW:
        return kept.error <= GRAVE_ERROR
    return kept.decisions >= keep


def _reason(refused: UserError) -> str:
    first = refused.diagnostics[0]
    return f"{first.code}: {first.what}"


def _chosen(candidate: Candidate, tried: Sequence[Tried], keep: float, *, enough: bool) -> Diagnostic:
    """N780: what was chosen, and what became of the others."""
    others = []
    changes = candidate.code == Code.DELTA.value
    for each in tried:
        if each.candidate == candidate:
            continue
        what = each.refused or kept_text(each.kept)
        if changes and each.kept is not None and each.candidate.code == Code.GRADED.value:
            what += f", {each.kept.operations:,.0f} synaptic operations a sample"
        others.append(f"{each.candidate.options}: {what}")
    why = "the cheapest that keeps" if enough else "nothing that was tried keeps"
    if changes:
        spent = next(
            each.kept.operations for each in tried if each.candidate == candidate and each.kept
        )
        why = f"{spent:,.0f} synaptic operations a sample, {why}"
    return Diagnostic(
        "N780",
        f"code chosen: {candidate.options}",
        why=f"{why} {keep:.0%} of decisions" + ("; tried " + ", ".join(others) if others else ""),
        severity=Severity.NOTE,
    )


def kept_text(kept: Kept | None) -> str:
    """What was kept, in a few words."""
    if kept is None:
        return "not judged"
    if kept.decisions is None:
        return f"answers off by {kept.error:.1%} of their spread"
    return f"{kept.decisions:.1%} of decisions kept"


def _loss(
    kept: Kept | None,
    attempt: Attempt,
    asked: Pipeline,
    better: Tried | None,
    lowered: Lowered,
) -> list[Diagnostic]:
    """N781 where the integers lose much, with what does better."""
    if kept is None or not is_lost(kept, attempt, lowered):
        return []
    cure = "" if better is None else _cure(better, asked)
    if better is not None and better.kept is not None and is_drowned(kept, attempt, lowered):
        cure += f", answers off by {better.kept.error:.1%}"
    enough = better is not None and _enough(better.kept, 1 - LOSS)
    return [loss(kept, attempt, asked, lowered, cure, enough=enough)]


def _cure(better: Tried, asked: Pipeline) -> str:
    """The command that does better, with what has to be left out of the one that was given."""
    options, steps = better.candidate.options, better.candidate.steps_per_frame
    given = any(getattr(p, "steps_per_frame", None) is not None for p in asked.passes)
    options += " without --steps-per-frame" if given and steps is None else ""
    return f"compile with {options}: {kept_text(better.kept)} when tried"


def _with_cure(refused: Diagnostic, asked: Pipeline, better: Tried) -> Diagnostic:
    cure = _cure(better, asked)
    help = f"{cure}; or {refused.help}" if refused.help else cure
    return Diagnostic(refused.code, refused.what, refused.where, refused.why, help, refused.severity)
