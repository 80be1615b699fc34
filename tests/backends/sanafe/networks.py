"""Random programs that SANA-FE can say, and inputs for them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from snnc.backends.sanafe import SanafeBackend
from snnc.ir import Encoding, Integers, Program, ProgramProjection
from tests.backends.loihi.networks import random_program

BACK_END = SanafeBackend(input_bits=3)


def sayable(seed: int) -> Program:
    """A random program for Loihi with what SANA-FE cannot say taken away, and nothing else."""
    rng = np.random.default_rng(seed + 500)
    program = random_program(seed)
    return replace(
        program,
        name=f"sayable {seed}",
        projections=tuple(_projection(p, rng) for p in program.projections),
    )


def _projection(projection: ProgramProjection, rng: np.random.Generator) -> ProgramProjection:
    """Exponents without floors: at least 0, or such that every weight can be divided."""
    exponent = min(abs(projection.exponent), 2)
    step = 2 ** (8 - projection.weight_bits)
    if rng.random() < 0.3 and step > 1:
        exponent = -int(np.log2(step))
    return replace(projection, exponent=exponent)


def accepted(seeds: range) -> list[Program]:
    """Those of the programs that pass the checks; the rest can leave a register in one step."""
    return [p for p in map(sayable, seeds) if not list(BACK_END.check(p))]


def random_counts(program: Program, seed: int, samples: int, steps: int) -> Integers:
    """Input payloads (samples, steps, \\*input shape), as large as the back end's bits say them."""
    rng = np.random.default_rng(seed)
    shape = (samples, steps, *program.input.shape)
    low, high = (0, 1) if program.input.encoding is Encoding.SPREAD else (-8, 7)
    present = rng.random(shape) < 0.4
    return np.asarray(present * rng.integers(low, high + 1, shape), np.int64)
