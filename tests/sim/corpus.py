"""Programs and inputs on which the fast engine is compared with the reference simulator.

In the tests a few of each kind; as many as wanted with

    python -m tests.sim.corpus --networks 1000

A run draws a new seed and prints it; ``--seed`` runs the same networks again; ``--checked`` does so in
the checked build of the kernels, which raises where a narrow operation loses anything.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sparse
from rich.console import Console
from rich.progress import track

from snnc.ir import (
    Conv2d,
    Encoding,
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
    with_relays,
)
from snnc.sim import reference
from snnc.sim.fast import Simulator
from tests.backends.loihi.networks import Maker, counting_program, random_program, random_spikes
from tests.changing import changing_program
from tests.sim.aimed import AIMS, against_signs, aimed
from tests.sim.extremes import extreme_program, extreme_spikes
from tests.sim.seeds import fresh_seed
from tests.traces import differences

SAMPLES, STEPS = 3, 30
LONGEST_CHUNK = 4
"""Steps at a time, 1 to this by seed: as long as delays, shorter and longer."""

PLAIN = ("random", "counting", "small", "wide", "coarse", "relayed", "broad")
PORTABLE = (*PLAIN, "signed", "extreme", *AIMS)
"""What every target may be given; few have the code ``delta``."""

KINDS = (*PORTABLE, "changing")
CHECKED = "SNNC_CHECKED_KERNELS"


@dataclass(frozen=True)
class Case:
    """A program and its input, (samples, steps, \\*input shape), and the way to take.

    ``products``: whether what arrives is a matrix product; None where the engine chooses.
    """

    program: Program
    spikes: Integers
    products: bool | None = None


def small(program: Program) -> Program:
    """Registers that nothing can overflow and no leaks: what compiled networks are like."""

    def tamed(p: ProgramPopulation) -> ProgramPopulation:
        if p.neuron is None:
            return p
        return replace(
            p, neuron=replace(p.neuron, current_decay=4095, potential_decay=0, input_shift=2)
        )

    projections = (replace(q, exponent=max(-2, min(q.exponent, 1))) for q in program.projections)
    populations = tuple(map(tamed, program.populations))
    return replace(program, populations=populations, projections=tuple(projections))


def _wide(program: Program) -> Program:
    """States of 32 bits and weights of 19, as programs for NIR have them."""

    def larger(op: Op) -> Op:
        if isinstance(op, Linear | Conv2d):
            return replace(op, weight=op.weight * 513)
        assert isinstance(op, SparseLinear)
        return replace(op, weight=sparse.csr_array(op.weight * 513))

    projections = (replace(q, op=larger(q.op), weight_bits=19) for q in program.projections)
    populations = (
        replace(p, neuron=p.neuron and replace(p.neuron, state_bits=32)) for p in program.populations
    )
    return replace(program, populations=tuple(populations), projections=tuple(projections))


def _coarse(program: Program) -> Program:
    """Hard resets and weights that fill more than a byte."""
    projections = []
    for q in program.projections:
        weights = q.op
        if isinstance(weights, Linear | Conv2d):
            weights = replace(weights, weight=weights.weight * 40 + (weights.weight != 0))
        projections.append(replace(q, op=weights, weight_bits=15))
    populations = (
        p if p.neuron is None else replace(p, neuron=replace(p.neuron, reset=Reset.ZERO))
        for p in program.populations
    )
    return replace(program, populations=tuple(populations), projections=tuple(projections))


def _broad(seed: int) -> Program:
    """Fan-ins whose sums need more than 16 bits though every weight is small; spikes are binary."""
    rng = np.random.default_rng(seed)
    scale = 1 if seed % 2 else 100  # weights of one byte, or of two
    source, maps, row = (70, 4, 4), (5, 4, 4), (9,)

    def weights(*shape: int) -> Integers:
        return np.asarray(rng.integers(20, 128, shape, np.int64) * int(rng.choice([-1, 1])) * scale)

    def population(name: str, kind: Kind, shape: Shape) -> ProgramPopulation:
        neuron = None if kind is Kind.INPUT else Maker(rng, wild=False).neuron(shape, spiking=True)
        if kind is Kind.READOUT:
            neuron = Maker(rng, wild=False).neuron(shape, spiking=False)
        encoding = Encoding.SPREAD if kind is Kind.INPUT else None
        return ProgramPopulation(name, kind, shape, name, 0, neuron, encoding)

    def projection(source: str, target: str, op: Op, delay: int) -> ProgramProjection:
        return ProgramProjection(source, target, op, 16, SignMode.MIXED, 0, delay, False, target)

    matrix = sparse.csr_array(weights(9, 1120))
    return Program(
        f"broad {seed}",
        1,
        (
            population("input", Kind.INPUT, source),
            population("maps", Kind.NEURONS, maps),
            population("row", Kind.NEURONS, row),
            population("answer", Kind.READOUT, row),
        ),
        (
            projection("input", "maps", Conv2d(weights(5, 70, 3, 3), padding=(1, 1)), 0),
            projection("input", "row", Linear(weights(9, 1120)), 1),
            projection("maps", "row", Linear(weights(9, 80)), 0),
            projection("input", "answer", SparseLinear(matrix, row), 2),
            projection("row", "answer", Linear(weights(9, 9)), 0),
        ),
    )


def case(kind: str, seed: int) -> Case:
    """One case; the same for the same kind and seed."""
    if kind == "broad":
        program = _broad(seed)
        return Case(program, random_spikes(program, seed, SAMPLES, STEPS))
    if kind in AIMS:
        found = aimed(kind, seed)
        return Case(found.program, found.spikes, (None, True, False)[seed % 3])
    if kind == "extreme":
        program = extreme_program(seed)
        return Case(program, extreme_spikes(program, seed, 2, 12))
    makers = {"counting": counting_program, "changing": changing_program}
    program = makers.get(kind, random_program)(seed)
    spikes = random_spikes(program, seed, SAMPLES, STEPS)
    if kind == "changing":
        return Case(with_relays(program, 2) if seed % 4 == 3 else program, spikes)
    if kind == "small":
        return Case(small(program), np.sign(spikes) if seed % 2 else spikes.clip(-50, 50))
    if kind == "wide":
        return Case(_wide(program), spikes)
    if kind == "coarse":
        return Case(_coarse(small(program)), spikes.clip(-3, 3))
    if kind == "signed":
        tame = (small, _coarse)[seed % 2](program)
        worst = against_signs(tame, seed, SAMPLES, 12)
        return Case(tame, spikes.clip(-3, 3) if worst is None else worst, (None, False)[seed % 4 // 2])
    if kind == "relayed":
        return Case(with_relays(program, seed % 7), np.abs(spikes))
    return Case(program, spikes)


def compared(
    network: Case, threads: int = 1, products: bool | None = None, chunk: int | None = None
) -> list[str]:
    """Differences between both engines, states included.

    Answers alone are compared once more: that takes fewer steps (``snnc.sim.fast.horizon``).
    ``chunk``: once more with all samples in one block and so many steps at a time.

    Raises:
        OverflowError, IndexError: in the checked build, where something is lost.
    """
    products = network.products if products is None else products
    wanted = reference.simulate(network.program, network.spikes, states=True)
    fast = Simulator(network.program, threads, products)
    found = differences(wanted, fast.run(network.spikes, states=True))
    readout = network.program.readout.name
    answers = fast.run(network.spikes, only=[]).potentials[readout]
    if not np.array_equal(answers, wanted.potentials[readout]):
        found.append("answers of a run that records nothing else")
    if chunk is not None and not found:
        portions = (len(network.spikes), chunk)
        in_chunks = Simulator(network.program, threads, products, portions)
        lines = differences(wanted, in_chunks.run(network.spikes, states=True))
        found = [f"in chunks of {chunk}: {line}" for line in lines]
    return found


def cases(networks: int, seed: int = 0, kinds: Sequence[str] = KINDS) -> Iterator[tuple[str, int]]:
    """So many kinds and seeds, the kinds in turn, seeds from ``seed`` on."""
    return ((kinds[n % len(kinds)], seed + n // len(kinds)) for n in range(networks))


def faults(kind: str, seed: int) -> list[str]:
    """What is wrong with a network: where both engines differ, or what the checked build lost."""
    network = case(kind, seed)
    try:
        return compared(network, chunk=1 + seed % LONGEST_CHUNK)
    except (OverflowError, IndexError) as lost:
        return [f"lost: {lost}"]


def main() -> None:
    """Compare on many networks; exit code 1 where any differs."""
    parser = argparse.ArgumentParser(description="Compare both simulators.")
    parser.add_argument("--networks", type=int, default=1000)
    parser.add_argument(
        "--seed", type=int, default=None, help="of the first networks; drawn where not given"
    )
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS)
    parser.add_argument("--checked", action="store_true", help="in the checked build of the kernels")
    given = parser.parse_args()
    if given.checked and os.environ.get(CHECKED) != "1":
        # Kernels are compiled one way or the other as soon as they are imported.
        again = [sys.executable, "-m", "tests.sim.corpus", *sys.argv[1:]]
        sys.exit(subprocess.call(again, env={**os.environ, CHECKED: "1"}))
    seed = fresh_seed() if given.seed is None else given.seed
    wrong: Counter[str] = Counter()
    console = Console()
    console.print(f"--networks {given.networks} --seed {seed}{' --checked' * given.checked}")
    todo = list(cases(given.networks, seed, given.kinds))
    for kind, number in track(todo, "networks", console=console, disable=not console.is_terminal):
        for line in faults(kind, number):
            wrong[kind] += 1
            console.print(f"{kind} {number}: {line}", soft_wrap=True)
    by_kind = ", ".join(f"{count} {kind}" for kind, count in wrong.items())
    console.print(f"{len(todo)} networks: {wrong.total()} differences {by_kind}".rstrip())
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
