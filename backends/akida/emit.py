"""Writes the payload: layers as data, the script that makes a model of them, and a README."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from string import Template
from typing import Any

import numpy as np

from snnc.backends.base import Emitted
from snnc.errors import Diagnostic, Severity, counted
from snnc.ir import Program, pack_arrays, size

from .chips import Chip, chip_of
from .layout import (
    CONVOLUTION,
    DENSE,
    FRAME,
    WHOLE,
    Chain,
    Place,
    activations,
    blocks_of,
    chain_of,
    for_neurons,
    frame_size,
    frame_weights,
    layer_weights,
    members,
    powers,
)
from .shifted import shifted
from .stored import Activation, Stored, base, bias, stored_in
from .target import ACTIVATION_BITS
from .target_v2 import NARROW_LEVELS

README = Path(__file__).parent / "readme.md.in"
README_FILE = "README.md"
SCRIPT = Path(__file__).parent / "payload" / "akida_network.py"
FILES = {"network": "network.json", "layers": "layers.npz", "script": SCRIPT.name}

VARIABLES = {1: "thresholds and steps", 2: "biases, shifts to the right and largest values"}
HARDWARE = {
    1: "Put the card into the computer, install its driver as BrainChip says (`akida devices` lists it "
    "then).",
    2: "Akida 2.0 is an IP of BrainChip: a card is here what has it, and `akida devices` lists it.",
}
"""What the README says."""

REGISTER = (
    "current_decay",
    "potential_decay",
    "input_shift",
    "state_bits",
    "bias_start",
    "bias_interval",
    "clear_interval",
    "clear_offset",
)
"""What the host must know of the readout's neurons, beside start value and bias."""

Arrays = dict[str, Any]
NARROW, WIDE = 4, 8
"""Bits of version 2."""


def contents(program: Program, device: str) -> dict[str, bytes]:
    """Every file by name; the same program gives the same bytes."""
    chip = chip_of(device)
    chain = chain_of(program, chip)
    arrays: Arrays = {}
    about = {
        "format": 1,
        "version": chip.version,
        "device": device,
        "way": FRAME if chain is None else WHOLE,
        "turned": chain is not None and chain.turned,
        "input": {"name": program.input.name, "shape": list(program.input.shape)},
        **(_by_frame(program, chip, arrays) if chain is None else _whole(program, chain, chip, arrays)),
    }
    return {
        FILES["network"]: (json.dumps(about, indent=1) + "\n").encode(),
        FILES["layers"]: pack_arrays(arrays),
        FILES["script"]: SCRIPT.read_bytes(),
        README_FILE: _readme(program, chip, chain).encode(),
    }


def emit(program: Program, folder: Path, device: str) -> Emitted:
    """Write the payload into ``folder``."""
    for name, content in contents(program, device).items():
        (folder / name).write_bytes(content)
    return Emitted(dict(FILES), tuple(_effects(program, chip_of(device))))


def _effects(program: Program, chip: Chip) -> Iterator[Diagnostic]:
    chain = chain_of(program, chip)
    if chain is None:
        inputs, units = frame_size(program)
        what = "the card computes one frame, a dense layer of "
        what += f"{counted(inputs, 'input')} and {counted(units, 'unit')}; the host keeps past frames, "
        what += "hands them back, and adds up the readout"
        why = "it is not a chain of populations, and the chip's layers are one"
        yield Diagnostic("N797", what, program.name, why, "", Severity.NOTE)
        return
    for place in chain.places:
        if place.why_dense:
            weights = size(place.given) * size(program.by_name[place.population].shape)
            what = f"the convolution becomes a dense layer of {counted(weights, 'weight')}"
            where = place.projection.origin or place.projection.label
            yield Diagnostic("N798", what, where, place.why_dense, "", Severity.NOTE)


def _whole(program: Program, chain: Chain, chip: Chip, arrays: Arrays) -> dict[str, Any]:
    found = [stored_in(program, place.population, chip) for place in chain.places]
    widths = _widths(program, chain, chip, found)
    layers = []
    for number, (place, weights) in enumerate(zip(chain.places, found, strict=True)):
        about = _layer(program, chain, number, weights, chip, arrays)
        layers.append(about | widths[number] | _state(number, place.population, program, chip, arrays))
    return {"layers": layers, "readout": _readout(program, arrays, power=found[-1].power)}


