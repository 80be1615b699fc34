"""The fast engine gives the reference simulator's integers, whichever way it takes."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from snnc.errors import UserError
from snnc.ir import Encoding, Linear, Program, Shape
from snnc.sim import encode, reference, simulate, tally
from snnc.sim.fast import Simulator, simulator
from snnc.sim.fast.plan import make_plan
from snnc.sim.fast.tables import build_tables
from tests.backends.loihi.networks import edge_program, edge_spikes, random_program
from tests.sim.corpus import KINDS, Case, case, compared
from tests.sim.test_reference import NEURON, chain

NETWORKS = 24
"""Of each kind."""


@pytest.mark.parametrize("kind", KINDS)
def test_same_integers_as_the_reference(kind: str) -> None:
    for seed in range(NETWORKS):
        assert compared(case(kind, seed)) == [], (kind, seed)


def test_edges_of_registers() -> None:
    assert compared(Case(edge_program(), edge_spikes())) == []


@pytest.mark.parametrize("budget", [1, 20_000])
@pytest.mark.parametrize("threads", [1, 3])
def test_chunks_and_threads_change_nothing(
    budget: int, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulator, "BUDGET", budget)
    for kind in KINDS:
        for seed in range(6):
            assert compared(case(kind, seed), threads) == [], (kind, seed)


@pytest.mark.parametrize("chunk", [1, 2, 3])
def test_chunks_of_many_samples_may_be_shorter_than_delays(chunk: int) -> None:
    """What delays hold is carried over from before a chunk as well as from it, for each sample."""
    deep = 0
    for kind in KINDS:
        for seed in range(6):
            network = case(kind, seed)
            longest = max(q.delay for q in network.program.projections)
            deep += len(network.spikes) > 1 and longest >= chunk
            assert compared(network, chunk=chunk) == [], (kind, seed)
    assert deep > 3


@pytest.mark.parametrize("products", [True, False])
def test_matrix_products_change_nothing(products: bool) -> None:
    for kind in KINDS:
        for seed in range(8):
            assert compared(case(kind, seed), products=products) == [], (kind, seed)


def test_dense_input_is_multiplied_and_sparse_input_is_not() -> None:
    network = wide_layer()
    rng = np.random.default_rng(0)
    shape = (4, 20, *network.input.shape)
    for density, product in ((0.01, False), (1.0, True)):
        payloads = (rng.random(shape) < density) * rng.integers(1, 4000, shape)
        assert compared(Case(network, payloads)) == []
        plan = make_plan(build_tables(network), (0, int(payloads.max())), ())
        assert plan.costs[0].pays(np.count_nonzero(payloads), shape[0] * shape[1]) == product


def wide_layer() -> Program:
    """A full matrix from many neurons to few that hears payloads, and a readout."""
    rng = np.random.default_rng(3)
    shapes: dict[str, Shape] = {"input": (900,), "h": (50,), "out": (2,)}
    thin = chain(NEURON)
    populations = (replace(p, shape=shapes[p.name]) for p in thin.populations)
    projections = (
        replace(q, op=Linear(2 * rng.integers(-60, 60, (*shapes[q.target], *shapes[q.source]))))
        for q in thin.projections
    )
    return replace(thin, populations=tuple(populations), projections=tuple(projections))


def test_the_corpus_takes_every_way() -> None:
    used: Counter[str] = Counter()
    for kind in KINDS:
        for seed in range(NETWORKS):
            network = case(kind, seed)
            plan = make_plan(build_tables(network.program), simulator.bounds(network.spikes), ())
            computing = [p for p in plan.populations if p["last"] > p["first"]]
            used.update(f"{'narrow' if p['narrow'] else 'wide'} registers" for p in computing)
            used.update(
                f"{('dense', 'convolution', 'sparse')[q['kind']]} of {q['bytes']} bytes "
                f"in {16 if q['narrow'] else 32} bits{' graded' if q['graded'] else ''}"
                for q in plan.projections
            )
            used["lone projections"] += int((plan.populations["lone"] >= 0).sum())
            used["grouped"] += int(sum(q["group"] < q["channels"] for q in plan.projections))
            used["loops"] += any(len(members) > 1 for members in plan.tables.components)
    widths = {(1, 16), (1, 32), (2, 16), (2, 32), (4, 32)}
    wanted = {"narrow registers", "wide registers", "lone projections", "grouped", "loops"}
    for kind in ("dense", "convolution", "sparse"):
        wanted |= {f"{kind} of {b} bytes in {w} bits" for b, w in widths}
    wanted |= {f"{kind} of 1 bytes in 32 bits graded" for kind in ("dense", "convolution", "sparse")}
    assert {name for name in wanted if not used[name]} == set()


@pytest.mark.parametrize("kind", [np.int8, np.int16, np.int64, np.uint8])
def test_input_of_any_width(kind: type) -> None:
    network = case("small", 3)
    spikes = np.abs(network.spikes).clip(0, 100)
    want = reference.simulate(network.program, spikes)
    got = simulate(network.program, spikes.astype(kind))
    readout = network.program.readout.name
    assert np.array_equal(want.potentials[readout], got.potentials[readout])


def test_only_some_spikes_can_be_recorded() -> None:
    network = case("random", 1)
    (first, *_) = [p.name for p in network.program.populations if p.neuron is not None]
    trace = Simulator(network.program).run(network.spikes, only=[first])
    assert set(trace.spikes) == {network.program.input.name, first}


@pytest.mark.parametrize("budget", [1, 2**28])
@pytest.mark.parametrize("seed", range(6))
def test_tallies_are_the_same(seed: int, budget: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulator, "BUDGET", budget)
    program = random_program(seed)
    counts = np.random.default_rng(seed).integers(0, 3, (5, 9, *program.input.shape))
    fast = tally(program, counts)
    plain = tally(program, counts, simulator="reference")
    assert np.array_equal(fast.potential, plain.potential)
    assert fast.spikes.keys() == plain.spikes.keys()
    for name, spikes in plain.spikes.items():
        assert np.array_equal(fast.spikes[name], spikes)
        assert np.array_equal(fast.events[name], plain.events[name])


@pytest.mark.parametrize("encoding", list(Encoding))
def test_input_encoded_in_parts(encoding: Encoding) -> None:
    program = random_program(2)
    populations = (replace(program.input, encoding=encoding, start=3), *program.populations[1:])
    program = replace(program, populations=populations, steps_per_frame=4)
    counts = np.random.default_rng(0).integers(0, 5, (2, 6, *program.input.shape))
    whole = encode(program, counts)
    bounds = [*range(0, whole.shape[1], 5), whole.shape[1]]
    parts = [encode(program, counts, slice(*pair)) for pair in pairwise(bounds)]
    assert whole.shape[1] == program.steps(6)
    assert np.array_equal(whole, np.concatenate(parts, axis=1))
    assert whole.dtype == np.int8


def test_an_unknown_simulator_is_refused() -> None:
    network = case("random", 0)
    with pytest.raises(UserError, match="D326"):
        simulate(network.program, network.spikes, simulator="quick")


@pytest.mark.parametrize("threads", [1, 3])
def test_a_failure_in_any_thread_ends_the_run(threads: int) -> None:
    network = case("small", 1)
    fast = Simulator(network.program, threads)

    def broken(part: slice, steps: slice) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
        raise ValueError("no such frames")

    with pytest.raises(ValueError, match="no such frames"):
        fast.stream(broken, 3, 30, (0, 1), (), lambda chunk: None)


def test_what_is_no_input_is_refused() -> None:
    network = case("small", 1)
    fast, spikes = Simulator(network.program), network.spikes
    for wrong in (spikes[:, 0], spikes[..., :-1], np.concatenate([spikes] * 2, -1), spikes[0]):
        with pytest.raises(ValueError, match="shape"):
            fast.run(wrong)
    for wrong in (spikes + 0.5, spikes.astype(">i4"), spikes.astype(object)):
        with pytest.raises(ValueError, match="integers"):
            fast.run(wrong)
    with pytest.raises(ValueError, match="8388608"):
        fast.run(np.full_like(spikes, 2**23))
    for names in ("layer.0", ["layer.0", "none"]):
        with pytest.raises(ValueError, match="only"):
            fast.run(spikes, only=names)
    with pytest.raises(ValueError, match="threads"):
        Simulator(network.program, threads=0)
    nothing = fast.run(spikes[:0])
    assert nothing.potentials[network.program.readout.name].shape[:2] == (0, spikes.shape[1])
