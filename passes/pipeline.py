"""A pipeline: passes in an order that is checked before anything runs, and that prints as text.

Text form, as ``snnc compile --passes`` takes it and the manifest keeps it:
``name{option=value,option=value},name,...``; options that are left out have their defaults.
"""

from __future__ import annotations

import difflib
import re
import types
import typing
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, replace
from functools import cache
from importlib.metadata import entry_points
from typing import Any

from snnc.errors import CompilerBug, UserError, fail
from snnc.ir import Graph

from .base import Context, Fact, Pass
from .facts import problems

AfterPass = Callable[[Pass, Graph], None]
GROUP = "snnc.passes"


@cache
def registered() -> dict[str, type[Pass]]:
    """All passes by name, from the entry-point group ``snnc.passes``.

    Raises:
        UserError: a plug-in's pass cannot be imported or is not a pass; it is named.
    """
    found: dict[str, type[Pass]] = {}
    for entry in sorted(entry_points(group=GROUP), key=lambda e: e.name):
        try:
            loaded = entry.load()
        except Exception as problem:
            raise fail("D307", f"pass {entry.name} cannot be loaded: {problem}") from problem
        if not (isinstance(loaded, type) and issubclass(loaded, Pass)):
            raise fail("D307", f"entry point {entry.name} is not a pass: {entry.value}")
        found[entry.name] = loaded
    return found


def options(kind: type[Pass]) -> dict[str, type]:
    """The options of a pass by their command-line name, with the type that their text becomes."""
    hints = typing.get_type_hints(kind)
    found = {}
    for field in fields(kind):
        hint = hints[field.name]
        if isinstance(hint, types.UnionType):
            hint = next(t for t in hint.__args__ if t is not types.NoneType)
        found[field.name.replace("_", "-")] = hint
    return found


def _value(text: str, kind: type, where: str) -> object:
    if kind is bool and text in ("true", "false"):
        return text == "true"
    try:
        if kind is not bool:
            return kind(text)
    except ValueError:
        pass
    raise fail("D308", f"{text!r} is not a {kind.__name__}", where=where)


def parse_pass(text: str) -> Pass:
    """One pass from ``name`` or ``name{option=value,...}``.

    Raises:
        UserError: no such pass or option, or a value of the wrong type.
    """
    kind, values = _parse(text)
    return kind(**values)


def _parse(text: str) -> tuple[type[Pass], dict[str, Any]]:
    match = re.fullmatch(r"([a-z0-9-]+)(?:\{(.*)\})?", text.strip())
    if match is None:
        raise fail("D308", f"cannot read {text!r}", help="write name{option=value,...}")
    name, inside = match.group(1), match.group(2)
    kind = registered().get(name)
    if kind is None:
        near = difflib.get_close_matches(name, registered(), 1)
        raise fail(
            "D308",
            f"no pass {name!r}",
            help=f"did you mean {near[0]}?" if near else "snnc passes lists them",
        )
    values: dict[str, Any] = {}
    for part in filter(None, (inside or "").split(",")):
        option, _, value = part.partition("=")
        known = options(kind)
        if option.strip() not in known:
            raise fail(
                "D308",
                f"pass {name} has no option {option.strip()!r}",
                help=f"it has {', '.join(known)}" if known else "it has none",
            )
        where = f"{name}{{{option.strip()}}}"
        values[option.strip().replace("-", "_")] = _value(value.strip(), known[option.strip()], where)
    return kind, values


def print_pass(a_pass: Pass) -> str:
    """The text form with every option that is set, defaults included."""
    parts = []
    for field in fields(a_pass):
        value = getattr(a_pass, field.name)
        if value is not None:
            text = str(value).lower() if isinstance(value, bool) else str(value)
            parts.append(f"{field.name.replace('_', '-')}={text}")
    return f"{a_pass.name}{{{','.join(parts)}}}" if parts else a_pass.name


@dataclass(frozen=True)
class Pipeline:
    """Passes in order."""

    passes: tuple[Pass, ...]

    @staticmethod
    def parse(text: str) -> Pipeline:
        """From the text form; commas inside braces separate options.

        Raises:
            UserError: see :func:`parse_pass`, or an order that cannot work.
        """
        parts = re.split(r",(?![^{]*\})", text)
        pipeline = Pipeline(tuple(parse_pass(part) for part in parts if part.strip()))
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
                        f"pass {a_pass.name} needs that {fact.value}",
                        why="no pass before it brings that about",
                        help=f"put {' or '.join(makers)} before it" if makers else "",
                    ).diagnostics[0]
                )
            held = (held - a_pass.destroys) | a_pass.establishes
        if wrong:
            raise UserError(*wrong)
        return held

    def run(self, graph: Graph, context: Context, after: AfterPass | None = None) -> Graph:
        """Run all passes; after each, every fact that still holds is checked.

        Raises:
            UserError: a pass cannot work with this network.
            CompilerBug: a pass broke a fact; the pass is named.
        """
        held = {Fact.SHAPED}
        self.check_order(held)
        for a_pass in self.passes:
            graph = a_pass.run(graph, context)
            held = (held - a_pass.destroys) | a_pass.establishes
            found = [p for fact in sorted(held, key=lambda f: f.name) for p in problems(fact, graph)]
            if found:
                raise CompilerBug(f"pass {a_pass.name}", found)
            if after is not None:
                after(a_pass, graph)
        return graph
