"""Decays on a target's grid: potentials and currents have limits of their own."""

from __future__ import annotations

import pytest

from snnc.ir import Kind, Limit, LimitName, Neuron, Population, Target
from snnc.passes import Context
from snnc.passes.quantize_weights.decays import round_decays


def rounded(neuron: Neuron, **limits: int) -> tuple[float, float, list[str]]:
    """What is kept of current and potential, in 1/4096, and the codes of what is said."""
    named = {
        LimitName[name.upper()]: Limit(value, "1/4096", "a test") for name, value in limits.items()
    }
    context = Context(Target("chip", limits=named))
    population = Population("p", Kind.NEURONS, (1,), "p", neuron=neuron)
    kept = round_decays(population, context).neuron
    assert kept is not None
    codes = [note.code for note in context.notes]
    return kept.current_kept * 4096, kept.potential_kept * 4096, codes


PLAIN = Neuron(current_kept=0.0, potential_kept=1.0)
LEAKY = Neuron(current_kept=0.5, potential_kept=0.75)


@pytest.mark.parametrize(
    ("neuron", "limits", "kept"),
    [
        (PLAIN, {}, (0, 4096, [])),
        (PLAIN, {"decay": 4095}, (0, 4096, [])),
        (LEAKY, {"decay": 4095}, (2048, 3072, [])),
        # No leak at all, and currents as they are.
        (PLAIN, {"decay": 0, "current_decay": 4095}, (0, 4096, [])),
        (LEAKY, {"decay": 0, "current_decay": 4095}, (2048, 4096, ["N705"])),
        # Currents last one step, whatever the network says.
        (
            LEAKY,
            {"decay": 0, "current_decay": 4095, "least_current_decay": 4095},
            (0, 4096, ["N705"] * 2),
        ),
        (PLAIN, {"least_current_decay": 4095}, (0, 4096, [])),
    ],
)
def test_what_is_kept(
    neuron: Neuron, limits: dict[str, int], kept: tuple[float, float, list[str]]
) -> None:
    assert rounded(neuron, **limits) == kept
