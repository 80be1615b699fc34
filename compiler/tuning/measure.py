"""One setting, lowered without a bundle, run on the fast simulator, judged and priced."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.backends import find_backend
from snnc.bundle.data import Data, check_counts
from snnc.cost.ann_operations import count_ann
from snnc.cost.energy import cost
from snnc.errors import UserError
from snnc.frontend import Model
from snnc.ir import Graph, Program
from snnc.ir.delays import delays_of
from snnc.ir.footprint import program_size
from snnc.progress import quiet
from snnc.sim import tally
from snnc.sim.analog import run_frames
from snnc.workflows.attempt import Attempt, Lowered
from snnc.workflows.calibrating import Calibrating
from snnc.workflows.options import PipelineOptions
from snnc.workflows.pipelines import build_pipeline
from snnc.workflows.stages import potential_of_one

from .front import ByFrame, First, Row
from .settings import Setting

BLOCK = 64
"""Samples that the float network runs at a time: memory, not meaning."""


@dataclass(frozen=True, eq=False)
class Judged:
    """What every setting is judged on.

    Attributes:
        data: counts, and labels where there are some.
        answers: the float network's, (samples, frames, outputs); None for a network that spikes.
        where: what messages call the data.
    """

    data: Data
    answers: NDArray[np.float64] | None
    where: str

    @property
    def measure(self) -> str:
        """By what: labels, else the float network's decisions, and a single output by its error."""
        if self.answers is not None and self.answers.shape[-1] == 1:
            return "error"
        return "agreement" if self.data.y is None else "accuracy"

    def accuracy(self, decided: NDArray[np.int64]) -> ByFrame | None:
        """Right ones of (samples, frames) decisions."""
        if self.data.y is None or self.measure == "error":
            return None
        return np.asarray((decided == self.data.y[:, None]).mean(axis=0))

    def agreement(self, decided: NDArray[np.int64]) -> ByFrame | None:
        """Those that are the float network's."""
        if self.answers is None or self.measure == "error":
            return None
        return np.asarray((decided == self.answers.argmax(-1)).mean(axis=0))

    def error(self, values: NDArray[np.float64]) -> ByFrame | None:
        """Of answers in the model's units, relative to the spread of the float network's last ones.

        0 where these are all the same.
        """
        if self.answers is None:
            return None
        apart = np.sqrt(np.square(values - self.answers).mean(axis=(0, 2)))
        last = self.answers[:, -1]
        spread = float(np.sqrt(np.square(last - last.mean(axis=0)).mean()))
        return np.asarray(apart / spread if spread else np.zeros_like(apart))


def float_answers(graph: Graph, x: NDArray[Any]) -> NDArray[np.float64]:
    """The float network's, (samples, frames, outputs), for values or counts of its input."""
    name = graph.readout.name
    blocks = (x[first : first + BLOCK] for first in range(0, len(x), BLOCK))
    found = np.concatenate([run_frames(graph, block, only=[name])[name] for block in blocks])
    return np.asarray(found.reshape(*found.shape[:2], -1), np.float64)


@dataclass(frozen=True, eq=False)
class Bench:
    """What the settings share; it travels to worker processes.

    Attributes:
        model: as read, without the program that it was read from.
        target: as on the command line.
        calibrating: calibration data, if any, and which values their counts stand for.
        changes, allow_overflow: options of ``compile``.
        judged: what rows are judged on.
        threads: of the simulator.
    """

    model: Model
    target: str
    calibrating: Calibrating
    changes: tuple[str, ...]
    allow_overflow: bool
    judged: Judged
    threads: int

    def row(self, setting: Setting) -> Row:
        """Compile and measure; a refusal is a row as well."""
        backend = find_backend(self.target)
        attempt = Attempt.of(self.model, backend, self.calibrating, self.allow_overflow, None, quiet)
        try:
            pipeline = build_pipeline(
                backend,
                PipelineOptions(
                    changes=(*self.changes, *setting.changes),
                    steps_per_frame=setting.steps_per_frame,
                    weight_bits=setting.weight_bits,
                    code=setting.code,
                    allow_overflow=self.allow_overflow,
                    scaled=self.calibrating.grid is not None,
                ),
            )
            lowered = attempt.lower(pipeline, attempt.stages())
            check_counts(self.judged.data, lowered.program, backend.target, self.judged.where)
        except UserError as refused:
            return Row(setting, refused.diagnostics[0])
        return self._measured(setting, lowered)

    def _measured(self, setting: Setting, lowered: Lowered) -> Row:
        graph, program, judged = lowered.graph, lowered.program, self.judged
        x = judged.data.x
        ran = tally(program, x, threads=self.threads)
        potential = ran.potential.reshape(*ran.potential.shape[:2], -1)
        decided = potential.argmax(-1)
        values = None if judged.answers is None else potential / potential_of_one(graph)
        ann = None if graph.frame_is_step else count_ann(self.model.graph, graph)
        spent = cost(program, ann, x, ran.events)
        size = program_size(program)
        widths = [
            q.weight_bits for q in program.projections if program.by_name[q.target].relay_of is None
        ]
        levels = [p.neuron.levels for p in program.populations if p.neuron is not None]
        return Row(
            setting,
            code=graph.code.value,
            steps_per_frame=program.steps_per_frame,
            weight_bits=max(widths, default=0),
            levels=max(levels, default=0) if graph.code.exact else None,
            accuracy=judged.accuracy(decided),
            agreement=judged.agreement(decided),
            error=None if values is None else judged.error(values),
            first=first_answer(program, x.shape[1]),
            last_steps=program.answer_step(x.shape[1] - 1) - program.input.start,
            operations=spent.snn.synaptic,
            energy={name: e.snn.total.total for name, e in spent.energies.items()},
            neurons=size.neurons,
            synapses=size.synapses,
            notes=lowered.notes,
        )


def row(bench: Bench, setting: Setting) -> Row:
    """The row of a setting: what a worker does."""
    return bench.row(setting)


def first_answer(program: Program, frames: int) -> First | None:
    """The first answer that has seen input; None where so many frames have none."""
    step = delays_of(program).first_answer
    if step is None:
        return None
    frame = (step - program.readout.start) // program.steps_per_frame - 1
    return First(frame, step - program.input.start) if frame < frames else None
