"""Inputs that drive registers as far as they can go, and what the registers then hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.ir import Array, Integers, Program, ProgramProjection, size
from snnc.sim import encode, run_steps
from snnc.sim.fast import Simulator
from snnc.sim.fast.simulator import Chunk
from snnc.verify.known import Range

Register = tuple[str, str]
"""A population, and which of its registers, as :class:`snnc.verify.ranges.Range` has them."""


@dataclass
class Seen:
    """The least and the largest that registers would have had to hold."""

    ends: dict[Register, tuple[int, int]] = field(default_factory=dict)

    def add(self, key: Register, values: NDArray[np.integer[Any]]) -> None:
        """Take more values into account."""
        low, high = int(values.min()), int(values.max())
        before = self.ends.get(key, (low, high))
        self.ends[key] = (min(low, before[0]), max(high, before[1]))

    def beyond(self, ranges: tuple[Range, ...]) -> list[str]:
        """Registers that held what the ranges do not, in words."""
        return [
            f"{r.population}: {r.register} {low} to {high}, said {r.low} to {r.high}"
            for r in ranges
            if (found := self.ends.get((r.population, r.register))) is not None
            for low, high in (found,)
            if low < r.low or high > r.high
        ]

    def left(self, ranges: tuple[Range, ...]) -> list[Register]:
        """Registers that wrapped or saturated."""
        return [
            key
            for r in ranges
            if (found := self.ends.get(key := (r.population, r.register))) is not None
            and (found[0] < r.least or found[1] > r.most)
        ]


def run(program: Program, counts: Integers) -> Seen:
    """What every register would have to hold, on the reference simulator.

    Args:
        program: any.
        counts: (samples, frames, \\*input shape), all at once.
    """
    seen = Seen()

    def watch(name: str, registers: Mapping[str, Integers]) -> None:
        for register, values in registers.items():
            seen.add((name, register), values)

    for now in run_steps(program, np.asarray(encode(program, counts), np.int64), watch):
        for q in program.projections:
            seen.add((q.target, f"sum of {q.label}"), _sums(q, now[q.source][0]))
    return seen


def _sums(q: ProgramProjection, sent: Integers) -> Integers:
    payload = sent if q.graded else (sent != 0).astype(np.int64)
    return np.asarray(q.op.apply(payload), np.int64)


def run_long(program: Program, counts: Integers) -> Seen:
    """The same of potentials alone, after saturation and reset, on the fast simulator.

    For so many frames that the reference simulator would take minutes. A potential that stands at its
    register's end counts as beyond it.
    """
    seen, simulator = Seen(), Simulator(program, 1)
    names = tuple(p.name for p in program.populations if p.neuron is not None)

    def keep(chunk: Chunk) -> None:
        for name in names:
            seen.add((name, "potential"), simulator.potentials(chunk, name))

    def source(part: slice, steps: slice) -> NDArray[np.integer[Any]]:
        return encode(program, counts[part], steps)

    total = program.steps(counts.shape[1])
    payloads = int(counts.min(initial=0)), int(counts.max(initial=0))
    simulator.stream(source, len(counts), total, payloads, names, keep, None)
    ends = {p.name: 2 ** (p.neuron.state_bits - 1) - 1 for p in program.populations if p.neuron}
    for (name, register), (low, high) in seen.ends.items():
        at = (low - (low == -ends[name]), high + (high == ends[name]))
        seen.ends[name, register] = at
    return seen


def adversarial(
    program: Program,
    ranges: tuple[Range, ...],
    low: int,
    high: int,
    frames: int,
    rng: np.random.Generator,
) -> Integers:
    """Inputs of such counts that drive the neurons nearest to their limits, either way.

    Args:
        program: any.
        ranges: say which neurons come nearest.
        low, high: counts.
        frames: of each sample.
        rng: for a neuron of each population more, and what changes over time.

    Returns:
        (samples, frames, \\*input shape), every one with the largest count or the smallest.
    """
    shape = program.input.shape
    found = [np.full(shape, high), np.full(shape, low), rng.integers(low, high + 1, shape)]
    found += [_pattern(wish.reshape(shape), low, high) for wish in _wishes(program, ranges, rng)]
    patterns = np.unique(np.array(found, np.int64), axis=0)
    steady = np.broadcast_to(patterns[:, None], (len(patterns), frames, *shape))
    if frames == 1:
        return np.asarray(steady)
    # Driven one way first and then the other, and by fits and starts.
    order = rng.permutation(len(patterns))
    turned = np.where(
        np.arange(frames).reshape(1, -1, *[1] * len(shape)) < frames // 2, steady[order], steady
    )
    gaps = rng.random((len(patterns), frames, *[1] * len(shape))) < 0.7
    return np.concatenate([steady, turned, np.where(gaps, steady, 0)])


def _pattern(wish: Array, low: int, high: int) -> Integers:
    return np.where(wish > 0, high, np.where(wish < 0, low, 0)).astype(np.int64)


def _wishes(program: Program, ranges: tuple[Range, ...], rng: np.random.Generator) -> Iterator[Array]:
    aims = {(r.population, flat_index(program, r)) for r in ranges}
    for p in program.populations:
        if p.neuron is not None and p.relay_of is None:
            aims.add((p.name, int(rng.integers(size(p.shape)))))
    for name, neuron in sorted(aims):
        for sign in (1.0, -1.0):
            yield wish(program, name, neuron, sign)


def flat_index(program: Program, r: Range) -> int:
    """The flat index of the neuron of a range."""
    return int(np.ravel_multi_index(r.neuron, program.by_name[r.population].shape))


def wish(program: Program, name: str, neuron: int, sign: float) -> Array:
    """Which inputs take a neuron's potential where it shall go, flat: as if all were linear."""
    total = np.zeros(size(program.input.shape))
    wanted = {name: np.zeros(size(program.by_name[name].shape))}
    wanted[name][neuron] = sign
    for _ in program.populations:
        before: dict[str, Array] = {}
        for q in program.projections:
            if q.target not in wanted:
                continue
            source, target = program.by_name[q.source], program.by_name[q.target]
            assert target.neuron is not None
            gain: Array = np.asarray(2.0 ** (q.exponent + target.neuron.input_shift))
            if target.neuron.threshold is not None:
                gain = gain / np.broadcast_to(target.neuron.threshold, target.shape).ravel()
            pulled = q.op.matrix(source.shape).T @ (wanted[q.target] * gain)
            if q.source == program.input.name:
                total += pulled
            else:
                before[q.source] = before.get(q.source, 0.0) + pulled
        wanted = before
    return total


