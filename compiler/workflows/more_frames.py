"""What makes ranges hold for more frames: a cure that two messages name, N732 and N725."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from snnc.ir import Program, ProgramPopulation
from snnc.sim.reference import POTENTIAL

MOST_AT_ONCE = 4.0
"""By how much more room is named for neurons with a leak; what that leaves is said again."""

MOST_POWER = 19
"""``headroom`` is at most 1e6 (:data:`snnc.bounds.FACTOR`)."""


def more_frames(program: Program, name: str, proved: int, wanted: int, passes: bool = True) -> str:
    """What lengthens the proof of a population's potential besides shorter streams; may be empty.

    A population that fires compares with its threshold: smaller weights would change its spikes, and
    the scale of weights and threshold together is what can be lowered (``quantize-weights``, option
    ``headroom``). It has a lower scale only where some weights into it have an exponent above 0: the
    others fill their grid already. Weights into an answer fill theirs with the largest of them: its
    sums are smaller where the others are.

    Args:
        program: what ranges are proved for.
        name: the population whose potential leaves its register first.
        proved, wanted: frames.
        passes: whether passes made the integers; otherwise no option of theirs helps.
    """
    population = program.by_name[name]
    neuron = population.neuron
    if neuron is None:
        return ""
    if neuron.threshold is None:
        is_answer = population.name == program.readout.name
        return (
            f"a model whose weights into {name} are mostly well below the largest" if is_answer else ""
        )
    lowered = any(p.exponent > 0 for p in program.projections if p.target == name)
    if neuron.code.exact or not lowered or not passes:
        return ""
    headroom = _room(population, wanted / max(1, proved))
    return f"--set 'quantize-weights{{headroom={headroom}}}' (it rounds the weights somewhat more)"


def nearest_to_its_end(program: Program, registers: tuple[Mapping[str, Any], ...]) -> str | None:
    """The population whose potential comes nearest to the end of its register, in a bundle's claim.

    Of those whose potential lasts over frames: others begin each frame with the same.
    """
    lasting = {
        p.name
        for p in program.populations
        if p.neuron is not None and (p.neuron.sums_changes or not p.neuron.clear_interval)
    }
    potentials = [r for r in registers if r["register"] == POTENTIAL and r["population"] in lasting]
    found = max(potentials, key=_share, default=None)
    return None if found is None else str(found["population"])


def _share(register: Mapping[str, Any]) -> float:
    return float(max(register["high"] / register["most"], register["low"] / register["least"]))


def _room(population: ProgramPopulation, times: float) -> int:
    """Thresholds that fit ``times`` the present ones, a power of two.

    A leak bounds the potential for ever once there is room for that: of such neurons no more than
    four times is named, which took networks of snnTorch and NIR to the last frame there is.
    """
    neuron = population.dynamics
    times = min(times, MOST_AT_ONCE) if neuron.potential_decay else times
    present = (2 ** (neuron.state_bits - 1) - 1) / float(np.max(neuron.fires_at))
    return int(2 ** min(MOST_POWER, math.ceil(math.log2(max(2.0, present * times)))))
