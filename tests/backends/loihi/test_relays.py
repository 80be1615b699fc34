"""Relays on Lava: a stock LIF for binary spikes, a counting neuron for payloads, no difference."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from snnc.backends.loihi import LoihiBackend
from snnc.backends.loihi.layout import population_places
from snnc.backends.loihi.target import LOIHI
from snnc.ir import Encoding, Program, with_relays
from snnc.lowering import lower
from snnc.sim import encode, simulate
from tests.emitting import emitted_into
from tests.passes.test_relays import quantized
from tests.traces import differences

from .networks import random_program, random_spikes


def relayed(seed: int, longest: int) -> Program:
    """A random program whose delays are all above the limit at first, and behind relays then."""
    program = random_program(seed)
    longer = tuple(replace(p, delay=p.delay + longest + 1) for p in program.projections)
    return with_relays(replace(program, projections=longer), longest)


def seed_of(encoding: Encoding) -> int:
    return next(s for s in range(99) if random_program(s).input.encoding is encoding)


@pytest.mark.parametrize("encoding", [Encoding.GRADED, Encoding.SPREAD])
def test_loihi_has_neurons_for_them(encoding: Encoding) -> None:
    program = relayed(seed_of(encoding), 3)
    places = dict(zip(program.by_name, population_places(program), strict=True))
    assert list(LoihiBackend().check(program)) == []
    processes = {n: places[n].process for n, p in program.by_name.items() if p.relay_of}
    graded = {n for n in processes if program.by_name[n].relay_of == "input"} & {
        n for n in processes if encoding is Encoding.GRADED
    }
    assert graded or encoding is Encoding.SPREAD
    assert processes == {n: "Counting" if n in graded else "LIF" for n in processes}
    assert all(places[n].why.startswith("a relay") for n in processes)


@pytest.mark.lava
@pytest.mark.parametrize("engine", ["lava", "lava-inprocess"])
@pytest.mark.parametrize("encoding", [Encoding.GRADED, Encoding.SPREAD])
def test_engines_agree_with_the_reference(engine: str, encoding: Encoding, tmp_path: Path) -> None:
    program = relayed(seed_of(encoding), 3)
    spikes = np.abs(random_spikes(program, 5, 1, 40))
    back_end = LoihiBackend()
    emitted = emitted_into(tmp_path, back_end, program)
    got = back_end.run(engine, tmp_path, emitted, spikes, time_limit=100)
    want = simulate(program, spikes)
    assert differences(want, got) == []
    assert all(want.spikes[n].any() for n, p in program.by_name.items() if p.relay_of == "input")


@pytest.mark.lava
@pytest.mark.parametrize(("code", "process"), [("frame", "LIF"), ("graded", "Counting")])
def test_relays_behind_neurons_of_the_exact_codes(code: str, process: str, tmp_path: Path) -> None:
    edges = [("in", "a", 1), ("a", "a", 3), ("a", "out", 1)]
    program = lower(quantized(edges, code, "once", 0), LOIHI)
    places = dict(zip(program.by_name, population_places(program), strict=True))
    relays = [n for n, p in program.by_name.items() if p.relay_of == "a"]
    assert relays and {places[n].process for n in relays} == {process}
    back_end = LoihiBackend()
    assert list(back_end.check(program)) == []
    spikes = encode(program, np.random.default_rng(0).integers(0, 6, (1, 8, 3)))
    emitted = emitted_into(tmp_path, back_end, program)
    got = back_end.run("lava-inprocess", tmp_path, emitted, spikes, time_limit=100)
    want = simulate(program, spikes)
    assert differences(want, got) == []
    assert want.spikes[relays[-1]].max() == (1 if code == "frame" else want.spikes["a"].max())
    assert want.spikes["a"].max() > 1 or code == "frame"
