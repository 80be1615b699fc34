"""Small random programs that use everything that Xylo has, and inputs for them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sparse

from snnc.backends.xylo.neuron import nearest_decays
from snnc.ir import (
    Comparison,
    Conv2d,
    Encoding,
    IntegerNeuron,
    Integers,
    Kind,
    Linear,
    Op,
    Program,
    ProgramPopulation,
    ProgramProjection,
    Reset,
    Shape,
    SignMode,
    SparseLinear,
    size,
)

HIDDEN, OUTPUT = 31, 1
"""``most_spikes`` of a hidden neuron, of an output neuron."""


def xylo_neuron(
    threshold: int | Integers,
    *,
    dash_syn: int = 2,
    dash_mem: int = 3,
    most: int = HIDDEN,
    bias: int | Integers = 0,
    bias_start: int = 0,
    early: int = 0,
) -> IntegerNeuron:
    """A neuron of the model ``xylo``; its decays in 1/4096 are those nearest to the shifts."""
    zero = np.zeros((), np.int64)
    du, dv = nearest_decays(dash_syn, dash_mem)
    return IntegerNeuron(
        current_decay=du,
        potential_decay=dv,
        input_shift=0,
        state_bits=16,
        threshold=np.asarray(threshold, np.int64),
        comparison=Comparison.GREATER_EQUAL,
        reset=Reset.SUBTRACT,
        start_value=zero,
        bias_mantissa=np.asarray(bias, np.int64),
        bias_exponent=0,
        bias_start=bias_start,
        model="xylo",
        constants={
            "dash_syn": dash_syn,
            "dash_mem": dash_mem,
            "most_spikes": most,
            "bias_early": early,
        },
    )


def readout_neuron() -> IntegerNeuron:
    """A host's readout that adds up what it hears."""
    return replace(
        xylo_neuron(1),
        model="standard",
        constants={},
        threshold=None,
        current_decay=4095,
        potential_decay=0,
        state_bits=32,
    )


@dataclass
class Maker:
    """Draws one program."""

    rng: np.random.Generator

    def integer(self, low: int, high: int) -> int:
        """``low`` to ``high``, both included."""
        return int(self.rng.integers(low, high + 1))

    def chance(self, probability: float) -> bool:
        """True with that probability."""
        return bool(self.rng.random() < probability)

    def weights(self, shape: tuple[int, ...], size: int) -> Integers:
        """Even weights up to ``2 size``, a third of them zero: 8 bits of docs/numerics.md."""
        values = self.rng.integers(-size, size + 1, shape) * 2
        return np.asarray(np.clip(values, -256, 254) * (self.rng.random(shape) > 0.33), np.int64)

    def op(self, source: Shape, target: Shape | None, size_: int) -> Op:
        """A linear operation from ``source``; to ``target`` where that is given."""
        if target is None and len(source) == 3 and self.chance(0.6):
            kernel = (self.integer(1, min(2, source[1])), self.integer(1, min(2, source[2])))
            return Conv2d(self.weights((self.integer(1, 2), source[0], *kernel), size_))
        out = target or (self.integer(1, 6),)
        matrix = self.weights((size(out), size(source)), size_)
        if len(out) == 1 and self.chance(0.5):
            return Linear(matrix)
        return SparseLinear(sparse.csr_array(matrix), out)

    def neuron(self, shape: Shape, most: int, bias_start: int) -> IntegerNeuron:
        """Any dashes, one threshold or one a neuron, a bias in two of three."""
        own = shape if self.chance(0.5) else ()
        threshold = np.asarray(2 ** self.rng.uniform(3, 11, own)).astype(np.int64)
        bias = self.rng.integers(-100, 101, shape if self.chance(0.5) else ())
        early = self.integer(0, 2)
        return xylo_neuron(
            threshold,
            dash_syn=self.integer(0, 6) if self.chance(0.9) else self.integer(7, 15),
            dash_mem=self.integer(0, 15),
            most=most,
            bias=np.asarray(bias if self.chance(0.66) else 0, np.int64),
            bias_start=bias_start + early,
            early=early,
        )


def random_program(seed: int) -> Program:
    """A valid program; the same for the same seed."""
    make = Maker(np.random.default_rng(seed))
    shape: Shape = (1, 4, 4) if make.chance(0.5) else (make.integer(1, 16),)
    encoding = Encoding.GRADED if make.chance(0.7) else Encoding.SPREAD
    populations = [ProgramPopulation("input", Kind.INPUT, shape, "input", 0, None, encoding)]
    projections: list[ProgramProjection] = []
    exponents = {name: make.integer(-1, 2) for name in ("input", "recurrent", "output")}
    bias_start, largest = make.integer(0, 1), int(make.rng.choice([3, 20, 128]))

    def join(source: str, target: str, op: Op, matrix: str) -> None:
        heard = next(p for p in populations if p.name == source)
        graded = heard.kind is not Kind.INPUT or encoding is Encoding.GRADED
        exponent = exponents[matrix]
        projections.append(
            ProgramProjection(source, target, op, 8, SignMode.MIXED, exponent, 0, graded, target)
        )

    def add(name: str, op: Op, most: int, source: str, matrix: str) -> None:
        shape = op.out_shape(next(p for p in populations if p.name == source).shape)
        neuron = make.neuron(shape, most, bias_start)
        populations.append(ProgramPopulation(name, Kind.NEURONS, shape, name, 1, neuron))
        join(source, name, op, matrix)

    hidden = [f"hidden.{i}" for i in range(make.integer(1, 3))]
    for number, name in enumerate(hidden):
        source = "input" if number == 0 else hidden[number - 1]
        shape = next(p for p in populations if p.name == source).shape
        matrix = "input" if number == 0 else "recurrent"
        add(name, make.op(shape, None, largest), HIDDEN, source, matrix)
    for target in [p for p in populations if p.name in hidden]:
        for heard in [p for p in populations if p.name in ("input", *hidden)]:
            # One matrix holds both of two connections of one pair: their sum might not fit 8 bits.
            joined = any((p.source, p.target) == (heard.name, target.name) for p in projections)
            if not joined and make.chance(0.4):
                matrix = "input" if heard.name == "input" else "recurrent"
                join(heard.name, target.name, make.op(heard.shape, target.shape, largest), matrix)
    ends = [hidden[-1]]
    if make.chance(0.7):
        outs = make.integer(1, 8)
        source_shape = next(p for p in populations if p.name == hidden[-1]).shape
        add("out", make.op(source_shape, (outs,), largest), OUTPUT, hidden[-1], "output")
        ends = ["out", *(ends if make.chance(0.3) else [])]
    shape = (make.integer(1, 5),)
    populations.append(
        ProgramPopulation("readout", Kind.READOUT, shape, "readout", 2, readout_neuron())
    )
    for end in ends:
        own = next(p for p in populations if p.name == end).shape
        exponents["readout"] = make.integer(0, 3)
        join(end, "readout", make.op(own, shape, 128), "readout")
    return Program(f"random {seed}", 1, tuple(populations), tuple(projections))


def random_spikes(program: Program, seed: int, samples: int, steps: int) -> Integers:
    """Input spikes (samples, steps, \\*input shape), 0 to 15; 0 or 1 where they are spread."""
    rng = np.random.default_rng(seed)
    shape = (samples, steps, *program.input.shape)
    if program.input.encoding is Encoding.SPREAD:
        return np.asarray(rng.random(shape) < 0.3, np.int64)
    return np.asarray(np.minimum(rng.poisson(rng.choice([0.1, 0.5, 4]), shape), 15), np.int64)
