"""Writes the bundle's payload: the chip's configuration, the host's part, and a README."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from string import Template
from typing import Any

import numpy as np

from snnc.backends.base import Emitted
from snnc.errors import Diagnostic, Severity, counted
from snnc.ir import Integers, Kind, Program, write_program
from snnc.sim import simulate

from .host import host_program, sources
from .layout import HIDDEN, INPUT, OUTPUT, Layout, Place, lay_out
from .neuron import HIGHEST
from .saturation import currents
from .specification import Specification, specify
from .target import INPUT_SPIKES

README = Path(__file__).parent / "readme.md.in"
README_FILE = "README.md"
MORE_ROOM = "use --set 'common-weight-shifts{headroom=64}', or train with smaller weights"
FOLDER = "xylo"
FILES = {
    "specification": f"{FOLDER}/specification.npz",
    "mapping": f"{FOLDER}/mapping.json",
    "host": f"{FOLDER}/readout.json",
    "host weights": f"{FOLDER}/readout.npz",
}


def payload(program: Program) -> dict[str, bytes]:
    """The files that the engine reads, by role; the same program gives the same bytes."""
    layout = lay_out(program)
    host = write_program(host_program(program))
    return {
        "specification": specify(layout).pack(),
        "mapping": (json.dumps(mapping(program, layout), indent=1) + "\n").encode(),
        "host": host["program.json"],
        "host weights": host["weights.npz"],
    }


def mapping(program: Program, layout: Layout) -> dict[str, Any]:
    """Which population is where, and what the host must know of time."""
    return {
        "format": 1,
        "late": layout.late,
        "populations": [
            {
                "name": place.population,
                "kind": place.kind,
                "first": place.first,
                "shape": list(program.by_name[place.population].shape),
            }
            for place in layout.places
        ],
        "readout": {"name": program.readout.name, "hears": list(sources(program))},
    }


def emit(program: Program, folder: Path, example: Integers | None = None) -> Emitted:
    """Write the payload into ``folder``."""
    (folder / FOLDER).mkdir()
    for role, content in payload(program).items():
        (folder / FILES[role]).write_bytes(content)
    layout = lay_out(program)
    (folder / README_FILE).write_text(_readme(program, layout), encoding="utf-8")
    return Emitted(FILES, tuple(_effects(program, layout, example)))


def _effects(program: Program, layout: Layout, example: Integers | None) -> Iterator[Diagnostic]:
    kinds = {place.population: place for place in layout.places}
    heard = [kinds[name] for name in sources(program)]
    inside = [f"{p.size} of {p.population}" for p in heard if p.kind == HIDDEN]
    if inside:
        yield Diagnostic(
            "N747",
            f"the host reads spikes of hidden neurons ({', '.join(inside)}) and adds them up",
            program.readout.origin or program.readout.name,
            "only spikes of output neurons leave the chip by themselves; hidden ones are recorded",
            "",
            Severity.NOTE,
        )
    if example is None or not len(example):
        return
    most = int(np.max(example))
    if most > INPUT_SPIKES.value:
        yield Diagnostic(
            "N743",
            f"calibration data have {counted(most, 'spike')} of an input channel in one step; xylo "
            "takes "
            f"{INPUT_SPIKES.value}",
            program.input.origin or program.input.name,
            f"stated by {INPUT_SPIKES.source}; snnc run adds up all of them, the chip drops the rest",
            f"cut counts at {INPUT_SPIKES.value}, and train with such counts",
            Severity.WARNING,
        )
    trace = simulate(program, example)
    hidden = gathered(layout, {n: np.asarray(s, np.int64) for n, s in trace.spikes.items()}, HIDDEN)
    given = given_to_chip(np.asarray(example, np.int64), layout.late)
    reached = currents(specify(layout), given, hidden[:, layout.late :])
    severity = Severity.WARNING if reached.saturated else Severity.NOTE
    yield Diagnostic(
        "N749",
        f"currents reached {reached.largest} of {HIGHEST} on {len(example)} example inputs of "
        f"{counted(example.shape[1], 'step')}; they exceeded 16 bits in {reached.saturated} "
        "neuron-steps",
        program.name,
        "there Xylo clamps spike by spike, the program once a step; it is not "
        "proved that no input does so",
        MORE_ROOM if reached.saturated else "",
        severity,
    )


def gathered(layout: Layout, spikes: dict[str, Integers], kind: str) -> Integers:
    """The spikes of all populations of one kind side by side, (samples, steps, neurons)."""
    found = [spikes[p.population] for p in layout.of(kind)]
    flat = [s.reshape(*s.shape[:2], -1) for s in found]
    samples, steps = next(iter(spikes.values())).shape[:2]
    return np.concatenate([np.zeros((samples, steps, 0), np.int64), *flat], axis=2)


def given_to_chip(spikes: Integers, late: int) -> Integers:
    """What the chip is given in each of its steps, (samples, steps - late, inputs).

    In the program a spike of the input arrives one step after it, on the chip in its own step; the
    chip's step 1 is the program's step ``late + 1``.
    """
    flat = spikes.reshape(*spikes.shape[:2], -1)
    shifted = np.concatenate([np.zeros_like(flat[:, :1]), flat[:, :-1]], axis=1)
    return np.asarray(shifted[:, late:])


def _row(place: Place) -> str:
    name, last = place.population.replace("|", "\\|"), place.first + place.size - 1
    return f"| {name} | {place.kind} | {place.first} to {last} |"


def _readme(program: Program, layout: Layout) -> str:
    chip: Specification = specify(layout)
    counts = {kind: sum(p.size for p in layout.of(kind)) for kind in (INPUT, HIDDEN, OUTPUT)}
    heard = ", ".join(sources(program))
    rows = [_row(p) for p in layout.places]
    biases = bool(np.any(chip.bias_hidden) or np.any(chip.bias_out))
    return Template(README.read_text(encoding="utf-8")).substitute(
        name=program.name,
        inputs=counts[INPUT],
        hidden=counts[HIDDEN],
        outputs=counts[OUTPUT],
        rows="\n".join(rows),
        late=layout.late,
        first_answer=program.answer_step(0),
        steps_per_frame=program.steps_per_frame,
        readout=program.readout.name,
        heard=heard,
        biases="It has biases." if biases else "It has no biases.",
        neurons=sum(1 for p in program.populations if p.kind is Kind.NEURONS),
    )
