"""What ``tune`` prints: all rows with the front marked, refusals, and answers frame by frame."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from snnc.errors import Diagnostic, Severity, counted

from .console import new_table, say, show_table

if TYPE_CHECKING:
    from snnc.tuning import Front, Row

COST_NAMES = {
    "steps": "steps to the last answer",
    "first": "steps to the first answer",
    "operations": "synaptic operations",
    "energy": "energy by both models of memory",
    "neurons": "neurons",
}
MEASURES = {
    "accuracy": "right: fraction of right answers",
    "agreement": "same: fraction of the float network's decisions",
    "error": "error: of answers, relative to the spread of the float network's",
}
HEADS = {"accuracy": "right", "agreement": "same", "error": "error"}
FRAME_COLUMNS = 7
"""More settings are not shown frame by frame: --json has them."""


def tuned(found: Front) -> None:
    """Every row, which are the front, what was refused, and what to type now."""
    head = HEADS[found.measure]
    labelled = found.measure == "accuracy" and any(r.agreement is not None for r in found.compiled)
    columns = ["", "code", ">K", ">bits", ">levels", f">{head}", *([">same"] if labelled else [])]
    columns += [">first answer", ">last: steps", ">synaptic ops"]
    energies = list(found.compiled[0].energy or {})
    table = new_table(*columns, *(f">nJ {name}" for name in energies), ">neurons")
    if found.floats is not None:
        table.add_row("", "float", "", "", "", f"{found.floats[-1]:.1%}")
    front = {id(row) for row in found.front}
    for row in found.rows:
        table.add_row("*" if id(row) in front else "", *_cells(row, found.measure, labelled))
    show_table(table)
    for row in found.rows:
        if row.refused is not None:
            said = f"{row.refused.code}: {row.refused.what}"
            say(f"refused: {' '.join(row.setting.options)}: {said}")
    for said in _warnings(found):
        say(said)
    _by_frame(found)
    samples = f"{counted(found.samples, 'sample')}, {counted(found.frames, 'frame')} each"
    say(f"{MEASURES[found.measure]}, after the last frame; {samples}; {found.calibration}")
    say(f"first answer: steps until the first that has seen input, and {head} then")
    costs = ", ".join(COST_NAMES[name] for name in found.costs)
    say(f"* the front: no other row is as good or better in {head}, {costs}, and better in one of them")
    say("energy: estimates of a 45 nm circuit, not measurements (docs/energy.md)")
    best = found.advised
    spread = found.standard_error(best)
    near = f"within a standard error ({spread:.1%}) of the best" if spread else "with the best answers"
    say(f"the cheapest {near}:\n    {found.command(best)}")


def _warnings(found: Front) -> Iterator[str]:
    """A line for each kind of warning that compiles gave: there may be dozens."""
    kinds: dict[str, list[tuple[Row, Diagnostic]]] = {}
    for row in found.compiled:
        for code, note in {n.code: n for n in row.notes if n.severity is Severity.WARNING}.items():
            kinds.setdefault(code, []).append((row, note))
    for code, all_of_it in kinds.items():
        row, note = all_of_it[0]
        where = f"{len(all_of_it)} of {counted(len(found.compiled), 'row')}"
        yield f"warning {code} in {where}, such as {' '.join(row.setting.options)}: {note.what}"


def _cells(row: Row, measure: str, labelled: bool) -> list[str]:
    asked = row.setting
    if row.refused is not None:
        numbers = (asked.steps_per_frame, asked.weight_bits, asked.levels)
        return [asked.code, *("" if n is None else f"{n}" for n in numbers), row.refused.code]
    values = row.by_frame(measure)
    first = row.first
    seen = "" if first is None else f"{first.steps}: {values[first.frame]:.1%}"
    same = [] if row.agreement is None or not labelled else [f"{row.agreement[-1]:.1%}"]
    return [
        row.code,
        f"{row.steps_per_frame}",
        f"{row.weight_bits}",
        "" if row.levels is None else f"{row.levels}",
        f"{values[-1]:.1%}",
        *same,
        seen,
        f"{row.last_steps}",
        f"{row.operations:,.0f}",
        *(_nanojoules(each) for each in (row.energy or {}).values()),
        f"{row.neurons:,}",
    ]


def _nanojoules(picojoules: float) -> str:
    value = picojoules / 1000
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _by_frame(found: Front) -> None:
    """A column for each setting, where there are few; names leave out what all of them share."""
    rows = found.compiled
    if len(rows) > FRAME_COLUMNS or found.frames == 1:
        return
    parts = [
        (
            r.code,
            f"K {r.steps_per_frame}",
            f"{r.weight_bits} bits",
            "" if r.levels is None else f"{counted(r.levels, 'level')}",
        )
        for r in rows
    ]
    varied = [len({part[k] for part in parts}) > 1 for k in range(4)]
    names = [" ".join(t for t, wanted in zip(p, varied, strict=True) if t and wanted) for p in parts]
    table = new_table(
        ">frame",
        *([">float"] if found.floats is not None else []),
        *(f">{name or HEADS[found.measure]}" for name in names),
    )
    columns = [row.by_frame(found.measure) for row in rows]
    if found.floats is not None:
        columns.insert(0, found.floats)
    for frame in range(found.frames):
        table.add_row(f"{frame + 1}", *(f"{column[frame]:.1%}" for column in columns))
    show_table(table)
