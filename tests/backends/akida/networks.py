"""Random programs that Akida can do: chains of convolutions and dense layers, and loops."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

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
)


@dataclass(frozen=True)
class Draw:
    """What numbers a version of Akida takes.

    ``grid`` has, by the bits of a weight, the step of its grid and the largest in steps.
    """

    grid: dict[int, tuple[int, int]]
    levels: tuple[int, ...]
    counts: tuple[int, int]
    powers: bool

    def thresholds(self, rng: np.random.Generator, kind: Shape, unit: int) -> Integers:
        """Of neurons: multiples of a unit, or powers of two."""
        if not self.powers:
            return np.asarray(rng.integers(1, 60, kind) * unit)
        return np.asarray(2 ** rng.integers(0, 10, kind))


ONE = Draw({4: (32, 7), 2: (128, 1)}, (1, 3, 15, 15), (0, 15), powers=False)
TWO = Draw({8: (2, 127), 4: (32, 7)}, (1, 5, 15, 15, 100, 127), (-128, 127), powers=True)
DRAWN = {"akd1000": ONE, "six-nodes-ipv2": TWO}
"""By device."""


def neuron(
    rng: np.random.Generator, shape: Shape, start: int, unit: int, draw: Draw, levels: int
) -> IntegerNeuron:
    """A neuron of the code graded, its numbers for all, by channel or (no map) by neuron."""
    kinds: list[Shape] = [(), (shape[0], *[1] * (len(shape) - 1))]
    kind = kinds[int(rng.integers(len(kinds)))]
    threshold = draw.thresholds(rng, kind, unit)
    return IntegerNeuron(
        current_decay=4095,
        potential_decay=int(rng.choice([0, 0, 1024])),
        input_shift=0,
        state_bits=24,
        threshold=np.asarray(threshold),
        comparison=Comparison.GREATER_EQUAL,
        reset=Reset.SUBTRACT,
        start_value=np.asarray(rng.integers(-5, threshold + 1)),
        bias_mantissa=np.asarray(rng.integers(-30, 60, kind)),
        bias_exponent=int(rng.integers(3)),
        bias_start=start,
        clear_interval=1,
        clear_offset=start + 1,
        code=Code.GRADED,
        levels=levels,
    )


def readout(rng: np.random.Generator, start: int) -> IntegerNeuron:
    """A readout that adds up, answers each frame by itself, or leaks."""
    clears = bool(rng.integers(2))
    return IntegerNeuron(
        current_decay=int(rng.choice([4095, 4095, 1000])),
        potential_decay=int(rng.choice([0, 0, 500])),
        input_shift=0,
        state_bits=24,
        threshold=None,
        comparison=Comparison.GREATER,
        reset=Reset.SUBTRACT,
        start_value=np.zeros((), np.int64),
        bias_mantissa=np.asarray(rng.integers(-9, 9)),
        bias_exponent=0,
        bias_start=start,
        clear_interval=int(clears),
        clear_offset=start + 1 if clears else 0,
    )


def weights(rng: np.random.Generator, draw: Draw, *shape: int) -> tuple[Integers, int]:
    """Weights on the grid of some bits, and which."""
    many, few = draw.grid
    bits = int(rng.choice([many, many, few]))
    step, most = draw.grid[bits]
    kept = rng.random(shape) < min(1.0, 24 / max(1, int(np.prod(shape[1:]))))
    return np.asarray(rng.integers(-most, most + 1, shape) * step * kept, np.int64), bits


def projection(
    source: str, target: str, op: Op, bits: int, delay: int, more: int = 0
) -> ProgramProjection:
    """A projection whose weights are the chip's times ``2^more``."""
    exponent = more - {8: 1, 4: 5, 2: 7}[bits]
    return ProgramProjection(
        source, target, op, bits, SignMode.MIXED, exponent, delay, True, f"net.{source}_{target}"
    )


def convolution(rng: np.random.Generator, draw: Draw, given: Shape) -> tuple[Op, int]:
    """One that the chip has, or one that has to become a dense layer."""
    kernel, stride = [(1, 1), (3, 1), (3, 2), (5, 1), (2, 1), (3, 3)][int(rng.integers(6))]
    padding = kernel // 2 if rng.random() < 0.8 else 0
    if min(given[1:]) + 2 * padding < kernel:
        kernel, stride, padding = 1, 1, 0
    values, bits = weights(rng, draw, int(rng.integers(1, 5)), given[0], kernel, kernel)
    return Conv2d(values, None, stride=(stride, stride), padding=(padding, padding)), bits