def _widths(program: Program, chain: Chain, chip: Chip, found: list[Stored]) -> list[dict[str, int]]:
    """Bits of each layer's inputs, weights and, but for the last, levels.

    Version 1 takes 4 bits of input everywhere. Version 2 takes inputs of 4 bits only with weights of 4,
    and weights of 4 bits only where levels have 4 (its messages where others are mapped): decided from
    the readout to the input; all others have 8.
    """
    least = [chip.width(w.largest, w.least) for w in found]
    levels = [program.by_name[p.population].dynamics.levels for p in chain.places[:-1]]
    if chip.version == 1:
        sent = [{"act_bits": ACTIVATION_BITS[n]} for n in levels]
        return [{"weights_bits": w} | b for w, b in zip(least, [*sent, {}], strict=True)]
    narrow = chain.places[-1].kind == DENSE and least[-1] <= NARROW
    rows = [{"weights_bits": NARROW if narrow else WIDE}]
    for weights, most in zip(reversed(least[:-1]), reversed(levels), strict=True):
        sends_narrow = narrow and most <= NARROW_LEVELS
        rows[0]["input_bits"] = NARROW if sends_narrow else WIDE
        narrow = sends_narrow and weights <= NARROW
        bits = {"weights_bits": NARROW if narrow else WIDE, "act_bits": rows[0]["input_bits"]}
        rows.insert(0, bits)
    rows[0]["input_bits"] = WIDE
    return rows


def _layer(
    program: Program, chain: Chain, number: int, found: Stored, chip: Chip, arrays: Arrays
) -> dict[str, Any]:
    place = chain.places[number]
    population = program.by_name[place.population]
    weights = layer_weights(place, chain.turned, found, chip)
    arrays[f"weights_{number}"] = weights.astype(np.int8)
    about: dict[str, Any] = {
        "population": place.population,
        "kind": place.kind,
        "shape": list(population.shape),
        "given": _given(place),
        "units": weights.shape[3],
        "late": place.projection.delay + 1,
    }
    if place.kind == CONVOLUTION:
        op: Any = place.projection.op
        about |= {"kernel": op.weight.shape[2], "stride": op.stride[0]}
    if population is not program.readout:
        act = activations(program, chip)[place.population]
        arrays |= {
            f"{name}_{number}": for_neurons(values, population, place.kind).astype(kind)
            for name, (values, kind) in _variables(act, population.dynamics.levels, chip).items()
        }
    return about


def _variables(act: Activation, levels: int, chip: Chip) -> dict[str, tuple[Any, Any]]:
    """An activation as the layer's variables, each with its type; for all, by channel or by neuron."""
    if chip.version == 1:
        return {"threshold": (act.threshold, np.int32), "act_step": (act.parameter / 4, np.float32)}
    found = shifted(act)
    return {
        "layer_bias": (found.bias, np.int8),
        "bias_shift": (found.bias_shift, np.uint8),
        "shift": (found.shift, np.uint8),
        "max_value": (np.asarray(levels), np.uint8),
    }


def _given(place: Place) -> list[int]:
    """What a layer is given: (x, y, channels), or (1, 1, inputs)."""
    return list(place.given[::-1]) if place.maps else [1, 1, size(place.given)]


def _state(number: int, name: str, program: Program, chip: Chip, arrays: Arrays) -> dict[str, Any]:
    """What the host must know of a population to tell its potential and when it begins."""
    if name == program.readout.name:
        return {}
    shape, neuron = program.by_name[name].shape, program.by_name[name].dynamics
    arrays[f"base_{number}"] = np.ascontiguousarray(np.broadcast_to(base(neuron), shape))
    arrays[f"bias_{number}"] = np.ascontiguousarray(np.broadcast_to(bias(neuron), shape))
    return {
        "first": neuron.bias_start,
        "bias_start": neuron.bias_start,
        "power": powers(program, chip)[name],
        "input_shift": neuron.input_shift,
    }


