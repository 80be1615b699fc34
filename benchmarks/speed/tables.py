"""Rows as the Markdown tables of ``docs/performance.md``."""

from __future__ import annotations

from pathlib import Path

from .engines import Row

BEGIN, END = "<!-- make bench writes from here -->", "<!-- to here -->"


def _cell(row: Row) -> str:
    low, high = row.spread
    return f"{_short(row.us_per_sample_step)} ({_short(low)} to {_short(high)})"


def _short(value: float) -> str:
    return f"{value:.3g}" if value < 1000 else f"{value:.0f}"


def plain_table(rows: list[Row]) -> list[str]:
    """One line a case and batch, one column an engine: median (fastest to slowest)."""
    engines = list(dict.fromkeys(r.engine for r in rows))
    places = list(dict.fromkeys((r.case, r.batch) for r in rows))
    found = {(r.case, r.batch, r.engine): r for r in rows}
    lines = [f"| case | batch | {' | '.join(engines)} |", "|---|---|" + "---|" * len(engines)]
    for case, batch in places:
        cells = (found.get((case, batch, engine)) for engine in engines)
        lines.append(
            f"| {case} | {batch} | {' | '.join('' if c is None else _cell(c) for c in cells)} |"
        )
    return lines


def peer_table(rows: list[Row]) -> list[str]:
    """One line an engine; behind each number how many times as long as ours it is."""
    places = list(dict.fromkeys((r.case, r.batch) for r in rows))
    engines = list(dict.fromkeys((r.engine, r.version) for r in rows))
    ours = {(r.case, r.batch): r.us_per_sample_step for r in rows if r.engine == "snnc fast"}
    found = {(r.case, r.batch, r.engine): r for r in rows}
    lines = [
        "| engine | " + " | ".join(f"{case}, batch {batch}" for case, batch in places) + " |",
        "|---|" + "---|" * len(places),
    ]
    for engine, version in engines:
        cells = []
        for place in places:
            row = found.get((*place, engine))
            if row is None:
                cells.append("cannot batch" if engine == "lava" else "not timed")
            else:
                ratio = row.us_per_sample_step / ours[place]
                cells.append(_cell(row) + ("" if engine == "snnc fast" else f", x{_short(ratio)}"))
        lines.append(f"| {engine} {version} | {' | '.join(cells)} |")
    return lines


def bare_table(loops: list[tuple[Row, Row, float]]) -> list[str]:
    """Bare additions, how many a second they are, and the whole simulator, both on one core."""
    lines = [
        "| one core | bare additions | G a second | snnc fast, all that it does | of the bare speed |",
        "|---|---|---|---|---|",
    ]
    for bare, whole, additions in loops:
        share = bare.us_per_sample_step / whole.us_per_sample_step
        place, speed = f"{bare.case}, batch {bare.batch}", f"{additions / 1e9:.1f}"
        lines.append(f"| {place} | {_cell(bare)} | {speed} | {_cell(whole)} | {share:.0%} |")
    return lines


def growth_table(
    points: dict[str, list[tuple[float, float]]], fits: dict[str, tuple[float, float, float]]
) -> list[str]:
    """Milliseconds of a whole run as one quantity grows, and the straight line through them."""
    factors = [factor for factor, _ in next(iter(points.values()))]
    lines = [
        "| 784-512-10, 64 samples | "
        + " | ".join(f"x{f:.0f}" for f in factors)
        + " | straight line, R squared |",
        "|---|" + "---|" * (len(factors) + 1),
    ]
    for what, found in points.items():
        cells = " | ".join(f"{seconds * 1e3:.1f} ms" for _, seconds in found)
        begin, slope, squared = fits[what]
        line = f"{begin * 1e3:.1f} + {slope * 1e3:.2f} x ms, {squared:.3f}"
        lines.append(f"| {what} | {cells} | {line} |")
    return lines


def replace_marked(document: Path, text: str) -> None:
    """Put ``text`` between the marks of a document."""
    before, rest = document.read_text().split(BEGIN)
    _, after = rest.split(END)
    document.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}")
