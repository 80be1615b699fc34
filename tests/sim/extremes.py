"""Programs whose every field is at, or next to, an end of its range, several fields at once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import scipy.sparse as sparse

from snnc.ir import (
    Code,
    Conv2d,
    IntegerNeuron,
    Integers,
    Linear,
    Op,
    Pair,
    Program,
    ProgramPopulation,
    ProgramProjection,
    Shape,
    SignMode,
    SparseLinear,
    weight_range,
    weight_step,
)
from snnc.ir.program_ranges import WORD, range_of, register_end
from tests.backends.loihi.networks import counting_program, random_program

LARGEST_PAYLOAD = 2**23 - 1
SHIFTED = ("input_shift", "current_decay", "potential_decay", "state_bits", "bias_interval")


def _end(rng: np.random.Generator, owner: str, field: str, often: tuple[int, ...] = ()) -> int:
    """An end of a field's range, its neighbour, or one of ``often``."""
    of = range_of(owner, field)
    return int(rng.choice([of.low, of.low + 1, of.high - 1, of.high, *often, *often]))


def _weights(rng: np.random.Generator, like: Any, bits: int, mode: SignMode) -> Integers:
    """Weights at both ends of their grid, or a step from 0."""
    low, high = weight_range(bits, mode)
    step = weight_step(bits, mode)
    near = [value for value in (low, high, step, -step, 0) if low <= value <= high]
    return np.asarray(rng.choice(near, like.shape), np.int64)


def _op(rng: np.random.Generator, op: Op, bits: int, mode: SignMode) -> Op:
    if isinstance(op, Linear | Conv2d):
        return replace(op, weight=_weights(rng, op.weight, bits, mode))
    assert isinstance(op, SparseLinear)
    parts = (_weights(rng, op.weight.data, bits, mode), op.weight.indices, op.weight.indptr)
    return replace(op, weight=sparse.csr_array(parts, shape=op.weight.shape))


def _projection(rng: np.random.Generator, p: ProgramProjection) -> ProgramProjection:
    mode = SignMode(rng.choice([m.value for m in SignMode]))
    bits = _end(rng, "ProgramProjection", "weight_bits", (8, 16))
    if mode is not SignMode.MIXED:
        bits = min(bits, 31)
    exponent = _end(rng, "ProgramProjection", "exponent", (0, 0, -3, 5))
    delay = int(rng.choice([0, 0, 0, 1, 7, 40]))
    op = _op(rng, p.op, bits, mode)
    return replace(p, op=op, weight_bits=bits, sign_mode=mode, exponent=exponent, delay=delay)


