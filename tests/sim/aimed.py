"""Programs and inputs that reach a bound exactly, or miss it by one.

Sums are chosen first, then weights and payloads that give them (``chosen_sums.py``), then the input
that brings them all in one step.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sparse

from snnc.ir import (
    Code,
    Comparison,
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
from tests.sim.chosen_sums import (
    DOUBLE,
    FLOAT,
    GRIDS,
    LARGEST_PAYLOAD,
    SHORT,
    WORD,
    Payloads,
    Rng,
    drawn,
    matrix_with,
    operation_with,
    parts_of,
    target_count,
    worst,
)

CONSTANT = 2**29
NOTHING = np.zeros((), np.int64)


@dataclass(frozen=True)
class Aimed:
    """A program and the input that reaches its bounds, (samples, steps, \\*input shape)."""

    program: Program
    spikes: Integers


def neuron(rng: Rng, **fields: object) -> IntegerNeuron:
    """A neuron that does not leak; of any code where nothing else is said."""
    code = Code(rng.choice([c.value for c in (Code.RATE, Code.RATE, Code.FRAME, Code.GRADED)]))
    plain = IntegerNeuron(
        current_decay=4095,
        potential_decay=0,
        input_shift=0,
        state_bits=24,
        threshold=np.asarray(int(rng.choice([1, 2, 640, 2**15, 2**20]))),
        comparison=Comparison(rng.choice([c.value for c in Comparison])),
        reset=Reset(rng.choice([r.value for r in Reset])),
        start_value=NOTHING,
        bias_mantissa=NOTHING,
        bias_exponent=0,
        bias_start=0,
    )
    if code.exact:
        interval = int(rng.integers(1, 4))
        plain = replace(
            plain,
            code=code,
            levels=int(rng.choice([1, 5, LARGEST_PAYLOAD])),
            clear_interval=interval,
            clear_offset=1 % interval,
        )
    return replace(plain, **fields)  # type: ignore[arg-type]


def _passing(rng: Rng, code: Code, high: int) -> IntegerNeuron:
    """Sends in the same step what arrives, where that is above 0."""
    steady = neuron(rng, code=Code.RATE, levels=0, clear_interval=0, clear_offset=0, state_bits=32)
    one = replace(steady, threshold=np.ones((), np.int64), comparison=Comparison.GREATER_EQUAL)
    if code is Code.GRADED:
        return replace(one, code=code, levels=high, clear_interval=1)
    return replace(one, reset=Reset.ZERO)


def _network(
    rng: Rng,
    shape: Shape,
    projections: list[ProgramProjection],
    target: IntegerNeuron,
    passing: Code | None,
    payloads: Payloads,
) -> Program:
    """Input, maybe a population that passes it on, the target of all projections, and a readout."""
    out = projections[0].op.out_shape(shape)
    binary = passing is Code.RATE
    encoding = Encoding.SPREAD if binary else Encoding.GRADED
    populations = [ProgramPopulation("input", Kind.INPUT, shape, "input", 0, None, encoding)]
    first = []
    if passing is not None:
        relay = _passing(rng, passing, payloads.high)
        populations.append(ProgramPopulation("on", Kind.NEURONS, shape, "on", 1, relay))
        eye = SparseLinear(sparse.csr_array(sparse.eye_array(size(shape), dtype=np.int64)), shape)
        first = [ProgramProjection("input", "on", eye, 9, SignMode.MIXED, 0, 0, not binary, "on")]
    populations.append(ProgramPopulation("sum", Kind.NEURONS, out, "sum", 1, target))
    still = neuron(rng, code=Code.RATE, levels=0, clear_interval=0, clear_offset=0, threshold=None)
    populations.append(ProgramPopulation("answer", Kind.READOUT, (2,), "answer", 2, still))
    last = Linear(np.asarray(rng.integers(-9, 10, (2, size(out))), np.int64))
    graded = target.code is Code.GRADED
    ends = ProgramProjection("sum", "answer", last, 9, SignMode.MIXED, 0, 0, graded, "answer")
    return Program("aimed", 1, tuple(populations), (*first, *projections, ends))


def _together(
    rng: Rng, program: Program, projections: Iterable[ProgramProjection], payloads: Payloads
) -> Integers:
    """Input of the worst sums, of all projections in the same step, and some of the same range."""
    inner = [q for q in projections if q.target == "sum"]
    shape, longest = program.input.shape, max(q.delay for q in inner)
    signed_low = 0 if program.input.encoding is Encoding.SPREAD else -payloads.low
    steps = 2 * (longest + 1) + 6
    spikes = np.zeros((2, steps, size(shape)), np.int64)
    for arrives, end in ((longest + 1, 0), (2 * longest + 3, 1)):
        for q in inner:
            spikes[0, arrives - q.delay - 1] = worst(q.op, shape, payloads)[end]
    given = np.asarray([signed_low, 0, payloads.high])
    spikes[1] = rng.choice(given, spikes[1].shape)
    spikes[1, 0, 0], spikes[1, 1, 0] = payloads.high, signed_low
    if signed_low and payloads.high < LARGEST_PAYLOAD and rng.random() < 0.2:
        spikes[1, 2, 0] = payloads.high + 1  # one more than the sums were made for
    return spikes.reshape(2, steps, *shape)


def _one_sum(rng: Rng, total: int, exponents: tuple[int, ...], **fields: object) -> Aimed:
    """One projection whose largest or smallest stored sum is ``total``, signed."""
    passing = [None, None, None, Code.GRADED, Code.RATE][rng.integers(0, 5)]
    if abs(total) > 2 * SHORT and passing is Code.RATE:
        passing = None
    if passing is Code.RATE:
        payloads, grid = Payloads(0, 1), GRIDS[rng.integers(2, len(GRIDS))]
        row = [*parts_of(rng, abs(total), grid.most), 0]
    else:
        payloads, grid, (row,) = drawn(rng, [abs(total)], passing is None)
        passing = None if payloads.low else passing
    op, shape = operation_with(rng, row, grid, 1 if total > 0 else -1)
    exponent = int(rng.choice(exponents))
    source = "input" if passing is None else "on"
    q = ProgramProjection(
        source,
        "sum",
        op,
        grid.bits,
        SignMode.MIXED,
        exponent,
        int(rng.choice([0, 0, 1, 5])),
        passing is not Code.RATE,
        "sum",
    )
    program = _network(rng, shape, [q], neuron(rng, **fields), passing, payloads)
    return Aimed(program, _together(rng, program, [q], payloads))


def _near(rng: Rng, limit: int) -> int:
    """At the end of what a register holds, or one beside, of either sign."""
    return int(rng.choice([1, -1])) * (limit + int(rng.integers(-1, 2)))


def sum16(rng: Rng) -> Aimed:
    """Sums at the ends of 16 bits."""
    state = int(rng.choice([17, 18, 24, 28, 29, 32]))
    shift = int(rng.choice([0, 0, 6]))
    return _one_sum(rng, _near(rng, SHORT), (0, 0, 1, -1, -3, 7), state_bits=state, input_shift=shift)


def sum32(rng: Rng) -> Aimed:
    """Sums at the ends of 32 bits, where they wrap, seen through shifts to the right too."""
    state = int(rng.choice([24, 28, 32]))
    return _one_sum(rng, _near(rng, WORD), (0, -1, -4, -8, -31, 1), state_bits=state)


def floats(rng: Rng) -> Aimed:
    """Sums at the ends of what floats of 32 and of 64 bits hold exactly."""
    limit = FLOAT if rng.random() < 0.6 else DOUBLE
    return _one_sum(rng, _near(rng, limit), (0, 0, -1, -2), state_bits=int(rng.choice([28, 32])))


def _registers(rng: Rng, state_bits: int, shift: int, **fields: object) -> Aimed:
    """What arrives altogether, shifted, at the end of a register of the current."""
    total = max(1, (1 << (state_bits - 1 - shift)) + int(rng.integers(-1, 2)))
    count = min(int(rng.integers(1, 4)), total)
    cuts = np.sort(rng.choice(np.arange(1, total), count - 1, replace=False)) if total < 2**20 else None
    if cuts is None:
        cuts = np.unique(rng.integers(1, total, count - 1))
    shares = np.diff([0, *cuts.tolist(), total])
    totals, exponents = [], []
    for share in shares.tolist():
        exponent = int(rng.choice([0, 0, -1, -5, 1]))
        if exponent > 0 and share % 2:
            exponent = 0
        low_bits = int(rng.integers(0, 1 << max(0, -exponent)))
        totals.append((share >> 1 if exponent > 0 else share << -exponent) + low_bits)
        exponents.append(exponent)
    payloads, grid, rows = drawn(rng, totals, True, GRIDS[2:])  # of step 1: totals are as they are
    sign, width = int(rng.choice([1, -1])), max(map(len, rows))
    delays = rng.permutation(4)[: len(rows)].tolist()
    projections, targets = [], target_count(rng)
    for row, exponent, delay in zip(rows, exponents, delays, strict=True):
        matrix = matrix_with(rng, row, width, 1, sign if exponent >= 0 else 1, targets)
        op: Op = Linear(matrix)
        if rng.random() < 0.5:
            op = SparseLinear(sparse.csr_array(matrix), (targets,))
        projections.append(
            ProgramProjection(
                "input", "sum", op, grid.bits, SignMode.MIXED, exponent, delay, True, "sum"
            )
        )
    target = neuron(rng, state_bits=state_bits, input_shift=shift, **fields)
    if target.code is Code.RATE and rng.random() < 0.3:
        target = replace(target, clear_interval=int(rng.integers(1, 4)))
    program = _network(rng, (width,), projections, target, None, payloads)
    return Aimed(program, _together(rng, program, projections, payloads))


def register(rng: Rng) -> Aimed:
    """Several projections, shifted and delayed, at the ends of a register together."""
    state_bits = int(rng.choice([3, 8, 16, 17, 24, 27, 28, 29]))
    return _registers(rng, state_bits, int(rng.integers(0, min(7, state_bits - 1))))


def constants(rng: Rng) -> Aimed:
    """Thresholds, biases and start values at the ends of what is computed in 32 bits."""
    state_bits = int(rng.choice([24, 27, 28, 28, 29, 30]))
    end = (1 << (state_bits - 1)) - 1
    near = [CONSTANT - 1, CONSTANT, CONSTANT + 1, 2**31 - 1, 1, end, end + 1]
    start = int(rng.choice([-end, end, 0, end // 2]))
    most = [CONSTANT, CONSTANT + 1, CONSTANT - 1, 2**31 - 1, 0, end, 7]
    bias = int(rng.choice(most)) * int(rng.choice([1, -1]))
    exponent = int(rng.choice([0, 0, 3]))
    return _registers(
        rng,
        state_bits,
        int(rng.choice([0, 6])),
        threshold=np.asarray(int(rng.choice(near))),
        start_value=np.asarray(start),
        bias_mantissa=np.asarray(bias >> exponent),
        bias_exponent=exponent,
    )


AIMS = {
    "sum16": sum16,
    "sum32": sum32,
    "floats": floats,
    "register": register,
    "constants": constants,
}
"""By what they aim at."""


def aimed(kind: str, seed: int) -> Aimed:
    """One network; the same for the same kind and seed."""
    return AIMS[kind](np.random.default_rng([list(AIMS).index(kind), seed]))


def against_signs(program: Program, seed: int, samples: int, steps: int) -> Integers | None:
    """Input of both signs for any program: at what a bound that looks at one sign at a time allows.

    The worst signs for a projection of the input, with the largest payload that such a bound takes for
    safe, the largest that is, or one more. None where nothing hears payloads of the input.
    """
    rng = np.random.default_rng([99, seed])
    heard = [q for q in program.projections if q.source == program.input.name and q.graded]
    if not heard:
        return None
    q = heard[rng.integers(0, len(heard))]
    matrix = q.op.matrix(program.input.shape)
    step = np.gcd.reduce(matrix.data, initial=0) or 1
    above = np.asarray(matrix.maximum(0).sum(1)).ravel() // step
    below = -np.asarray(matrix.minimum(0).sum(1)).ravel() // step
    one_sign, both = int(max(1, above.max(), below.max())), int(max(1, (above + below).max()))
    spikes = np.zeros((samples, steps, size(program.input.shape)), np.int64)
    most = (SHORT - 1) // one_sign, (SHORT - 1) // both, (SHORT - 1) // both + 1
    magnitude = min(LARGEST_PAYLOAD, max(1, most[rng.integers(0, 3)]))
    up, down = worst(q.op, program.input.shape, Payloads(magnitude, magnitude))
    for sample in range(samples):
        for at in range(steps):
            spikes[sample, at] = (up, down, 0 * up)[rng.integers(0, 3)]
    return spikes.reshape(samples, steps, *program.input.shape)
