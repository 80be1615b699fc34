"""Runs a bundle on xylosim: one child process, then the host's part."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from snnc.backends.base import Emitted, Progress
from snnc.backends.child import run_script
from snnc.backends.engine_messages import count_too_large, no_engine, not_installed
from snnc.backends.payload_files import CURE, DAMAGED, damaged, read_payload, read_payload_json
from snnc.errors import counted, fail
from snnc.ir import Integers, Measured, Program, Shape, Trace, read_program, size
from snnc.ir.json_fields import Fields
from snnc.ir.program_ranges import DIMENSIONS, STEPS, WORD
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
        ValueError, KeyError, TypeError, UserError: it is damaged, or its parts do not fit each other.
    """
    chip = unpack(read_payload(folder / files["specification"]))
    path = folder / files["mapping"]
    fields = Fields(read_payload_json(path), str(path), DAMAGED, CURE)
    fields.whole("format", 1, 1)
    late = fields.whole("late", 0, STEPS)
    host = read_program(
        read_payload(folder / files["host"]),
        read_payload(folder / files["host weights"]),
        place=f"{folder}, the host's part",
    )
    found = _places(fields, chip)
    readout = Fields(fields.take("readout"), f"{path}, readout", DAMAGED, CURE)
    fields.done()
    name, hears = readout.text("name"), readout.texts("hears")
    readout.done()
    if name != host.readout.name:
        what = f"name is {name!r:.100}, the host's part has {host.readout.name!r:.100}"
        raise readout.refusal(what, "name")
    sizes = {place.population: place.size for place, _ in found}
    for number, heard in enumerate(hears):
        if heard not in sizes or heard in hears[:number]:
            raise readout.refusal(f"{heard!r:.100} is not on the chip, or is read twice", "hears")
    if name in sizes:
        raise readout.refusal(f"{name!r:.100} is on the chip as well", "name")
    if sum(sizes[heard] for heard in hears) != size(host.input.shape):
        raise readout.refusal("it reads another number of neurons than it has weights for", "hears")
    return Payload(chip, late, found, name, hears, host)


def _places(fields: Fields, chip: Specification) -> tuple[tuple[Place, Shape], ...]:
    """Where the populations are: one behind the other, all channels and neurons of the chip."""
    found: list[tuple[Place, Shape]] = []
    taken = {INPUT: 0, HIDDEN: 0, OUTPUT: 0}
    for number, data in enumerate(fields.objects("populations")):
        entry = Fields(data, f"{fields.where}, population {number}", DAMAGED, CURE)
        name, kind = entry.text("name"), entry.word("kind", tuple(taken))
        first, shape = entry.whole("first", 0, WORD), entry.wholes("shape", 1, WORD)
        entry.done()
        if not 1 <= len(shape) <= DIMENSIONS:
            raise entry.refusal(f"its shape has {len(shape)} axes", "shape")
        place = Place(name, kind, first, size(shape))
        if first != taken[kind]:
            raise entry.refusal(f"first is {first}, the one before it ends at {taken[kind]}", "first")
        if any(name == other.population for other, _ in found):
            raise entry.refusal(f"{name!r:.100} occurs twice", "name")
        taken[kind] += place.size
        found.append((place, shape))
    there = dict(zip((INPUT, HIDDEN), chip.weights_in.shape, strict=True))
    there[OUTPUT] = chip.weights_out.shape[1]
    if taken != there:
        raise fields.refusal(f"it has {taken} neurons, the specification {there}", "populations")
    return tuple(found)


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
        what = f"the payload is damaged: {problem}"
        raise damaged(what, folder) from problem
    samples, steps = spikes.shape[:2]
    # The last spikes before the chip's first step would arrive in it.
    if payload.late > 1 and np.any(spikes[:, : payload.late - 1]):
        what = f"spikes before step {payload.late} of the program, the chip's first step"
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
        raise no_engine("xylo", engine, [XYLOSIM])
    python = ENVIRONMENT.python()
    if python is None:
        what, how = "xylosim 0.1.3 is not installed", "snnc targets install xylo"
        raise not_installed(what, how, str(ENVIRONMENT.folder))
    return python


def _refuse_input(spikes: Integers) -> None:
    low, high = int(np.min(spikes, initial=0)), int(np.max(spikes, initial=0))
    if high > INPUT_SPIKES.value:
        what = f"{high} spikes of an input channel in one step; xylo takes {INPUT_SPIKES.value}"
        why = f"stated by {INPUT_SPIKES.source}; it would drop the rest silently"
        raise count_too_large(what, why)
    if low < 0:
        what, why = f"a count of {low}", "Xylo counts spikes, which cannot be negative"
        raise fail("D470", what, where="input", why=why, help="use event counts of 0 or more")


def _measured(chip: Specification, given: Integers, hidden: Integers) -> Measured:
    reached = currents(chip, given, hidden)
    return Measured(
        "neuron-steps in which a synaptic current may have saturated",
        float(reached.saturated),
        "",
        f"snnc, from xylosim's spikes: largest current {reached.largest} of {HIGHEST}, "
        f"{counted(len(given), 'sample')}",
    )
