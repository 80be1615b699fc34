"""``--code auto``: the first code, in the order of their cost, that keeps what the user asks for.

And whose ranges are proved for as many frames as the data have. Also what an explicit code is measured
by: where it loses too much, is proved for less or is refused, the others are tried, so that the message
can name one that does better.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from snnc.bounds import Bounds
from snnc.bundle.kept import Kept
from snnc.errors import Diagnostic, UserError
from snnc.ir import Code
from snnc.passes import Pipeline

from .attempt import Attempt, Lowered
from .changes import costs_less, could_pay
from .encodings import lower_encoded
from .losses import LOSS, OF_LARGE, is_drowned, is_lost, loss
from .room import is_large
from .tried import Tried, better_than, chosen, longest, proved_for_data, score
from .ways import Candidate, coarser

KEPT = Bounds(0.0, 1.0, above_low=True)
"""Fraction of decisions that can be asked for."""

AS_ASKED = Candidate(None, None)
"""What the user asks for, where that is not chosen."""


@dataclass(frozen=True, eq=False)
class Choice:
    """What is compiled in the end, and what was tried on the way."""

    lowered: Lowered
    pipeline: Pipeline
    kept: Kept | None
    tried: tuple[Tried, ...]
    notes: tuple[Diagnostic, ...]


@dataclass(frozen=True, eq=False)
class Way:
    """A candidate that compiled; ``lowered`` is None where that is made again when it is needed."""

    tried: Tried
    pipeline: Pipeline
    lowered: Lowered | None


@dataclass(frozen=True, eq=False)
class Search:
    """What every search among candidates shares.

    Attributes:
        attempt: the model and what it is lowered with.
        asked: the pipeline where the code is not automatic, or cannot be.
        pipeline_of: the pipeline of a candidate.
        keep: fraction of decisions.
        large: whether the network takes long to compile.
    """

    attempt: Attempt
    asked: Pipeline
    pipeline_of: Callable[[Candidate], Pipeline]
    keep: float
    large: bool

    def lowered(self, candidate: Candidate) -> tuple[Lowered, Pipeline]:
        """The model lowered in one way."""
        return lower_encoded(self.attempt, self.pipeline_of(candidate))

    def way(self, candidate: Candidate) -> Way:
        """The model lowered in one way, and judged."""
        lowered, pipeline = self.lowered(candidate)
        return Way(Tried.of(candidate, self.attempt, lowered), pipeline, lowered)


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
    """Lower the model as asked, or in the first way that keeps enough and is proved for the data.

    Where none is both, the first that keeps enough is taken, or else the one that keeps most. Of a
    large network none is tried for its proof alone.

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
    search = Search(attempt, asked, pipeline_of, keep, is_large(attempt.model.graph))
    if not automatic or not possible or attempt.data is None:
        return _as_asked(search, cures)
    others = [] if search.large else [cure for cure in cures if cure not in possible]
    best, tried, refusals = _first_enough(search, possible)
    if best is None:
        first, *more = refusals[0].diagnostics
        better = better_than(_search(search, others), None, keep)
        raise refusals[0] if better is None else UserError(_with_cure(first, asked, better), *more)
    lowered = best.lowered or search.lowered(best.tried.candidate)[0]  # with all that it said
    if not search.large:
        sibling = _in_changes(search, best, lowered)
        if sibling is not None:
            tried.append(sibling.tried)
            if sibling.lowered is not None:
                best, lowered = sibling, sibling.lowered
    own = best.tried
    notes = [chosen(own, tried, keep, large=search.large)]
    if not own.enough(keep) or is_drowned(own.kept, attempt, lowered):
        found = _search(search, others, short=own.short is not None)
        notes += _loss(search, own, better_than(found, own, keep), lowered)
        lowered = _longer(search, lowered, own, (*tried, *found))
    return Choice(lowered, best.pipeline, own.kept, tuple(tried), tuple(notes))


def _first_enough(
    search: Search, possible: Sequence[Candidate]
) -> tuple[Way | None, list[Tried], list[UserError]]:
    """The first that is enough, else the best; everything that was tried; why some are refused."""
    best: Way | None = None
    tried: list[Tried] = []
    refusals: list[UserError] = []
    left = deque(possible)
    while left:
        candidate = left.popleft()
        try:
            way = search.way(candidate)
        except UserError as refused:
            refusals.append(refused.with_traceback(None))  # which holds all that the attempt had made
            tried.append(Tried(candidate, None, _reason(refused)))
            continue
        own = way.tried
        tried.append(own)
        if best is None or own.rank(search.keep) > best.tried.rank(search.keep):
            best = way
        del way
        if own.enough(search.keep) or (search.large and own.keeps(search.keep)):
            break
        if own.keeps(search.keep):
            left.extendleft(_coarser(candidate, possible))
        if search.large and left:
            best = replace(best, lowered=None)  # gigabytes, while the next is lowered
    return best, tried, refusals


def _coarser(candidate: Candidate, possible: Sequence[Candidate]) -> list[Candidate]:
    """What is tried next where a candidate keeps enough, but is proved for less than the data."""
    found = coarser(candidate)
    return [] if found is None or found in possible else [found]


