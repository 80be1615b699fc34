"""Small random programs that together use everything a program can say, and inputs for them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sparse

from snnc.ir import (
    Code,
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

STATE_LIMIT = 2**23 - 1


@dataclass
class Maker:
    """Draws one program; ``wild`` networks overflow currents and saturate potentials.

    Attributes:
        rng: source of every choice.
        wild: large weights, exponents and payloads.
    """

    rng: np.random.Generator
    wild: bool

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
        """Dynamics; one in three can be Lava's own LIF."""
        plain = spiking and self.chance(0.33)
        own = () if plain or self.chance(0.5) else shape
        # Every order of magnitude, so that some populations fire often and others seldom.
        magnitude = self.rng.uniform(6, 22.9 if self.wild else 14, own)
        threshold = np.asarray(2**magnitude).astype(np.int64) // 64 * 64
        if not plain and self.chance(0.5):
            threshold = threshold - self.integer(0, 40)
        start = np.asarray([0, int(threshold.flat[0]) // 2, -STATE_LIMIT])
        mantissa = self.rng.integers(-4095, 4096, shape if self.chance(0.5) else ())
        return IntegerNeuron(
            current_decay=int(self.rng.choice([4095, 0, self.integer(1, 4094)])),
            potential_decay=int(self.rng.choice([0, self.integer(1, 4095), 4095])),
            input_shift=6 if plain or self.chance(0.8) else self.integer(0, 5),
            state_bits=24,
            threshold=threshold if spiking else None,
            comparison=Comparison.GREATER if plain or self.chance(0.5) else Comparison.GREATER_EQUAL,
            reset=Reset.ZERO if plain or self.chance(0.4) else Reset.SUBTRACT,
            start_value=np.asarray(start[self.integer(0, 2 if self.wild else 1)]),
            bias_mantissa=np.asarray(mantissa if self.chance(0.6) else 0, np.int64),
            bias_exponent=self.integer(0, 7 if self.wild else 3),
            bias_start=0 if plain else self.integer(0, 9),
            clear_interval=0 if plain or self.chance(0.6) else self.integer(1, 9),
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
        bits = self.integer(1, 8)
        mode = SignMode(self.rng.choice([m.value for m in SignMode]))
        op = self.op(source.shape, shape, bits, mode)
        exponents = (
            [0, self.integer(-7, 7), self.integer(-7, 7)] if self.wild else [0, self.integer(-7, 0)]
        )
        delays = [0, 0, 0, 0, self.integer(1, 5), self.integer(1, 5), self.integer(6, 62)]
        return (
            ProgramProjection(
                source=source.name,
                target=target,
                op=op,
                weight_bits=bits,
                sign_mode=mode,
                exponent=int(self.rng.choice(exponents)),
                delay=int(self.rng.choice(delays)),
                graded=source.encoding is Encoding.GRADED,
                origin=f"{target}.projection",
            ),
            op.out_shape(source.shape),
        )


def random_program(seed: int) -> Program:
    """A valid program; the same for the same seed, and with a name of its own."""
    make = Maker(np.random.default_rng(seed), wild=seed % 3 == 0)
    shape: Shape = (
        (make.integer(1, 3), make.integer(3, 6), make.integer(3, 6))
        if make.chance(0.7)
        else (make.integer(1, 12),)
    )
    encoding = Encoding.GRADED if make.chance(0.5) else Encoding.SPREAD
    populations = [ProgramPopulation("input", Kind.INPUT, shape, "input", 0, None, encoding)]
    projections: list[ProgramProjection] = []
    names = [f"layer.{i}" for i in range(make.integer(1, 3))]
    for name in [*names, "readout"]:
        first, shape = make.projection(populations[-1], name, None)
        spiking = name != "readout"
        kind = Kind.NEURONS if spiking else Kind.READOUT
        neuron = make.neuron(shape, spiking=spiking)
        populations.append(ProgramPopulation(name, kind, shape, name, len(populations), neuron))
        projections.append(first)
        for source in populations[:-1]:
            if make.chance(0.3):
                projections.append(make.projection(source, name, shape)[0])
    # Backward and recurrent connections.
    for target in populations[1:-1]:
        for source in populations[1:-1]:
            if make.chance(0.2):
                projections.append(make.projection(source, target.name, target.shape)[0])
    return Program(f"random {seed}", 2, tuple(populations), tuple(projections))


def random_spikes(program: Program, seed: int, samples: int, steps: int) -> Integers:
    """Input payloads (samples, steps, \\*input shape); graded ones of every size and both signs."""
    rng = np.random.default_rng(seed)
    shape = (samples, steps, *program.input.shape)
    present = rng.random(shape) < 0.4
    if program.input.encoding is Encoding.SPREAD:
        return present.astype(np.int64)
    largest = int(rng.choice([1, 30, 5000, 2**23 - 1]))
    return np.asarray(present * rng.integers(-largest, largest + 1, shape), np.int64)


def edge_program() -> Program:
    """One input, weight 1, every kind of neuron: what arrives is exactly the payload.

    Currents keep nothing, so that ``u`` is the payload times 64 of this step alone.
    """
    shape = (1,)

    def neuron(threshold: int | None, reset: Reset, comparison: Comparison) -> IntegerNeuron:
        return IntegerNeuron(
            current_decay=4095,
            potential_decay=0,
            input_shift=6,
            state_bits=24,
            threshold=None if threshold is None else np.asarray(threshold),
            comparison=comparison,
            reset=reset,
            start_value=np.asarray(0),
            bias_mantissa=np.asarray(0),
            bias_exponent=0,
            bias_start=0,
        )

    kinds = {
        "lif": neuron(640, Reset.ZERO, Comparison.GREATER),
        "hard": neuron(640, Reset.ZERO, Comparison.GREATER_EQUAL),
        "soft": neuron(640, Reset.SUBTRACT, Comparison.GREATER),
        "readout": neuron(None, Reset.SUBTRACT, Comparison.GREATER),
    }
    populations = [
        ProgramPopulation("input", Kind.INPUT, shape, "input", 0, None, Encoding.GRADED),
        *(
            ProgramPopulation(
                name, Kind.READOUT if name == "readout" else Kind.NEURONS, shape, name, 1, neuron
            )
            for name, neuron in kinds.items()
        ),
    ]
    one = Linear(np.ones((1, 1), np.int64))
    projections = [
        ProgramProjection("input", name, one, 8, SignMode.EXCITATORY, 0, 0, True, name)
        for name in kinds
    ]
    return Program("edges", 1, tuple(populations), tuple(projections))


def edge_spikes() -> Integers:
    """Payloads at every boundary that ``u``, ``v`` and the threshold have, (1, steps, 1)."""
    near = [sign * 2**power + off for power in (17, 18, 22) for sign in (1, -1) for off in (-1, 0, 1)]
    payloads = [9, 1, 1, 10, 11, *near, 2**17 - 1, 2**17 - 1, -(2**17) + 1, -(2**17) + 1, 2**23 - 1]
    return np.asarray([*payloads, 0, 0], np.int64).reshape(1, -1, 1)


def counting_program(seed: int) -> Program:
    """A random network whose neurons, most of them, speak an exact code, whatever their sums are."""
    rng = np.random.default_rng(seed + 10_000)
    program = random_program(seed)
    populations = []
    for p in program.populations:
        if p.kind is not Kind.NEURONS or p.neuron is None or rng.random() < 0.2:
            populations.append(p)
            continue
        code = Code.FRAME if rng.random() < 0.5 else Code.GRADED
        steps = int(rng.integers(1, 6))
        neuron = replace(
            p.neuron,
            code=code,
            levels=int(rng.integers(1, steps + 3)) if code is Code.FRAME else int(rng.integers(1, 300)),
            clear_interval=steps,
            clear_offset=p.start + 1,
            bias_start=p.start,
            bias_interval=int(rng.choice([1, steps])),
        )
        populations.append(replace(p, neuron=neuron))
    by_name = {p.name: p for p in populations}
    projections = []
    for q in program.projections:
        source = by_name[q.source].neuron
        speaks = source is not None and source.code is Code.GRADED
        projections.append(replace(q, graded=True) if speaks and rng.random() < 0.9 else q)
    return replace(
        program,
        name=f"counting {seed}",
        populations=tuple(populations),
        projections=tuple(projections),
    )
