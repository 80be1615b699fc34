"""What a conversion kept of the float network: decisions, the answers' error, and where it arises.

Judged on samples that were not used to calibrate. Every compile with calibration data says it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.bundle.data import Data
from snnc.bundle.kept import Kept, PopulationError
from snnc.ir import Program
from snnc.ir.footprint import fan_out
from snnc.sim import encode, simulate

from .stages import COUNTS, FLOATS, LEVELS, PROGRAM, WEIGHTS, Stages, Values
from .step_stages import step_values

CAUSES = {
    COUNTS: "input: values are rounded to counts",
    LEVELS: "levels: activations are rounded and clipped",
    WEIGHTS: "weights: rounding and clipping on the chip's grid",
    PROGRAM: "spikes: rates approximate activations",
}
"""What each stage adds to the error of the one above."""

STEP_CAUSES = {**CAUSES, PROGRAM: "steps: decays and potentials are rounded in each of them"}
"""The same of a network that spikes already."""

BLOCK_VALUES = 2**26
"""Spikes that are simulated at a time, so that memory stays bounded."""

LEAST_SPREAD = 1e-5
"""Of answers, relative to their size: below it errors are relative to that."""


def judge(stages: Stages, program: Program, data: Data, aside: bool) -> Kept:
    """Run the float network, the stages between and the integers on the same data.

    Of a network that spikes already, a population's values are the spikes that each neuron sends in a
    whole run: one that comes a step later does not count.

    Args:
        stages: of the compile, finished.
        program: what it gave.
        data: counts, (samples, frames, \\*input shape), with the values that they stand for and labels,
            if there are any.
        aside: whether calibration did not see them.
    """
    counts = data.x
    steps = program.steps(counts.shape[1])
    widest = max(math.prod(p.shape) for p in program.populations) * len(program.populations)
    block = max(1, BLOCK_VALUES // (steps * widest))
    sums: dict[str, _Sum] = {}
    answers: list[tuple[NDArray[np.float64], NDArray[np.float64]]] = []
    readout, operations = program.readout.name, 0.0
    connections = _connections(program)
    by_step = stages.graphs[FLOATS].frame_is_step
    causes = STEP_CAUSES if by_step else CAUSES
    for first in range(0, len(counts), block):
        part = data.part(slice(first, first + block))
        trace = simulate(program, encode(program, part.x))
        of_program = stages.program_values(program, trace)
        if by_step:
            values = _over_steps(stages, part, of_program, readout)
        else:
            values = {name: stages.values(name, part) for name in stages.graphs}
            values[PROGRAM] = of_program
        for name, sent in trace.spikes.items():
            operations += float(np.count_nonzero(sent, axis=(0, 1)).ravel() @ connections[name])
        for name, meant in values[FLOATS].items():
            found = {stage: values[stage][name] for stage in causes if stage in values}
            sums.setdefault(name, _Sum()).add(meant, found)
        pair = (values[FLOATS][readout][:, -1], values[PROGRAM][readout][:, -1])
        flat = tuple(v.reshape(len(part.x), -1) for v in pair)
        answers.append((flat[0], flat[1]))
    meant, found = (np.concatenate(part) for part in zip(*answers, strict=True))
    spread, size = (float(np.sqrt(np.mean(np.square(v)))) for v in (meant - meant.mean(axis=0), meant))
    if spread < LEAST_SPREAD * size:  # they are all the same, but for the rounding of floats
        spread = size
    apart = float(np.sqrt(np.mean(np.square(meant - found))))
    decided = meant.argmax(1), found.argmax(1)
    return Kept(
        len(counts),
        aside,
        float((decided[0] == decided[1]).mean()) if meant.shape[1] > 1 else None,
        apart / spread if spread else 0.0,
        steps,
        operations / len(counts),
        tuple(sums[name].error(name, causes) for name in sums),
        _accuracy(data.y, decided, meant.shape[1]),
    )


def _over_steps(
    stages: Stages, part: Data, of_program: Values, readout: str
) -> dict[str, dict[str, NDArray[np.float64]]]:
    """By stage and population: spikes of a whole run, and the readout after it, (samples, 1, ...)."""
    names = [name for name in (FLOATS, COUNTS, WEIGHTS) if name in stages.graphs]
    by_stage = {**{n: step_values(stages, n, part) for n in names}, PROGRAM: of_program}
    found: dict[str, dict[str, NDArray[np.float64]]] = {}
    for stage, values in by_stage.items():
        found[stage] = {}
        for name, steps in values.items():
            common = steps[:, : of_program[name].shape[1]]  # the last may end after the run
            last = name == readout
            found[stage][name] = common[:, -1:] if last else common.sum(axis=1, keepdims=True)
    return found


def _accuracy(
    labels: NDArray[np.int64] | None,
    decided: tuple[NDArray[np.int64], NDArray[np.int64]],
    outputs: int,
) -> tuple[float, float] | None:
    """Fractions of right decisions, where labels are those of outputs."""
    if labels is None or outputs < 2 or labels.min() < 0 or labels.max() >= outputs:
        return None
    return float((decided[0] == labels).mean()), float((decided[1] == labels).mean())


def _connections(program: Program) -> dict[str, NDArray[np.int64]]:
    """Connections of each neuron of each population, over all projections."""
    found = {p.name: np.zeros(math.prod(p.shape), np.int64) for p in program.populations}
    for q in program.projections:
        found[q.source] += fan_out(q.op, program.by_name[q.source].shape).ravel()
    return found


class _Sum:
    """Squares of one population's float values, and of the differences of each stage from them."""

    def __init__(self) -> None:
        self.power = 0.0
        self.apart: dict[str, float] = {}

    def add(self, meant: NDArray[Any], found: Mapping[str, NDArray[Any]]) -> None:
        for stage, values in found.items():
            frames = min(meant.shape[1], values.shape[1])
            square = float(np.square(meant[:, :frames] - values[:, :frames]).sum())
            self.apart[stage] = self.apart.get(stage, 0.0) + square
        self.power += float(np.square(meant).sum())

    def error(self, name: str, causes: Mapping[str, str]) -> PopulationError:
        by_stage = {
            stage: math.sqrt(apart / self.power) if self.power else 0.0
            for stage, apart in self.apart.items()
        }
        before, added = 0.0, {}
        for stage, error in by_stage.items():
            added[stage], before = error - before, max(error, before)
        cause = max(added, key=lambda stage: added[stage])
        return PopulationError(name, by_stage[PROGRAM], by_stage, causes[cause])
