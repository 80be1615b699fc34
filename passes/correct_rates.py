"""Pass ``correct-rates``."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar

import numpy as np

from snnc.bounds import SAMPLES, Bounds
from snnc.errors import counted
from snnc.ir import Array, Graph, Kind, Population, per_channel
from snnc.sim.analog import frame_values, in_frames, run_frames
from snnc.sim.spiking import (
    Floats,
    Outputs,
    drive,
    input_steps,
    is_looping,
    needed_later,
    spike_component,
)

from .base import Context, Fact, Pass

MOST_VALUES = 2**24
"""Values of one population, over samples and steps, that are held at a time: 64 MiB."""


@dataclass(frozen=True)
class CorrectRates(Pass):
    """Correct in the biases the mean difference between rates and activations.

    A rate is not the activation that it stands for: spikes come late and unevenly, the rest of a
    frame's potential is lost, a hard reset loses more. Deep in a network this adds up. Populations are
    visited from the input on; those before already spike and are corrected. A channel's mean rate on
    calibration data is compared with its mean activation in floats, at most one spike a step, and the
    bias makes up for the difference, in those channels in which that brings rates nearer to activations
    frame by frame. Populations of a loop stay as they are: a loop of gain g makes 1 / (1 - g) of a
    correction. So do populations without biases, those whose levels training has settled, networks
    trained with spikes, networks whose frames are time steps, and the exact codes.
    Source: bias calibration, Li et al. 2021 ("A Free Lunch From ANN", ICML, section 4.2).

    Options:
        rounds: how often each population is corrected, each time measured again; 0 switches it off.
        samples: largest number of calibration samples that are used.
    """

    interface: ClassVar[int] = 1
    name: ClassVar[str] = "correct-rates"
    requires: ClassVar[frozenset[Fact]] = frozenset({Fact.UNIT_THRESHOLDS, Fact.SINGLE_OPS})

    bounds: ClassVar[Mapping[str, Bounds]] = {"rounds": Bounds(0, 1000), "samples": SAMPLES}

    rounds: int = 2
    samples: int = 64

    def run(self, graph: Graph, context: Context) -> Graph:
        if not graph.has_rates or graph.trained_steps is not None:
            return graph
        if not self.rounds or context.calibration is None or not any(map(_corrected, graph.neurons)):
            return graph
        given, frames = graph, self._frames(graph, context)
        wanted = run_frames(in_frames(graph), frame_values(graph, frames))
        steps = frames.shape[1] * graph.steps + max(p.start or 0 for p in graph.populations)
        outputs: Outputs = {graph.input.name: input_steps(graph, frames, steps)}
        ends = needed_until(graph, frames.shape[1], steps)
        moved: dict[str, float] = {}
        for members in graph.components_in_order():
            spiking = tuple(n for n in members if graph.by_name[n].kind is Kind.NEURONS)
            if not spiking:
                continue
            if is_looping(graph, members):
                spike_component(graph, spiking, outputs)
                continue
            known = {n: drive(graph, n, outputs, frozenset(), ends[n]) for n in spiking}
            corrected = [graph.by_name[n] for n in spiking if _corrected(graph.by_name[n])]
            spike = partial(spike_component, members=spiking, outputs=outputs, known=known, ends=ends)
            graph = self._nearest(graph, corrected, wanted, outputs, spike)
            for before in corrected:
                del wanted[before.name]
                after = graph.by_name[before.name]
                most = float(np.abs(_bias(after) - _bias(before)).max())
                moved |= {before.name: most} if most else {}
            spike(graph)
            for name in [n for n in outputs if not needed_later(graph, n, outputs)]:
                if name != graph.input.name:  # its shape tells samples and steps
                    del outputs[name]
        if not moved:
            return given
        context.note(
            "N783",
            f"biases moved by up to {max(moved.values()):.2g} thresholds a step",
            where=", ".join(moved),
            why=f"mean rates on {counted(len(frames), 'calibration sample')} differed from mean "
            "activations",
        )
        return graph

    def _nearest(
        self,
        graph: Graph,
        corrected: Sequence[Population],
        wanted: Mapping[str, Array],
        outputs: Outputs,
        spike: Callable[[Graph], None],
    ) -> Graph:
        """The graph with those biases, of each round and the first, at which rates are nearest.

        Args:
            graph: with the biases so far.
            corrected: populations without loops whose biases may move.
            wanted: activations, (samples, frames, \\*shape) by population.
            outputs: spikes, by population.
            spike: writes those of the populations that are next, with the biases of a graph.
        """
        best = {p.name: _bias(p) for p in corrected}
        least = {p.name: np.full(p.shape[0], np.inf) for p in corrected}
        for _ in range(self.rounds + 1):
            spike(graph)
            for name in best:
                population = graph.by_name[name]
                apart = _apart(graph, population, wanted[name], outputs[name])
                error = _mean(np.square(apart), population)
                nearer = error < least[name]
                least[name] = np.where(nearer, error, least[name])
                mask = per_channel(nearer, population.shape)
                best[name] = np.where(mask, _bias(population), best[name])
                missing = per_channel(_mean(apart, population), population.shape)
                changed = replace(population, bias=_bias(population) + missing)
                graph = graph.with_populations([changed])
        return graph.with_populations(
            p if np.array_equal(best[p.name], _bias(p)) else replace(p, bias=best[p.name])
            for p in corrected
        )

    def _frames(self, graph: Graph, context: Context) -> Array:
        """Calibration samples, as many as memory is set aside for."""
        assert context.calibration is not None  # run() looks
        steps = context.calibration.shape[1] * graph.steps
        widest = max(math.prod(p.shape) for p in graph.populations)
        return context.measured_on(max(1, min(self.samples, MOST_VALUES // (steps * widest))))


def needed_until(graph: Graph, frames: int, steps: int) -> dict[str, int]:
    """The step by population from which on its spikes change no mean rate, its own or a later one's."""
    ends = dict.fromkeys(graph.by_name, 0)
    for members in reversed(list(graph.components_in_order())):
        for name in members:
            population = graph.by_name[name]
            if is_looping(graph, members):
                ends[name] = steps
                continue
            if population.kind is Kind.NEURONS:
                ends[name] = population.begins + frames * graph.steps
            heard = [ends[p.target] - p.takes for p in graph.projections if p.source == name]
            ends[name] = max(ends[name], *heard, 0)
    return ends


def _corrected(population: Population) -> bool:
    leaks = population.neuron is not None and population.neuron.potential_kept != 1
    return population.bias is not None and population.levels is None and not leaks


def _bias(population: Population) -> Array:
    return np.broadcast_to(np.asarray(population.bias, np.float64), population.shape)


def _apart(graph: Graph, population: Population, wanted: Array, found: Floats) -> Array:
    """What rates lack, frame by frame, in thresholds a step, (samples, frames, \\*shape).

    Args:
        wanted: activations, (samples, frames, \\*shape).
        found: spikes, (samples, steps, \\*shape).
    """
    samples, frames, *shape = wanted.shape
    end = population.begins + frames * graph.steps
    spikes = found[:, population.begins : end]
    rates = spikes.reshape(samples, frames, graph.steps, *shape).mean(axis=2)
    return np.asarray(np.minimum(wanted, 1.0) - rates)


def _mean(values: Array, population: Population) -> Array:
    rows = np.moveaxis(values, 2, 0).reshape(population.shape[0], -1)
    return np.asarray(rows.mean(axis=1, dtype=np.float64))
