"""The regression benchmark: how long the fast engine takes, small, in every test run.

Nothing is asserted of time; ``pytest tests/sim/test_speed.py --benchmark-autosave`` keeps numbers and
``--benchmark-compare`` shows what has changed since. The figures of the documents are `make bench`'s.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from benchmarks.speed.cases import conv, delays, mlp, recurrent, spikes
from snnc.ir import Program
from snnc.sim.fast import Simulator

CASES: dict[str, Callable[[], Program]] = {
    "mlp": mlp,
    "conv": conv,
    "recurrent": recurrent,
    "delays": delays,
}


@pytest.mark.parametrize("batch", [1, 16])
@pytest.mark.parametrize("name", CASES)
def test_speed(name: str, batch: int, benchmark: Any) -> None:
    program = CASES[name]()
    simulator, given = Simulator(program), spikes(program, batch)
    trace = benchmark.pedantic(simulator.run, (given,), {"only": ()}, rounds=5, warmup_rounds=1)
    answer = trace.potentials[program.readout.name]
    assert answer.shape == (batch, given.shape[1], 10) and answer.any()