ROUNDS, MUTANTS, SOON = 12, 24, 8
"""Of a search for an input: how often, how many at a time, and over how many frames."""


def climbed(
    program: Program, aim: Range, sign: int, low: int, high: int, rng: np.random.Generator
) -> Integers:
    """An input, the same in every frame, that takes one neuron's register far up or down.

    From what would do so if all were linear, a few inputs are changed at a time; what is better stays.

    Args:
        program: any.
        aim: a register and a neuron of it.
        sign: 1 upwards, -1 downwards.
        low, high: counts.
        rng: for what is changed.

    Returns:
        One frame, of the input's shape.
    """
    shape, neuron = program.input.shape, flat_index(program, aim)
    best = _pattern(wish(program, aim.population, neuron, float(sign)).reshape(shape), low, high)
    reached = _score(program, aim, sign, neuron, best[None])[0]
    for _ in range(ROUNDS):
        changed = rng.random((MUTANTS, *shape)) < rng.choice(
            [0.03, 0.1, 0.3], (MUTANTS, *[1] * len(shape))
        )
        values = rng.choice([low, 0, high], (MUTANTS, *shape))
        mutants = np.where(changed, values, best)
        scores = _score(program, aim, sign, neuron, mutants)
        if scores.max() > reached:
            best, reached = mutants[int(scores.argmax())], scores.max()
    return best


def _score(
    program: Program, aim: Range, sign: int, neuron: int, patterns: Integers
) -> NDArray[np.int64]:
    """How far the register goes for each pattern, in a few frames."""
    counts = np.broadcast_to(patterns[:, None], (len(patterns), SOON, *patterns.shape[1:]))
    best = np.full(len(patterns), np.iinfo(np.int64).min)

    def watch(name: str, registers: Mapping[str, Integers]) -> None:
        if name == aim.population:
            values = registers.get(aim.register, registers["potential"]).reshape(len(patterns), -1)[
                :, neuron
            ]
            np.maximum(best, sign * values, out=best)

    for _ in run_steps(program, np.asarray(encode(program, counts), np.int64), watch):
        pass
    return best
