"""Small random programs that together use everything that Loihi 1 can do, and inputs for them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sparse

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
    weight_range,
    weight_step,
)

WIDTHS = (1, 2, 3, 4, 5, 6, 8)


@dataclass
class Maker:
    """Draws one program; ``heavy`` networks have thresholds and weights near the ends of registers."""

    rng: np.random.Generator
    heavy: bool

    def chance(self, probability: float) -> bool:
        """True with that probability."""
        return bool(self.rng.random() < probability)

    def integer(self, low: int, high: int) -> int:
        """``low`` to ``high``, both included."""
        return int(self.rng.integers(low, high + 1))

    def weights(self, shape: Shape, bits: int, mode: SignMode) -> Integers:
        """Weights all over the grid, a third of them zero."""
        low, high = weight_range(bits, mode)
        step = weight_step(bits, mode)
        values = self.rng.integers(low // step, high // step + 1, shape) * step
        return np.asarray(values * (self.rng.random(shape) > 0.33), np.int64)

    def neuron(self, shape: Shape, *, spiking: bool) -> IntegerNeuron:
        """Dynamics; readouts have any, neurons those of the chip."""
        own = () if self.chance(0.5) else shape
        magnitude = self.rng.uniform(1, 17 if self.heavy else 9, 3 if own else ())
        threshold = np.asarray(2**magnitude).astype(np.int64) * 64
        if own:
            threshold = self.rng.choice(threshold, own)  # brian2-loihi needs a group for each
        whole = self.chance(0.3)
        mantissa = self.rng.integers(-4095, 4096, shape if self.chance(0.5) else ())
        biased = not whole and self.chance(0.6)
        at_least = spiking and whole and self.chance(0.7)
        start = 64 * self.integer(-999, 999) if whole else self.integer(-99999, 99999)
        # A potential that is 0 modulo 64 must not reach the end of its register.
        cleared = at_least or self.chance(0.5)
        return IntegerNeuron(
            current_decay=4095
            if whole
            else int(self.rng.choice([4095, 4095, self.integer(700, 4094)])),
            potential_decay=0 if whole else int(self.rng.choice([0, self.integer(1, 4095), 4095])),
            input_shift=6 if spiking else self.integer(0, 6),
            state_bits=24,
            threshold=threshold + 64 * (threshold == 64) if spiking else None,
            comparison=Comparison.GREATER_EQUAL if at_least else Comparison.GREATER,
            reset=Reset.ZERO,
            start_value=np.asarray(start if self.chance(0.7) else 0),
            bias_mantissa=np.asarray(mantissa if biased else 0, np.int64),
            bias_exponent=self.integer(0, 7 if self.heavy else 2),
            bias_start=self.integer(0, 9),
            clear_interval=self.integer(1, 9) if cleared else 0,
            clear_offset=self.integer(0, 12),
        )

    def conv(self, source: Shape, bits: int, mode: SignMode) -> Conv2d:
        """A convolution with stride, padding, dilation and groups of its own."""
        groups = int(self.rng.choice([g for g in (1, 2, source[0]) if source[0] % g == 0]))
        kernel = (self.integer(1, min(3, source[1])), self.integer(1, min(3, source[2])))
        weight = self.weights((groups * self.integer(1, 2), source[0] // groups, *kernel), bits, mode)
        return Conv2d(
            weight,
            None,
            (self.integer(1, 2), self.integer(1, 3)),
            (self.integer(1, 2), self.integer(1, 2)),
            (self.integer(1, 2), self.integer(1, 2)),
            groups,
        )

    def op(self, source: Shape, target: Shape | None, bits: int, mode: SignMode) -> Op:
        """An operation from ``source``; to ``target`` where that is given."""
        if target is None and len(source) == 3 and self.chance(0.7):
            return self.conv(source, bits, mode)
        out = target or (self.integer(1, 9),)
        matrix = self.weights((size(out), size(source)), bits, mode)
        if len(out) == 1 and self.chance(0.6):
            return Linear(matrix)
        return SparseLinear(sparse.csr_array(matrix), out)

    def projection(
        self, source: ProgramPopulation, target: str, shape: Shape | None
    ) -> tuple[ProgramProjection, Shape]:
        """A projection and the shape that its operation gives."""
        bits = int(self.rng.choice(WIDTHS))
        mode = SignMode(self.rng.choice([m.value for m in SignMode]))
        op = self.op(source.shape, shape, bits, mode)
        # Below 0 as far as no weight of the grid loses a bit.
        least = -(weight_step(bits, mode).bit_length() - 1)
        exponents = [0, 0, self.integer(least, 2), self.integer(least, 4 if self.heavy else 0)]
        delays = [0, 0, 0, 0, self.integer(1, 5), self.integer(6, 62)]
        return (
            ProgramProjection(
                source=source.name,
                target=target,
                op=op,
                weight_bits=bits,
                sign_mode=mode,
                exponent=int(self.rng.choice(exponents)),
                delay=int(self.rng.choice(delays)),
                graded=False,
                origin=f"{target}.projection",
            ),
            op.out_shape(source.shape),
        )


def random_program(seed: int) -> Program:
    """A program; the same for the same seed. Some ask more of accumulators than they hold."""
    make = Maker(np.random.default_rng(seed), heavy=seed % 3 == 0)
    shape: Shape = (
        (make.integer(1, 3), make.integer(3, 6), make.integer(3, 6))
        if make.chance(0.7)
        else (make.integer(1, 12),)
    )
    first = ProgramPopulation("input", Kind.INPUT, shape, "input", 0, None, Encoding.SPREAD)
    populations, projections = [first], []
    names = [f"layer.{i}" for i in range(make.integer(1, 3))]
    for name in [*names, "readout"]:
        projection, shape = make.projection(populations[-1], name, None)
        spiking = name != "readout"
        kind = Kind.NEURONS if spiking else Kind.READOUT
        neuron = make.neuron(shape, spiking=spiking)
        populations.append(ProgramPopulation(name, kind, shape, name, len(populations), neuron))
        projections.append(projection)
        for source in populations[:-1]:
            if make.chance(0.3):
                projections.append(make.projection(source, name, shape)[0])
    # Backward and recurrent connections.
    for target in populations[1:-1]:
        for source in populations[1:-1]:
            if make.chance(0.2):
                projections.append(make.projection(source, target.name, target.shape)[0])
    steps = make.integer(1, 9)
    return Program(f"random {seed}", steps, tuple(populations), tuple(projections))


def random_spikes(program: Program, seed: int, samples: int, steps: int) -> Integers:
    """Binary input, (samples, steps, \\*input shape), as dense as the seed says."""
    rng = np.random.default_rng(seed)
    density = rng.choice([0.05, 0.4, 0.9])
    spikes = rng.random((samples, steps, *program.input.shape)) < density
    return np.asarray(spikes, np.int64)
