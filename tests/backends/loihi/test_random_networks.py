"""The reference simulator against Lava's own models: every spike, every potential, no difference."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from snnc.backends.loihi import LoihiBackend
from snnc.backends.loihi.layout import population_places, projection_places
from snnc.ir import Integers, Program, Trace
from snnc.sim import simulate
from tests.changing import changing_program
from tests.emitting import emitted_into
from tests.traces import differences

from .many import run_many
from .networks import (
    STATE_LIMIT,
    counting_program,
    edge_program,
    edge_spikes,
    random_program,
    random_spikes,
)

pytestmark = pytest.mark.lava

NETWORKS = 64
COUNTING_NETWORKS = 32
RUNTIME_SEEDS = (0, 4, 7)
SAMPLES = 2
STEPS = 30


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Program, Integers, Trace]]:
    """Programs, their inputs and what Lava's models made of them, all in one process."""
    programs = [random_program(seed) for seed in range(NETWORKS)]
    programs += [counting_program(seed) for seed in range(COUNTING_NETWORKS)]
    cases = [(p, random_spikes(p, i, SAMPLES, STEPS)) for i, p in enumerate(programs)]
    cases.append((edge_program(), edge_spikes()))
    return run_many(LoihiBackend(), cases, tmp_path_factory.mktemp("jobs"))


@pytest.mark.slow
def test_models_agree_with_the_reference(runs: list[tuple[Program, Integers, Trace]]) -> None:
    for program, spikes, lava in runs:
        assert differences(simulate(program, spikes, states=True), lava) == [], program.name
    hidden = [len(lava.potentials) - 1 for _, _, lava in runs]
    assert min(hidden) >= 0 and sum(hidden) > len(runs), "hidden potentials are among them"


@pytest.mark.slow
def test_changes_and_their_sums_agree_with_the_reference(tmp_path: Path) -> None:
    programs = [changing_program(seed) for seed in range(COUNTING_NETWORKS)]
    assert sum(p.readout.dynamics.adds_answers for p in programs) > 5
    cases = [(p, random_spikes(p, i, SAMPLES, STEPS)) for i, p in enumerate(programs)]
    for program, spikes, lava in run_many(LoihiBackend(), cases, tmp_path):
        assert differences(simulate(program, spikes, states=True), lava) == [], program.name


@pytest.mark.slow
def test_random_networks_cover_what_they_should(
    runs: list[tuple[Program, Integers, Trace]],
) -> None:
    used: Counter[str] = Counter()
    for program, _, lava in runs:
        places = (*population_places(program), *projection_places(program))
        used.update({place.process for place in places})
        used.update("fires" for name in program.by_name if np.any(lava.spikes.get(name, 0)))
        saturated = np.abs(lava.potentials[program.readout.name]).max() == STATE_LIMIT
        used["saturates"] += int(saturated)
        used.update(f"exponent {p.exponent}" for p in program.projections)
        used.update(f"bits {p.weight_bits}" for p in program.projections)
        used.update(p.sign_mode.value for p in program.projections)
    processes = {"LIF", "Spiking", "Counting", "Readout", "Conv", "Dense", "Sparse", "DelaySparse"}
    wanted = processes | {"fires", "saturates", "mixed", "excitatory", "inhibitory"}
    wanted |= {f"exponent {e}" for e in range(-7, 8)} | {f"bits {b}" for b in range(1, 9)}
    assert {name for name in wanted if not used[name]} == set()


@pytest.mark.parametrize("engine", ["lava", "lava-inprocess"])
def test_edges_through_the_engines(engine: str, tmp_path: Path) -> None:
    program, spikes = edge_program(), edge_spikes()
    back_end = LoihiBackend()
    emitted = emitted_into(tmp_path, back_end, program)
    got = back_end.run(engine, tmp_path, emitted, spikes, time_limit=60, potentials=True)
    assert differences(simulate(program, spikes, states=True), got) == []


@pytest.mark.parametrize("make", [random_program, counting_program, changing_program])
@pytest.mark.parametrize("seed", RUNTIME_SEEDS)
def test_true_runtime_agrees_with_the_reference(
    seed: int, make: Callable[[int], Program], tmp_path: Path
) -> None:
    program = make(seed)
    spikes = random_spikes(program, seed, SAMPLES, STEPS)
    back_end = LoihiBackend()
    emitted = emitted_into(tmp_path, back_end, program)
    seen: list[int] = []
    states = seed != RUNTIME_SEEDS[0]  # with and without RefPorts
    got = back_end.run(
        "lava", tmp_path, emitted, spikes, time_limit=60, progress=seen.append, potentials=states
    )
    assert differences(simulate(program, spikes, states=states), got) == []
    assert seen == [1, 2]
