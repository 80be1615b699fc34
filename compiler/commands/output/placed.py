"""The cores that a bundle's network lies on: how full they are, and what is sent between them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from snnc.errors import counted

from .console import new_table, say, show_table

MOST_CORES, MOST_MATRIX, MOST_PAIRS = 32, 12, 10
"""Cores in the table, cores of a traffic matrix that is shown whole, else pairs of cores."""


def placement(told: Mapping[str, Any], load: Mapping[str, Any]) -> None:
    """The content of ``placement.json`` for a reader, with what each core has to do."""
    cores, limits = told["cores"], told["limits"]
    of = limits.get("cores", {}).get("value")
    has = f", {of} on a chip" if of else ""
    say(f"placement    by {told['method']}: {counted(len(cores), 'core')} on {_chips(told)}{has}")
    for name, needs in told["alone"].items():
        say(f"             a neuron alone takes {needs} {name}, a core has {limits[name]['value']}")
    if told["unknown"]:
        say(f"             no public source states {', '.join(told['unknown'])}")
    _cores(told, load)
    traffic = told["traffic"]
    if traffic is None:
        return
    counts = f"{counted(traffic['samples'], 'sample')} of {counted(traffic['steps'], 'step')}"
    say(
        f"traffic      {traffic['between cores']} of {traffic['messages']} messages go to another "
        "core, "
        f"{traffic['from inputs']} of these from inputs; {traffic['hops']} hops; {counts}"
    )
    if told["chips"] > 1:
        say(f"             {traffic['between chips']} of them go to another chip")
    if traffic["in order"] is not None:
        before = traffic["in order"]
        say(f"             in order: {before['between cores']} to another core, {before['hops']} hops")
    busiest = load["busiest"]
    if busiest is not None and len(cores) > 1:
        mean = sum(traffic["operations"]) / len(cores)
        most = traffic["operations"][busiest]
        say(
            f"busiest      core {busiest}: {most} synaptic operations, {most / mean:.1f} times the mean"
        )
    _matrix(traffic["matrix"], len(cores))


def _chips(told: Mapping[str, Any]) -> str:
    return counted(told["chips"], "chip")


def _cores(told: Mapping[str, Any], load: Mapping[str, Any]) -> None:
    cores, limits = told["cores"], told["limits"]
    names = list(cores[0]["uses"]) if cores else []
    sent = ("sends", "receives") if told["traffic"] is not None else ()
    columns = (f">{name}" for name in (*names, *sent))
    table = new_table(">core", ">chip", ">place", *columns, "holds")
    for number, core in enumerate(cores[:MOST_CORES]):
        uses = [_share(core["uses"].get(name, 0), limits.get(name)) for name in names]
        held = {name: sum(count for _, count in runs) for name, runs in core["neurons"].items()}
        uses += [str(load["cores"][number][name]) for name in sent]
        holds = ", ".join(f"{name} {count}" for name, count in held.items())
        table.add_row(str(number), str(core["chip"]), str(core["place"]), *uses, holds)
    table.add_section()
    fullest = (
        _share(max(c["uses"].get(name, 0) for c in cores), limits.get(name)) for name in names if cores
    )
    table.add_row("fullest", "", "", *fullest, *("" for _ in sent), "")
    show_table(table)
    if len(cores) > MOST_CORES:
        say(f"             and {len(cores) - MOST_CORES} more cores; --json has all")


def _share(used: int, limit: Mapping[str, Any] | None) -> str:
    if limit is None or not limit["value"]:
        return f"{used}"
    return f"{used} ({100 * used / limit['value']:.0f} %)"


def _matrix(entries: list[list[int]], cores: int) -> None:
    """The traffic matrix where it is small, else its heaviest pairs of different cores."""
    if cores <= MOST_MATRIX:
        table = new_table("from \\ to", *(f">{n}" for n in range(cores)))
        sent = {(a, b): n for a, b, n in entries}
        for a in range(cores):
            table.add_row(str(a), *(str(sent.get((a, b), 0)) for b in range(cores)))
    else:
        table = new_table(">from", ">to", ">messages")
        pairs = sorted((-n, a, b) for a, b, n in entries if a != b)
        for n, a, b in pairs[:MOST_PAIRS]:
            table.add_row(str(a), str(b), str(-n))
    show_table(table)
