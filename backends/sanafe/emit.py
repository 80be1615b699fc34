"""Writes the payload: SANA-FE's two files, what the host does, and how to run them without snnc."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from snnc.backends.base import Emitted
from snnc.backends.payload_files import read_payload
from snnc.backends.payload_names import strange_files
from snnc.ir import Kind, Program

from .architecture import architecture
from .groups import Groups, groups_of, payload_range
from .mapping import Load, loads, mapping, notes
from .network import network
from .placement import Core, place, tiles_of
from .readme import readme
from .register import carried_state, changing, register
from .saturation import Payloads, carried

ARCHITECTURE, NETWORK, HOST = "architecture.yaml", "network.yaml", "play.json"
README = "README.md"
PLAYER = Path(__file__).parent / "payload" / "play.py"
FILES = {"architecture": ARCHITECTURE, "network": NETWORK, "host": HOST}


Plan = tuple[Groups, tuple[Core, ...], tuple[Load, ...]]
"""Groups, their places, and what each core holds."""


def planned(program: Program, input_bits: int) -> Plan:
    """Where everything of a program is."""
    groups = groups_of(program, input_bits)
    cores = place(groups)
    return groups, cores, loads(program, groups, cores)


def contents(program: Program, input_bits: int, plan: Plan | None = None) -> dict[str, bytes]:
    """Every file of the payload by name: the same program, the same bytes."""
    groups, cores, held = plan or planned(program, input_bits)
    payloads = payload_range(program, input_bits)
    texts = {
        ARCHITECTURE: architecture(tiles_of(cores)),
        NETWORK: network(program, groups, cores, payloads),
        HOST: _json(host(program, groups, cores, payloads)),
        "mapping.json": _json(mapping(groups, cores, held)),
        README: readme(program, groups, cores),
    }
    return {
        **{name: text.encode() for name, text in texts.items()},
        PLAYER.name: PLAYER.read_bytes(),
    }


def emit(program: Program, folder: Path, input_bits: int) -> Emitted:
    """Write the payload into ``folder``."""
    plan = planned(program, input_bits)
    for name, content in contents(program, input_bits, plan).items():
        (folder / name).write_bytes(content)
    return Emitted(FILES, tuple(notes(program, *plan, input_bits)))


def differences(program: Program, folder: Path, input_bits: int) -> list[str]:
    """The files that are not, byte by byte, what the program makes them; the line where that begins.

    Behind the README's text may be what the compiler says of the input (``workflows/readme_input.py``).
    """
    wrong = []
    written = contents(program, input_bits)
    for name, meant in written.items():
        path = folder / name
        found = read_payload(path) if path.is_file() else None
        if found is None:
            wrong.append(f"{name} is missing")
        elif found != meant and not (name == README and found.startswith(meant)):
            wrong.append(f"{name} is another file from line {_first_line(meant, found)} on")
    return [*wrong, *strange_files(folder, written)]


def _first_line(meant: bytes, found: bytes) -> int:
    ours, theirs = meant.splitlines(), found.splitlines()
    same = (n for n, (a, b) in enumerate(zip(ours, theirs, strict=False), 1) if a != b)
    return next(same, min(len(ours), len(theirs)) + 1)


def host(
    program: Program, groups: Groups, cores: tuple[Core, ...], payloads: Payloads
) -> dict[str, Any]:
    """The content of ``play.json``: what the host does that the files cannot say."""
    populations = []
    for group in groups.neurons:
        population = program.by_name[group.population]
        neuron = population.neuron
        if neuron is None:
            continue
        kept = register(neuron)
        readout = population.kind is Kind.READOUT
        given = carried(program, group.population, payloads)
        entry: dict[str, Any] = {
            "population": population.name,
            "group": group.name,
            "size": group.size,
            "shape": list(population.shape),
            "readout": readout,
            "logged": readout or given,
            "carried": given,
            "scale": kept.scale,
            "offset": kept.offset,
        }
        for states in (changing(neuron), carried_state(neuron) if given else {}):
            entry.update((name, _plain(value, population.shape)) for name, value in states.items())
        populations.append(entry)
    return {
        "input": program.input.name,
        "payloads": list(payloads),
        "cores": len(cores),
        "tiles": tiles_of(cores),
        "populations": populations,
        "inputs": [{"group": g.name, "delay": g.delay, "bit": g.bit} for g in groups.inputs],
        "echoes": [
            {"group": g.name, "of": groups.of(g.population).name, "delay": g.delay}
            for g in groups.echoes
        ],
    }


def _plain(value: Any, shape: tuple[int, ...]) -> Any:
    """A number, or the population's numbers in a row where they differ."""
    if np.ndim(value) == 0:
        return np.asarray(value).item()
    whole = np.broadcast_to(np.asarray(value), shape).ravel()
    return whole[0].item() if whole.size and np.all(whole == whole[0]) else whole.tolist()


def _json(content: Mapping[str, Any]) -> str:
    return json.dumps(content, indent=1) + "\n"
