"""Pass ``quantize-activations``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from snnc.bounds import PERCENTILE, SAMPLES, Bounds
from snnc.errors import counted, fail
from snnc.ir import Array, Code, Graph, Kind, Population, Target, per_channel
from snnc.sim.analog import run_frames

from .activation_ranges import channel_ranges
from .base import Context, Fact, Pass
from .common_levels import MOST, common_level

DEFAULT_GRADED_LEVELS = 255
NEAR = 1e-6
"""Relative difference of sums of floats that are equal but for rounding."""

LARGEST_PAYLOAD = 2**23 - 1
GROUPS = ("population", "channel")


@dataclass(frozen=True)
class QuantizeActivations(Pass):
    """Give activations levels, if an exact code needs them and training gave none.

    The codes ``frame`` and ``graded`` carry one of ``levels`` levels. A network that was trained with
    ``snnc.QuantizedReLU`` has them, and nothing is changed. Any other gets a range for each
    population from calibration data, the given percentile of its positive activations or its ceiling,
    divided into levels, which are rounded to: what that costs is noted (N720), and
    ``snnc verify --ladder`` shows it. The code ``rate`` needs no levels. Source: Bu et al. 2022.

    Options:
        levels: above zero; K for ``frame``, 255 for ``graded`` where it is left out.
        percentile: of the positive activations, in percent.
        samples: largest number of calibration samples that are used.
        per: ``population`` or ``channel``: one range for all, or one for each channel.
        shift: 0.5 rounds to the nearest level, 0 down.
        clip: false lets activations have more than these levels, as many as a payload holds.
    """

    interface: ClassVar[int] = 1
    name: ClassVar[str] = "quantize-activations"
    requires: ClassVar[frozenset[Fact]] = frozenset({Fact.DELAYS_MATCHED, Fact.NO_BATCH_NORM})
    destroys: ClassVar[frozenset[Fact]] = frozenset({Fact.BALANCED})

    choices: ClassVar[Mapping[str, tuple[str, ...]]] = {"shift": ("0", "0.5"), "per": GROUPS}

    bounds: ClassVar[Mapping[str, Bounds]] = {
        "levels": Bounds(1, LARGEST_PAYLOAD),
        "percentile": PERCENTILE,
        "samples": SAMPLES,
        "shift": Bounds(0.0, 0.5),
    }

    levels: int | None = None
    percentile: float = 99.9
    samples: int = 128
    shift: float = 0.5
    clip: bool = True
    per: str = "channel"

    def run(self, graph: Graph, context: Context) -> Graph:
        if not graph.code.exact:
            return graph
        bare = [p for p in graph.neurons if p.levels is None]
        levels = self._levels(graph, context.target)
        if not bare:
            return graph
        without = [p for p in bare if p.ceiling is None]
        if context.calibration is None and without:
            raise fail(
                "D317",
                f"the code {graph.code.value} needs a range of activations, and nothing determines it",
                where=without[0].origin,
                why="its activation has no ceiling, and there is no calibration data",
                help="compile with --calibration FILE.npz, train with snnc.QuantizedReLU, or use "
                "--code rate",
            )
        activations: dict[str, Array] = {}
        if context.calibration is not None:
            names = [p.name for p in bare]
            activations = run_frames(graph, context.measured_on(self.samples), only=names)
        done = {p.name: p for p in graph.neurons if p.levels is not None}
        for name in (name for members in graph.components_in_order() for name in members):
            population = graph.by_name[name]
            if population.kind is not Kind.NEURONS or name in done:
                continue
            seen = activations.get(name)
            common = self._with_common_levels(graph, population, done, levels, context)
            done[name] = common or self._with_levels(
                population, seen, levels, graph.code.one_spike, context
            )
        return graph.with_populations(done[p.name] for p in bare)

    def _with_common_levels(
        self,
        graph: Graph,
        population: Population,
        done: Mapping[str, Population],
        levels: int,
        context: Context,
    ) -> Population | None:
        """The population with the level of what it adds up, where that is one; nothing is rounded."""
        found = common_level(graph, population, done)
        if found is None or not self.clip:
            return None
        level, most = found
        if population.ceiling is not None:
            ends = population.ceiling / level
            most = min(most, int(np.round(ends.max())))
            if not np.allclose(ends, np.round(ends)) or np.min(ends) < most:
                return None
        limit = levels if graph.code is Code.FRAME else MOST
        changed = replace(population, ceiling=np.asarray(level * most), levels=most, shift=0.5)
        if most <= limit:
            return changed
        # A sum of that many would not fit; the largest of several numbers, say, never is their sum.
        if context.calibration is None:
            return None
        rounded = graph.with_populations(done.values())
        counts = context.measured_on(self.samples)
        sums = run_frames(rounded, counts, only=[population.name])[population.name]
        changed = replace(changed, ceiling=np.asarray(level * limit), levels=limit)
        top = per_channel(level, population.shape) * limit if level.ndim else level * limit
        if np.any(sums > top * (1 + NEAR)):
            return None
        self._tell(changed, sums, context)
        return changed

    def _levels(self, graph: Graph, target: Target) -> int:
        steps = graph.steps_per_frame or 1
        default = steps if graph.code is Code.FRAME else DEFAULT_GRADED_LEVELS
        levels = default if self.levels is None else self.levels
        most = [(p.levels, p.origin) for p in graph.neurons if p.levels is not None]
        if any(p.levels is None for p in graph.neurons):  # the others have levels of their own
            most.append((levels, "quantize-activations{levels}"))
        graded = ", or --code graded" if Code.GRADED in target.codes else ""
        for count, where in most:
            if graph.code is Code.FRAME and count > steps:
                raise fail(
                    "D318",
                    f"{count} levels do not fit a frame of {counted(steps, 'step')}",
                    where=where,
                    why="the code frame sends one spike for each level, at most one a step",
                    help=f"use --steps-per-frame {count}" + graded,
                )
        return levels

    def _with_levels(
        self,
        population: Population,
        seen: NDArray[np.float64] | None,
        levels: int,
        graded: bool,
        context: Context,
    ) -> Population:
        ceiling = population.ceiling
        if seen is not None:
            found = self._range(population, seen, context)
            ceiling = found if ceiling is None else np.minimum(found, ceiling)
        changed = replace(population, ceiling=ceiling, levels=levels, shift=self.shift)
        if not self.clip and graded and population.ceiling is None:
            top = changed.step * LARGEST_PAYLOAD
            changed = replace(changed, ceiling=top, levels=LARGEST_PAYLOAD)
        if seen is not None:
            self._tell(changed, seen, context)
        return changed

    def _range(self, population: Population, seen: NDArray[np.float64], context: Context) -> Array:
        ranges = channel_ranges(seen, population.shape, self.percentile)
        if ranges.silent == population.shape[0]:
            context.warn(
                "N756",
                "no neuron ever had positive input during calibration",
                where=population.origin,
                why=f"{counted(len(seen), 'calibration sample')}; its range is taken to be 1",
                help="calibrate with more, or more varied, samples",
            )
        return ranges.top if self.per == "channel" else np.asarray(ranges.top.max())

    def _tell(self, population: Population, seen: NDArray[np.float64], context: Context) -> None:
        step, top = population.step, np.asarray(population.ceiling)
        if step.ndim:
            step, top = (per_channel(x, population.shape) for x in (step, top))
        near = np.clip(np.floor(seen / step + population.shift), 0, population.levels) * step
        clipped = float(np.mean(seen > top))
        levels = counted(population.levels or 0, "level")
        if population.levels == LARGEST_PAYLOAD:
            levels = f"multiples of {float(np.max(step)):.4g}"
        context.note(
            "N720",
            f"activations rounded to {levels} up to {float(np.max(top)):.4g}: "
            f"off by {float(np.abs(near - seen).mean()):.2g} on average, {clipped:.2%} clipped",
            where=population.origin,
            why=f"measured on {counted(len(seen), 'calibration sample')} of "
            f"{counted(seen.shape[1], 'frame')}",
            help="train with snnc.QuantizedReLU, which has these levels from the beginning",
        )
