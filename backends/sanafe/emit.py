"""Writes the payload: SANA-FE's two files, what the host does, and how to run them without snnc."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from snnc.backends.base import Emitted
from snnc.backends.payload_files import read_payload, read_payload_json
from snnc.backends.payload_names import strange_files
from snnc.errors import UserError
from snnc.ir import Integers, Kind, Program
from snnc.placement import (
    Placement,
    Wiring,
    placed,
    placement_notes,
    report,
    report_differences,
    report_text,
)

from .architecture import architecture
from .groups import Groups, groups_of, payload_range
from .mapping import Load, loads, mapping, notes
from .network import network
from .placement import Core, by_core, in_order, read_mapping, refuse_too_many, tiles_of
from .readme import readme
from .register import carried_state, changing, register
from .saturation import Payloads, carried
from .target import Options
from .wiring import LIMITS, as_placement, by_population, of_numbers, sanafe_wiring

ARCHITECTURE, NETWORK, HOST = "architecture.yaml", "network.yaml", "play.json"
MAPPING, PLACEMENT = "mapping.json", "placement.json"
README = "README.md"
PLAYER = Path(__file__).parent / "payload" / "play.py"
FILES = {"architecture": ARCHITECTURE, "network": NETWORK, "host": HOST, "placement": PLACEMENT}


@dataclass(frozen=True)
class Plan:
    """Groups, their places, and what each core holds.

    Attributes:
        report: of the placement, for ``placement.json``; without traffic where no spikes are known.
    """

    groups: Groups
    cores: tuple[Core, ...]
    held: tuple[Load, ...]
    report: dict[str, Any]


def planned(program: Program, options: Options, example: Integers | None) -> Plan:
    """Where everything of a program is.

    Raises:
        UserError: D433 more cores than the chip has; D123 a partitioner is not installed.
    """
    groups = groups_of(program, options.input_bits)
    wiring = sanafe_wiring(program, groups, example)
    ordered = in_order(groups)
    if options.placement == "order":
        placement = as_placement(wiring, ordered)
    else:
        placement = placed(wiring, LIMITS, options.placement)
        refuse_too_many(program, placement.cores)
    return _plan(program, groups, wiring, placement, example, ordered)


def _plan(
    program: Program,
    groups: Groups,
    wiring: Wiring,
    placement: Placement,
    example: Integers | None,
    ordered: tuple[Core, ...],
) -> Plan:
    if placement.method == "order":
        cores = ordered
    else:
        cores = by_core(groups, by_population(wiring, placement))
    counted_on = None if example is None else (len(example), example.shape[1])
    told = report(wiring, LIMITS, placement, counted_on, as_placement(wiring, ordered))
    return Plan(groups, cores, loads(program, groups, cores), told)


def contents(program: Program, input_bits: int, plan: Plan) -> dict[str, bytes]:
    """Every file of the payload by name: the same program and plan, the same bytes."""
    groups, cores = plan.groups, plan.cores
    payloads = payload_range(program, input_bits)
    texts = {
        ARCHITECTURE: architecture(tiles_of(cores)),
        NETWORK: network(program, groups, cores, payloads),
        HOST: _json(host(program, groups, cores, payloads)),
        MAPPING: _json(mapping(groups, cores, plan.held)),
        PLACEMENT: report_text(plan.report),
        README: readme(program, groups, cores),
    }
    return {
        **{name: text.encode() for name, text in texts.items()},
        PLAYER.name: PLAYER.read_bytes(),
    }


def emit(program: Program, folder: Path, options: Options, example: Integers | None) -> Emitted:
    """Write the payload into ``folder``."""
    plan = planned(program, options, example)
    for name, content in contents(program, options.input_bits, plan).items():
        (folder / name).write_bytes(content)
    said = notes(program, plan.groups, plan.cores, plan.held, options.input_bits)
    return Emitted(FILES, (*said, *placement_notes(program.name, plan.report)))


def differences(program: Program, folder: Path, options: Options) -> list[str]:
    """The files that are not, byte by byte, what the program makes them; the line where that begins.

    Where neurons are is what ``mapping.json`` says, which has to place each of them once, and in
    ``order`` as the program orders them. Behind the README's text may be what the compiler says of the
    input (``workflows/readme_input.py``), and in ``placement.json`` are messages that were counted
    when it was written.
    """
    groups = groups_of(program, options.input_bits)
    if not (folder / MAPPING).is_file():
        return [f"{MAPPING} is missing"]
    try:
        plan = _found(program, folder, groups, options)
    except (UserError, ValueError, KeyError, TypeError) as problem:
        return [f"{MAPPING} does not say where every neuron is: {problem}"]
    wrong = []
    written = contents(program, options.input_bits, plan)
    for name, meant in written.items():
        path = folder / name
        found = read_payload(path) if path.is_file() else None
        if found is None:
            wrong.append(f"{name} is missing")
        elif name == PLACEMENT:
            wrong += [f"{name}: {what}" for what in _other_report(plan, path)]
        elif found != meant and not (name == README and found.startswith(meant)):
            wrong.append(f"{name} is another file from line {_first_line(meant, found)} on")
    return [*wrong, *strange_files(folder, written)]


def _other_report(plan: Plan, path: Path) -> list[str]:
    try:
        return report_differences(plan.report, read_payload_json(path))
    except UserError as problem:
        return [problem.diagnostics[0].what]


def _found(program: Program, folder: Path, groups: Groups, options: Options) -> Plan:
    """The plan that a payload has.

    Raises:
        ValueError: what ``mapping.json`` says is no placement of the program.
    """
    wiring = sanafe_wiring(program, groups, None)
    ordered = in_order(groups)
    if options.placement == "order":
        placement = as_placement(wiring, ordered)
        return _plan(program, groups, wiring, placement, None, ordered)
    where = read_mapping(read_payload_json(folder / MAPPING), groups)
    placement = of_numbers(wiring, where, options.placement)
    return _plan(program, groups, wiring, placement, None, ordered)


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
