"""Lists of what is installed: targets with their engines, passes, methods of training."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from .console import new_table, say, show_table

if TYPE_CHECKING:
    from snnc.backends import Found
    from snnc.passes import FoundPass
    from snnc.training.methods.base import Method


def targets(found: Iterable[Found]) -> None:
    """All targets and their engines; what cannot be used, and why."""
    table = new_table("target", "from", "engine", "version", "installed", "how to install")
    broken = []
    for target in found:
        engines, problem = target.engines()
        if problem:
            broken.append((target, problem))
        for engine in engines:
            installed = "yes" if engine.installed else "no"
            table.add_row(
                target.name,
                target.distribution,
                engine.name,
                engine.version,
                installed,
                engine.how_to_install,
            )
    show_table(table)
    for target, problem in broken:
        unusable("target", target.name, target.distribution, problem)


def passes(found: Iterable[FoundPass]) -> None:
    """All passes: first sentence, options with defaults, facts; what cannot be used, and why."""
    from snnc.passes import print_pass
    from snnc.settings import describe_options

    for each in found:
        kind = each.kind
        if kind is None:
            unusable("pass", each.name, each.distribution, each.problem)
            continue
        summary = (kind.__doc__ or "").strip().splitlines()[0]
        say(f"{print_pass(kind())}\n    {summary}")
        for option in describe_options(kind):
            say(f"    option {option}")
        for title, facts in (("needs", kind.requires), ("establishes", kind.establishes)):
            for fact in sorted(facts, key=lambda f: f.name):
                say(f"    {title}: {fact.value}")


def methods(known: dict[str, type[Method]]) -> None:
    """All methods of training: first sentence, options with defaults."""
    from snnc.settings import describe_options, text_of

    for name, kind in known.items():
        summary = (kind.__doc__ or "").strip().splitlines()[0]
        say(f"{text_of(name, kind())}\n    {summary}")
        for option in describe_options(kind):
            say(f"    option {option}")


def unusable(what: str, name: str, distribution: str, problem: str) -> None:
    """A plug-in that is left out, with its package and the reason."""
    origin = f" of {distribution}" if distribution else ""
    say(f"{what} {name}{origin} cannot be used: {problem}")
