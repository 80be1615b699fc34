"""A network of two layers, small enough to count by hand: a convolution, then a matrix."""

from __future__ import annotations

import numpy as np

from snnc.ir import (
    Code,
    Comparison,
    Conv2d,
    Encoding,
    Flatten,
    Graph,
    IntegerNeuron,
    Integers,
    Kind,
    Linear,
    Population,
    Program,
    ProgramPopulation,
    ProgramProjection,
    Projection,
    Reset,
    SignMode,
)

K, FRAMES, SAMPLES = 4, 2, 2
STEPS = 2 + K * FRAMES
"""The readout starts at step 2."""

CONV = Conv2d(np.ones((2, 1, 3, 3), np.int64), None, padding=(1, 1))
MATRIX = Linear(np.ones((3, 32), np.int64))


def graph() -> Graph:
    """1x4x4, a padded 3x3 convolution to 2x4x4, a matrix to 3; biases in both."""
    conv = Conv2d(np.ones((2, 1, 3, 3)), np.ones(2), padding=(1, 1))
    matrix = Linear(np.ones((3, 32)), np.ones(3))
    return Graph(
        "small",
        (
            Population("input", Kind.INPUT, (1, 4, 4), "input"),
            Population("h", Kind.NEURONS, (2, 4, 4), "h"),
            Population("out", Kind.READOUT, (3,), "out"),
        ),
        (
            Projection("input", "h", (conv,), 1, "conv"),
            Projection("h", "out", (Flatten(), matrix), 1, "fc"),
        ),
        steps_per_frame=K,
    )


def neuron(biased: bool, fires: bool, leak: int = 0) -> IntegerNeuron:
    """Integrate and fire in 24 bits; ``leak`` is ``dv``."""
    zero = np.zeros((), np.int64)
    return IntegerNeuron(
        current_decay=4095,
        potential_decay=leak,
        input_shift=0,
        state_bits=24,
        threshold=np.asarray(4, np.int64) if fires else None,
        comparison=Comparison.GREATER,
        reset=Reset.SUBTRACT,
        start_value=zero,
        bias_mantissa=np.ones((), np.int64) if biased else zero,
        bias_exponent=0,
        bias_start=1 if fires else 2,
        code=Code.RATE,
    )


def program(
    *, graded: bool = False, delay: int = 0, bits: int = 8, biased: bool = True, leak: int = 0
) -> Program:
    """The same as a program: ``graded`` is how the input comes, ``delay`` that of the first layer."""
    encoding = Encoding.GRADED if graded else Encoding.SPREAD
    signs = SignMode.EXCITATORY
    return Program(
        "small",
        K,
        (
            ProgramPopulation("input", Kind.INPUT, (1, 4, 4), "input", 0, None, encoding),
            ProgramPopulation("h", Kind.NEURONS, (2, 4, 4), "h", 1, neuron(biased, True, leak)),
            ProgramPopulation("out", Kind.READOUT, (3,), "out", 2, neuron(biased, False)),
        ),
        (
            ProgramProjection("input", "h", CONV, bits, signs, 0, delay, graded, "conv"),
            ProgramProjection("h", "out", MATRIX, bits, signs, 0, 0, False, "fc"),
        ),
    )


def counts(largest: int = 1) -> Integers:
    """Data of two samples and two frames; only their number, shape and largest count matter."""
    x = np.zeros((SAMPLES, FRAMES, 1, 4, 4), np.int64)
    x[0, 0, 0, 0, 0] = largest
    return x


def events() -> dict[str, Integers]:
    """Of both samples together: 3 spikes in a corner and 5 inside, and 10 of h."""
    corner_and_inside = np.zeros((1, 4, 4), np.int64)
    corner_and_inside[0, 0, 0], corner_and_inside[0, 1, 1] = 3, 5
    h = np.zeros((2, 4, 4), np.int64)
    h[0, 0, 0], h[1, 2, 3] = 4, 6
    return {"input": corner_and_inside, "h": h}
