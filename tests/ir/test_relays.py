"""Relays carry the spikes of long delays: nobody else notices."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from snnc.backends.loihi.target import LOIHI
from snnc.bundle.data import Data, check_counts
from snnc.errors import UserError
from snnc.ir import (
    Encoding,
    Program,
    ProgramProjection,
    SignMode,
    SparseLinear,
    on_grid,
    read_program,
    relays_needed,
    with_relays,
    write_program,
)
from snnc.sim import simulate
from tests.backends.loihi.networks import random_program, random_spikes
from tests.sim.test_reference import NEURON, chain


def total_delay(program: Program, projection: ProgramProjection) -> tuple[str, int]:
    """Where a projection's spikes come from, and after how many steps on top of one hop."""
    source, delay = projection.source, projection.delay
    while program.by_name[source].relay_of is not None:
        (before,) = program.into(source)
        source, delay = before.source, delay + before.delay + 1
    return source, delay


@pytest.mark.parametrize("mixed", [False, True])
@pytest.mark.parametrize("longest", [0, 1, 3, 20, 62])
def test_every_other_population_spikes_as_before(longest: int, mixed: bool) -> None:
    relays = 0
    for seed in range(16):
        program = random_program(seed)
        spikes = np.abs(random_spikes(program, seed, 2, 90))
        relayed = with_relays(program, longest, mixed=mixed)
        fed = [p for p in relayed.projections if relayed.by_name[p.target].relay_of is not None]
        for p in fed:
            assert p.sign_mode is (SignMode.MIXED if mixed else SignMode.EXCITATORY)
            assert isinstance(p.op, SparseLinear)
            assert on_grid(p.op.weight.data, p.weight_bits, p.sign_mode)
        relays += len(relayed.populations) - len(program.populations)
        assert max(p.delay for p in relayed.projections) <= longest
        want, got = simulate(program, spikes, states=True), simulate(relayed, spikes, states=True)
        for name in program.by_name:
            for ours, theirs in ((want.spikes, got.spikes), (want.potentials, got.potentials)):
                if name in ours:
                    assert np.array_equal(ours[name], theirs[name]), (program.name, name)
    assert (relays == 0) == (longest == 62)


@pytest.mark.parametrize("longest", [0, 3, 5])
def test_one_chain_for_a_source_and_each_projection_where_it_reaches(longest: int) -> None:
    for seed in range(12):
        program = random_program(seed)
        relayed = with_relays(program, longest)
        kept = [p for p in relayed.projections if relayed.by_name[p.target].relay_of is None]
        asked = [(p.source, p.delay) for p in program.projections]
        assert [total_delay(relayed, p) for p in kept] == asked
        for source in program.by_name:
            deepest = max((p.delay for p in program.projections if p.source == source), default=0)
            chained = [p for p in relayed.populations if p.relay_of == source]
            assert len(chained) == relays_needed(deepest, longest)
            starts = [program.by_name[source].start, *(p.start for p in chained)]
            assert np.all(np.diff(starts) == longest + 1)


def test_without_long_delays_or_a_limit_nothing_is_changed() -> None:
    program = random_program(1)
    assert with_relays(program, None) is program
    assert with_relays(program, 62) is program


def test_names_are_unique_and_the_files_keep_what_a_relay_is() -> None:
    program = chain(NEURON, delay=9)
    taken = replace(program.by_name["h"], name="input.relay")
    program = replace(program, populations=(*program.populations, taken))
    relayed = with_relays(program, 3)
    names = [p.name for p in relayed.populations]
    assert names == ["input", "input.relay_2", "input.relay_3", "h", "out", "input.relay"]
    back = read_program(*write_program(relayed).values())
    assert [p.relay_of for p in back.populations] == [None, "input", "input", None, None, None]


def test_the_largest_payload_passes() -> None:
    program = chain(NEURON, delay=9)
    spikes = np.zeros((1, 20, 1), np.int64)
    spikes[0, 1:5, 0] = [1, 2**23 - 1, 0, 77]
    trace = simulate(with_relays(program, 3), spikes)
    assert trace.spikes["input.relay"][0, 5:9, 0].tolist() == [1, 2**23 - 1, 0, 77]
    assert trace.spikes["input.relay_2"][0, 9:13, 0].tolist() == [1, 2**23 - 1, 0, 77]


def test_negative_payloads_are_refused_where_a_relay_would_swallow_them() -> None:
    data = Data(np.array([[[3], [-2], [-1]]]), None)
    program = chain(NEURON, delay=9)
    check_counts(data, program, LOIHI, "file")
    with pytest.raises(UserError, match=r"D511.*2 of 3 counts are negative, smallest -2"):
        check_counts(data, with_relays(program, 3), LOIHI, "file")
    behind = chain(NEURON, delay=0)
    late = replace(behind.projections[1], delay=9)
    check_counts(
        data, with_relays(replace(behind, projections=(behind.projections[0], late)), 3), LOIHI, ""
    )


def test_a_spread_input_takes_binary_relays() -> None:
    program = chain(NEURON, delay=9)
    binary = replace(program.input, encoding=Encoding.SPREAD)
    first = replace(program.projections[0], graded=False)
    program = replace(
        program,
        populations=(binary, *program.populations[1:]),
        projections=(first, program.projections[1]),
    )
    relayed = with_relays(program, 3)
    neuron = relayed.by_name["input.relay"].neuron
    assert neuron is not None and not neuron.code.exact
    with pytest.raises(UserError, match="D509"):
        check_counts(Data(np.full((1, 1, 1), 5), None), relayed, LOIHI, "")
