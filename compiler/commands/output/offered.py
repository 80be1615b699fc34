"""What each target makes of a model, in one table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snnc.errors import counted

from .console import new_table, say, show_table

if TYPE_CHECKING:
    from snnc.workflows.targets_for import Figure, Offer, Offers

UNSAID = "the target does not say"
UNITS = ((1.0, ""), (1e-3, "m"), (1e-6, "u"), (1e-9, "n"), (1e-12, "p"))


def offered(found: Offers) -> None:
    """What each keeps and takes, what to buy and to install; then who says the figures, and why not."""
    columns = (">kept", ">right", "engine", ">differ", ">time a frame", ">energy a frame")
    table = new_table("target", "fits", "code", *columns)
    needs = new_table("target", "to buy", "to install, to check it here")
    for row in found.rows:
        kept = "" if row.decisions is None else f"{row.decisions:.1%}"
        right = "" if row.accuracy is None else f"{row.accuracy[1]:.1%}"
        cells = (row.code, kept, right, row.engine, "" if row.differ is None else f"{row.differ:,}")
        figures = (_figure(row.latency, "s"), _figure(row.energy, "J")) if row.fits else ("", "")
        table.add_row(row.target, "yes" if row.fits else "no", *cells, *figures)
        needs.add_row(row.target, row.hardware or UNSAID, row.install or "nothing more")
    show_table(table)
    judged = next((row.judged for row in found.rows if row.judged), 0)
    if judged:
        floats = next((row.accuracy[0] for row in found.rows if row.accuracy is not None), None)
        said = "" if floats is None else f"; right: of their labels, {floats:.1%} in floats"
        of = counted(judged, "sample")
        say(f"kept: decisions of the float network on {of} that calibration did not see{said}")
    elif any(row.fits for row in found.rows):
        say("kept is not known without data: --data FILE.npz, written by numpy.savez(FILE, x=inputs)")
    if found.samples:
        on = "random counts" if found.random else "the data"
        ran = counted(found.samples, "sample")
        say(f"differ: values of the engine that are not those of snnc's simulator, on {ran} of {on}")
    figures_of(found)
    for row in found.rows:
        _about(row)
    show_table(needs)


def figures_of(found: Offers) -> None:
    """Who says times and energies: each source once."""
    told: dict[tuple[str, str], list[str]] = {}
    for row in found.rows:
        for name, figure in (("time", row.latency), ("energy", row.energy)):
            if figure is not None:
                who = "estimated by" if figure.how == "estimated" else "its engine says so:"
                told.setdefault((name, f"{who} {figure.source}"), []).append(row.target)
    for (name, source), targets in told.items():
        say(f"{name} of {', '.join(targets)}: {source}")
    for row in found.rows:
        if row.instructions is not None:
            number, source = row.instructions.value, row.instructions.source
            say(f"instructions a frame of {row.target}: {number:,.0f}, {source}")


def _about(row: Offer) -> None:
    """What does not go into a cell."""
    if row.why_not is not None:
        more = f" (and {counted(row.others, 'more reason')})" if row.others else ""
        cure = f"; {row.why_not.help}" if row.why_not.help else ""
        say(f"{row.target} does not fit: {row.why_not.code}, {row.why_not.what}{cure}{more}")
    if row.problem is not None:
        say(f"{row.target} did not run: {row.problem.code}, {row.problem.what}")


def _figure(found: Figure | None, unit: str) -> str:
    """Three digits, with ``~`` where it is an estimate; what nobody says is unknown."""
    if found is None:
        return "unknown"
    factor, prefix = next((u for u in UNITS if found.value >= u[0]), UNITS[-1])
    sign = "~" if found.how == "estimated" else ""
    return f"{sign}{found.value / factor:.3g} {prefix}{unit}"
