"""The corpus aims: it reaches the bounds it is made for, and finds a bound that is wrong."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest

from snnc.ir import Extent, Fan
from snnc.sim.fast import vectors
from snnc.sim.fast.compiled import CHECKED
from snnc.sim.fast.plan import SHORT, make_plan
from snnc.sim.fast.simulator import bounds
from snnc.sim.fast.tables import build_tables
from tests.sim.aimed import AIMS, CONSTANT
from tests.sim.chosen_sums import DOUBLE, FLOAT, LANES, WORD
from tests.sim.corpus import KINDS, case, cases, faults
from tests.sim.seeds import fresh_seed

NETWORKS = 200
"""Within so many a wrong bound has to be found."""


def one_sign(fan: Fan, low: float, high: float) -> Extent:
    """The bound of snnc 16ee8d8: the larger of both signs' weights times the largest payload."""
    most = np.maximum(fan.positive, -fan.negative) * max(-low, high, 1)
    return Extent(-most, most)


def one_less(fan: Fan, low: float, high: float) -> Extent:
    """A bound that is short of the largest sum by one."""
    low, high = min(low, 0), max(high, 0)
    least, most = fan.positive * low + fan.negative * high, fan.positive * high + fan.negative * low
    return Extent(np.minimum(least + 1, 0), np.maximum(most - 1, 0))


@pytest.mark.parametrize("wrong", [one_sign, one_less])
def test_a_wrong_bound_is_found(wrong: object, monkeypatch: pytest.MonkeyPatch) -> None:
    seed = fresh_seed()
    monkeypatch.setattr(Fan, "reached", wrong)
    assert any(faults(kind, own) for kind, own in cases(NETWORKS, seed)), f"--seed {seed}"


def test_fresh_networks() -> None:
    """Others at each run; the seed is in pytest's first lines."""
    for kind, own in cases(NETWORKS, fresh_seed()):
        assert faults(kind, own) == [], f"--kinds {kind} --networks 1 --seed {own}"


def test_inputs_reach_the_bounds() -> None:
    """Sums, arrivals and registers: exactly at both sides of where each decision turns."""
    sides: Counter[str] = Counter()
    for kind in AIMS:
        for seed in range(200):
            network = case(kind, seed)
            given = bounds(network.spikes)
            tables = build_tables(network.program)
            plan = make_plan(tables, given, ())
            for row, (q, reach) in enumerate(zip(tables.rows, tables.reach, strict=True)):
                if q.target != "sum" or q.source != "input" or not q.graded:
                    continue
                fan = reach.fan.reached(*given)
                sent = network.spikes.reshape(-1, *network.program.input.shape)
                sums = q.op.apply(sent)
                for end, bound in ((sums.max(), fan.high.max()), (-sums.min(), -fan.low.min())):
                    for name, limit in (("16", SHORT), ("32", WORD), ("24", FLOAT), ("53", DOUBLE)):
                        off = int(end) // reach.unit - limit if name == "16" else int(end) - limit
                        if abs(off) < 2 and int(end) == bound:
                            sides[f"{name} bits {off:+}, {tables.projections['kind'][row]}"] += 1
            target = tables.index["sum"]
            sides[f"{kind}: narrow {bool(plan.populations['narrow'][target])}"] += 1
    missing = {
        f"{name} bits {off:+}, {kind}"
        for name in ("16", "32", "24")
        for off in (-1, 0, 1)
        for kind in range(3)
    } - set(sides)
    assert not missing, sides
    for kind in ("sum16", "register", "constants"):
        assert min(sides[f"{kind}: narrow {answer}"] for answer in (True, False)) > 10, sides


def test_constants_lie_at_both_sides() -> None:
    assert LANES == vectors.LANES
    found: set[int] = set()
    for seed in range(60):
        neuron = case("constants", seed).program.by_name["sum"].neuron
        assert neuron is not None and neuron.threshold is not None
        found |= {int(neuron.threshold), int(abs(neuron.bias_mantissa) << neuron.bias_exponent)}
    assert found >= {CONSTANT - 1, CONSTANT, CONSTANT + 1, 2**31 - 1}


def test_every_kind_takes_its_turn() -> None:
    assert {kind for kind, _ in cases(len(KINDS), 3)} == set(KINDS)
    assert list(cases(4, 7, ["sum16"])) == [("sum16", n) for n in (7, 8, 9, 10)]


PLANTED = """
from dataclasses import replace
from snnc.sim.fast import plan, simulator
from tests.sim import test_corpus as t

def lost(what, kinds, networks):
    found = [f for k, s in t.cases(networks, {seed}, kinds) for f in t.faults(k, s)]
    print(what, [f for f in found if f.startswith("lost")])

lost("nothing", t.KINDS, 84)
right, t.Fan.reached = t.Fan.reached, t.one_sign
lost("one sign", t.KINDS, t.NETWORKS)
t.Fan.reached = right
plan.CONSTANT, before = 2**31 - 1, plan.CONSTANT
lost("constant", ["constants"], t.NETWORKS)
plan.CONSTANT = before
plan.STATE_BITS, before = 32, plan.STATE_BITS
lost("state bits", ["sum16", "sum32", "register", "constants"], t.NETWORKS)
plan.STATE_BITS = before
make = simulator.make_plan
simulator.make_plan = lambda *given: replace(p := make(*given), margin=p.margin - t.vectors.LANES)
lost("room", ["sum16"], 20)
"""


@pytest.mark.skipif(CHECKED, reason="starts the checked build itself")
def test_the_checked_build_loses_nothing_and_says_where_a_wrong_bound_would() -> None:
    seed = fresh_seed()
    script = PLANTED.format(seed=seed)
    told = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "SNNC_CHECKED_KERNELS": "1"},
        capture_output=True,
        text=True,
    )
    none, *planted = told.stdout.splitlines()
    assert none == "nothing []", (seed, told.stdout, told.stderr)
    assert len(planted) == 4
    for line in planted:
        assert "steps" in line or "matrix product" in line, (seed, line)
