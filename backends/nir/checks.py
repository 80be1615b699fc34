"""Every reason why NIR cannot say what a program does."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from snnc.backends.limit_messages import OWN_PASSES
from snnc.errors import Diagnostic, counted
from snnc.ir import IntegerNeuron, Program, ProgramPopulation, Reset

from .choices import Choices
from .neurons import NO_CURRENT, unsaid
from .target import NIR, STATE_BITS

MORE = "use more --weight-bits"
LARGER = "train with smaller weights, compared with the thresholds"
HARD_RESET = "--set 'set-neurons{reset=zero,start-value=0}' (this changes the network and its accuracy)"


def check(program: Program, choices: Choices) -> Iterator[Diagnostic]:
    """Everything that does not fit, not the first only."""
    for population in program.populations:
        if population.neuron is not None:
            where = population.origin or population.name
            if population.neuron.code.exact and population.relay_of is not None:
                yield Diagnostic(
                    "D417",
                    f"NIR cannot represent relays of payloads, as {population.relay_of} has them",
                    where,
                    "the option max-delay of match-delays asks for them; NIR itself limits no delay",
                    "leave the option out, or use --set 'encode-input{code=spread}'",
                )
                continue
            if population.neuron.code.exact:
                yield Diagnostic(
                    "D426",
                    f"NIR cannot represent neurons of the code {population.neuron.code.value}",
                    where,
                    "no primitive counts how many thresholds a frame has brought",
                    "compile with --code rate, or for another target",
                )
                continue
            yield from _unsaid(population.neuron, where, choices.unsaid)
            yield from _dynamics(population.neuron, where)
            yield from _answer(population.neuron, where, choices.answer)
            yield from _beginning(population, population.neuron, where)
            yield from _width(population.neuron, where)
    for projection in program.projections:
        if projection.exponent < 0:
            yield Diagnostic(
                "D421",
                f"its sum is shifted right by {-projection.exponent} bits",
                projection.origin or projection.label,
                "NIR's layers are linear, rounding a sum is not",
                MORE if projection.weight_bits < max(NIR.weight_bits) else LARGER,
            )


def _unsaid(neuron: IntegerNeuron, where: str, choice: str) -> Iterator[Diagnostic]:
    found = unsaid(neuron)
    if not found or choice == "metadata":
        return
    if choice == "refuse":
        yield Diagnostic(
            "D417",
            f"NIR cannot represent {' and '.join(found)}",
            where,
            "written as NIR's own neuron it would fire at other times",
            "choose: --target 'nir{unsaid=composite}' (exact; few readers know the nodes), "
            f"--target 'nir{{unsaid=metadata}}' (readers may ignore it), or {HARD_RESET}",
        )
    elif neuron.clear_interval:
        yield Diagnostic(
            "D417",
            f"NIR cannot represent a restart every {counted(neuron.clear_interval, 'step')}",
            where,
            "no primitive clears its state at a given time",
            "--set 'restart-frames{enabled=false}', or --target 'nir{unsaid=metadata}'",
        )
    elif neuron.reset is Reset.SUBTRACT and neuron.current_decay != NO_CURRENT:
        yield Diagnostic(
            "D417",
            "a soft reset behind a current that lasts",
            where,
            "the feedback would have to go through the current as well",
            "use --target 'nir{unsaid=metadata}'",
        )


def _dynamics(neuron: IntegerNeuron, where: str) -> Iterator[Diagnostic]:
    if neuron.current_decay != NO_CURRENT and neuron.potential_decay == 0:
        yield Diagnostic(
            "D422",
            "a current that lasts, and a potential without leak",
            where,
            "CubaLIF and CubaLI have both; an infinite time constant cannot be written",
            "give the neurons a leak",
        )


def _beginning(
    population: ProgramPopulation, neuron: IntegerNeuron, where: str
) -> Iterator[Diagnostic]:
    """Biases and a readout's frames begin where the population's own frames begin."""
    cure = "compile with snnc's own passes, which let both begin there"
    if np.any(neuron.bias_mantissa) and neuron.bias_start != population.start:
        what = f"its bias begins after {counted(neuron.bias_start, 'step')}, "
        what += f"the population after {population.start}"
        why = "a bias in NIR acts from the first step on"
        yield Diagnostic("D417", what, where, why, cure)
    interval = neuron.clear_interval
    if (
        neuron.threshold is None
        and interval
        and (neuron.clear_offset - population.start - 1) % interval
    ):
        what = (
            f"its frames of {counted(interval, 'step')} begin at step {neuron.clear_offset}, the "
            "population at "
            f"step {population.start + 1}"
        )
        yield Diagnostic("D417", what, where, "each answer would add up other steps", cure)


def _width(neuron: IntegerNeuron, where: str) -> Iterator[Diagnostic]:
    if neuron.state_bits > STATE_BITS.value:
        yield Diagnostic(
            "D404",
            f"state of {neuron.state_bits} bits, nir has {STATE_BITS.value}",
            where,
            f"stated by {STATE_BITS.source}",
            OWN_PASSES,
        )


def _answer(neuron: IntegerNeuron, where: str, choice: str) -> Iterator[Diagnostic]:
    if choice == "integrator" and neuron.threshold is None and neuron.clear_interval:
        yield Diagnostic(
            "D417",
            f"NIR cannot represent a sum that begins again every "
            f"{counted(neuron.clear_interval, 'step')}",
            where,
            "an integrator never clears its sum, and this readout answers each frame by itself",
            f"use --target 'nir{{answer=values}}': add up what the file gives over each "
            f"{counted(neuron.clear_interval, 'step')}",
        )
