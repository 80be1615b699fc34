"""Runs a bundle on xylosim: one child process, then the host's part."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from snnc.backends.base import Emitted, Progress
from snnc.backends.child import run_script
from snnc.backends.payload_files import read_payload, read_payload_json
from snnc.errors import fail
from snnc.ir import Integers, Measured, Program, Shape, Trace, read_program, size
from snnc.sim import REFERENCE, simulate

from .emit import given_to_chip
from .host import heard_spikes
from .installed import ENVIRONMENT, XYLOSIM
from .layout import HIDDEN, INPUT, OUTPUT, Place
from .neuron import HIGHEST
from .saturation import currents
from .specification import Specification, unpack
from .target import INPUT_SPIKES

SCRIPT = Path(__file__).parent / "xylosim_script.py"
KEPT_BY = {HIDDEN: "hidden", OUTPUT: "outputs"}


@dataclass(frozen=True)
class Payload:
    """A bundle's payload, read again."""

    chip: Specification
    late: int
    places: tuple[tuple[Place, Shape], ...]
    readout: str
    hears: tuple[str, ...]
    host: Program


def read(folder: Path, files: dict[str, str]) -> Payload:
    """The payload from disk. Nothing in it is code.

    Raises:
        ValueError, KeyError, TypeError: it is damaged, or its parts do not fit each other.
    """
    chip = unpack(read_payload(folder / files["specification"]))
    data = read_payload_json(folder / files["mapping"])
    if data["format"] != 1:
        raise ValueError(f"{files['mapping']} has format {data['format']}, not 1")
    host = read_program(
        read_payload(folder / files["host"]),
        read_payload(folder / files["host weights"]),
        place=f"{folder}, the host's part",
    )
    found = []
    taken = {INPUT: 0, HIDDEN: 0, OUTPUT: 0}
    for entry in data["populations"]:
        shape = tuple(int(length) for length in entry["shape"])
        if min(shape, default=1) < 1:
            raise ValueError(f"a population of shape {shape}")
        place = Place(str(entry["name"]), str(entry["kind"]), int(entry["first"]), size(shape))
        if place.kind not in taken or place.first != taken[place.kind]:
            raise ValueError(f"{place.population} is in the wrong place")
        taken[place.kind] += place.size
        found.append((place, shape))
    there = dict(zip((INPUT, HIDDEN), chip.weights_in.shape, strict=True))
    there[OUTPUT] = chip.weights_out.shape[1]
    if taken != there:
        raise ValueError(f"the mapping has {taken} neurons, the specification {there}")
    hears = tuple(str(name) for name in data["readout"]["hears"])
    sizes = {place.population: place.size for place, _ in found}
    if sum(sizes[name] for name in hears) != size(host.input.shape):
        raise ValueError("the readout hears another number of neurons than its weights say")
    late = int(data["late"])
    if late < 0:
        raise ValueError(f"the chip begins {-late} steps before the program")
    return Payload(chip, late, tuple(found), str(data["readout"]["name"]), hears, host)


def run(
    engine: str,
    folder: Path,
    emitted: Emitted,
    spikes: Integers,
    *,
    time_limit: float,
    progress: Progress | None = None,
    potentials: bool = False,
) -> Trace:
    """Run a bundle from disk; see ``snnc.backends.base.Backend.run``."""
    python = _interpreter(engine)
    _refuse_input(spikes)
    try:
        payload = read(folder, emitted.files)
    except (ValueError, KeyError, TypeError) as problem:
        what, cure = f"the payload is damaged: {problem}", "compile again"
        raise fail("D455", what, where=str(folder), help=cure) from problem
    samples, steps = spikes.shape[:2]
    # The last spikes before the chip's first step would arrive in it.
    if payload.late > 1 and np.any(spikes[:, : payload.late - 1]):
        what = f"spikes before step {payload.late} of the program, with which the chip begins"
        raise fail("D454", what, where="input", help="begin the input later")
    given = given_to_chip(np.asarray(spikes, np.int64), payload.late)
    found = run_script(
        python,
        SCRIPT,
        engine=engine,
        arrays={**payload.chip.arrays(), "inputs": given},
        settings={"potentials": potentials},
        samples=samples,
        time_limit=time_limit,
        progress=progress,
    )
    trace = Trace(measured=(_measured(payload.chip, given, found["hidden"]),))
    for place, shape in payload.places:
        whole = np.zeros((samples, steps, place.size), np.int32)
        if place.kind == INPUT:
            whole[:] = spikes.reshape(samples, steps, -1)
        else:
            whole[:, payload.late :] = found[KEPT_BY[place.kind]][:, :, place.where]
        trace.spikes[place.population] = whole.reshape(samples, steps, *shape)
        if potentials and place.kind != INPUT:
            kept = np.zeros((samples, steps, place.size), np.int32)  # 0 before the chip begins
            kept[:, payload.late :] = found[f"potentials_{KEPT_BY[place.kind]}"][:, :, place.where]
            trace.potentials[place.population] = kept.reshape(samples, steps, *shape)
    heard = heard_spikes(payload.hears, {n: s.astype(np.int64) for n, s in trace.spikes.items()})
    answered = simulate(payload.host, heard, simulator=REFERENCE)
    trace.potentials[payload.readout] = answered.potentials[payload.host.readout.name]
    return trace


def _interpreter(engine: str) -> Path:
    if engine != XYLOSIM:
        what = f"xylo has no engine {engine!r}"
        raise fail("D604", what, where="--engine", help=f"choose {XYLOSIM}")
    python = ENVIRONMENT.python()
    if python is None:
        what = "xylosim 0.1.3 is not installed"
        raise fail("D601", what, where=str(ENVIRONMENT.folder), help="snnc targets install xylo")
    return python


def _refuse_input(spikes: Integers) -> None:
    low, high = int(np.min(spikes, initial=0)), int(np.max(spikes, initial=0))
    if high > INPUT_SPIKES.value:
        raise fail(
            "D454",
            f"{high} spikes of an input channel in one step; xylo takes {INPUT_SPIKES.value}",
            where="input",
            why=f"stated by {INPUT_SPIKES.source}; it would drop the rest silently",
            help="use smaller event counts, or shorter frames",
        )
    if low < 0:
        what, why = f"a count of {low}", "Xylo counts spikes, which cannot be negative"
        raise fail("D454", what, where="input", why=why, help="use event counts of 0 or more")


def _measured(chip: Specification, given: Integers, hidden: Integers) -> Measured:
    reached = currents(chip, given, hidden)
    return Measured(
        "neuron-steps in which a synaptic current may have saturated",
        float(reached.saturated),
        "",
        f"snnc, from xylosim's spikes: largest current {reached.largest} of {HIGHEST}, "
        f"{len(given)} samples",
    )
