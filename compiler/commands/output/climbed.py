"""What the ladder gave: each rung compared with the one above it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snnc.errors import counted

from .console import new_table, say, show_table

if TYPE_CHECKING:
    from snnc.verify.rungs import Rung
    from snnc.workflows.ladder import Ladder


def climbed(result: Ladder) -> None:
    """Every rung compared with the one above it, and the first that differs."""
    table = new_table("rung", ">values", ">differ", ">largest", ">mean", ">same decisions", "cause")
    for rung in result.rungs:
        if rung.against is None:
            table.add_row(rung.name, "", "", "", "", "", "")
            continue
        same = "" if rung.agreement is None else f"{rung.agreement:.1%}"
        cells = (f"{rung.compared}", f"{rung.differences}", f"{rung.max_abs:.3g}")
        table.add_row(rung.name, *cells, "", same, rung.cause or "")
        for gap in rung.gaps:
            cells = (f"{gap.compared}", f"{gap.differences}", f"{gap.max_abs:.3g}")
            table.add_row(f"  {gap.population}", *cells, f"{gap.mean_abs:.3g}", "", "")
    show_table(table)
    origin = "random input" if result.random else "the given data"
    samples = f"{counted(len(result.data.x), 'sample')} of {origin}"
    say(f"each rung compared with the one above it, {samples}; values in the units of the model,")
    say("from the bundle on spikes and integer potentials")
    for text in result.not_compared:
        say(text)
    first, broken = result.first_difference, result.first_broken
    if first is None:
        say("no rung differs" + (", from the integer program down" if result.only_integers else ""))
        return
    say(f"first rung that differs: {first.name}, from {first.against}: {first.cause}")
    _divergence(first)
    if broken is None:
        return
    if broken is not first:
        say(f"first rung that must be equal and is not: {broken.name}, from {broken.against}:")
        say(f"{broken.cause}")
        _divergence(broken)
    for text in broken.integers:
        say(f"its integers differ: {text}")


def _divergence(rung: Rung) -> None:
    place = rung.first
    if place is not None:
        say(
            f"first divergence: {place.at} {place.number}, {place.population}{list(place.neuron)}, "
            f"sample {place.sample}: {place.actual:.6g}, {place.expected:.6g} above"
        )
