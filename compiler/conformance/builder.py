"""Builds one small program for a case: populations and projections by name, and input for it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import scipy.sparse as sparse

from snnc.ir import (
    STANDARD,
    Conv2d,
    Encoding,
    Integers,
    Kind,
    Linear,
    Op,
    Program,
    ProgramPopulation,
    ProgramProjection,
    Shape,
    SignMode,
    SparseLinear,
    find_model,
    size,
    weight_step,
)

from .kit import Kit

HEARD = 12
"""Of a neuron's connections about so many are not zero, so that it fires now and then."""


@dataclass(frozen=True)
class Built:
    """A program and its input, (samples, steps, \\*input shape)."""

    program: Program
    spikes: Integers


@dataclass
class Network:
    """A program in the making. The input is called ``input``, the readout ``readout``."""

    kit: Kit
    seed: int = 0
    rng: np.random.Generator = field(init=False)
    populations: list[ProgramPopulation] = field(default_factory=list)
    projections: list[ProgramProjection] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng(self.seed)

    def input(self, *shape: int, encoding: Encoding | None = None) -> str:
        """The input population."""
        chosen = encoding or self.kit.encoding
        return self._add(ProgramPopulation("input", Kind.INPUT, shape, "x", 0, None, chosen))

    def neurons(self, name: str, *shape: int, **changes: Any) -> str:
        """A spiking population: the kit's neuron with fields changed."""
        neuron = replace(self.kit.neuron(True), **changes)
        return self._add(ProgramPopulation(name, Kind.NEURONS, shape, f"net.{name}", 0, neuron))

    def readout(self, *shape: int, **changes: Any) -> str:
        """The readout."""
        neuron = replace(self.kit.neuron(False), **changes)
        return self._add(ProgramPopulation("readout", Kind.READOUT, shape, "net.out", 0, neuron))

    def _add(self, population: ProgramPopulation) -> str:
        self.populations.append(population)
        return population.name

    def of(self, name: str) -> ProgramPopulation:
        """A population by name."""
        return next(p for p in self.populations if p.name == name)

    def drawn(self, *shape: int, bits: int = 0, mode: SignMode | None = None) -> Integers:
        """Weights of the kit's range on the grid; the last axes are what a neuron hears."""
        mode = mode or self.kit.sign_mode
        step = weight_step(bits or self.kit.bits, mode)
        least, most = self.kit.ends(bits, mode)
        low, high = (max(self.kit.weights[0], least), min(self.kit.weights[1], most))
        values = self.rng.integers(low // step, high // step + 1, shape) * step
        heard = size(shape[1:]) if len(shape) > 1 else shape[0]
        kept = self.rng.random(shape) < HEARD / max(HEARD, heard)
        return np.asarray(np.clip(values, least, most) // step * step * kept, np.int64)

    def smaller(self, weights: Integers, by: int) -> Integers:
        """Drawn weights over ``by``, on the kit's grid."""
        step = weight_step(self.kit.bits, self.kit.sign_mode)
        return np.asarray(weights // (by * step) * step, np.int64)

    def connect(
        self,
        source: str,
        target: str,
        op: Op | None = None,
        *,
        delay: int = 0,
        bits: int | None = None,
        mode: SignMode | None = None,
        exponent: int | None = None,
    ) -> None:
        """A projection; without an operation a matrix of drawn weights."""
        sender, mode = self.of(source), mode or self.kit.sign_mode
        bits = bits or self.kit.bits
        if op is None:
            op = self.matrix(source, target, bits=bits, mode=mode)
        graded = self.kit.graded
        if sender.neuron is None:
            graded = sender.encoding is not Encoding.SPREAD
        elif sender.neuron.code.one_spike:
            graded = True
        elif sender.neuron.model != STANDARD:
            graded = find_model(sender.neuron.model).graded
        self.projections.append(
            ProgramProjection(
                source,
                target,
                op,
                bits,
                mode,
                self.kit.exponent if exponent is None else exponent,
                delay,
                graded,
                f"net.{source}_{target}",
            )
        )

    def matrix(self, source: str, target: str, **grid: Any) -> Op:
        """A dense matrix of drawn weights; between maps a sparse one that gives the target's shape."""
        shapes: tuple[Shape, Shape] = (self.of(target).shape, self.of(source).shape)
        weights = self.drawn(size(shapes[0]), size(shapes[1]), **grid)
        if len(shapes[0]) == 1:
            return Linear(weights)
        return SparseLinear(sparse.csr_array(weights), shapes[0])

    def convolution(
        self, out: int, given: int, kernel: tuple[int, int], groups: int = 1, **how: Any
    ) -> Conv2d:
        """A convolution of drawn weights; ``how``: stride, padding, dilation."""
        return Conv2d(self.drawn(out, given // groups, *kernel), None, groups=groups, **how)

    def built(self, samples: int = 2, steps: int = 24, density: float = 0.4) -> Built:
        """The program, with random input: counts of 0 and 1, or payloads up to 5."""
        entry = self.of("input")
        shape = (samples, steps, *entry.shape)
        active = self.rng.random(shape) < density
        largest = 1 if entry.encoding is Encoding.SPREAD else 5
        spikes = active * self.rng.integers(1, largest + 1, shape)
        return self.given(np.asarray(spikes, np.int64))

    def given(self, spikes: Integers) -> Built:
        """The program with this input."""
        name, frame = f"case {self.seed}", self.kit.frame
        program = Program(name, frame, tuple(self.populations), tuple(self.projections))
        return Built(program, spikes)


def single(kit: Kit, seed: int, neurons: int = 9, **changes: Any) -> Network:
    """Input, one population with fields of its neuron changed, readout."""
    network = Network(kit, seed)
    network.input(7)
    network.neurons("hidden", neurons, **changes)
    network.readout(4)
    network.connect("input", "hidden")
    network.connect("hidden", "readout")
    return network
