"""The reference simulator against both emulators of Loihi 1: every spike, every potential."""

from __future__ import annotations

from collections import Counter
from itertools import count

import numpy as np
import pytest

from snnc.backends.loihi1.installed import SCRIPTS
from snnc.ir import Comparison, Integers, Program, Trace
from snnc.sim import simulate
from tests.traces import differences

from .many import accepted, run_many
from .networks import random_program, random_spikes

NETWORKS = {"nengo-loihi": 40, "brian2-loihi": 14}
SAMPLES, STEPS = 2, 40

Runs = list[tuple[Program, Integers, Trace]]


@pytest.fixture(scope="module", params=list(SCRIPTS))
def runs(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Runs:
    """Programs, their inputs and what an emulator made of them, all in one process."""
    engine = request.param
    programs = accepted(map(random_program, count()), NETWORKS[engine])
    cases = [(p, random_spikes(p, i, SAMPLES, STEPS)) for i, p in enumerate(programs)]
    return run_many(engine, cases, tmp_path_factory.mktemp("jobs"))


@pytest.mark.slow
def test_emulators_agree_with_the_reference(runs: Runs) -> None:
    for program, spikes, trace in runs:
        assert differences(simulate(program, spikes, states=True), trace) == [], program.name


@pytest.mark.slow
def test_random_networks_cover_what_they_should(runs: Runs) -> None:
    used: Counter[str] = Counter()
    for program, _, trace in runs:
        for p in program.populations:
            if p.neuron is None or p.neuron.threshold is None:
                continue
            neuron = p.neuron
            used["fires"] += bool(np.any(trace.spikes[p.name]))
            used["keeps current"] += neuron.current_decay < 4095
            used["leaks"] += neuron.potential_decay > 0
            used["late bias"] += bool(neuron.bias_start and np.any(neuron.bias_mantissa))
            used["at least"] += neuron.comparison is Comparison.GREATER_EQUAL
            used["clears"] += neuron.clear_interval > 0
            used["thresholds"] += len(np.unique(np.asarray(neuron.threshold))) > 1
            used["starts"] += bool(np.any(neuron.start_value))
        used["delays"] += any(q.delay for q in program.projections)
        used["loops"] += any(q.source == q.target for q in program.projections)
        used["exponents below 0"] += any(q.exponent < 0 for q in program.projections)
        used["exponents above 0"] += any(q.exponent > 0 for q in program.projections)
        used["leaking readout"] += bool(
            program.readout.neuron and program.readout.neuron.potential_decay
        )
    assert len(used) == 13
    assert min(used.values()) > 0, used
