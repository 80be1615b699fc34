"""SANA-FE's network file: groups of neurons, synapses one a line, and which core each neuron is on."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from snnc.ir import Conv2d, Integers, Kind, Linear, Program, ProgramProjection

from .architecture import CONVOLUTION, DENDRITE, INPUTS, LIF, MATRIX, SPARSE
from .groups import Group, Groups
from .placement import Core
from .register import changing, register, soma
from .saturation import Payloads, carried

UNITS = {Conv2d: CONVOLUTION, Linear: MATRIX}


def network(program: Program, groups: Groups, cores: tuple[Core, ...], payloads: Payloads) -> str:
    """The file's text: the same program, the same bytes.

    Args:
        program: passed the checks.
        groups, cores: of the program.
        payloads: smallest and largest that the input can say.
    """
    lines = ["network:", "  name: snnc", "  groups:"]
    for group in groups.all:
        lines.extend(_group(program, group, payloads))
    lines.append("  edges:")
    for projection in program.projections:
        for speaker in groups.speakers(projection):
            lines.extend(_edges(program, groups, projection, speaker))
    lines.append("mappings:")
    for core in cores:
        lines.extend(_mapping(program, core))
    return "\n".join(lines) + "\n"


def number(value: float | Fraction) -> str:
    """The shortest text that reads back to the same double.

    Raises:
        ValueError: no double is equal to it.
    """
    near = float(value)
    if Fraction(near) != Fraction(value):
        raise ValueError(f"{value} is not a double")
    return repr(near)


def _group(program: Program, group: Group, payloads: Payloads) -> Iterator[str]:
    yield f"    - name: {group.name}"
    neuron = program.by_name[group.population].neuron
    if group.fed or neuron is None:
        yield "      attributes: { log_spikes: false, log_potential: false }"
        yield f"      neurons: [ 0..{group.size - 1}: {{ }} ]"
        return
    readout = program.by_name[group.population].kind is Kind.READOUT
    given = carried(program, group.population, payloads)
    states = changing(neuron)
    shared: list[str] = []
    own: dict[str, NDArray[np.float64]] = {}
    words = {**soma(neuron, given), "leak_decay": states["leak"], "bias": states["bias"]}
    for name, value in words.items():
        if isinstance(value, str):
            shared.append(f"{name}: {value}")
        elif np.ndim(value) == 0:
            shared.append(f"{name}: {number(float(value))}")
        else:
            own[name] = np.broadcast_to(
                np.asarray(value, np.float64), program.by_name[group.population].shape
            ).ravel()
    spikes = "false" if readout else "true"
    potential = "true" if readout or given else "false"
    yield (
        f"      attributes: {{ log_spikes: {spikes}, log_potential: {potential}, "
        f"soma: {{ {', '.join(shared)} }} }}"
    )
    yield "      neurons:"
    for first, last in _runs(own, group.size):
        said = ", ".join(f"{name}: {number(float(values[first]))}" for name, values in own.items())
        inner = f"{{ soma: {{ {said} }} }}" if said else "{ }"
        yield f"        - {first}..{last}: {inner}"


def _runs(own: dict[str, NDArray[np.float64]], count: int) -> Iterator[tuple[int, int]]:
    """The longest rows of neurons with the same values."""
    changes = np.zeros(max(count - 1, 0), bool)
    for values in own.values():
        changes |= values[1:] != values[:-1]
    edges = [0, *(np.flatnonzero(changes) + 1), count]
    for first, end in pairwise(edges):
        yield int(first), int(end) - 1


def _edges(
    program: Program, groups: Groups, projection: ProgramProjection, speaker: Group
) -> Iterator[str]:
    target = program.by_name[projection.target]
    if target.neuron is None:
        return
    worth = register(target.neuron).weight(projection.exponent, target.neuron.input_shift)
    worth *= speaker.worth
    to = groups.of(projection.target).name
    sources, targets, weights = synapses(program, projection)
    texts = {w: number(int(w) * worth) for w in np.unique(weights)}
    for i, j, w in zip(sources.tolist(), targets.tolist(), weights.tolist(), strict=True):
        yield f"    - {speaker.name}.{i} -> {to}.{j}: [ weight: {texts[w]} ]"


def synapses(program: Program, projection: ProgramProjection) -> tuple[Integers, Integers, Integers]:
    """Source, target and weight of every synapse that is not 0, by source and then by target."""
    matrix = projection.op.matrix(program.by_name[projection.source].shape).tocoo()
    kept = matrix.data != 0
    sources, targets = matrix.col[kept].astype(np.int64), matrix.row[kept].astype(np.int64)
    order = np.lexsort((targets, sources))
    weights = np.asarray(matrix.data[kept], np.int64)
    return sources[order], targets[order], weights[order]


def _mapping(program: Program, core: Core) -> Iterator[str]:
    for span in core.spans:
        if span.group.fed:
            for n in range(span.count):
                yield (
                    f"  - {span.group.name}.{span.first + n}: [ core: {core.address}, "
                    f'soma: "{INPUTS}[{span.place + n}]" ]'
                )
            continue
        unit = _synapse_unit(program, span.group.population)
        yield (
            f"  - {span.group.name}.{span.first}..{span.last}: [ core: {core.address}, soma: {LIF}, "
            f"synapse: {unit}, dendrite: {DENDRITE} ]"
        )


def _synapse_unit(program: Program, population: str) -> str:
    """The unit of what arrives at a population; the sparse one where kinds differ."""
    units = {UNITS.get(type(p.op), SPARSE) for p in program.into(population)}
    return units.pop() if len(units) == 1 else SPARSE
