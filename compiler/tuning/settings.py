"""What ``tune`` tries: codes, steps of a frame, weight bits, levels; what a network has settled."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from snnc.choices import refuse_other
from snnc.errors import UserError, fail
from snnc.ir import Code, Graph, Target
from snnc.passes import Context, Pipeline, parse_change
from snnc.passes.common_levels import without_levels
from snnc.passes.fold_batch_norm import FoldBatchNorm
from snnc.passes.fold_linear_chains import FoldLinearChains
from snnc.workflows.contradictions import (
    SHORT,
    refuse_contradictions,
    refuse_short,
)
from snnc.workflows.ways import ORDER

T = TypeVar("T")

STEPS = (8, 16, 32, 64)
BITS = (8, 6, 4)
FOLDED = Pipeline((FoldBatchNorm(), FoldLinearChains()))
"""One operation to a projection."""
LEVELS = ("quantize-activations", "levels")
"""Pass and option that say how many levels an exact code has."""
CLIP = ("quantize-activations", "clip")
"""Without it populations do not take the levels of what they add up."""


@dataclass(frozen=True)
class Setting:
    """One way to compile. What is None is left to the passes."""

    code: str
    steps_per_frame: int | None
    weight_bits: int | None
    levels: int | None = None

    @property
    def changes(self) -> tuple[str, ...]:
        """Options of passes, as ``--set`` takes them."""
        return () if self.levels is None else (f"{LEVELS[0]}{{{LEVELS[1]}={self.levels}}}",)

    @property
    def options(self) -> tuple[str, ...]:
        """As the command line of ``compile`` has them."""
        found = ["--code", self.code]
        for name, value in (
            ("--steps-per-frame", self.steps_per_frame),
            ("--weight-bits", self.weight_bits),
        ):
            found += [] if value is None else [name, f"{value}"]
        for change in self.changes:
            found += ["--set", change]
        return tuple(found)


@dataclass(frozen=True)
class Grid:
    """What the user asks for; None where nothing is said of it."""

    codes: tuple[str, ...] | None = None
    steps: tuple[int, ...] | None = None
    bits: tuple[int, ...] | None = None

    @staticmethod
    def parse(codes: str | None, steps: str | None, bits: str | None) -> Grid:
        """Lists as the command line has them, ``8,6,4``.

        Raises:
            UserError: D308 a list cannot be read, D320 it has something twice, D305 or D326 something
                that cannot be.
        """
        named = None if codes is None else _once("--code", codes, [t.strip() for t in codes.split(",")])
        for name in named or ():
            refuse_other(name, "code", [code.value for code in Code], "--code")
        return Grid(
            named,
            None if steps is None else _numbers("steps_per_frame", steps, STEPS),
            None if bits is None else _numbers("weight_bits", bits, BITS),
        )

    def settings(
        self, target: Target, graph: Graph, changes: Iterable[str], allow_overflow: bool
    ) -> tuple[Setting, ...]:
        """Every setting to try, in a fixed order: by code, then steps, levels and bits.

        A list of the user's is tried for every code, whatever comes of it. Where there is none, what
        training has settled is kept (``trained_steps``, ``trained_bits``, levels), ``graded`` and
        ``delta`` have the steps that they need and the levels that ``--code auto`` tries, and options
        of ``--set`` hold.

        Args:
            target: its codes are the ones tried where the user names none.
            graph: the network.
            changes: texts of ``--set``.
            allow_overflow: ``--allow-overflow``.

        Raises:
            UserError: D320 a list and ``--set`` contradict each other; D308 a text cannot be read.
        """
        changes = tuple(changes)
        fixed = set(_options(changes))
        asked: Sequence[tuple[str, Sequence[Any]]] = (
            ("code", self.codes or ()),
            ("steps_per_frame", self.steps or ()),
            ("weight_bits", self.bits or ()),
        )
        for key, values in asked:
            for value in values:
                refuse_contradictions(None, changes, {key: value}, allow_overflow)
        bits: tuple[int | None, ...] = self.bits or BITS
        if self.bits is None and SHORT["weight_bits"][:2] in fixed:
            bits = (None,)
        elif self.bits is None and graph.trained_bits is not None:
            bits = (graph.trained_bits,)
        found = []
        for code in self.codes or self._codes(target, graph, changes):
            steps = self.steps or _steps(code, graph, fixed)
            levels = _levels(code, graph, fixed)
            found += [Setting(code, k, n, top) for k, top, n in itertools.product(steps, levels, bits)]
        return tuple(found)

    def _codes(self, target: Target, graph: Graph, changes: Sequence[str]) -> tuple[str, ...]:
        for name, option, value in _values(changes):
            if (name, option) == SHORT["code"][:2]:
                return (str(value),)
        if graph.was_trained_for_spikes:
            return (Code.RATE.value,)
        return tuple(code.value for code in target.codes)


def _steps(code: str, graph: Graph, fixed: set[tuple[str, str]]) -> tuple[int | None, ...]:
    """K where the user says nothing; None is what ``match-delays`` takes by itself."""
    levels_are_trained = bool(graph.neurons) and all(p.levels is not None for p in graph.neurons)
    settled = (
        SHORT["steps_per_frame"][:2] in fixed
        or graph.frame_is_step
        or (graph.trained_steps is not None and code == Code.RATE.value)
        or Code(code).one_spike  # more steps only take time
        or (code == Code.FRAME.value and levels_are_trained)  # likewise
    )
    return (None,) if settled else STEPS


def _levels(code: str, graph: Graph, fixed: set[tuple[str, str]]) -> tuple[int | None, ...]:
    """Levels of ``graded`` and ``delta`` where nothing settles them: what ``--code auto`` tries."""
    if not Code(code).one_spike or LEVELS in fixed or _levels_are_settled(graph, fixed):
        return (None,)
    tried = dict.fromkeys(c.levels for c in ORDER if c.code == Code.GRADED.value)
    return tuple(tried) or (None,)


def _levels_are_settled(graph: Graph, fixed: set[tuple[str, str]]) -> bool:
    """Whether all activations have levels: of training, or those that they add up, as in max-pooling.

    Else a number of levels that is asked for gives the program of any other, and rows repeat.
    """
    trained = [p.levels is not None for p in graph.neurons]
    if all(trained) or not any(trained) or CLIP in fixed:
        return all(trained)
    try:
        folded = FOLDED.run(graph, Context(Target("tuning")))
    except UserError:  # said of every row
        return False
    return not without_levels(folded)


def _values(changes: Iterable[str]) -> Iterator[tuple[str, str, Any]]:
    """Pass, option and value of every option in texts of ``--set``."""
    for text in changes:
        name, values = parse_change(text)
        yield from ((name, option, value) for option, value in values.items())


def _options(changes: Iterable[str]) -> Iterator[tuple[str, str]]:
    return ((name, option) for name, option, _ in _values(changes))


def _numbers(key: str, text: str, example: tuple[int, ...]) -> tuple[int, ...]:
    """A list of values for a short option (``SHORT``)."""
    option = SHORT[key][2]
    try:
        values = [int(part) for part in text.split(",")]
    except ValueError:
        raise fail(
            "D308",
            f"expected comma-separated whole numbers, got {text!r}",
            where=option,
            help=f"{option} {','.join(map(str, example))}",
        ) from None
    for value in values:
        refuse_short({key: value})
    return _once(option, text, values)


def _once(option: str, text: str, values: Sequence[T]) -> tuple[T, ...]:
    """The values of a list that names each once."""
    if twice := list(dict.fromkeys(value for value in values if values.count(value) > 1)):
        what = f"{', '.join(map(str, twice))} is given more than once"
        raise fail("D320", what, where=f"{option} {text}", help="name each once")
    return tuple(values)
