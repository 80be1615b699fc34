"""Method ``weights``: training on the chip's own weight grid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from snnc.authoring.activation import QuantizedReLU
from snnc.authoring.dropout import FixedDropout
from snnc.authoring.network import FrameNetwork
from snnc.authoring.neurons import SpikingNeuron
from snnc.backends import find_backend
from snnc.bounds import PERCENTILE, Bounds
from snnc.errors import Diagnostic, Severity, counted
from snnc.ir import Code, Population, Target
from snnc.passes import Context, Pipeline
from snnc.passes.fold_linear_chains import FoldLinearChains
from snnc.passes.quantize_activations import QuantizeActivations
from snnc.passes.widths import refuse_width

from .balancing import balanced_thresholds
from .base import STEPS, Method, Task
from .grid import Grid, settle
from .thaw import graph_of, own_activation, thaw, without_batch_norm

AUTO = "auto"
CODES = (AUTO, *(code.value for code in Code))
USUAL_LEVELS = 16


@dataclass(frozen=True)
class Weights(Method):
    """Train with weights rounded to the target's grid, straight-through (Bengio et al. 2013).

    Chains of linear operations are folded first, as the compiler does, so that what is rounded in
    training are the very weights of the chip: pooling becomes part of a kernel. The compiler's own
    ``quantize-weights`` chooses the grid, once, for the weights as they are given; the file that
    results says which it was, and compiles to the integers that were judged. Activations keep their
    levels or spikes, with the thresholds that they have; plain ReLUs get levels.

    Options:
        bits: of a weight, as the target has them.
        target: whose grid, with options as for ``--target``.
        code: for which the network will be compiled; ``auto`` is ``rate``, or the target's first where
            it has no rates.
        steps: of a frame, and levels of activations that have none yet; those that the target's own
            passes give (15 of ``akida``), else 16, where it is left out.
        percentile: of positive activations, in percent, that is the range of those.
    """

    name: ClassVar[str] = "weights"
    choices: ClassVar[Mapping[str, tuple[str, ...]]] = {**Method.choices, "code": CODES}

    bounds: ClassVar[Mapping[str, Bounds]] = {
        "bits": Bounds(1, 32),
        "steps": STEPS,
        "percentile": PERCENTILE,
    }

    bits: int = 4
    target: str = "loihi"
    code: str = AUTO
    steps: int | None = None
    percentile: float = 99.9

    def prepare(self, network: FrameNetwork, counts: NDArray[np.integer[Any]]) -> Task:
        target = find_backend(self.target).target
        refuse_width(self.bits, target, f"{self.name}{{bits}}")
        steps = self._steps()
        graph = without_batch_norm(graph_of(network))
        bare = [p for p in graph.neurons if p.levels is None]
        ranges = (
            balanced_thresholds(graph, counts, steps=steps, percentile=self.percentile) if bare else {}
        )
        folded = FoldLinearChains().run(graph, Context(Target("training")))

        def activation(population: Population) -> Any:
            if population.levels is None:
                return QuantizedReLU(steps, ranges[population.name].tolist())
            return own_activation(population, graph)

        task = OnGridTask(self, thaw(folded, activation), self._grid(counts))
        task.notes = _dropout_rests(network)
        return task

    @property
    def chosen_code(self) -> str:
        """The code for which the network will be compiled."""
        able = find_backend(self.target).target.codes
        if self.code != AUTO:
            return self.code
        return (Code.RATE if Code.RATE in able else able[0]).value

    def _steps(self) -> int:
        if self.steps is not None:
            return self.steps
        passes = Pipeline.parse(find_backend(self.target).pipeline()).passes
        asked = next((p.levels for p in passes if isinstance(p, QuantizeActivations)), None)
        return USUAL_LEVELS if asked is None else asked

    def _grid(self, counts: NDArray[np.integer[Any]]) -> Grid:
        backend = find_backend(self.target)
        pipeline = Pipeline.parse(backend.pipeline())
        # Trained biases are not corrected when the file is compiled, either.
        pipeline = pipeline.with_option("quantize-weights", bits=self.bits, correct_bias="no")
        pipeline = pipeline.with_option("choose-code", code=self.chosen_code)
        return Grid(pipeline, Context(backend.target, np.asarray(counts, np.int64)))


def _dropout_rests(network: FrameNetwork) -> tuple[Diagnostic, ...]:
    """N700 for a network with dropout: chains are folded, and what was between their parts is gone."""
    found = [name for name, m in network.named_modules() if isinstance(m, FixedDropout) and m.p]
    if not found:
        return ()
    return (
        Diagnostic(
            "N700",
            f"dropout rests while weights are on the grid, in {counted(len(found), 'layer')}",
            where=", ".join(found),
            why="the method weights trains the folded network, in which there is no place for it",
            help="train with dropout before, with another method",
            severity=Severity.WARNING,
        ),
    )


class OnGridTask(Task):
    """A network whose weights are rounded to a grid that stays as it was chosen.

    Another grid at every epoch would move every weight of few bits by up to half a step, and undo what
    the epoch learned. What a unit is worth depends on thresholds and ranges: they stay, too.
    """

    def __init__(self, method: Weights, network: FrameNetwork, grid: Grid) -> None:
        super().__init__(method, network)
        self.bits = method.bits
        for module in network.modules():
            if isinstance(module, QuantizedReLU):
                module.range.requires_grad_(False)
            elif isinstance(module, SpikingNeuron):
                module.threshold.requires_grad_(False)
        grid.attach(network)

    def finish(self) -> None:
        """Rounded weights, for good."""
        settle(self.network, self.bits)
