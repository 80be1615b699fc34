"""Whether a target's neurons do the arithmetic that a program asks for."""

from __future__ import annotations

from collections.abc import Iterator

from snnc.errors import Diagnostic

from . import SEVERAL_SPIKES, STANDARD, Code, Program, Target, find_model

ONE_SPIKE = (
    "build the network with spike_fn=SingleSpike and train it on, or use a target whose neurons send "
    "several spikes in a step (loihi, reference)"
)


def check_models(program: Program, target: Target) -> Iterator[Diagnostic]:
    """D332: a neuron model that the target does not have, in a program that is valid.

    Raises:
        UserError: D331 no package brings a model.
    """
    for population in program.populations:
        neuron = population.neuron
        if neuron is None:
            continue
        where = population.origin or population.name
        if neuron.model not in target.neuron_models:
            yield Diagnostic(
                "D332",
                f"its neurons are of the model {neuron.model}, {target.name} has "
                f"{', '.join(target.neuron_models)}",
                where,
                "neurons of another model would fire at other times",
                ONE_SPIKE
                if neuron.model == SEVERAL_SPIKES
                else "use the passes of the target itself (leave --passes out)",
            )
        elif neuron.model != STANDARD:
            find_model(neuron.model)


def check_changes(program: Program, target: Target) -> Iterator[Diagnostic]:
    """D316: changes are sent or summed in a valid program, by a target that knows levels only."""
    if Code.DELTA in target.codes:
        return
    for p in program.populations:
        if not p.sends_changes and (p.neuron is None or not p.neuron.sums_changes):
            continue
        able = ", ".join(code.value for code in target.codes)
        yield Diagnostic(
            "D316",
            f"{target.name} has no neurons for the code {Code.DELTA.value}",
            p.origin or p.name,
            "it sends changes of its level" if p.sends_changes else "it sums changes over frames",
            f"use {able}",
        )
