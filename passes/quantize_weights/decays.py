"""Decays on the target's grid: what ``quantize-weights`` does with the memory of neurons."""

from __future__ import annotations

from dataclasses import replace

from snnc.ir import LimitName, Population
from snnc.passes.base import Context

UNITY = 4096
"""Decays are fractions of 2**12 (Loihi; lava-nc 0.10.0, lava/proc/lif/models.py, ``decay_shift``)."""

"""Names of limits: on the potential's decay (and the current's, without one of its own), on the
current's ``du``, and the least ``du`` (4095 for a chip whose currents last one step)."""


def on_grid(kept: float, least: int, most: int) -> float:
    """The fraction nearest to ``kept`` that a step can keep.

    Args:
        kept: 0 to 1.
        least, most: bounds on what is lost, in 1/4096.
    """
    lost = min(max(round((1.0 - kept) * UNITY), least), most)
    return 1.0 - lost / UNITY


def round_decays(population: Population, context: Context) -> Population:
    """The population with its decays rounded to 12 bits, each change noted (N705) with its size.

    The current loses ``(du + 1) / 4096`` a step, ``du`` from 0 on: it cannot keep everything. The
    potential loses ``dv / 4096``. Both ``du`` and ``dv`` end at the target's limits. A readout without
    dynamics is left alone. Source: docs/numerics.md "Neurons"; lava-nc 0.10.0,
    lava/proc/lif/models.py.
    """
    neuron = population.neuron
    if neuron is None:
        return population
    limit = context.target.limit(LimitName.DECAY)
    own = context.target.limit(LimitName.CURRENT_DECAY)
    most = limit if own is None else own
    least = 1 + context.target.limit(LimitName.LEAST_CURRENT_DECAY, 0)
    current = on_grid(neuron.current_kept, least, UNITY if most is None else most + 1)
    potential = on_grid(neuron.potential_kept, 0, UNITY if limit is None else limit)
    for what, wanted, got in (
        ("current", neuron.current_kept, current),
        ("potential", neuron.potential_kept, potential),
    ):
        if got != wanted:
            context.note(
                "N705",
                f"each step keeps {got:.6g} of the {what} instead of {wanted:.6g}, off by "
                f"{abs(got - wanted):.2g}",
                where=population.origin,
                why=f"{context.target.name} stores decays in units of 1/{UNITY}",
            )
    return replace(population, neuron=replace(neuron, current_kept=current, potential_kept=potential))
