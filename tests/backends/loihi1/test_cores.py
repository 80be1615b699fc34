"""The partition over cores: every neuron once, nothing over a limit, the same for the same program."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import scipy.sparse as sparse
from hypothesis import given, settings
from hypothesis import strategies as st

from snnc.backends.loihi1.cores import partition
from snnc.backends.loihi1.memory import Format, axon_bits
from snnc.backends.loihi1.places import RESOURCES, Core, in_order
from snnc.ir import (
    Encoding,
    Kind,
    Program,
    ProgramPopulation,
    ProgramProjection,
    SignMode,
    SparseLinear,
    size,
)

from .networks import random_program
from .test_checks import lif


def layered(sizes: list[int], density: float, seed: int, thresholds: int = 1) -> Program:
    """Layers with random sparse connections, each to the next, the last one the readout."""
    rng = np.random.default_rng(seed)
    populations = [ProgramPopulation("input", Kind.INPUT, (sizes[0],), "x", 0, None, Encoding.SPREAD)]
    projections = []
    for number, (before, count) in enumerate(pairwise(sizes), 1):
        name, last = f"layer.{number}", number == len(sizes) - 1
        neuron = (
            lif(threshold=None) if last else lif(threshold=64 * rng.integers(2, 2 + thresholds, count))
        )
        kind = Kind.READOUT if last else Kind.NEURONS
        populations.append(ProgramPopulation(name, kind, (count,), name, 0, neuron))
        matrix = sparse.random_array((count, before), density=density, rng=rng, format="csr")
        matrix.data = np.where(rng.random(len(matrix.data)) < 0.5, 2, -2)
        op = SparseLinear(sparse.csr_array(matrix).astype(np.int64), (count,))
        source = populations[-2].name
        projections.append(ProgramProjection(source, name, op, 8, SignMode.MIXED, 0, 0, False, name))
    return Program("layers", 4, tuple(populations), tuple(projections))


def counted(program: Program, cores: tuple[Core, ...], together: int = 0) -> list[dict[str, int]]:
    """What each core's parts take, counted synapse by synapse and independently of the partition."""
    core_of = {p.name: np.full(size(p.shape), -1) for p in program.populations if p.neuron is not None}
    for number, core in enumerate(cores):
        for part in core.parts:
            order = in_order(program.by_name[part.population].shape, together)
            held, run = core_of[part.population], order[part.first : part.first + part.count]
            assert np.all(held[run] == -1), "a neuron lies on two cores"
            held[run] = number
    assert all(np.all(found >= 0) for found in core_of.values()), "a neuron lies on no core"
    use = [dict.fromkeys(("compartments", "input axons", "output axons"), 0) for _ in cores]
    for places in core_of.values():
        for number in places:
            use[number]["compartments"] += 1
    for p in program.projections:
        matrix = p.op.matrix(program.by_name[p.source].shape).tocoo()
        kept = matrix.data != 0
        ends = core_of[p.target][matrix.row[kept]]
        for source, core in {*zip(matrix.col[kept].tolist(), ends.tolist(), strict=True)}:
            use[core]["input axons"] += 1
            if p.source in core_of:
                use[core_of[p.source][source]]["output axons"] += 1
    return use


def check(program: Program, together: int = 0) -> tuple[Core, ...]:
    """The cores, after everything that must hold of them."""
    cores = partition(program, together)
    for core, wanted in zip(cores, counted(program, cores, together), strict=True):
        used = dict(core.use)
        assert used.keys() == RESOURCES.keys()
        assert wanted.items() <= used.items()
        assert all(used[name] <= limit.value for name, limit in RESOURCES.items())
        offsets = [0, *np.cumsum([part.count for part in core.parts]).tolist()]
        assert [part.offset for part in core.parts] == offsets[:-1]
    assert partition(program, together) == cores
    return cores


@settings(max_examples=25, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 2500), min_size=3, max_size=4),
    density=st.floats(0.0005, 0.05),
    seed=st.integers(0, 9),
    thresholds=st.sampled_from([1, 5]),
)
def test_layers(sizes: list[int], density: float, seed: int, thresholds: int) -> None:
    check(layered(sizes, density, seed, thresholds))


@pytest.mark.parametrize("seed", range(12))
def test_small_programs_take_one_core(seed: int) -> None:
    used = {name for core in check(random_program(seed)) for name in (p.population for p in core.parts)}
    assert used == {p.name for p in random_program(seed).populations if p.neuron is not None}


def test_compartments_split_a_large_layer() -> None:
    cores = check(layered([4, 3000, 2], 0.3, 0))
    assert [dict(core.use)["compartments"] for core in cores] == [1024, 1024, 954]


def test_memory_splits_a_dense_layer() -> None:
    cores = check(layered([1000, 600, 2], 1.0, 0))
    assert len(cores) > 600 * 1000 * 14 / (128 * 1024 * 8)
    assert max(dict(core.use)["synaptic memory"] for core in cores) > 0.9 * 128 * 1024 * 8


def test_output_axons_split_a_layer_that_reaches_many_cores() -> None:
    # 1000 sources, each of which reaches all cores of a layer of 20 times 1024 neurons.
    program = layered([2, 1000, 20 * 1024, 1], 0.02, 0)
    cores = check(program)
    held = [p.count for core in cores for p in core.parts if p.population == "layer.1"]
    assert sum(held) == 1000 and max(held) < 1000
    assert max(dict(core.use)["output axons"] for core in cores) > 3000


def test_more_thresholds_than_a_core_has() -> None:
    cores = check(layered([3, 200, 1], 0.5, 0, thresholds=50))
    assert len(cores) > 1
    assert max(dict(core.use)["thresholds"] for core in cores) == RESOURCES["thresholds"].value


def test_bits_of_axons_as_nengo_loihi_counts_them() -> None:
    # nengo_loihi.block.SynapseConfig.bits_per_axon(n) for 8 bits, 10 bits of index, no delay.
    form = Format(8, 0, "mixed", 0, 10)
    by_count = {0: 0, 1: 64, 3: 64, 4: 128, 63: 1152, 64: 1216, 65: 1280, 130: 2496}
    for count, bits in by_count.items():
        assert axon_bits(np.array([count]), form) == bits
    assert axon_bits(np.array([*by_count]), form) == sum(by_count.values())
