"""The networks and inputs that are timed. Weights are random (seed 0), on Loihi's grid."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

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
    read_program,
    size,
)

STEPS = 100
DENSITY = 0.05
"""Input neurons that spike in a step."""

THRESHOLD = {"mlp": 9000, "conv": 1000}
"""In units of weights; hidden neurons then fire in 2 to 5 % of the steps."""

GESTURE = ((16, 220), (32, 1000), (64, 1500))
"""Channels and threshold of each convolution, 3x3 with stride 2: 114,688 neurons."""
VGG = (
    *((64, 733), (64, 1709), (128, 4828), (128, 2929), (256, 4052)),
    *((256, 3233), (512, 2727), (512, 2393), (512, 1270), (512, 1826)),
)
"""The convolutions of VGG-13 (Simonyan and Zisserman 2014, table 1, column B), 3x3."""
POOLED = (2, 4, 6, 8)
"""Those that hear 2x2 pixels pooled; the pooling behind the last is left out."""

LIGHT = 200_000
"""Connections of a neuron times their largest weight: what a register of 24 bits takes of Loihi's."""

LARGE_BATCHES = (1, 8)


def neuron(threshold: int | None) -> IntegerNeuron:
    """Integrate and fire with soft reset, or a readout."""
    shift = 0 if threshold is None else 6
    return IntegerNeuron(
        current_decay=4095,
        potential_decay=0,
        input_shift=shift,
        state_bits=24,
        threshold=None if threshold is None else np.asarray(threshold << shift),
        comparison=Comparison.GREATER,
        reset=Reset.SUBTRACT,
        start_value=np.asarray((threshold or 0) << shift) // 2,
        bias_mantissa=np.asarray(0),
        bias_exponent=0,
        bias_start=0,
    )


def weights(rng: np.random.Generator, *shape: int, most: int = 100) -> Integers:
    """Even numbers of both signs, up to twice ``most``."""
    return np.asarray(2 * rng.integers(-most, most + 1, shape), np.int64)


def population(name: str, shape: Shape, threshold: int | None) -> ProgramPopulation:
    """Neurons, or the readout where there is not a threshold."""
    kind = Kind.READOUT if threshold is None else Kind.NEURONS
    return ProgramPopulation(name, kind, shape, name, 0, neuron(threshold))


def events(shape: Shape) -> ProgramPopulation:
    """The input."""
    return ProgramPopulation("input", Kind.INPUT, shape, "input", 0, None, Encoding.SPREAD)


def projection(source: str, target: str, op: Op, delay: int = 0) -> ProgramProjection:
    """Binary spikes through 8-bit weights."""
    return ProgramProjection(source, target, op, 8, SignMode.MIXED, 0, delay, False, target)


def mlp(width: int = 512) -> Program:
    """784-``width``-10."""
    rng = np.random.default_rng(0)
    return Program(
        "mlp",
        1,
        (events((784,)), population("h", (width,), THRESHOLD["mlp"]), population("out", (10,), None)),
        (
            projection("input", "h", Linear(weights(rng, width, 784))),
            projection("h", "out", Linear(weights(rng, 10, width))),
        ),
    )


def conv() -> Program:
    """2x34x34, convolutions to 16 and 32 channels (3x3, stride 2), 10."""
    rng = np.random.default_rng(0)
    threshold = THRESHOLD["conv"]
    return Program(
        "conv",
        1,
        (
            events((2, 34, 34)),
            population("a", (16, 16, 16), threshold),
            population("b", (32, 7, 7), threshold),
            population("out", (10,), None),
        ),
        (
            projection("input", "a", Conv2d(weights(rng, 16, 2, 3, 3), stride=(2, 2))),
            projection("a", "b", Conv2d(weights(rng, 32, 16, 3, 3), stride=(2, 2))),
            projection("b", "out", Linear(weights(rng, 10, 32 * 7 * 7))),
        ),
    )


def gesture() -> Program:
    """2x128x128, convolutions to 16, 32 and 64 channels, 11: a network for DvsGesture's camera."""
    rng = np.random.default_rng(0)
    layers = [
        (f"c{n}", Conv2d(weights(rng, outs, ins, 3, 3), stride=(2, 2), padding=(1, 1)), threshold)
        for n, (ins, (outs, threshold)) in enumerate(zip((2, 16, 32), GESTURE, strict=True))
    ]
    return _chain("gesture", (2, 128, 128), layers, 11)


