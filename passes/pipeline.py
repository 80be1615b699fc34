"""A pipeline: passes in an order that is checked before anything runs, and that prints as text.

Text form, as ``snnc compile --passes`` takes it and the manifest keeps it:
``name{option=value,option=value},name,...``; options that are left out have their defaults.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, is_dataclass, replace
from functools import cache
from typing import Any

import numpy as np

from snnc import settings
from snnc.errors import CompilerBug, Diagnostic, UserError, blamed, counted, fail, nearest
from snnc.ir import Graph, Target
from snnc.ir.empty import refuse_empty
from snnc.ir.plugins import Plugin, plugins, without_interface

from .base import INTERFACE, Context, Fact, Pass
from .facts import problems
from .finite import too_large, weights_in

AfterPass = Callable[[Pass, Graph], None]
GROUP = "snnc.passes"


@dataclass(frozen=True)
class FoundPass:
    """One registered pass: its class, or why it cannot be used.

    ``distribution`` is the package that brings it, with its version.
    """

    name: str
    distribution: str
    kind: type[Pass] | None
    problem: str = ""


@cache
def registered_passes() -> tuple[FoundPass, ...]:
    """All passes by name, from the entry-point group ``snnc.passes``; those that cannot be used too."""
    return tuple(_found(plugin) for plugin in plugins(GROUP))


def _found(plugin: Plugin) -> FoundPass:
    problem, kind = plugin.problem, plugin.value
    if not problem:
        problem = _unusable(plugin.name, kind)
    return FoundPass(plugin.name, plugin.distribution, None if problem else kind, problem)


def _unusable(name: str, kind: object) -> str:
    if not (isinstance(kind, type) and issubclass(kind, Pass) and is_dataclass(kind)):
        return "it is not a subclass of snnc.passes.Pass that is a frozen dataclass"
    outdated = without_interface(kind, INTERFACE)
    if outdated:
        return outdated
    called = getattr(kind, "name", None)
    return "" if called == name else f"it calls itself {called!r}, its entry point {name!r}"


def registered() -> dict[str, type[Pass]]:
    """The passes that can be used, by name."""
    return {found.name: found.kind for found in registered_passes() if found.kind is not None}


def parse_pass(text: str) -> Pass:
    """One pass from ``name`` or ``name{option=value,...}``.

    Raises:
        UserError: no such pass or option, or a value of the wrong type.
    """
    kind, values = _parse(text)
    return kind(**values)


def parse_change(text: str) -> tuple[str, dict[str, Any]]:
    """Name of the pass, and the fields that ``name{option=value,...}`` gives values.

    Raises:
        UserError: as :func:`parse_pass`.
    """
    kind, values = _parse(text)
    return kind.name, values


def pipeline_parts(text: str) -> list[str]:
    """The passes of a pipeline's text; commas inside braces separate options."""
    return [part for part in re.split(r",(?![^{]*\})", text) if part.strip()]


def _parse(text: str) -> tuple[type[Pass], dict[str, Any]]:
    name, texts = settings.split(text)
    kind = registered().get(name)
    if kind is None:
        for found in registered_passes():
            if found.name == name:
                what = f"pass {name} cannot be used: {found.problem}"
                cure = "update or remove that package; snnc passes lists what is there"
                raise fail("D307", what, where=found.distribution, help=cure)
        raise no_pass(name)
    return kind, settings.values(kind, texts, f"pass {name}")


def no_pass(name: str, where: str = "") -> UserError:
    """D328, with the nearest name; ``where`` is the option that named it."""
    cure = nearest(name, registered()) or "snnc passes lists them"
    return fail("D328", f"no pass {name!r}", where=where, help=cure)


def print_pass(a_pass: Pass) -> str:
    """The text form with every option that is set, defaults included."""
    return settings.text_of(a_pass.name, a_pass)


