"""What a conversion kept of the float network: decisions, the answers' error, and where it arises.

Judged on samples that were not used to calibrate. Every compile with calibration data says it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.bundle.data import Data
from snnc.bundle.kept import Kept, PopulationError
from snnc.files.memory import give_back
from snnc.ir import Program
from snnc.ir.footprint import fan_out
from snnc.sim import Recorder, encode
from snnc.verify import whole_frames

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

HELD_VALUES = 2**24
"""Values of the float network that are held until the integers have run, 128 MiB; a stage's are held
beside them."""

LEAST_SPREAD = 1e-5
"""Of answers, relative to their size: below it errors are relative to that."""


def judge(stages: Stages, program: Program, data: Data, aside: bool, *, let_go: bool = False) -> Kept:
    """Run the float network, the stages between and the integers on the same data.

    Of a network that spikes already, a population's values are the spikes that each neuron sends in a
    whole run: one that comes a step later does not count. One stage after the other, so that memory
    holds the values of two, each of as many samples as there is room for: whoever multiplies reads all
    weights once for them.

    Args:
        stages: of the compile, finished.
        program: what it gave.
        data: counts, (samples, frames, \\*input shape), with the values that they stand for and labels,
            if there are any.
        aside: whether calibration did not see them.
        let_go: forget each graph but the float network as soon as it was judged.
    """
    judging = _Judging(stages, program, data.x.shape[1])
    groups = judging.groups(data)
    for group in groups:
        meant = judging.values(FLOATS, group)
        for name, value in meant.items():
            judging.sums.setdefault(name, _Sum()).mean(value)
        for stage in judging.between:
            found = judging.values(stage, group)
            for name, value in meant.items():
                judging.sums[name].add(stage, value, found.pop(name))
            if let_go and group is groups[-1]:
                stages.let_go(stage)
                give_back()
        for at in judging.blocks(len(group.x)):
            judging.run({name: value[at] for name, value in meant.items()}, group.part(at))
    return judging.kept(data, aside)


class _Judging:
    """What is known so far of a program that is judged."""

    def __init__(self, stages: Stages, program: Program, frames: int) -> None:
        self.stages, self.program, self.sums = stages, program, dict[str, _Sum]()
        self._by_step = stages.graphs[FLOATS].frame_is_step
        between = (COUNTS, WEIGHTS) if self._by_step else (COUNTS, LEVELS, WEIGHTS)
        self.between = [stage for stage in between if stage in stages.graphs]
        self._operations = 0.0
        self._answers: list[tuple[NDArray[np.float64], NDArray[np.float64]]] = []
        self._recorder = Recorder(program)
        shapes = [math.prod(p.shape) for p in program.populations]
        self._block = max(1, BLOCK_VALUES // (program.steps(frames) * max(shapes) * len(shapes)))

    @cached_property
    def _connections(self) -> dict[str, NDArray[np.int64]]:
        """Connections of each neuron of each population, over all projections."""
        program = self.program
        found = {p.name: np.zeros(math.prod(p.shape), np.int64) for p in program.populations}
        for q in program.projections:
            found[q.source] += fan_out(q.op, program.by_name[q.source].shape).ravel()
        return found

    def groups(self, data: Data) -> list[Data]:
        """Samples whose float values are held together."""
        values = data.x.shape[1] * sum(math.prod(p.shape) for p in self.program.populations)
        whole = max(1, HELD_VALUES // (self._block * values)) * self._block
        return [data.part(at) for at in _cut(len(data.x), whole)]

    def blocks(self, samples: int) -> list[slice]:
        """Those of a group that are simulated together."""
        return _cut(samples, self._block)

    def values(self, stage: str, group: Data) -> dict[str, NDArray[np.float64]]:
        """By population, what is compared: the values of frames, or a whole run's spikes."""
        if not self._by_step:
            return self.stages.values(stage, group)
        found: dict[str, list[NDArray[np.float64]]] = {}
        for at in self.blocks(len(group.x)):
            part = group.part(at)
            steps = dict(step_values(self.stages, stage, part))
            for name in list(steps):
                found.setdefault(name, []).append(self._over_steps(name, steps.pop(name), part))
        return {name: np.concatenate(found.pop(name)) for name in list(found)}

    def _over_steps(self, name: str, values: NDArray[np.float64], part: Data) -> NDArray[np.float64]:
        """Spikes of a whole run, or the readout after it, (samples, 1, ...)."""
        steps = self.program.steps(part.x.shape[1])
        common = values[:, : whole_frames(self.program, name, steps)]  # the last may end after the run
        if name == self.program.readout.name:
            return common[:, -1:]
        return np.asarray(common.sum(axis=1, keepdims=True))

    def run(self, meant: Values, part: Data) -> None:
        """The integers on some samples, against the float network's values."""
        trace = self._recorder.run(encode(self.program, part.x))
        for name, sent in trace.spikes.items():
            events = np.count_nonzero(sent, axis=(0, 1)).ravel()
            self._operations += float(events @ self._connections[name])
        readout = self.program.readout.name
        for name, value in meant.items():
            found = self.stages.program_value(self.program, trace, name)
            found = self._over_steps(name, found, part) if self._by_step else found
            self.sums[name].add(PROGRAM, value, found)
            if name == readout:
                flat = tuple(v[:, -1].reshape(len(part.x), -1) for v in (value, found))
                self._answers.append((flat[0], flat[1]))

    def kept(self, data: Data, aside: bool) -> Kept:
        """What all of it comes to."""
        meant, found = (np.concatenate(part) for part in zip(*self._answers, strict=True))
        spread, size = (
            float(np.sqrt(np.mean(np.square(v)))) for v in (meant - meant.mean(axis=0), meant)
        )
        if spread < LEAST_SPREAD * size:  # they are all the same, but for the rounding of floats
            spread = size
        apart = float(np.sqrt(np.mean(np.square(meant - found))))
        decided = meant.argmax(1), found.argmax(1)
        causes = STEP_CAUSES if self._by_step else CAUSES
        return Kept(
            len(data.x),
            aside,
            float((decided[0] == decided[1]).mean()) if meant.shape[1] > 1 else None,
            apart / spread if spread else 0.0,
            self.program.steps(data.x.shape[1]),
            self._operations / len(data.x),
            tuple(found.error(name, causes) for name, found in self.sums.items()),
            _accuracy(data.y, decided, meant.shape[1]),
        )


def _cut(samples: int, most: int) -> list[slice]:
    return [slice(first, min(first + most, samples)) for first in range(0, samples, most)]


def _accuracy(
    labels: NDArray[np.int64] | None,
    decided: tuple[NDArray[np.int64], NDArray[np.int64]],
    outputs: int,
) -> tuple[float, float] | None:
    """Fractions of right decisions, where labels are those of outputs."""
    if labels is None or outputs < 2 or labels.min() < 0 or labels.max() >= outputs:
        return None
    return float((decided[0] == labels).mean()), float((decided[1] == labels).mean())


class _Sum:
    """Squares of one population's float values, and of the differences of each stage from them."""

    def __init__(self) -> None:
        self.power = 0.0
        self.apart: dict[str, float] = {}

    def mean(self, meant: NDArray[Any]) -> None:
        self.power += float(np.square(meant).sum())

    def add(self, stage: str, meant: NDArray[Any], values: NDArray[Any]) -> None:
        frames = min(meant.shape[1], values.shape[1])
        square = float(np.square(meant[:, :frames] - values[:, :frames]).sum())
        self.apart[stage] = self.apart.get(stage, 0.0) + square

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