def vgg() -> Program:
    """Ten convolutions on 3x32x32, 10: 249,856 neurons.

    Weights are so small that no register can overflow, whatever spikes: ``snnc compile`` sees to that.
    A pooling, of sums, and the convolution behind it are one convolution of 6x6 with stride 2, as
    ``snnc compile`` makes of them; :func:`unpooled` gives the two.
    """
    rng, ins = np.random.default_rng(0), 3
    layers = []
    for n, (outs, threshold) in enumerate(VGG):
        heard = ins * (36 if n in POOLED else 9)
        kernel = weights(rng, outs, ins, 3, 3, most=min(100, LIGHT // heard))
        conv = Conv2d(kernel, padding=(1, 1))
        if n in POOLED:
            conv = Conv2d(kernel.repeat(2, axis=2).repeat(2, axis=3), stride=(2, 2), padding=(2, 2))
        layers.append((f"c{n}", conv, threshold))
        ins = outs
    return _chain("vgg", (3, 32, 32), layers, 10)


def _chain(name: str, shape: Shape, layers: Sequence[tuple[str, Conv2d, int]], answers: int) -> Program:
    """Convolutions, one behind the other, and a matrix: name, operation and threshold of each."""
    populations, projections, before = [events(shape)], [], "input"
    for own, conv, threshold in layers:
        shape = conv.out_shape(shape)
        populations.append(population(own, shape, threshold))
        projections.append(projection(before, own, conv))
        before = own
    last = Linear(weights(np.random.default_rng(1), answers, size(shape)))
    populations.append(population("out", (answers,), None))
    return Program(name, 1, tuple(populations), (*projections, projection(before, "out", last)))


def unpooled(number: int, conv: Conv2d) -> tuple[Conv2d, int]:
    """A convolution of :func:`vgg` without the pooling before it, and how wide that is (1: none)."""
    if number not in POOLED:
        return conv, 1
    return Conv2d(conv.weight[:, :, ::2, ::2], padding=(1, 1)), 2


def recurrent() -> Program:
    """784-512-10, the hidden layer connected to itself."""
    network = mlp()
    loop = projection("h", "h", Linear(weights(np.random.default_rng(1), 512, 512) // 8 * 2))
    return replace(network, name="recurrent", projections=(*network.projections, loop))


def delays() -> Program:
    """784-512-10, the input heard four times, with delays of 0, 7, 20 and 62 steps."""
    network, rng = mlp(), np.random.default_rng(2)
    late = (projection("input", "h", Linear(weights(rng, 512, 784)), d) for d in (7, 20, 62))
    return replace(network, name="delays", projections=(*network.projections, *late))


def spikes(
    program: Program, batch: int, steps: int = STEPS, density: float = DENSITY
) -> NDArray[np.int8]:
    """Random spikes, seed 1: (batch, steps, \\*input shape)."""
    drawn = np.random.default_rng(1).random((batch, steps, *program.input.shape), np.float32)
    return (drawn < density).astype(np.int8)


@dataclass(frozen=True)
class Case:
    """A network and the batches that it is timed with."""

    name: str
    program: Program
    spikes: Callable[[int], NDArray[np.int8]]
    batches: tuple[int, ...] = (1, 64)

    @property
    def large(self) -> bool:
        """Whether it is left out where a step takes long: the reference simulator and Lava."""
        return self.batches == LARGE_BATCHES


def compared() -> tuple[Case, ...]:
    """The networks that every competitor can run."""
    seen, images = gesture(), vgg()
    return (
        standard("mlp", mlp()),
        standard("conv", conv()),
        Case("gesture", seen, lambda batch: spikes(seen, batch, density=0.01), LARGE_BATCHES),
        Case("vgg", images, lambda batch: spikes(images, batch), LARGE_BATCHES),
    )


def standard(name: str, program: Program) -> Case:
    """100 steps at 5 % input spikes."""
    return Case(name, program, lambda batch: spikes(program, batch))


def rollout(bundle: Path, test: Path) -> Case:
    """The shipped network on recordings that it was not trained on: K = 16, 12 frames, 192 steps."""
    from snnc.sim import encode

    program = read_program(
        (bundle / "program.json").read_bytes(), (bundle / "weights.npz").read_bytes()
    )
    with np.load(test) as data:
        frames = data["x"][:64].astype(np.int64)

    def given(batch: int) -> NDArray[np.int8]:
        return np.asarray(encode(program, frames[:batch]), np.int8)

    return Case("rollout", program, given)