@dataclass(frozen=True)
class Pipeline:
    """Passes in order."""

    passes: tuple[Pass, ...]

    @staticmethod
    def parse(text: str) -> Pipeline:
        """From the text form.

        Raises:
            UserError: see :func:`parse_pass`, or an order that cannot work.
        """
        pipeline = Pipeline(tuple(parse_pass(part) for part in pipeline_parts(text)))
        pipeline.check_order({Fact.SHAPED})
        return pipeline

    def __str__(self) -> str:
        return ",".join(print_pass(p) for p in self.passes)

    def with_option(self, name: str, **changes: Any) -> Pipeline:
        """The pipeline with options of its pass ``name`` changed.

        Raises:
            UserError: the pipeline has no such pass.
        """
        if all(p.name != name for p in self.passes):
            raise fail("D309", f"the passes lack {name}, which the options ask for")
        changed = (replace(p, **changes) if p.name == name else p for p in self.passes)
        return Pipeline(tuple(changed))

    def with_text(self, text: str) -> Pipeline:
        """The pipeline with the options that ``name{option=value,...}`` names changed.

        Raises:
            UserError: no such pass or option, or the pipeline lacks the pass.
        """
        kind, values = _parse(text)
        return self.with_option(kind.name, **values)

    def check_order(self, facts: Iterable[Fact]) -> set[Fact]:
        """The facts that hold at the end, from those that hold at the start.

        Raises:
            UserError: a pass asks for a fact that no pass before it establishes; all such are named.
        """
        held = set(facts)
        wrong = []
        for a_pass in self.passes:
            for fact in sorted(a_pass.requires - held, key=lambda f: f.name):
                makers = [n for n, k in registered().items() if fact in k.establishes]
                wrong.append(
                    fail(
                        "D310",
                        f"pass {a_pass.name} requires that {fact.value}",
                        why="no pass before it establishes that",
                        help=f"put {' or '.join(makers)} before it" if makers else "",
                    ).diagnostics[0]
                )
            held = (held - a_pass.destroys) | a_pass.establishes
        if wrong:
            raise UserError(*wrong)
        return held

    def check_target(self, target: Target) -> None:
        """Refuse options that the target rules out, those of all passes at once.

        Raises:
            UserError: as :meth:`Pass.check_target`.
        """
        wrong: list[Diagnostic] = []
        for a_pass in self.passes:
            try:
                with blamed(f"pass {a_pass.name}", "checking its options"):
                    a_pass.check_target(target)
            except UserError as refused:
                wrong += refused.diagnostics
        if wrong:
            raise UserError(*wrong)

    def run(self, graph: Graph, context: Context, after: AfterPass | None = None) -> Graph:
        """Run all passes; after each, every fact that still holds is checked.

        Raises:
            UserError: a pass cannot work with this network, a population is without neurons (D221),
                or numbers leave what a float holds (D147).
            CompilerBug: a pass broke a fact; the pass is named.
        """
        held = {Fact.SHAPED}
        self.check_order(held)
        self.check_target(context.target)
        refuse_empty(graph)
        known: set[int] = set()
        for a_pass in self.passes:
            try:
                # What overflows is found below, by the name of what it belongs to.
                with (
                    blamed(f"pass {a_pass.name}", "running"),
                    np.errstate(over="ignore", invalid="ignore"),
                ):
                    graph = a_pass.run(graph, context)
            except MemoryError as problem:
                raise _too_large(a_pass, graph, context, problem) from None
            if infinite := too_large(graph, a_pass.name, known):
                raise UserError(*infinite)
            known = {id(array) for array in weights_in(graph)}
            held = (held - a_pass.destroys) | a_pass.establishes
            found = [p for fact in sorted(held, key=lambda f: f.name) for p in problems(fact, graph)]
            if found:
                raise CompilerBug(f"pass {a_pass.name}", found)
            if after is not None:
                after(a_pass, graph)
        return graph


def _too_large(a_pass: Pass, graph: Graph, context: Context, problem: MemoryError) -> UserError:
    """The message for a pass that runs the network on more than memory holds."""
    why, cures = "", [] if graph.frame_is_step else ["fewer --steps-per-frame"]
    if context.calibration is not None:
        given, frames = context.calibration.shape[:2]
        used = min(given, getattr(a_pass, "samples", given))
        steps = graph.steps_per_frame or 1
        why = f"it runs {counted(used, 'calibration sample')} of {counted(frames, 'frame')}, "
        why += f"{counted(steps, 'step')} each"
        fewer = f": --set '{a_pass.name}{{samples={max(1, used // 8)}}}'"
        cures.append("fewer calibration samples" + (fewer if hasattr(a_pass, "samples") else ""))
    return fail(
        "D612",
        f"not enough memory: {problem}" if str(problem) else "not enough memory",
        where=f"pass {a_pass.name}",
        why=why,
        help=f"use {', or '.join(cures or ['a machine with more memory'])}",
    )