def chain(seed: int, draw: Draw) -> Program:
    """Convolutions, then dense layers; delays, and starts that match them or are 0 (streaming)."""
    rng = np.random.default_rng(seed)
    maps = bool(rng.integers(3))
    shape: Shape = (int(rng.integers(1, 4)), *map(int, rng.integers(3, 9, 2)))
    shape = shape if maps else (int(rng.integers(2, 20)),)
    streaming, start = bool(rng.integers(2)), 0
    kind = Encoding.ONCE
    populations: list[Any] = [ProgramPopulation("x", Kind.INPUT, shape, "x", 0, None, kind)]
    projections = []
    layers = int(rng.integers(1, 5))
    for number in range(layers):
        last = number == layers - 1
        name = "out" if last else f"p{number}"
        before = populations[-1]
        if len(before.shape) == 3 and not last and rng.random() < 0.8:
            op, bits = convolution(rng, draw, before.shape)
            shape = op.out_shape(before.shape)
        else:
            shape = (int(rng.integers(2, 12)),)
            values, bits = weights(rng, draw, shape[0], size(before.shape))
            dense = rng.random() < 0.7
            op = Linear(values) if dense else SparseLinear(sparse.csr_array(values), shape)
        delay, more = int(rng.choice([0, 0, 2])), int(rng.choice([0, 0, 2, -1]))
        start += 0 if streaming else 1 + delay
        levels = int(rng.choice(draw.levels))
        how = readout(rng, start) if last else neuron(rng, shape, start, 4, draw, levels)
        role = Kind.READOUT if last else Kind.NEURONS
        populations.append(ProgramPopulation(name, role, shape, f"net.{name}", start, how))
        projections.append(projection(before.name, name, op, bits, delay, more))
    return Program(f"chain {seed}", 1, tuple(populations), tuple(projections))


def looped(seed: int, draw: Draw) -> Program:
    """Populations wired at random, with loops, shortcuts, delays and several connections."""
    rng = np.random.default_rng(seed)
    shape: Shape = (int(rng.integers(2, 12)),)
    populations = [ProgramPopulation("x", Kind.INPUT, shape, "x", 0, None, Encoding.ONCE)]
    levels = int(rng.choice(draw.levels))
    bits = next(iter(draw.grid))
    step, most = draw.grid[bits]
    for number in range(int(rng.integers(1, 5))):
        shape = (int(rng.integers(1, 10)),)
        start = int(rng.integers(3))
        levels = int(rng.choice(draw.levels)) if draw.powers else levels
        how = neuron(rng, shape, start, 1, draw, levels)
        populations.append(
            ProgramPopulation(f"p{number}", Kind.NEURONS, shape, f"net.p{number}", start, how)
        )
    populations.append(ProgramPopulation("out", Kind.READOUT, (3,), "net.out", 1, readout(rng, 1)))
    projections = []
    senders = populations[:-1]
    for target in populations[1:]:
        for _ in range(int(rng.integers(1, 4))):
            sender = senders[int(rng.integers(len(senders)))]
            values = rng.integers(-most, most + 1, (target.shape[0], sender.shape[0])) * step
            delay = int(rng.choice([0, 0, 1, 3]))
            projections.append(projection(sender.name, target.name, Linear(values), bits, delay))
    return Program(f"looped {seed}", 1, tuple(populations), tuple(projections))


def random_program(seed: int, device: str = "akd1000") -> Program:
    """A chain, or every third one with loops."""
    draw = DRAWN[device]
    return looped(seed, draw) if seed % 3 == 2 else chain(seed, draw)


def random_spikes(
    program: Program, seed: int, samples: int, steps: int, device: str = "akd1000"
) -> Integers:
    """Counts that the device takes, (samples, steps, \\*input shape)."""
    low, high = DRAWN[device].counts
    rng = np.random.default_rng(seed)
    shape = (samples, steps, *program.input.shape)
    return np.asarray((rng.random(shape) < 0.5) * rng.integers(low, high + 1, shape), np.int64)
