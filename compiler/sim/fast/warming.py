"""Every kernel compiled, or read from disk, before anything needs it."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.ir import (
    Comparison,
    Encoding,
    IntegerNeuron,
    Kind,
    Linear,
    Program,
    ProgramPopulation,
    ProgramProjection,
    Reset,
    SignMode,
)

from .cache import KernelCache
from .compiled import FOLDER, kept
from .float_neurons import fire
from .simulator import Chunk, Simulator

STEPS = 2
"""What was sent in the first is heard in the second."""


@dataclass(frozen=True)
class Warmth:
    """What it came to.

    Attributes:
        folder: where compiled kernels are.
        forms: compiled forms of the kernels, one for each combination of types.
        kept: those of them that the next process finds on disk.
        seconds: that it took.
    """

    folder: Path
    forms: int
    kept: int
    seconds: float


def warm_up() -> Warmth:
    """Have every kernel compiled for every type that it is called with, and for this very processor."""
    KernelCache.takes_ahead = False
    began = time.perf_counter()
    program = _smallest()
    names = [p.name for p in program.populations]
    for kind in (np.int8, np.int64):
        # With products: what a matrix product hears has a kernel of its own.
        simulator = Simulator(program, threads=1, products=True)

        def source(samples: slice, steps: slice, kind: Any = kind) -> NDArray[Any]:
            return np.ones((1, STEPS, 1), kind)

        def look(chunk: Chunk, simulator: Simulator = simulator) -> None:
            simulator.add_counts(chunk, {name: np.zeros(1, np.int64) for name in names[:2]})
            for recorded in (np.int8, np.int32):
                chunk.workspace.write_spikes(1, False, np.zeros((1, STEPS, 1), recorded), 0, 0, STEPS)

        simulator.stream(source, 1, STEPS, (0, 1), (names[-1],), look)
    given = np.zeros((1, 1), np.float32)
    fire(given, given.copy(), np.ones((4, 1)), 0, 0, True)
    return Warmth(FOLDER, *kept(), time.perf_counter() - began)


def _smallest() -> Program:
    """An input, a neuron and a readout: of types it has all that there are."""
    neuron = IntegerNeuron(
        current_decay=4095,
        potential_decay=0,
        input_shift=0,
        state_bits=24,
        threshold=np.asarray(1),
        comparison=Comparison.GREATER,
        reset=Reset.SUBTRACT,
        start_value=np.asarray(0),
        bias_mantissa=np.asarray(0),
        bias_exponent=0,
        bias_start=0,
    )
    readout = replace(neuron, threshold=None)
    populations = (
        ProgramPopulation("input", Kind.INPUT, (1,), "input", 0, None, Encoding.SPREAD),
        ProgramPopulation("hidden", Kind.NEURONS, (1,), "hidden", 0, neuron),
        ProgramPopulation("answer", Kind.READOUT, (1,), "answer", 0, readout),
    )
    weight = Linear(np.full((1, 1), 2))
    projections = tuple(
        ProgramProjection(source, target, weight, 8, SignMode.MIXED, 0, 0, False, target)
        for source, target in (("input", "hidden"), ("hidden", "answer"))
    )
    return Program("smallest", 1, populations, projections)
