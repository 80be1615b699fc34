"""Random programs on akida's software backend, beside the reference simulator, value by value.

``python -m tests.backends.akida.random_programs`` runs 240.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from snnc.backends.akida import AkidaBackend
from snnc.backends.akida.chips import chip_of
from snnc.backends.akida.layout import CONVOLUTION, chain_of
from snnc.sim import simulate

from .engines import need_akida
from .networks import random_program, random_spikes
from .random_programs import SAMPLES, STEPS, differing

SEEDS = range(12)


@pytest.mark.parametrize("seed", SEEDS)
def test_akida_agrees_with_the_reference(seed: int) -> None:
    need_akida()
    if list(AkidaBackend().check(random_program(seed))):
        pytest.skip("the program is refused")
    wrong, values = differing(seed)
    assert wrong == 0 and values


def test_they_use_everything() -> None:
    """What akida is compared on, counted on the reference simulator alone."""
    used: Counter[str] = Counter()
    for seed in range(60):
        program = random_program(seed)
        accepted = not list(AkidaBackend().check(program))
        used["accepted"] += accepted
        chain = chain_of(program, chip_of("akd1000"))
        used["loops and shortcuts"] += chain is None
        if chain is not None:
            used["turned"] += chain.turned
            used.update(p.kind for p in chain.places)
            used["convolution as dense"] += any(p.why_dense for p in chain.places)
            used["convolution of stride 2"] += any(
                p.kind == CONVOLUTION and getattr(p.projection.op, "stride", 0) == (2, 2)
                for p in chain.places
            )
        trace = simulate(program, random_spikes(program, seed, SAMPLES, STEPS))
        for p in program.populations:
            if p.neuron is not None and p.neuron.threshold is not None:
                sent = trace.spikes[p.name]
                used[f"{p.neuron.levels} levels"] += bool((sent == p.neuron.levels).any())
                used["something between"] += bool(np.any((sent > 0) & (sent < p.neuron.levels)))
                used["late bias"] += bool(p.neuron.bias_start)
        used["delays"] += any(p.delay for p in program.projections)
    wanted = {"1 levels", "3 levels", "15 levels", "something between", "late bias", "delays", "turned"}
    wanted |= {"convolution", "dense", "convolution as dense", "convolution of stride 2"}
    wanted |= {"loops and shortcuts"}
    assert {name for name in wanted if used[name] < 2} == set()
    assert used["accepted"] > 55
