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
from snnc.ir import Integers, Program, pack_arrays, size

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
from .stored import base, bias, stored

README = Path(__file__).parent / "readme.md.in"
README_FILE = "README.md"
SCRIPT = Path(__file__).parent / "payload" / "akida_network.py"
FILES = {"network": "network.json", "layers": "layers.npz", "script": SCRIPT.name}

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


def contents(program: Program, device: str) -> dict[str, bytes]:
    """Every file by name; the same program gives the same bytes."""
    chain = chain_of(program)
    arrays: Arrays = {}
    about = {
        "format": 1,
        "device": device,
        "way": FRAME if chain is None else WHOLE,
        "turned": chain is not None and chain.turned,
        "input": {"name": program.input.name, "shape": list(program.input.shape)},
        **(_by_frame(program, arrays) if chain is None else _whole(program, chain, arrays)),
    }
    return {
        FILES["network"]: (json.dumps(about, indent=1) + "\n").encode(),
        FILES["layers"]: pack_arrays(arrays),
        FILES["script"]: SCRIPT.read_bytes(),
        README_FILE: _readme(program, device, chain).encode(),
    }


def emit(program: Program, folder: Path, device: str) -> Emitted:
    """Write the payload into ``folder``."""
    for name, content in contents(program, device).items():
        (folder / name).write_bytes(content)
    return Emitted(dict(FILES), tuple(_effects(program)))


def _effects(program: Program) -> Iterator[Diagnostic]:
    chain = chain_of(program)
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


def _whole(program: Program, chain: Chain, arrays: Arrays) -> dict[str, Any]:
    layers = [_layer(program, chain, n, place, arrays) for n, place in enumerate(chain.places)]
    last = chain.places[-1].projection
    return {"layers": layers, "readout": _readout(program, arrays, power=stored((last,)).power)}


def _layer(program: Program, chain: Chain, number: int, place: Place, arrays: Arrays) -> dict[str, Any]:
    population, found = program.by_name[place.population], stored((place.projection,))
    weights = layer_weights(place, chain.turned, found)
    arrays[f"weights_{number}"] = weights.astype(np.int8)
    about: dict[str, Any] = {
        "population": place.population,
        "kind": place.kind,
        "shape": list(population.shape),
        "given": _given(place, number, chain),
        "units": weights.shape[3],
        "weights_bits": found.bits,
        "late": place.projection.delay + 1,
    }
    if place.kind == CONVOLUTION:
        op: Any = place.projection.op
        about |= {"kernel": op.weight.shape[2], "stride": op.stride[0]}
    if population is program.readout:
        return about
    act = activations(program)[place.population]
    threshold = for_neurons(act.threshold, population, place.kind)
    arrays[f"threshold_{number}"] = threshold.astype(np.int32)
    arrays[f"act_step_{number}"] = _steps(for_neurons(act.parameter, population, place.kind))
    return about | {"act_bits": act.bits} | _state(number, place.population, program, arrays)


def _given(place: Place, number: int, chain: Chain) -> list[int]:
    """What a layer is given: (x, y, channels), or (1, 1, inputs)."""
    maps = len(place.given) == 3 and (number == 0 or chain.places[number - 1].kind == CONVOLUTION)
    return list(place.given[::-1]) if maps else [1, 1, size(place.given)]


def _steps(parameter: Integers) -> Any:
    return (parameter / 4).astype(np.float32)


def _state(number: int, name: str, program: Program, arrays: Arrays) -> dict[str, Any]:
    """What the host must know of a population to tell its potential and when it begins."""
    shape, neuron = program.by_name[name].shape, program.by_name[name].dynamics
    arrays[f"base_{number}"] = np.ascontiguousarray(np.broadcast_to(base(neuron), shape))
    arrays[f"bias_{number}"] = np.ascontiguousarray(np.broadcast_to(bias(neuron), shape))
    return {
        "first": neuron.bias_start,
        "bias_start": neuron.bias_start,
        "power": powers(program)[name],
        "input_shift": neuron.input_shift,
    }


def _by_frame(program: Program, arrays: Arrays) -> dict[str, Any]:
    acts, inside = activations(program), members(program)
    inputs, units = frame_size(program)
    layers, populations = [], []
    if inside:
        arrays["weights_0"] = frame_weights(program).astype(np.int8)
        values: dict[str, list[Integers]] = {"threshold": [], "step": []}
        begin = 0
        for number, p in enumerate(inside):
            act = acts[p.name]
            values["threshold"].append(for_neurons(act.threshold, p, DENSE))
            values["step"].append(for_neurons(act.parameter, p, DENSE))
            state = _state(number, p.name, program, arrays)
            place = {"name": p.name, "shape": list(p.shape), "begin": begin, "size": size(p.shape)}
            populations.append(place | state)
            begin += size(p.shape)
        arrays["threshold_0"] = np.concatenate(values["threshold"]).astype(np.int32)
        arrays["act_step_0"] = _steps(np.concatenate(values["step"]))
        bits = max((stored(program.into(p.name)).bits for p in inside), default=1)
        layers.append(
            {
                "kind": DENSE,
                "given": [1, 1, inputs],
                "units": units,
                "weights_bits": bits,
                "act_bits": next(iter(acts.values())).bits,
            }
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


def _readme(program: Program, device: str, chain: Chain | None) -> str:
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
        device=device.upper(),
        input=" x ".join(map(str, program.input.shape)),
        way=way,
        rows="\n".join(rows) or "| (none) | | |",
        readout=program.readout.name,
    )