def _neuron(rng: np.random.Generator, neuron: IntegerNeuron, p: ProgramPopulation) -> IntegerNeuron:
    often = {"current_decay": (4095,), "potential_decay": (0,), "state_bits": (24, 28, 29)}
    numbers: dict[str, Any] = {f: _end(rng, "IntegerNeuron", f, often.get(f, ())) for f in SHIFTED}
    numbers["bias_start"] = int(rng.choice([0, 1, 2, 65535]))
    register = register_end(numbers["state_bits"])
    shape = p.shape if rng.random() < 0.5 else ()
    exponent = _end(rng, "IntegerNeuron", "bias_exponent", (3, 7))
    bias = int(rng.choice([WORD, WORD >> exponent]))
    if numbers["bias_interval"] > 1:
        numbers["bias_interval"] = int(rng.choice([1, 2, 65536]))
    start = [register, -register, 0, register // 2]
    threshold = [1, 2, WORD, WORD - 1, register, max(1, register - 1), max(1, register // 3)]
    interval = int(rng.choice([0, 1, 2, 5, 65536]))
    offset = int(rng.choice([0, 1, 65536, 3]))
    levels = 0
    if neuron.code.exact:
        interval = max(1, interval)
        offset = (numbers["bias_start"] + 1) % interval
        levels = int(rng.choice([1, 2, LARGEST_PAYLOAD, LARGEST_PAYLOAD - 1]))
    return replace(
        neuron,
        **numbers,
        threshold=None
        if neuron.threshold is None
        else np.asarray(rng.choice(threshold, shape), np.int64),
        start_value=np.asarray(rng.choice(start, shape), np.int64),
        bias_mantissa=np.asarray(rng.choice([bias, -bias, 0, 1], shape), np.int64),
        bias_exponent=exponent,
        clear_interval=interval,
        clear_offset=offset,
        levels=levels,
    )


def is_tame(seed: int) -> bool:
    """Whether sums of the program stay small, so that the ends of registers meet the narrow kernels."""
    return seed % 3 == 0


def _tame_population(p: ProgramPopulation) -> ProgramPopulation:
    """Constants up to 2^29, the most that the narrow kernels take; registers of 2 to 32 bits."""
    n = p.neuron
    if n is None:
        return p
    most = 2**29 >> n.bias_exponent
    return replace(
        p,
        neuron=replace(
            n,
            input_shift=0,
            threshold=None if n.threshold is None else np.minimum(n.threshold, 2**29),
            start_value=n.start_value.clip(-(2**29), 2**29),
            bias_mantissa=n.bias_mantissa.clip(-most, most),
        ),
    )


def _tame_projection(rng: np.random.Generator, p: ProgramProjection) -> ProgramProjection:
    op = _op(rng, p.op, 8, SignMode.MIXED)
    exponent = int(rng.choice([0, -1, -31]))
    return replace(p, op=op, weight_bits=8, sign_mode=SignMode.MIXED, exponent=exponent)


def extreme_program(seed: int) -> Program:
    """A valid program; the same for the same seed."""
    rng = np.random.default_rng(seed + 77_000)
    program = counting_program(seed) if seed % 2 else random_program(seed)
    populations = (
        p if p.neuron is None else replace(p, neuron=_neuron(rng, p.neuron, p))
        for p in program.populations
    )
    projections = (_projection(rng, p) for p in program.projections)
    if is_tame(seed):
        populations = (_tame_population(p) for p in populations)
        projections = (_tame_projection(rng, p) for p in projections)
    return replace(program, populations=tuple(populations), projections=tuple(projections))


def extreme_spikes(program: Program, seed: int, samples: int, steps: int) -> Integers:
    """Payloads at both ends, and small ones; binary where the input is."""
    rng = np.random.default_rng(seed + 78_000)
    shape = (samples, steps, *program.input.shape)
    graded = any(p.graded and p.source == program.input.name for p in program.projections)
    near = [0, 0, 1, -1, LARGEST_PAYLOAD, -LARGEST_PAYLOAD] if graded else [0, 1]
    if is_tame(seed):
        near = [n for n in near if abs(n) < 2]
    return np.asarray(rng.choice(near, shape), np.int64)


def reached(program: Program) -> set[str]:
    """Which ends of which ranges a program is at, as ``field low`` and ``field high``."""
    found = set()
    for owner, each in [
        *(("IntegerNeuron", p.neuron) for p in program.populations if p.neuron is not None),
        *(("ProgramProjection", p) for p in program.projections),
    ]:
        for field, value in vars(each).items():
            if isinstance(value, int | np.ndarray) and not isinstance(value, bool):
                try:
                    of = range_of(owner, field)
                except KeyError:
                    continue
                found |= {f"{field} low"} if np.any(np.asarray(value) == of.low) else set()
                found |= {f"{field} high"} if np.any(np.asarray(value) == of.high) else set()
    return found | {f"code {p.neuron.code.value}" for p in program.populations if p.neuron is not None}


CODES = {f"code {code.value}" for code in Code if code is not Code.DELTA}
"""Networks that send changes are ``tests/changing.py``."""


def odd_convolution(seed: int) -> tuple[Conv2d, Shape] | None:
    """A convolution with the source that it takes: padding beyond the kernel, strides over it."""
    rng = np.random.default_rng(seed + 79_000)

    def pair(low: int, high: int) -> Pair:
        first, second = rng.integers(low, high + 1, 2)
        return int(first), int(second)

    groups = int(rng.integers(1, 4))
    ins, outs = groups * int(rng.integers(1, 3)), groups * int(rng.integers(1, 4))
    weight = 2 * rng.integers(-60, 60, (outs, ins // groups, *pair(1, 4)))
    conv = Conv2d(weight, None, pair(1, 9), pair(0, 7), pair(1, 4), groups)
    shape = (ins, *pair(1, 7))
    try:
        conv.out_shape(shape)
    except ValueError:
        return None
    return conv, shape
