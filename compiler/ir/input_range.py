"""Which counts the input of a program can carry at all, on a target."""

from __future__ import annotations

from .dynamics import Encoding
from .limits import LimitName
from .program import Program
from .relays import LARGEST_PAYLOAD
from .target import Target

"""Names of a target's limits on what an input sends in a step."""


def input_range(program: Program, target: Target) -> tuple[int, int]:
    """The smallest and the largest count that the input can carry; both included.

    ``spread`` sends 0 to K spikes a frame; a payload has 24 bits with its sign
    (``docs/numerics.md``, "Input"), relays pass no negative one on, and a target may have limits. In
    ``change`` the difference of any two counts is a payload.
    """
    if program.input.encoding is Encoding.SPREAD:
        return 0, program.steps_per_frame
    most, least = target.limit(LimitName.INPUT_SPIKES), target.limit(LimitName.LEAST_INPUT)
    payload = LARGEST_PAYLOAD // 2 if program.input.sends_changes else LARGEST_PAYLOAD
    high = payload if most is None else min(most, payload)
    low = -payload if least is None else max(least, -payload)
    return (0 if relays_payloads(program) else low), high


def relays_payloads(program: Program) -> bool:
    """Whether payloads of the input have to pass relays, which count up from 0."""
    relays = (p.neuron for p in program.populations if p.relay_of == program.input.name)
    return any(neuron is not None and neuron.code.one_spike for neuron in relays)
