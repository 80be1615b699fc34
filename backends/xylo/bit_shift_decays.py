"""Pass ``bit-shift-decays``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from snnc.errors import counted, fail
from snnc.ir import Comparison, Graph, Kind, Neuron, Population, Projection, Reset, size
from snnc.ir.scaling import scale_outputs
from snnc.passes.base import Context, Fact, Pass

from .bit_shifts import gains, is_clock, shifts
from .target import LARGEST_DASH, MOST_OUTPUT_SPIKES, MOST_SPIKES, OUTPUTS

MODEL = "xylo"
GRID = 4096
"""Decays in a program are whole numbers of 1/4096 (docs/numerics.md); those that shift ignore them."""

HARD = "a spike subtracts the threshold and keeps the rest (reset to 0 before)"
GAINS, PUT_OUT, FORGETS = ("keep", "leave"), ("auto", "none"), ("frame", "never")


@dataclass(frozen=True)
class BitShiftDecays(Pass):
    """Give every neuron the decays, reset and several spikes a step of Xylo's neurons.

    Xylo shifts: a step keeps ``1 - 2**-dash`` of a current or a potential and loses at least 1, the
    current decays before it reaches the potential, resets are soft, neurons fire at the threshold
    already, start at 0 and send several spikes in a step. ``dash`` is the nearest to
    ``log2(time constant in steps)``. So that a steady input drives a neuron as before, the weights
    into it are multiplied by what the rounded decays have changed of the charge that a spike brings.
    The last populations, if they receive from hidden neurons only, send to the readout alone and are
    few enough, become output neurons, which send one spike a step. Each change is named with its size
    (N745 decays, N746 the rest).
    Source: xylosim 0.1.3, src/v2/cpp/XyloIAFNeuron.cpp; docs/xylo.md.

    Options:
        gain: ``keep`` multiplies the weights as above, ``leave`` leaves them as they are.
        outputs: ``auto``, or ``none`` (every population becomes hidden neurons).
        forget: ``frame`` gives a converted network's neurons, which have no leak and cannot restart
            each frame on Xylo, a leak over the length of a frame; ``never`` gives them the slowest
            leak.
    """

    interface: ClassVar[int] = 1
    name: ClassVar[str] = "bit-shift-decays"
    requires: ClassVar[frozenset[Fact]] = frozenset(
        {Fact.UNIT_THRESHOLDS, Fact.SINGLE_OPS, Fact.DELAYS_MATCHED}
    )
    destroys: ClassVar[frozenset[Fact]] = frozenset({Fact.QUANTIZED})

    choices: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "gain": GAINS,
        "outputs": PUT_OUT,
        "forget": FORGETS,
    }

    gain: str = "keep"
    outputs: str = "auto"
    forget: str = "frame"

    def run(self, graph: Graph, context: Context) -> Graph:
        if MODEL not in context.target.neuron_models:
            raise fail(
                "D332",
                f"{context.target.name} has no neurons of the model {MODEL}",
                where=self.name,
                help="leave the pass out, or compile with --target xylo",
            )
        outputs = _output_names(graph, OUTPUTS.value) if self.outputs == "auto" else ()
        frame = graph.steps_per_frame or 1
        forgets = self.forget == "frame" and not graph.frame_is_step and frame > 1
        factors: dict[str, float] = {}
        changed: list[Population] = []
        for p in graph.neurons:
            spikes = (MOST_SPIKES if p.name not in outputs else MOST_OUTPUT_SPIKES).value
            clock = is_clock(graph, p)
            dashes = shifts(p, clock, LARGEST_DASH.value, frame if forgets else None)
            weights, biases = (1.0, 1.0) if self.gain == "leave" or clock else gains(p, dashes)
            factors[p.name] = weights
            if not clock:
                _tell_decays(p, dashes, weights, forgets, context)
            changed.append(_changed(p, dashes, spikes, biases, clock, context))
        projections = [_scaled(graph, q, factors.get(q.target, 1.0)) for q in graph.projections]
        return graph.with_populations(changed).with_projections(projections)


def _output_names(graph: Graph, most: int) -> tuple[str, ...]:
    """Populations that can be output neurons: they hear hidden ones and speak to the readout alone."""
    ends = [
        p.name
        for p in graph.neurons
        if (spoken := [q for q in graph.projections if q.source == p.name])
        and all(q.target == graph.readout.name for q in spoken)
    ]
    found, room = [], most
    for name in ends:
        heard = [graph.by_name[q.source] for q in graph.into(name)]
        fits = heard and all(s.kind is Kind.NEURONS and s.name not in ends for s in heard)
        neurons = size(graph.by_name[name].shape)
        if fits and neurons <= room:
            found.append(name)
            room -= neurons
    return tuple(found)


def _scaled(graph: Graph, q: Projection, factor: float) -> Projection:
    if factor == 1.0:
        return q
    shape = graph.by_name[q.target].shape
    return replace(q, ops=(scale_outputs(q.op, np.asarray(factor), shape),))


def _tell_decays(
    p: Population, dashes: tuple[int, int], factor: float, forgets: bool, context: Context
) -> None:
    """N745: both numbers of every decay."""
    neuron = p.neuron or Neuron()
    said = []
    for what, kept, dash in (
        ("current", neuron.current_kept, dashes[0]),
        ("potential", neuron.potential_kept, dashes[1]),
    ):
        got = 1 - 2.0**-dash
        after = f"each step keeps {got:.6g} of the {what} (dash {dash}) instead of {kept:.6g}"
        if kept == 0 and what == "current":
            after += ": a spike acts over several steps, half as strongly in each"
        if kept >= 1 and forgets:
            after += ": a frame's state decays within about one frame, because neurons cannot restart"
        elif kept >= 1:
            after += ", and loses at least 1 unit: it leaks, where it did not before"
        said.append(after)
    context.note(
        "N745",
        "; ".join(said),
        where=p.origin or p.name,
        why="Xylo decays by bit shifts, rounded so that at least 1 unit is lost; weights into it are "
        f"multiplied by {factor:.4g} to keep what a steady input brings",
    )


def _changed(
    p: Population,
    dashes: tuple[int, int],
    spikes: int,
    bias_factor: float,
    clock: bool,
    context: Context,
) -> Population:
    """The population with Xylo's neurons; what changes beside its decays is said (N746)."""
    neuron, bias = p.neuron or Neuron(), p.bias
    said = []
    if clock:
        bias = np.ones_like(np.asarray(bias, np.float64))
        said.append("its bias is its threshold, so that a soft reset leaves 0: it fires at every step")
    else:
        if neuron.reset is Reset.ZERO:
            said.append(HARD)
        if spikes > 1:
            said.append(f"up to {counted(spikes, 'spike')} in one step (1 before)")
        if neuron.comparison is Comparison.GREATER:
            said.append("it fires at its threshold (before: only above it)")
        if neuron.start_value:
            said.append(f"it starts at 0 (at {neuron.start_value:g} of its threshold before)")
        if neuron.restart:
            said.append("it keeps its state from frame to frame (it restarted with each frame before)")
        if bias is not None:
            bias = np.asarray(bias) * bias_factor
    if said:
        hard = HARD in said
        tell = context.warn if hard else context.note
        help = "train with a soft reset, or measure the accuracy (snnc run)" if hard else ""
        where, why = p.origin or p.name, "as Xylo's neurons do"
        tell("N746", "; ".join(said), where=where, why=why, help=help)
    kept = [1 - (GRID >> dash) / GRID for dash in dashes]
    changed = replace(
        neuron,
        reset=Reset.SUBTRACT,
        comparison=Comparison.GREATER_EQUAL,
        start_value=0.0,
        current_kept=min(kept[0], 1 - 1 / GRID),
        potential_kept=kept[1],
        restart=False,
        model=MODEL,
        constants={
            "bias_early": 0,
            "dash_mem": dashes[1],
            "dash_syn": dashes[0],
            "most_spikes": spikes,
        },
    )
    return replace(p, neuron=changed, bias=bias)
