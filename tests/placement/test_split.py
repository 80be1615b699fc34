"""Messages counted by hand, limits reached and exceeded by one, and the same split each time."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from scipy import sparse

from snnc.placement import (
    AXONS_IN,
    AXONS_OUT,
    MEMORY,
    METHODS,
    NEURONS,
    Block,
    Stream,
    Wiring,
    alone,
    crossing,
    placed,
    positions,
    split,
    use,
    wiring,
)
from snnc.placement.clusters import clusters
from snnc.placement.mesh import assigned
from snnc.placement.state import State

from .networks import BITS, MESH, chain, counted, limits, random_wiring

OURS = ("order", "random", "traffic")
INSTALLED = {"metis": "pymetis", "kahypar": "mtkahypar"}


def wanted(method: str) -> str:
    """The method; skips where its package is not installed."""
    if method in INSTALLED:
        pytest.importorskip(INSTALLED[method], reason=f"pip install {INSTALLED[method]}")
    return method


def test_messages_are_those_counted_one_by_one() -> None:
    for seed in range(40):
        rng = np.random.default_rng(seed)
        found = random_wiring(rng)
        core = rng.integers(0, 4, found.neurons)
        expected = counted(found, core, 4)
        assert np.array_equal(found.traffic(core, 4), expected)
        silent = Wiring(
            found.blocks,
            found.speaker,
            np.where(found.outside[found.speaker], 0, found.spikes),
            found.hears,
            found.memory,
        )
        assert np.array_equal(found.traffic(core, 4, outside=False), counted(silent, core, 4))


def test_use_is_that_counted_one_by_one() -> None:
    for seed in range(40):
        rng = np.random.default_rng(seed)
        found = random_wiring(rng)
        core = rng.integers(0, 3, found.neurons)
        used, hears = use(found, core, 3), found.hears.toarray()
        for k in range(3):
            here = np.flatnonzero(core == k)
            mine = np.flatnonzero(core[found.speaker] == k)
            assert used[NEURONS][k] == found.places[here].sum()
            assert used[MEMORY][k] == hears[:, here].sum() * BITS
            assert used[AXONS_IN][k] == sum(bool(row[here].any()) for row in hears)
            assert used[AXONS_OUT][k] == sum(
                bool(hears[s][core == other].any()) for s in mine for other in range(3)
            )


def test_a_state_stays_what_it_would_be_from_the_start() -> None:
    """Costs of moves are differences of whole costs, and what cores use is kept, loops included."""
    for seed in range(30):
        rng = np.random.default_rng(seed)
        network = random_wiring(rng)
        asked = limits(neurons=10_000, memory=10**9, axons=10_000)
        found = clusters(network, asked)
        distance = rng.random((4, 4)) if seed % 2 else None
        if distance is not None:
            distance = distance + distance.T
            np.fill_diagonal(distance, 0)
        state = State(found, asked, rng.integers(0, 4, found.count), 4, distance)
        for _ in range(20):
            v = int(rng.integers(found.count))
            costs, taken = state.moved(v)
            before, here = state.cost(), int(state.core[v])
            for to in range(4):
                core = state.core.copy()
                core[v] = to
                whole = State(found, asked, core, 4, distance)
                assert np.isclose(whole.cost() - before, costs[to] - costs[here])
                for name, values in taken.items():
                    assert values[to] == whole.used[name][to], name
            state.move(v, int(rng.integers(4)))
            whole = State(found, asked, state.core, 4, distance)
            assert all(np.array_equal(state.used[n], whole.used[n]) for n in state.used)
            assert np.array_equal(state.pins, whole.pins)
        if distance is None:
            core = state.core[found.of]
            assert state.cost() == crossing(network.traffic(core, 4))
            used = use(network, core, 4)
            both = used.keys() & state.used.keys()
            assert len(both) == 3 and all(np.array_equal(used[n], state.used[n]) for n in both)


@pytest.mark.parametrize("method", METHODS)
def test_everyone_has_one_core_and_no_core_too_much(method: str) -> None:
    network = chain()
    asked = limits(neurons=100, memory=9_000 * BITS, axons=220)
    found = placed(network, asked, wanted(method))
    assert found.core.shape == (network.neurons,)
    assert set(found.core.tolist()) == set(range(found.cores))
    used = use(network, found.core, found.cores)
    for name, limit in asked.holds.items():
        assert used[name].max() <= limit.value
    assert len({*zip(found.chip.tolist(), found.place.tolist(), strict=True)}) == found.cores
    again = placed(network, asked, method)
    assert np.array_equal(again.core, found.core) and np.array_equal(again.place, found.place)


@pytest.mark.parametrize("method", OURS)
@pytest.mark.parametrize(("count", "cores"), [(32, 2), (33, 3)])
def test_a_core_is_filled_to_its_last_place(method: str, count: int, cores: int) -> None:
    empty = np.zeros(count, np.int64)
    network = wiring([Block("a", (count,))], [Stream("a", empty, {}, {})])
    _, found = split(network, limits(neurons=16), method)
    assert found == cores


def dense(sources: int, targets: int) -> Wiring:
    """Everyone hears everyone."""
    ones = np.ones((targets, sources), np.int64)
    blocks = [Block("in", (sources,), outside=True), Block("out", (targets,))]
    spikes = np.ones(sources, np.int64)
    return wiring(blocks, [Stream("in", spikes, {"out": sparse.csr_array(ones)}, {"out": BITS})])


@pytest.mark.parametrize("method", OURS)
def test_memory_and_axons_to_the_last_and_one_more(method: str) -> None:
    network = dense(12, 6)
    core, cores = split(network, limits(neurons=100, memory=3 * 12 * BITS, axons=12), method)
    used = use(network, core, cores)
    assert used[MEMORY].max() == 3 * 12 * BITS and used[AXONS_IN].max() == 12
    assert len(set(core[12:].tolist())) == 2
    core, cores = split(network, limits(neurons=100, memory=3 * 12 * BITS - 1, axons=12), method)
    assert use(network, core, cores)[MEMORY].max() == 2 * 12 * BITS
    assert len(set(core[12:].tolist())) == 3


def test_a_neuron_that_no_core_holds_is_named() -> None:
    network = dense(12, 6)
    assert alone(network, limits(memory=12 * BITS, axons=12)) == {}
    named = alone(network, limits(neurons=9, memory=12 * BITS - 1, axons=11))
    assert named == {MEMORY: 12 * BITS, AXONS_IN: 12}
    for method in OURS:
        core, cores = split(network, limits(neurons=9, axons=11), method)
        over = use(network, core, cores)[AXONS_IN] > 11
        assert over.sum() == 1 and set(core[12:].tolist()) == {int(np.flatnonzero(over)[0])}


@pytest.mark.parametrize("method", [m for m in METHODS if m not in ("order", "random")])
def test_fewer_messages_than_in_order(method: str) -> None:
    network, asked = chain(4, 8, 16), limits(64, neurons=512)
    core, cores = split(network, asked, wanted(method))
    before, many = split(network, asked, "order")
    assert cores <= many + 1
    ours = crossing(network.traffic(core, cores))
    assert ours < 0.8 * crossing(network.traffic(before, many))


def test_places_are_the_best_of_all() -> None:
    rng = np.random.default_rng(0)
    _, distance = MESH.distances()
    best = 0
    for _ in range(20):
        traffic = rng.integers(0, 50, (5, 5)) * (rng.random((5, 5)) < 0.5)
        near = distance[:6, :6]
        cost = [(traffic * near[np.ix_(p, p)]).sum() for p in permutations(range(6), 5)]
        place = assigned(traffic, near)
        assert len(set(place.tolist())) == 5
        ours = (traffic * near[np.ix_(place, place)]).sum()
        assert ours <= (traffic * near[:5, :5]).sum()
        best += bool(np.isclose(ours, min(cost)))
    assert best >= 15


def test_distances_are_tiles_apart() -> None:
    hops, cost = MESH.distances()
    for a in range(16):
        for b in range(16):
            (x, y), (u, v) = divmod(a // 2, 2), divmod(b // 2, 2)
            assert hops[a, b] == abs(x - u) + abs(y - v)
            assert cost[a, b] == 3 * abs(x - u) + 4 * abs(y - v)


def test_chips_hold_no_more_cores_than_they_have() -> None:
    """Two groups that talk among themselves are on two chips, whatever their order."""
    traffic = np.ones((8, 8), np.int64)
    groups = np.array([0, 1, 0, 1, 1, 0, 1, 0])
    traffic[groups[:, None] == groups] = 100
    chip, place = positions(traffic, limits(4))
    assert sorted(np.bincount(chip).tolist()) == [4, 4]
    assert all(len(set(chip[groups == g].tolist())) == 1 for g in (0, 1))
    assert all(sorted(place[chip == c].tolist()) == [0, 1, 2, 3] for c in (0, 1))
    chip, _ = positions(np.ones((9, 9), np.int64), limits(4))
    assert np.bincount(chip).max() <= 4 and len(np.unique(chip)) == 3
