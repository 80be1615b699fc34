"""Programs that no pass makes, where what a frame brings is easily bounded too low."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from snnc.ir import (
    Code,
    Comparison,
    Encoding,
    Integers,
    Kind,
    Linear,
    Program,
    ProgramPopulation,
    ProgramProjection,
    SignMode,
    Target,
    validate,
    with_relays,
)
from snnc.ir.relays import passes_on
from snnc.sim.reference import simulate
from snnc.verify.ranges import prove
from snnc.verify.timing import aligned
from tests.sim.test_bounds import SUMMING

NEURON = replace(SUMMING, comparison=Comparison.GREATER_EQUAL)
INPUT = ProgramPopulation("input", Kind.INPUT, (1,), "input", 0, None, Encoding.SPREAD)


def _population(
    name: str, start: int = 0, relay_of: str | None = None, **of: object
) -> ProgramPopulation:
    kind = Kind.READOUT if of.get("threshold") is None else Kind.NEURONS
    values = {k: np.asarray(v) if isinstance(v, int) and k in ARRAYS else v for k, v in of.items()}
    neuron = replace(NEURON, **values)  # type: ignore[arg-type]
    return ProgramPopulation(name, kind, (1,), name, start, neuron, relay_of=relay_of)


ARRAYS = ("threshold", "start_value", "bias_mantissa")


def _from(
    source: str, target: str, weight: int, delay: int = 0, graded: bool = False
) -> ProgramProjection:
    op = Linear(np.array([[weight]]))
    return ProgramProjection(source, target, op, 9, SignMode.MIXED, 0, delay, graded, target)


def _with_bias() -> Program:
    """A decision a step, each of the bias alone."""
    hidden = _population(
        "h", threshold=4, bias_mantissa=20, code=Code.GRADED, levels=5, clear_interval=1, clear_offset=1
    )
    out = _population("out", clear_interval=5, clear_offset=1)
    ways = (_from("input", "h", 1, 4), _from("h", "out", 8, 4, graded=True))
    return Program("p", 5, (INPUT, hidden, out), ways)


def _out_of_phase() -> Program:
    """Decisions that hear a part of two frames of what fires twice a frame."""
    fires = _population("r", threshold=2, start_value=1, clear_interval=4, clear_offset=1)
    hidden = _population(
        "h", 1, threshold=1, bias_start=2, code=Code.GRADED, levels=5, clear_interval=2, clear_offset=3
    )
    out = _population("out", 3, clear_interval=4, clear_offset=4)
    ways = (_from("input", "r", 1), _from("r", "h", 1), _from("h", "out", 60, graded=True))
    return Program("p", 4, (replace(INPUT, start=3), fires, hidden, out), ways)


def _in_several_parts() -> Program:
    """Frames of five steps, in which decisions every two steps can be three."""
    hidden = _population(
        "h", threshold=1, bias_mantissa=3, code=Code.GRADED, levels=5, clear_interval=2, clear_offset=1
    )
    out = _population("out", clear_interval=5, clear_offset=1)
    return Program(
        "p", 5, (INPUT, hidden, out), (_from("input", "h", 1), _from("h", "out", 1, graded=True))
    )


def _no_relay() -> Program:
    """It says that it relays ``h``, which never fires, and fires by its bias."""
    hidden = _population("h", threshold=100, clear_interval=4, clear_offset=1)
    relay = _population("r", 0, "h", threshold=1, bias_mantissa=1, clear_interval=4, clear_offset=1)
    out = _population("out", clear_interval=4, clear_offset=1)
    ways = (_from("input", "h", 0, 3), _from("h", "r", 1, 3), _from("r", "out", 200, 3))
    return Program("p", 4, (INPUT, hidden, relay, out), ways)


def _two_ways_into_a_relay() -> Program:
    program = _no_relay()
    return replace(program, projections=(*program.projections, _from("input", "r", 2, 3)))


def _relay_between_frames() -> Program:
    """A relay as passes make it, whose frame has the ends of two frames of what fires once a frame."""
    fires = _population("r", threshold=3, clear_interval=4, clear_offset=1)
    ways = (_from("input", "r", 1, 3), _from("r", "out", 1, 5))
    made = with_relays(Program("p", 4, (INPUT, fires, _population("out", 6)), ways), 3)
    late = {"r.relay": 3, "out": 3}
    moved = tuple(replace(p, start=p.start + late.get(p.name, 0)) for p in made.populations)
    first = (moved[-1].start + 1) % 4
    cleared = replace(moved[-1].dynamics, clear_interval=4, clear_offset=first)
    out = replace(moved[-1], neuron=cleared)
    return replace(made, populations=(*moved[:-1], out))


def _streams() -> list[Integers]:
    found = []
    for bits in itertools.product((0, 1), repeat=9):
        stream = np.zeros((1, 28, 1), np.int64)
        stream[0, 3:12, 0] = bits
        found.append(stream)
    return found


@pytest.mark.parametrize(
    ("made", "reached"),
    [
        (_with_bias, 200),
        (_out_of_phase, 180),
        (_in_several_parts, 15),
        (_no_relay, 800),
        (_two_ways_into_a_relay, 800),
        (_relay_between_frames, 2),
    ],
)
def test_nothing_leaves_what_is_proved(made: object, reached: int) -> None:
    program = validate(made())  # type: ignore[operator]
    proof = prove(program, Target("any"), 0, 4)
    (proved,) = (r for r in proof.ranges if (r.population, r.register) == ("out", "potential"))
    most = max(int(simulate(program, s).potentials["out"].max()) for s in _streams())
    assert most >= reached and proved.low <= 0 and proved.high >= most


def test_relays_that_passes_make_pass_on() -> None:
    ways = (_from("input", "out", 1, 9), _from("input", "out", 3, 5, graded=True))
    program = with_relays(Program("p", 4, (INPUT, _population("out")), ways), 2)
    relays = [p for p in program.populations if p.relay_of is not None]
    assert len(relays) >= 3 and all(passes_on(program, relay) for relay in relays)
    assert all(aligned(program, program.into(relay.name)[0]) for relay in relays)
    assert not any(passes_on(_no_relay(), p) for p in _no_relay().populations)
    lame = replace(relays[0], neuron=replace(relays[0].dynamics, threshold=np.asarray(10**6)))
    changed = tuple(lame if p is relays[0] else p for p in program.populations)
    assert not passes_on(replace(program, populations=changed), lame)