def _in_changes(search: Search, way: Way, lowered: Lowered) -> Way | None:
    """The same in the code ``delta``, where that takes less energy and is not refused.

    It has the levels of the code ``graded``: nothing is kept less, and cost alone decides. Only where a
    change does not fit its register is a scale another one; then what is kept has to be as much. Where
    it is proved for fewer frames of the data, it is only told of: it has no ``lowered``.
    """
    attempt, graded = search.attempt, way.tried
    if graded.candidate.code != Code.GRADED.value or graded.kept is None:
        return None
    other = replace(graded.candidate, code=Code.DELTA.value)
    if not could_pay(attempt, lowered, search.pipeline_of(other)):
        return None
    try:
        found = search.way(other)
    except UserError:
        return None
    assert found.lowered is not None
    judged = found.tried.kept
    if judged is None or score(judged) < score(graded.kept):
        return None
    if not costs_less(attempt, lowered, found.lowered):
        return None
    return replace(found, lowered=None) if found.tried.is_shorter(graded) else found


def _as_asked(search: Search, possible: Sequence[Candidate]) -> Choice:
    """One way only; where it is refused, loses much or is proved for less, others are tried.

    So that a message can name a better one. Not of a large network, of which each takes as long as what
    was asked for.
    """
    attempt, keep, others = search.attempt, search.keep, () if search.large else possible
    try:
        lowered, asked = lower_encoded(attempt, search.asked)
    except UserError as refused:
        refused.__traceback__ = None  # it holds all that the attempt had made
        better = better_than(_search(search, others), None, keep)
        if better is None:
            raise
        first, *more = refused.diagnostics
        raise UserError(_with_cure(first, search.asked, better), *more) from None
    search = replace(search, asked=asked)
    own = Tried.of(AS_ASKED, attempt, lowered)
    lost = is_lost(own.kept, attempt, lowered)
    if not lost:
        possible, others = ([c for c in ways if c.code is not None] for ways in (possible, others))
    if not lost and (own.short is None or not possible):
        return Choice(lowered, asked, own.kept, (), ())
    found = _search(search, others, short=own.short is not None)
    notes = _loss(search, own, better_than(found, own, keep), lowered)
    if possible:
        lowered = _longer(search, lowered, own, found)
    return Choice(lowered, asked, own.kept, (), tuple(notes))


def _search(search: Search, possible: Sequence[Candidate], *, short: bool = False) -> tuple[Tried, ...]:
    """What becomes of other candidates than what was asked for, up to the first that is enough.

    Args:
        search: what was asked for, and how it is lowered.
        possible: the candidates, cheapest first.
        short: what was asked for is proved for less than the data.
    """
    if search.attempt.data is None:
        return ()
    found: list[Tried] = []
    left = deque(possible)
    while left:
        candidate = left.popleft()
        try:
            if str(search.pipeline_of(candidate)) == str(search.asked):
                left.extendleft(_coarser(candidate, possible) if short else ())
                continue
            own = search.way(candidate).tried
        except UserError:
            continue
        found.append(own)
        if own.enough(search.keep):
            break
        if own.keeps(search.keep):
            left.extendleft(_coarser(candidate, possible))
    return tuple(found)


def _reason(refused: UserError) -> str:
    first = refused.diagnostics[0]
    return f"{first.code}: {first.what}"


def _loss(search: Search, own: Tried, better: Tried | None, lowered: Lowered) -> list[Diagnostic]:
    """N781 where the integers lose much, with what does better."""
    kept, attempt, asked = own.kept, search.attempt, search.asked
    if kept is None or not is_lost(kept, attempt, lowered):
        return []
    cure = "" if better is None else _cure(better, asked)
    if better is not None and better.kept is not None and is_drowned(kept, attempt, lowered):
        cure += f", answers off by {better.kept.error:.1%}"
    enough = better is not None and better.keeps(1 - LOSS)
    return [loss(kept, attempt, asked, lowered, cure, enough=enough)]


def _longer(search: Search, lowered: Lowered, own: Tried, found: Sequence[Tried]) -> Lowered:
    """N732 with a way that was tried and is proved for the data, or with that none is."""
    others = [each for each in found if each is not own]
    if own.short is None or not (others or search.large):
        return lowered
    better = proved_for_data(others, own, search.keep)
    notes, all_frames = [], f"all {own.short.frames} frames"
    for note in lowered.notes:
        if note.code == "N732":
            help = f"{note.help}; no other code or K that was tried keeps as much for {all_frames}"
            if search.large:
                help = f"{note.help}; or {OF_LARGE}"
            elif better is not None:
                cure = f"{_cure(better, search.asked)}, ranges proved for {all_frames}"
                help = f"{cure}; or {note.help}"
            elif (most := longest(others, own, search.keep)) is not None:
                help = f"for most of them, {_cure(most, search.asked)}; or {note.help}"
            note = replace(note, help=help)
        notes.append(note)
    return replace(lowered, notes=tuple(notes))


def _cure(better: Tried, asked: Pipeline) -> str:
    """The command that does better, with what has to be left out of the one that was given."""
    options, steps = better.candidate.options, better.candidate.steps_per_frame
    given = any(getattr(p, "steps_per_frame", None) is not None for p in asked.passes)
    options += " without --steps-per-frame" if given and steps is None else ""
    return f"compile with {options}: {better.text} when tried"


def _with_cure(refused: Diagnostic, asked: Pipeline, better: Tried) -> Diagnostic:
    cure = _cure(better, asked)
    return replace(refused, help=f"{cure}; or {refused.help}" if refused.help else cure)
