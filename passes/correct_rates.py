"""Pass ``correct-rates``."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from snnc.bounds import SAMPLES, Bounds
from snnc.ir import Array, Graph, Kind, Population, per_channel
from snnc.sim.analog import frame_values, in_frames, run_frames
from snnc.sim.spiking import Floats, Outputs, drive, input_steps, is_looping, spike_component

from .base import Context, Fact, Pass

MOST_VALUES = 2**26
"""Values of one population, over samples and steps, that are held at a time: 256 MiB."""


@dataclass(frozen=True)
class CorrectRates(Pass):
    """Take back in the biases what spikes make of activations on average.

    A rate is not the activation that it stands for: spikes come late and unevenly, the rest of a
    frame's potential is lost, a hard reset loses more. Deep in a network this adds up. Populations are
    visited from the input on; those before already spike and are corrected. A channel's mean rate on
    calibration data is compared with its mean activation in floats, at most one spike a step, and the
    bias makes up for the difference. Populations of a loop stay as they are, because a loop of gain g
    makes 1 / (1 - g) of a correction. So do populations without biases, those whose levels training has
    settled, networks trained with spikes, networks whose frames are time steps, and the exact codes.
    Source: bias calibration, Li et al. 2021 ("A Free Lunch From ANN", ICML, section 4.2).

    Options:
        rounds: how often each population is corrected, each time from what it does then; 0 for not at
            all.
        samples: at most so many calibration samples are used.
    """

    interface: ClassVar[int] = 1
    name: ClassVar[str] = "correct-rates"
    requires: ClassVar[frozenset[Fact]] = frozenset({Fact.UNIT_THRESHOLDS, Fact.SINGLE_OPS})

    bounds: ClassVar[Mapping[str, Bounds]] = {"rounds": Bounds(0, 1000), "samples": SAMPLES}

    rounds: int = 2
    samples: int = 64

    def run(self, graph: Graph, context: Context) -> Graph:
        if graph.frame_is_step or graph.code.exact or graph.trained_steps is not None:
            return graph
        if not self.rounds or context.calibration is None or not any(map(_corrected, graph.neurons)):
            return graph
        frames = self._frames(graph, context)
        wanted = run_frames(in_frames(graph), frame_values(graph, frames))
        assert graph.steps_per_frame is not None
        steps = frames.shape[1] * graph.steps_per_frame + max(p.start or 0 for p in graph.populations)
        outputs: Outputs = {graph.input.name: input_steps(graph, frames, steps)}
        moved: dict[str, float] = {}
        for members in graph.components_in_order():
            spiking = tuple(n for n in members if graph.by_name[n].kind is Kind.NEURONS)
            if not spiking:
                continue
            if is_looping(graph, members):
                spike_component(graph, spiking, outputs)
                continue
            known = {n: drive(graph, n, outputs, frozenset()) for n in spiking}
            for _ in range(self.rounds):
                spike_component(graph, spiking, outputs, known)
                for name in filter(lambda n: _corrected(graph.by_name[n]), spiking):
                    population = graph.by_name[name]
                    missing = _missing(graph, population, wanted[name], outputs[name])
                    moved[name] = max(moved.get(name, 0.0), float(np.abs(missing).max()))
                    assert population.bias is not None
                    bias = population.bias + per_channel(missing, population.shape)
                    graph = graph.with_populations([replace(population, bias=bias)])
            spike_component(graph, spiking, outputs, known)
        if not moved:
            return graph
        context.note(
            "N783",
            f"biases moved by up to {max(moved.values()):.2g} thresholds a step",
            where=", ".join(moved),
            why=f"mean rates on {len(frames)} calibration samples differed from mean activations",
        )
        return graph

    def _frames(self, graph: Graph, context: Context) -> Array:
        """Calibration samples, as many as memory is set aside for."""
        assert context.calibration is not None and graph.steps_per_frame is not None
        steps = context.calibration.shape[1] * graph.steps_per_frame
        widest = max(math.prod(p.shape) for p in graph.populations)
        return context.measured_on(max(1, min(self.samples, MOST_VALUES // (steps * widest))))


def _corrected(population: Population) -> bool:
    leaks = population.neuron is not None and population.neuron.potential_kept != 1
    return population.bias is not None and population.levels is None and not leaks


def _missing(graph: Graph, population: Population, wanted: Array, found: Floats) -> Array:
    """What a channel's rate lacks on average, in thresholds a step, (channels,).

    Args:
        wanted: activations, (samples, frames, \\*shape).
        found: spikes, (samples, steps, \\*shape).
    """
    assert graph.steps_per_frame is not None and population.start is not None
    end = population.start + wanted.shape[1] * graph.steps_per_frame
    rates = found[:, population.start : end]
    return _mean(np.minimum(wanted, 1.0), population) - _mean(rates, population)


def _mean(values: Array | Floats, population: Population) -> Array:
    rows = np.moveaxis(values, 2, 0).reshape(population.shape[0], -1)
    return np.asarray(rows.mean(axis=1, dtype=np.float64))
