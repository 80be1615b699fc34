"""What the engines' scripts are given: the chip's integers as plain arrays, and the cores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.ir import Integers, Program, ProgramPopulation, size

from .places import Split, in_order
from .readouts import collecting_steps
from .registers import chip_exponent, neuron_of, registers

INPUT = -1
"""Stands for the input among the numbers of populations."""


@dataclass(frozen=True, eq=False)
class Staged:
    """Arrays and settings for ``snnc.backends.child.run_script``.

    Attributes:
        arrays: ``decay_u``, ``decay_v``, ``threshold``, ``bias``, ``start``: a value a compartment, one
            population after the other. ``order{i}``: population i's neurons as parts of cores count
            them. ``weights{i}``, ``ends{i}``, ``targets{i}``: the synapses of projection i,
            source by source. ``events``, ``event_ends``: indices of the input's spikes, and where those
            of each sample and step begin and end.
        settings: populations, projections and cores; see :func:`stage`.
        populations: neurons and the readout, in the order of the arrays.
    """

    arrays: dict[str, NDArray[Any]]
    settings: dict[str, Any]
    populations: tuple[ProgramPopulation, ...]


def stage(program: Program, split: Split, spikes: Integers, *, potentials: bool = False) -> Staged:
    """Everything that a run needs.

    Args:
        program: passed the checks.
        split: every neuron once.
        spikes: input, (samples, steps, \\*input shape); what is not 0 is a spike.
        potentials: whether hidden populations are watched too, not the readout alone.
    """
    computing = tuple(p for p in program.populations if p.neuron is not None)
    numbers = {p.name: i for i, p in enumerate(computing)} | {program.input.name: INPUT}
    held = [registers(p, whole=True) for p in computing]
    sizes = [size(p.shape) for p in computing]
    arrays: dict[str, NDArray[Any]] = {
        "decay_u": np.repeat([h.decay_u for h in held], sizes),
        "decay_v": np.repeat([h.decay_v for h in held], sizes),
        "threshold": np.concatenate([h.threshold for h in held]),
        "bias": np.concatenate([h.bias for h in held]),
        "start": np.concatenate([h.start for h in held]),
        **{f"order{i}": in_order(p.shape, split.together) for i, p in enumerate(computing)},
    }
    projections = []
    for i, p in enumerate(program.projections):
        matrix = p.op.matrix(program.by_name[p.source].shape).tocsc(copy=True)
        matrix.sum_duplicates()
        matrix.eliminate_zeros()
        arrays[f"weights{i}"] = matrix.data.astype(np.int64)
        arrays[f"ends{i}"] = matrix.indptr.astype(np.int64)
        arrays[f"targets{i}"] = matrix.indices.astype(np.int64)
        projections.append(
            {
                "name": p.label,
                "source": numbers[p.source],
                "target": numbers[p.target],
                "exponent": chip_exponent(program.by_name[p.target], p),
                "bits": p.weight_bits,
                "signs": p.sign_mode.value,
                "delay": p.delay,
            }
        )
    samples, steps = spikes.shape[:2]
    rows, events = np.nonzero(spikes.reshape(samples * steps, -1))
    arrays["events"] = events.astype(np.int64)
    arrays["event_ends"] = np.searchsorted(rows, np.arange(samples * steps + 1))
    first = np.cumsum([0, *sizes])
    settings = {
        "samples": samples,
        "steps": steps,
        "input_size": size(program.input.shape),
        "populations": [
            _population(program, p, int(f), potentials) for p, f in zip(computing, first, strict=False)
        ],
        "projections": projections,
        "cores": [
            [[numbers[part.population], part.first, part.count] for part in core.parts]
            for core in split.cores
        ],
    }
    return Staged(arrays, settings, computing)


def _population(
    program: Program, population: ProgramPopulation, first: int, hidden: bool
) -> dict[str, Any]:
    """What the scripts need of one population; readouts are set back ever so often."""
    neuron = neuron_of(population)
    readout = neuron.threshold is None
    return {
        "name": population.name,
        "size": size(population.shape),
        "first": first,
        "watched": readout or hidden,
        "bias_start": 0 if readout else neuron.bias_start,
        "clear_interval": collecting_steps(program, population) if readout else neuron.clear_interval,
        "clear_offset": 1 if readout else neuron.clear_offset,
    }
