"""What the two versions of Akida have and do, each in one place: devices, numbers, passes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from snnc.ir import Limit, Target

from . import target as one
from . import target_v2 as two


@dataclass(frozen=True)
class Chip:
    """A version of Akida, on a device.

    Attributes:
        version: 1 or 2.
        device: its name as an option.
        target: what passes and users ask.
        pipeline: the passes that a program for it needs.
        levels: what a neuron can count to, in words.
        inputs: of a dense layer, at the most.
        strides: sides of kernels by stride.
        weights: stored in all, at the most; None where nothing is stated.
        widths: of weights in bits, and the largest magnitude that each holds.
    """

    version: int
    device: str
    target: Target
    pipeline: str
    levels: str
    inputs: Limit
    strides: Mapping[int, tuple[int, ...]]
    weights: Limit | None
    weight_bits: Limit
    largest: Limit
    most_input: Limit
    least_input: Limit
    capabilities: str
    widths: Mapping[int, int]

    def has_levels(self, levels: int) -> bool:
        """Whether a neuron can send 0 to ``levels``."""
        if self.version == 1:
            return levels in one.ACTIVATION_BITS
        return 1 <= levels <= two.LEVELS.value

    def width(self, largest: int, least: int) -> int:
        """Bits for weights of this largest magnitude and smallest value; 0 where none will do."""
        if self.version == 1 and largest <= 1 and least >= 0:
            return 1  # 0 and 1; 2 bits are -1 to 1
        return next((bits for bits, most in self.widths.items() if largest <= most), 0)


DEVICES = (*one.DEVICES, *two.DEVICES)


def chip_of(device: str) -> Chip:
    """The version that a device is of."""
    of = two if device in two.DEVICES else one
    base = of.AKIDA
    named = base if device == DEVICES[0] else replace(base, name=f"akida{{device={device}}}")
    return Chip(
        version=1 if of is one else 2,
        device=device,
        target=named,
        pipeline=of.PIPELINE,
        levels=of.LEVELS_IN_WORDS,
        inputs=of.INPUTS,
        strides=of.STRIDES,
        weights=one.WEIGHTS if of is one else None,  # nothing is stated of version 2: mapping says
        weight_bits=of.WEIGHT_BITS,
        largest=of.LARGEST_WEIGHT,
        most_input=of.INPUT_SPIKES,
        least_input=of.LEAST_INPUT,
        capabilities=of.CAPABILITIES,
        widths=of.WIDTHS,
    )
