"""A model brought to integers, without anything being written: one pipeline tried."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from snnc.backends import Backend
from snnc.bundle.data import Data
from snnc.bundle.kept import Kept
from snnc.bundle.ranges import Ranges
from snnc.errors import Diagnostic
from snnc.files.memory import give_back
from snnc.frontend import Model
from snnc.ir import Graph, InputGrid, Program, Target, validate
from snnc.ir.narrow import narrowed, widened
from snnc.lowering import lower
from snnc.passes import Context, Pass, Pipeline
from snnc.passes.fold_linear_chains import FoldLinearChains
from snnc.progress import Report

from .calibrating import Calibrating, drawn_order, in_order, set_aside
from .checking import check_program
from .kept import judge
from .retraining import Retraining
from .room import is_large, refuse_too_large
from .stages import LEVELS, Stages

MOST_OPERATIONS = 2.0e10
"""Multiplications that judging spends on the float network: large ones are judged on fewer samples."""

LEAST_JUDGED = 16


@dataclass(frozen=True, eq=False)
class Lowered:
    """What a pipeline made of a model: graph and program, proved ranges, everything that was said."""

    program: Program
    stages: Stages
    ranges: Ranges
    notes: tuple[Diagnostic, ...]

    @property
    def graph(self) -> Graph:
        """Of a large network without its projections, once it has been judged."""
        return self.stages.final


@dataclass(frozen=True, eq=False)
class Attempt:
    """What every attempt at a compile shares.

    Attributes:
        model, backend: what is compiled, and for which target. The weights of a large model are in
            float32, where that loses nothing: it is held all the time.
        data: calibration data as given, or None; ``where`` is what messages call them.
        allow_overflow: go on where sums can leave their registers.
        after_pass, report: called after each pass.
        grid: which values the counts stand for; None where data are counts.
        said: of the input, before any pass.
        retraining: what training the model further takes; None where it cannot, or nobody asks.
    """

    model: Model
    backend: Backend
    data: Data | None
    where: str
    allow_overflow: bool
    after_pass: Callable[[Pass, Graph], None] | None
    report: Report
    grid: InputGrid | None = None
    said: tuple[Diagnostic, ...] = ()
    retraining: Retraining | None = None

    @staticmethod
    def of(
        model: Model,
        backend: Backend,
        calibrating: Calibrating,
        allow_overflow: bool,
        after_pass: Callable[[Pass, Graph], None] | None,
        report: Report,
    ) -> Attempt:
        """What a model is compiled with, from what it is calibrated with."""
        if is_large(model.graph):
            model = replace(model, graph=narrowed(model.graph))
        data, where = calibrating.data, calibrating.where
        grid, said = calibrating.grid, calibrating.notes
        return Attempt(model, backend, data, where, allow_overflow, after_pass, report, grid, said)

    def stages(self) -> Stages:
        """Of the model's graph, new."""
        return Stages(self.model.graph, self.grid)

    def lower(self, pipeline: Pipeline, stages: Stages) -> Lowered:
        """Run a pipeline and check what it gave.

        Args:
            stages: of the model's graph, new; a refusal leaves in it how far the passes came.

        Raises:
            UserError: the network cannot be compiled so.
        """
        target, counts = self.backend.target, None if self.data is None else self.data.x
        context = context_of(target, counts, [*self.model.notes, *self.said], self.grid)
        steps = len(pipeline.passes) + 3
        phases = [*(a_pass.name for a_pass in pipeline.passes), "prove ranges"]
        done = 1
        self.report(phases[0], done, steps)
        large = is_large(self.model.graph)

        def step(a_pass: Pass, graph: Graph) -> None:
            nonlocal done
            stages.keep(a_pass, graph)
            if a_pass.name == FoldLinearChains.name:
                refuse_too_large(graph)
            if large:
                let_go()  # graphs of earlier passes, which refer to themselves
            if self.after_pass is not None:
                self.after_pass(a_pass, graph)
            self.report(phases[done], done + 1, steps)  # what begins now
            done += 1

        with looking_at_new_objects() if large else nullcontext():
            graph = pipeline.run(
                widened(self.model.graph) if large else self.model.graph, context, step
            )
            stages.finish(graph)
            if large:
                let_go()
        program = validate(lower(graph, target))
        del graph
        if large:
            if self.data is not None:  # they are judged, and then let go
                stages.share_weights(program)
            give_back()
        allowed = self.allow_overflow
        ranges, found = check_program(program, self.backend, counts, self.where, allowed)
        return Lowered(program, stages, ranges, (*context.notes, *found))

    def _given(self) -> Graph:
        """The model's graph as passes take it, in float64."""
        return widened(self.model.graph) if is_large(self.model.graph) else self.model.graph

    def judge(self, lowered: Lowered) -> Kept | None:
        """What integers keep of the float network; None where nothing can tell."""
        if self.data is None:
            return None
        self.report("judge", 0, 1)
        aside = set_aside(len(self.data.x))
        cost = _multiplications(lowered.stages.graphs) * self.data.x.shape[1]
        most = max(LEAST_JUDGED, int(MOST_OPERATIONS / max(cost, 1.0)))
        large = is_large(self.model.graph)
        if large:
            give_back()
        kept = judge(lowered.stages, lowered.program, self.judged(most), bool(aside), let_go=large)
        lowered.stages.let_go(LEVELS)
        return kept

    def judged(self, most: int = LEAST_JUDGED) -> Data:
        """The calibration samples that are judged by, as many as are asked for or there are."""
        assert self.data is not None
        order, aside = drawn_order(len(self.data.x)), set_aside(len(self.data.x))
        return self.data.part((order[len(order) - aside :] if aside else order)[:most])


def let_go() -> None:
    """Free what only refers to itself, and give the system all that is free."""
    gc.collect()
    give_back()


@contextmanager
def looking_at_new_objects() -> Iterator[None]:
    """Collections in it do not look at what was there before: half a million objects, with torch.

    A process that has set objects aside itself, before or meanwhile, keeps them so.
    """
    if gc.get_freeze_count():
        yield
        return
    gc.collect()
    gc.freeze()
    aside = gc.get_freeze_count()
    try:
        yield
    finally:
        if gc.get_freeze_count() <= aside:  # more have been set aside by somebody else
            gc.unfreeze()


def context_of(
    target: Target,
    counts: NDArray[np.int64] | None,
    notes: list[Diagnostic],
    grid: InputGrid | None,
) -> Context:
    """What passes may look at, calibration samples in the order in which they are used."""
    if counts is None:
        return Context(target, None, notes, input_grid=grid)
    return Context(target, in_order(counts), notes, set_aside(len(counts)), grid)


def _multiplications(graphs: dict[str, Graph]) -> float:
    """Of one frame through all stages in floats."""
    from snnc.cost.ann_operations import count_ann

    first = next(iter(graphs.values()))
    return float(count_ann(first, first).macs) * len(graphs)