def _by_frame(program: Program, chip: Chip, arrays: Arrays) -> dict[str, Any]:
    acts, inside = activations(program, chip), members(program)
    inputs, units = frame_size(program)
    layers, populations = [], []
    if inside:
        arrays["weights_0"] = frame_weights(program, chip).astype(np.int8)
        values: dict[str, list[Any]] = {}
        begin = 0
        for number, p in enumerate(inside):
            for name, (each, kind) in _variables(acts[p.name], p.dynamics.levels, chip).items():
                values.setdefault(name, []).append(for_neurons(each, p, DENSE).astype(kind))
            state = _state(number, p.name, program, chip, arrays)
            place = {"name": p.name, "shape": list(p.shape), "begin": begin, "size": size(p.shape)}
            populations.append(place | state)
            begin += size(p.shape)
        arrays |= {f"{name}_0": np.concatenate(parts) for name, parts in values.items()}
        layers.append(
            {"kind": DENSE, "given": [1, 1, inputs], "units": units} | _frame_widths(program, chip)
        )
    hears = []
    for number, q in enumerate(program.into(program.readout.name)):
        matrix = np.rint(q.op.matrix(program.by_name[q.source].shape).toarray())
        arrays[f"readout_weights_{number}"] = matrix.astype(np.int64)
        hears.append({"source": q.source, "delay": q.delay, "exponent": q.exponent})
    return {
        "inputs": inputs,
        "layers": layers,
        "blocks": [{"source": b.source, "delay": b.delay} for b in blocks_of(program)],
        "populations": populations,
        "readout": _readout(program, arrays, hears=hears, size=size(program.readout.shape)),
    }


def _frame_widths(program: Program, chip: Chip) -> dict[str, int]:
    """As ``_widths``, of the layer that computes a frame."""
    if chip.version != 1:
        return {"weights_bits": WIDE, "act_bits": WIDE, "input_bits": WIDE}
    found = [stored_in(program, p.name, chip) for p in members(program)]
    bits = ACTIVATION_BITS[members(program)[0].dynamics.levels]
    return {"weights_bits": max(chip.width(w.largest, w.least) for w in found), "act_bits": bits}


def _readout(program: Program, arrays: Arrays, **more: Any) -> dict[str, Any]:
    """The readout's register, which the host keeps."""
    readout, neuron = program.readout, program.readout.dynamics
    arrays["readout_start"] = np.ascontiguousarray(np.broadcast_to(neuron.start_value, readout.shape))
    arrays["readout_bias"] = np.ascontiguousarray(np.broadcast_to(bias(neuron), readout.shape))
    return {
        "name": readout.name,
        "shape": list(readout.shape),
        "after": readout.start,
        **{name: getattr(neuron, name) for name in REGISTER},
        **more,
    }


def named(population: str) -> str:
    """A population's name as a table may hold it."""
    return population.replace("|", "\\|")


def _readme(program: Program, chip: Chip, chain: Chain | None) -> str:
    if chain is None:
        inputs, units = frame_size(program)
        way = f"The card computes a frame as one dense layer of {inputs} inputs and {units} units. "
        way += "The host puts the inputs together from the counts and the levels of earlier frames "
        way += "(`blocks` of `network.json`), and adds up the readout."
    else:
        way = "The card computes the whole network, frame by frame; the host adds up the readout."
        if chain.turned:
            way += "\nMaps are turned by 180 degrees on the chip: its padding lies on the other side."
    rows = [
        f"| {named(p.name)} | {' x '.join(map(str, p.shape))} | {p.dynamics.levels} |"
        for p in members(program)
    ]
    return Template(README.read_text(encoding="utf-8")).substitute(
        name=program.name,
        device=chip.device.upper() if chip.version == 1 else chip.device,
        version=f"{chip.version}.0",
        low=chip.least_input.value,
        high=chip.most_input.value,
        variables=VARIABLES[chip.version],
        hardware=HARDWARE[chip.version],
        input=" x ".join(map(str, program.input.shape)),
        way=way,
        rows="\n".join(rows) or "| (none) | | |",
        readout=program.readout.name,
    )
