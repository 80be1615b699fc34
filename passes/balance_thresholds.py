"""Pass ``balance-thresholds``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar

import numpy as np

from snnc.bounds import FACTOR, PERCENTILE, SAMPLES, Bounds
from snnc.errors import counted
from snnc.ir import Array, Graph, Kind, Population
from snnc.sim.analog import run_frames
from snnc.sim.spiking import Floats, balance

from .activation_ranges import channel_ranges
from .base import Context, Fact, Pass
from .threshold_bound import bound_thresholds

METHODS = ("activation", "percentile", "maximum", "bound")
FROM_SPIKES = ("percentile", "maximum")
"""Those that measure what arrives from neurons that spike; ``activation`` looks at activations."""
GROUPS = ("population", "channel")


def _of_value(population: Population, value: Array) -> Population:
    return replace(population, threshold=value, amplitude=value)


@dataclass(frozen=True)
class BalanceThresholds(Pass):
    """Set the threshold of every spiking population to fit the size of its input.

    ``activation`` takes a percentile of the float rollout's positive activations (Rueckauer
    et al. 2017). For ``maximum`` and ``percentile`` populations are visited from the input on, and
    the earlier ones spike already, with the thresholds they got: ``maximum`` is the largest
    single-step weighted input over calibration samples, steps and neurons (Rathi et al. 2020),
    ``percentile`` a percentile of the same values (Rathi and Roy 2021).
    ``bound`` needs no data: the largest input that the weights allow when every source fires. A
    spike's amplitude becomes the threshold. The network becomes a spiking one: rates approximate
    activations, clipped at one spike a step.

    A network whose frames are time steps has thresholds of its own and stays as it is. Where an
    activation has levels, training or ``quantize-activations`` has settled its range: in the exact
    codes one spike is worth one level, in the code ``rate`` the threshold is the range.

    Options:
        method: activation, percentile, maximum or bound.
        percentile: for activation and percentile, in percent. The default was the best of 97, 98,
            99 and 99.9 for ``activation`` at 4 and 8 steps a frame on 600 training streams of
            samples/moving_digits; for ``percentile`` the literature takes 99.7 and more.
        per: ``population`` or ``channel``: one threshold for all, or one for each channel.
        scale: factor on every threshold, once all have been measured (STDB uses 0.7 for long runs).
        samples: largest number of calibration samples that are used.
    """

    interface: ClassVar[int] = 1
    name: ClassVar[str] = "balance-thresholds"
    requires: ClassVar[frozenset[Fact]] = frozenset(
        {Fact.SINGLE_OPS, Fact.DELAYS_MATCHED, Fact.INPUT_ENCODED}
    )
    establishes: ClassVar[frozenset[Fact]] = frozenset({Fact.BALANCED})
    destroys: ClassVar[frozenset[Fact]] = frozenset({Fact.UNIT_THRESHOLDS})

    choices: ClassVar[Mapping[str, tuple[str, ...]]] = {"method": METHODS, "per": GROUPS}

    bounds: ClassVar[Mapping[str, Bounds]] = {
        "percentile": PERCENTILE,
        "scale": FACTOR,
        "samples": SAMPLES,
    }

    method: str = "activation"
    percentile: float = 98.0
    per: str = "channel"
    scale: float = 1.0
    samples: int = 128

    def run(self, graph: Graph, context: Context) -> Graph:
        if graph.frame_is_step:
            return graph
        if graph.code.exact:
            return graph.with_populations(_of_value(p, p.step) for p in graph.neurons)
        settled = [p.name for p in graph.neurons if p.levels is not None]
        if settled and self.method != "activation":
            context.note(
                "N739",
                f"method {self.method} changes nothing here: training already set the thresholds",
                where=", ".join(settled),
            )
        if self.method == "bound" or context.calibration is None:
            return self._bounded(graph, context)
        frames = context.measured_on(self.samples)
        activations = run_frames(graph, frames)
        silent: list[str] = []
        choose = partial(self._choose, activations, silent)
        if self.method == "activation":
            balanced = _without_spikes(graph, choose)
        else:
            balanced = self._scaled(balance(graph, frames, activations, choose))
        for name in silent:
            context.warn(
                "N702",
                "some neurons never had positive input during calibration",
                where=name,
                why=f"{counted(len(frames), 'calibration sample')}; they got the population's "
                "threshold, or 1",
                help="calibrate with more, or more varied, samples",
            )
        return balanced

    def _bounded(self, graph: Graph, context: Context) -> Graph:
        bounded = [p.name for p in graph.neurons if p.levels is None]
        if context.calibration is None and bounded:
            context.warn(
                "N701",
                "thresholds come from a data-free bound; what that costs is not measured, and may be "
                "nearly all accuracy",
                where=", ".join(bounded),
                why="there is no calibration data, given or in the archive; the "
                "bound assumes one event per pixel and frame, ignores loops, and makes rates low",
                help="compile with --calibration FILE.npz, or export with calibration frames",
            )
        return bound_thresholds(graph, per_channel=self.per == "channel", scale=self.scale)

    def _choose(
        self,
        activations: dict[str, Array],
        silent: list[str],
        population: Population,
        seen: Floats | None,
    ) -> Array:
        """The threshold of one population from the input that it saw, at most its ceiling.

        ``seen`` is None for the method ``activation``, which does not look at it.
        """
        if population.levels is not None and population.ceiling is not None:
            return population.ceiling
        return _at_most(population, self._from_values(activations, silent, population, seen))

    def _scaled(self, balanced: Graph) -> Graph:
        """All thresholds times the scale: each was measured behind neurons with whole ones."""
        return balanced.with_populations(
            _of_value(p, _at_most(p, p.threshold * self.scale))
            for p in balanced.neurons
            if p.levels is None and p.threshold is not None
        )

    def _from_values(
        self,
        activations: dict[str, Array],
        silent: list[str],
        population: Population,
        seen: Floats | None,
    ) -> Array:
        if seen is None:
            ranges = channel_ranges(
                activations[population.name], population.shape, self.percentile, frames_count=True
            )
            if ranges.silent:
                silent.append(population.name)
            top = ranges.top if self.per == "channel" else np.asarray(ranges.top.max())
            return top * self.scale
        values: Array = seen
        # Channels first, everything else flat: one row a channel.
        rows = np.moveaxis(values, 2, 0).reshape(population.shape[0], -1)
        together = self._statistic(rows.reshape(-1))
        if not np.isfinite(together) or together <= 0:
            silent.append(population.name)
            together = 1.0 / self.scale
        if self.per == "population":
            return np.asarray(together)
        each = np.array([self._statistic(row) for row in rows])
        quiet = ~(np.isfinite(each) & (each > 0))
        if quiet.any() and population.name not in silent:
            silent.append(population.name)
        return np.asarray(np.where(quiet, together, each))

    def _statistic(self, values: Array) -> float:
        if self.method == "maximum":
            return float(values.max())
        if self.method == "activation":
            positive = values[values > 0]
            return float(np.percentile(positive, self.percentile)) if positive.size else 0.0
        return float(np.percentile(values, self.percentile))


def _at_most(population: Population, threshold: Array) -> Array:
    """Not above what the activation reaches."""
    return threshold if population.ceiling is None else np.minimum(threshold, population.ceiling)


def _without_spikes(graph: Graph, choose: Callable[[Population, None], Array]) -> Graph:
    """Thresholds that need no spikes to be simulated."""
    balanced = []
    for members in graph.components_in_order():
        for population in (graph.by_name[name] for name in members):
            if population.kind is Kind.NEURONS:
                threshold = choose(population, None)
                balanced.append(replace(population, threshold=threshold, amplitude=threshold))
    return graph.with_populations(balanced)
