"""Beats of the input's stream, and what a simulator saw, as arrays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from snnc.errors import UserError, fail
from snnc.ir import Integers, Program, Trace, size

from .layout import Layout

Words = NDArray[np.uint64]
LAST = np.uint64(1 << 63)
"""Where a beat's tlast is, beside its data of at most 63 bits."""

REPORT = "please report this with the bundle"


def restart_beat(layout: Layout) -> int:
    """The beat that puts the network back to its start."""
    return 1 << (layout.input_bits - 1)


def beats(layout: Layout, spikes: Integers) -> Iterator[Words]:
    """The beats of each step, of one sample after the other; tlast in bit 63.

    Args:
        layout: of the network.
        spikes: payloads, (samples, steps, \\*input shape).
    """
    flat = spikes.reshape(-1, int(np.prod(spikes.shape[2:])))
    neuron, payload = layout.neuron_bits, layout.payload_bits
    there = 1 << (neuron + payload)
    for step in flat:
        (sent,) = np.nonzero(step)
        # Payloads come in whatever type holds them; their place in a beat takes more.
        carried = (
            step[sent].astype(np.int64) & ((1 << payload) - 1) if payload > 1 else np.zeros_like(sent)
        )
        words = (sent | carried << neuron | there).astype(np.uint64)
        if not len(words):
            words = np.zeros(1, np.uint64)
        words[-1] |= LAST
        yield words


@dataclass(frozen=True, eq=False)
class Seen:
    """What a simulator saw.

    Attributes:
        neurons: spikes and potentials of every neuron in every step, int32, (samples, steps, neurons
            of all populations but the input, 2).
        cycles: of each step, (samples, steps).
        sent: beats of the output in their order, tlast in bit 63.
    """

    neurons: NDArray[np.int32]
    cycles: NDArray[np.int64]
    sent: Words


def collect(
    program: Program, layout: Layout, spikes: Integers, seen: Seen, engine: str, hidden: bool
) -> Trace:
    """A run as a trace; the output's stream has to say the same.

    Raises:
        UserError: D608 the stream says something else than the neurons.
    """
    samples, steps = spikes.shape[:2]
    trace = Trace()
    trace.spikes[program.input.name] = spikes.astype(np.int32)
    first = 0
    for population in layout.order[1:]:
        part = seen.neurons[:, :, first : first + size(population.shape)]
        first += size(population.shape)
        sent, kept = (
            np.ascontiguousarray(part[..., which]).reshape(samples, steps, *population.shape)
            for which in (0, 1)
        )
        if population is not program.readout:
            trace.spikes[population.name] = sent
        if hidden or population is program.readout:
            trace.potentials[population.name] = kept
    _compare_answers(program, layout, trace, seen.sent, engine)
    return trace


def _compare_answers(program: Program, layout: Layout, trace: Trace, sent: Words, engine: str) -> None:
    """The potentials on the output's stream, against those that were seen inside."""
    kept = trace.potentials[program.readout.name]
    asked = kept[:, program.answer_step(0) - 1 :: program.steps_per_frame]
    bits = layout.output_bits
    kind = (sent & ~LAST) >> np.uint64(bits - 2)
    value = max(layout.parameters["POTENTIAL"], layout.payload_bits)
    words = (sent[kind == 1] & np.uint64((1 << value) - 1)).astype(np.int64)
    answers = np.where(words >> (value - 1), words - (1 << value), words)
    if not np.array_equal(answers, asked.ravel()):
        raise lost(engine, "the answers on the output's stream are not the readout's potentials")


def lost(engine: str, what: str) -> UserError:
    """D608, for a run whose results do not fit together."""
    return fail("D608", f"engine {engine}: {what}", where=engine, help=REPORT)
