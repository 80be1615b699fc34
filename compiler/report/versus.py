"""Two bundles side by side: what is the same of them, and what is not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from snnc.errors import counted

from .figures import NANO

Facts = Mapping[str, Any]
ABSENT = "-"


def differences(reports: Sequence[Facts]) -> list[dict[str, Any]]:
    """Rows of a table: what it is about, a cell for each bundle, and whether they differ."""
    found = []
    for what, said in ROWS.items():
        cells = [said(facts) for facts in reports]
        if any(cell != ABSENT for cell in cells):
            found.append({"what": what, "cells": cells, "differs": len(set(cells)) > 1})
    return found + _passes(reports)


def _passes(reports: Sequence[Facts]) -> list[dict[str, Any]]:
    """A row for each pass that is not in both with the same options."""
    parts = [_parts(facts["manifest"]["passes"]) for facts in reports]
    names = list(dict.fromkeys(name for each in parts for name in each))
    rows = []
    for name in names:
        cells = [each.get(name, ABSENT) for each in parts]
        if len(set(cells)) > 1:
            rows.append({"what": f"pass {name}", "cells": cells, "differs": True})
    return rows


def _parts(passes: str) -> dict[str, str]:
    """Options by pass: ``a{b=1,c=2},d`` is ``{"a": "b=1, c=2", "d": "with its defaults"}``."""
    found, depth, part = {}, 0, ""
    for character in f"{passes},":
        depth += (character == "{") - (character == "}")
        if character == "," and not depth:
            name, _, options = part.partition("{")
            if name:
                found[name] = options.rstrip("}").replace(",", ", ") or "with its defaults"
            part = ""
        else:
            part += character
    return found


def _engine(facts: Facts) -> str:
    checked = facts["verification"]
    if checked is None:
        return ABSENT
    who = "no engine" if checked["not_run"] else f"{checked['engine']} {checked['engine_version']}"
    return f"{who.strip()}: {checked['mismatches']:,} of {checked['compared']:,} values differ"


def _accuracy(facts: Facts) -> str:
    run = facts["run"]
    if run is None or run["accuracy"] is None:
        return ABSENT
    spread = facts["spread"]
    return f"{run['accuracy'][-1]:.1%} ± {spread['accuracy'][-1]:.1%}, {spread['samples']:,} samples"


def _kept(key: str) -> Callable[[Facts], str]:
    def said(facts: Facts) -> str:
        kept = facts["manifest"]["kept"]
        return ABSENT if kept is None or kept[key] is None else f"{kept[key]:.1%}"

    return said


def _bits(facts: Facts) -> str:
    return ", ".join(str(n) for n in sorted({q["bits"] for q in facts["projections"]}))


def _energy(memory: str) -> Callable[[Facts], str]:
    def said(facts: Facts) -> str:
        if facts["run"] is None:
            return ABSENT
        return f"{facts['run']['operations']['picojoules'][memory]['snn']['total'] / NANO:,.1f} nJ"

    return said


def _operations(facts: Facts) -> str:
    if facts["run"] is None:
        return ABSENT
    return f"{sum(q['operations'] for q in facts['run']['operations']['snn']['projections']):,.0f}"


def _answer(facts: Facts) -> str:
    step = facts["delays"]["first_answer"]
    return ABSENT if step is None else f"{step:,}"


def _ranges(facts: Facts) -> str:
    entry = facts["manifest"]["ranges"]
    if not entry.get("claims"):
        return str(entry["status"])
    claim = entry["claims"][0]
    frames = "any number of frames" if claim["frames"] is None else f"{claim['frames']} frames"
    return f"counts {claim['counts'][0]} to {claim['counts'][1]}, {frames}"


def _cores(facts: Facts) -> str:
    told = facts["placement"]
    if told is None:
        return ABSENT
    return f"{counted(len(told['cores']), 'core')} on {counted(told['chips'], 'chip')}"


def _sent(key: str) -> Callable[[Facts], str]:
    def said(facts: Facts) -> str:
        told = facts["placement"]
        if told is None or told["traffic"] is None:
            return ABSENT
        traffic = told["traffic"]
        of = "" if key == "hops" else f" of {traffic['messages']:,}"
        return f"{traffic[key]:,}{of}, {counted(traffic['samples'], 'sample')} of the calibration data"

    return said


ROWS: dict[str, Callable[[Facts], str]] = {
    "on the engine": _engine,
    "right answers after the last frame": _accuracy,
    "decisions of the float network kept": _kept("decisions"),
    "answers off by, of their spread": _kept("answer_error"),
    "model, SHA-256": lambda f: f["manifest"]["model"]["sha256"][:16],
    "target": lambda f: str(f["manifest"]["target"]),
    "code": lambda f: str(f["manifest"]["code"]),
    "steps a frame": lambda f: f"{f['manifest']['steps_per_frame']:,}",
    "bits of weights": _bits,
    "neurons": lambda f: f"{f['size']['neurons']:,}",
    "synapses": lambda f: f"{f['size']['synapses']:,}",
    "spikes held in delays": lambda f: f"{f['size']['buffered']:,}",
    "answer that has seen the input, after step": _answer,
    "ranges proved for": _ranges,
    "synaptic operations of a sample": _operations,
    "energy of a sample, memory fitted": _energy("fitted"),
    "energy of a sample, memory wide": _energy("wide"),
    "placed by": lambda f: ABSENT if f["placement"] is None else str(f["placement"]["method"]),
    "cores": _cores,
    "messages to another core": _sent("between cores"),
    "hops on the mesh": _sent("hops"),
    "notes": lambda f: ", ".join(note["code"] for note in f["notes"]) or ABSENT,
}
"""What is compared, in the order in which it is asked for."""
