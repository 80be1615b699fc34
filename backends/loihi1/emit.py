"""Writes the bundle's payload: the program's integers, where its compartments lie, a README."""

from __future__ import annotations

import json
from pathlib import Path
from string import Template
from typing import Any

from snnc.backends.base import Emitted
from snnc.backends.program_copy import written
from snnc.errors import Diagnostic, Severity, counted, every
from snnc.ir import Integers, Program, size
from snnc.placement import placement_notes, report_text

from .limit_messages import where_is
from .places import ORDER, RESOURCES, WAYS, Core, Split, summary
from .readouts import collecting_steps
from .registers import registers
from .split import best, splits
from .target import CORES
from .traffic import placed_cores

HERE = Path(__file__).parent
README = HERE / "readme.md.in"
README_FILE = "README.md"
FOLDER = "payload"
CORES_FILE, PLACEMENT_FILE = "cores.json", "placement.json"
FILES = {
    "program": f"{FOLDER}/program.json",
    "weights": f"{FOLDER}/weights.npz",
    "cores": f"{FOLDER}/{CORES_FILE}",
    "placement": f"{FOLDER}/{PLACEMENT_FILE}",
}


def emit(
    program: Program, folder: Path, example: Integers | None = None, placement: str = ORDER
) -> Emitted:
    """Write the payload into ``folder``, which holds the compiler's own two files.

    The same program and example give the same bytes.
    """
    found = splits(program, WAYS[placement])
    split, first = best(program, found, example), found[0]
    cores = split.cores
    ordered = first if split.together and not first.together else None
    told = placed_cores(program, split, example, ordered=ordered)
    files = {
        **written(folder),
        CORES_FILE: cores_json(split),
        PLACEMENT_FILE: report_text(told).encode(),
    }
    (folder / FOLDER).mkdir()
    for name, content in files.items():
        (folder / FOLDER / name).write_bytes(content)
    (folder / README_FILE).write_bytes(_readme(program, cores))
    placed = Diagnostic("N741", summary(cores), program.name, severity=Severity.NOTE)
    return Emitted(
        dict(FILES),
        (placed, *placement_notes(program.name, told), *written_between_steps(program)),
    )


def cores_json(split: Split) -> bytes:
    """The content of ``cores.json``: parts of populations in the order of a core's compartments.

    ``channels_together`` is left out where neurons are cut in C order.
    """
    content = {
        **({"channels_together": split.together} if split.together else {}),
        "a_core_has": {name: limit.value for name, limit in RESOURCES.items()},
        "cores": [
            {
                "parts": [
                    {"population": p.population, "first": p.first, "count": p.count} for p in core.parts
                ],
                "uses": dict(core.use),
            }
            for core in split.cores
        ],
    }
    return (json.dumps(content, indent=1) + "\n").encode()


def written_between_steps(program: Program) -> tuple[Diagnostic, ...]:
    """What a compartment does not do by itself, and the chip's x86 cores therefore write (N742)."""
    started, cleared, begun, read = [], [], [], []
    for p in program.populations:
        if p.neuron is None:
            continue
        if p.neuron.threshold is None:
            read.append(p)
            continue
        bias = bool(p.neuron.bias_mantissa.any())
        started += [p] * bool(p.neuron.start_value.any())
        cleared += [p] * bool(p.neuron.clear_interval)
        begun += [p] * (bias and p.neuron.bias_start > 0)
    parts = []
    if started:
        count = sum(size(p.shape) for p in started)
        parts.append(f"start values of {counted(count, 'compartment')} before the first step")
    if cleared:
        count = sum(size(p.shape) for p in cleared)
        intervals = sorted({p.neuron.clear_interval for p in cleared if p.neuron is not None})
        often = (
            every(intervals[0], "step")
            if len(intervals) == 1
            else f"every {', '.join(map(str, intervals))} steps"
        )
        parts.append(f"potential and current of {counted(count, 'compartment')} {often}")
    if begun:
        count = sum(size(p.shape) for p in begun)
        latest = max(p.neuron.bias_start for p in begun if p.neuron is not None)
        parts.append(f"biases of {counted(count, 'compartment')} that begin by step {latest + 1}")
    for p in read:
        steps = collecting_steps(program, p)
        own = counted(size(p.shape), "compartment")
        parts.append(f"0 into the {own} of {p.name} {every(steps, 'step')}, whose sums are read")
    named = {where_is(p): None for p in (*started, *cleared, *begun, *read)}
    return (
        Diagnostic(
            "N742",
            f"written by the chip's x86 cores between steps: {'; '.join(parts)}",
            ", ".join(named),
            "compartments of Loihi 1 have no start value, no clearing and no late bias, and a readout "
            "would fire; NxSDK's snips write the registers U, V and bias, as NxTF's reset does",
            "no figure of snnc includes the time and energy of these writes",
            Severity.NOTE,
        ),
    )


def _cell(text: Any) -> str:
    return str(text).replace("|", "\\|").replace("\n", " ")


def _row(*cells: Any) -> str:
    return "| " + " | ".join(map(_cell, cells)) + " |"


def _readme(program: Program, cores: tuple[Core, ...]) -> bytes:
    places: dict[str, list[int]] = {}
    for number, core in enumerate(cores):
        for part in core.parts:
            places.setdefault(part.population, []).append(number)
    rows = []
    for p in program.populations:
        shape = "x".join(map(str, p.shape))
        if p.neuron is None:
            rows.append(_row(p.name, shape, "outside", "", "", ""))
            continue
        held = registers(p, whole=True)
        where = places[p.name]
        on = f"{where[0]} to {where[-1]}" if len(where) > 1 else where[0]
        mantissas = sorted({int(m) for m in held.threshold})
        shown = f"{mantissas[0]} to {mantissas[-1]}" if len(mantissas) > 1 else mantissas[0]
        rows.append(_row(p.name, shape, on, shown, held.decay_u, held.decay_v))
    text = Template(README.read_text(encoding="utf-8")).substitute(
        name=program.name,
        cores=len(cores),
        all_cores=CORES.value,
        summary=summary(cores),
        steps=counted(program.steps_per_frame, "step"),
        every=every(program.steps_per_frame, "step"),
        first_answer=program.answer_step(0),
        populations="\n".join(rows),
        written="\n".join(f"* {n.what}" for n in written_between_steps(program)),
    )
    return text.encode()
