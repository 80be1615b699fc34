"""From the steps of a trace to one network: every step must do the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import scipy.sparse as sparse

from snnc.errors import counted, fail
from snnc.frontend.operations.expression import Signal, Source, Term
from snnc.frontend.steps.constants import constant_of
from snnc.ir import Op

from .form import Form, Way
from .marking import Seen
from .steps import FRAME, Moment, StepReader

INPUT = "input"
"""The population of frames, where no module has this name."""


@dataclass(frozen=True)
class Folded:
    """A network without steps.

    Attributes:
        input: name of the input population.
        arriving: by neurons, what reaches them; a term's frames say how many steps ago.
        answer: in the same words.
        summed: whether the answer is a sum over the steps so far.
    """

    input: str
    arriving: dict[str, Signal]
    answer: Signal
    summed: bool


def folded(
    reader: StepReader, form: Form, steps: int, answers: tuple[Signal, ...], summed: bool
) -> Folded:
    """Fold the steps of a trace.

    Args:
        reader: that has read it.
        form: how the network takes its steps.
        steps: of the trace.
        answers: of each step, or one that is made of all.
        summed: whether the network adds up the answers of its steps.

    Raises:
        UserError: D684 an answer is made of steps in another way than a sum; D685 steps differ.
    """
    names = {*reader.layers, *reader.pools}
    entry = INPUT
    while entry in names:
        entry += "_"
    static = form.way is Way.STATIC
    found: dict[str, Signal] = {}
    for name in dict.fromkeys(population for population, _ in reader.arriving):
        each = [_at(reader.arriving[name, step], step, entry, static) for step in range(steps)]
        found[name] = _same(name, each)
    if len(answers) == steps:
        each = [_at(signal, step, entry, static) for step, signal in enumerate(answers)]
        return Folded(entry, found, _same("the answer", each), summed)
    answer, over_steps = _of_all_steps(answers[0], steps, entry, static)
    return Folded(entry, found, answer, over_steps)


def refuse_uneven(calls: Iterable[Seen], layers: Iterable[str], steps: int) -> None:
    """Make sure that every layer is called once in each step of a trace.

    Raises:
        UserError: D685.
    """
    called = Counter(seen.layer for seen in calls)
    for name in layers:
        if called[name] != steps:
            raise _uneven(name, f"it is called {called[name]} times in {counted(steps, 'step')}")


def _at(signal: Signal, step: int, entry: str, static: bool) -> Signal:
    """A signal of a step, whose sources are populations some steps ago; its constants by themselves.

    In the first steps what comes from earlier ones is a constant, as is a recurrent layer's bias.
    """
    constant = constant_of(signal.shape, signal.added, signal.terms)
    terms = []
    for term in signal.terms:
        moment = Moment.of(term.source)
        ago = 0 if static and moment.population == FRAME else step - moment.step
        linear = tuple(op.without_constant() for op in term.ops)
        terms.append(replace(term, source=_source(moment, entry), frames=ago, ops=linear))
    return Signal(signal.shape, tuple(terms), constant if np.any(constant) else None)


def _source(moment: Moment, entry: str) -> Source:
    if moment.population == FRAME:
        return Source(entry)
    plain = moment.quantity == "spikes"
    return Source(moment.population if plain else f"{moment.quantity} {moment.population}")


def _same(name: str, steps: list[Signal]) -> Signal:
    """What all steps have, once the first are over; before, what is longer ago is not there yet.

    Raises:
        UserError: D685 they differ.
    """
    last = steps[-1]
    for number, signal in enumerate(steps[:-1]):
        there = [term for term in last.terms if term.frames <= number]
        if not same_signal(replace(last, terms=tuple(there)), signal):
            raise _uneven(
                name, f"what reaches it in step {number + 1} is not that of step {len(steps)}"
            )
    return last


def _of_all_steps(answer: Signal, steps: int, entry: str, static: bool) -> tuple[Signal, bool]:
    """An answer that the network made of all its steps: their sum, or that of the last step.

    Raises:
        UserError: D684 it is something else.
    """
    by_step: dict[int, list[Term]] = {}
    for term in answer.terms:
        by_step.setdefault(Moment.of(term.source).step, []).append(term)
    last = steps - 1
    if by_step.keys() <= {last}:
        return _at(answer, last, entry, static), False
    parts = [
        replace(_at(Signal(answer.shape, tuple(by_step.get(n, ()))), n, entry, static), added=None)
        for n in range(steps)
    ]
    if len(by_step) == steps and all(same_signal(parts[-1], part) for part in parts):
        whole = constant_of(answer.shape, answer.added, answer.terms)
        return replace(parts[-1], added=whole / steps if np.any(whole) else None), True
    raise fail(
        "D684",
        f"the answer is made of {len(by_step)} of {steps} steps, and not as their sum",
        where="the network's result",
        why="a chip answers step by step; a sum over all steps so far is the only other answer",
        help="return the spikes of each step, torch.stack(list), or their sum",
    )


def same_signal(one: Signal, other: Signal) -> bool:
    """Whether two signals are the same sum, number by number, in any order of the terms."""
    if one.shape != other.shape or len(one.terms) != len(other.terms):
        return False
    mine_added, their_added = (np.zeros(()) if s.added is None else s.added for s in (one, other))
    if not np.allclose(mine_added, their_added, rtol=1e-6, atol=1e-12):
        return False
    mine, theirs = (sorted(s.terms, key=_key) for s in (one, other))
    return all(
        a.source == b.source and a.frames == b.frames and _same_ops(a.ops, b.ops)
        for a, b in zip(mine, theirs, strict=True)
    )


def _key(term: Term) -> tuple[str, int]:
    return term.source.name, term.frames


def _same_ops(one: tuple[Op, ...], other: tuple[Op, ...]) -> bool:
    return len(one) == len(other) and all(
        type(a) is type(b) and all(_equal(getattr(a, f.name), getattr(b, f.name)) for f in fields(a))
        for a, b in zip(one, other, strict=True)
    )


def _equal(one: Any, other: Any) -> bool:
    if one is other:
        return True
    if sparse.issparse(one) and sparse.issparse(other):
        same: bool = one.shape == other.shape and (one != other).nnz == 0
        return same
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        return np.array_equal(one, other)
    return bool(one == other)


def _uneven(name: str, what: str) -> Exception:
    return fail(
        "D685",
        f"the steps of the network differ: {what}",
        where=name,
        why="a chip does the same in every step",
        help="call each layer once a step; where a layer is used twice, give each use its own",
    )
