"""Pass ``quantize-weights``."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from snnc.errors import fail
from snnc.ir import (
    Array,
    Encoding,
    Graph,
    Kind,
    Population,
    PopulationGrid,
    Projection,
    SignMode,
    Target,
    WeightGrid,
    weight_range,
    weight_step,
)
from snnc.ir.scaling import weights_of, with_weights
from snnc.sim.analog import run_frames

from .base import Context, Fact, Pass
from .decays import round_decays
from .room import tell_room

BIAS_LIMIT = "bias mantissa"
THRESHOLD_LIMIT = "threshold mantissa"
EXPONENT_LIMIT = "weight exponent"
STATE_LIMIT = "state bits"
DEFAULT_STATE_BITS = 24
GRAVE_ERROR = 0.1
"""Relative error of a projection's weights from which rounding is a warning."""

READOUT_MARGIN = 8
SAMPLES = 64
"""Calibration samples that the readout's range is measured on."""


@dataclass(frozen=True)
class QuantizeWeights(Pass):
    """Bring weights, thresholds and biases to integers, on one scale for each population.

    All projections into a population add up in one accumulator, so they share its scale S (integer
    units for 1.0); each has its own exponent e, so that ``w S / 2**e`` fits the target's grid: the
    bits, the sign mode (mixed signs cost the lowest bit) and the range. S is an integer, hence the
    threshold, which is 1.0, becomes S without rounding. Among the scales that use the grid's range,
    up to a factor of two, the one with the least squared error over all projections is taken; an
    exponent may be one lower than the largest weight asks, clipping it, where that is better.
    Biases are rounded to ``mantissa * 2**exponent`` in units of the state registers. The weights in
    the graph become the rounded ones, so that a float run shows what rounding costs. A scale that
    serves projections with small weights is given up where it would leave the potential too little
    room: state registers are finite. What neurons keep of their state becomes a multiple of 1/4096.
    Source: lava.md 1.2 (grid), papers.md 6.5.

    Options:
        bits: as the target allows; 1 to 8 on Loihi, to 16 in NIR.
        sign_mode: ``auto`` (one sign only where all weights have it), ``mixed``.
        candidates: scales tried for each population.
        headroom: the potential of neurons must be able to hold so many thresholds (16 steps of 4
            thresholds each fill 64); that of a readout 8 times what calibration showed.
    """

    name: ClassVar[str] = "quantize-weights"
    requires: ClassVar[frozenset[Fact]] = frozenset({Fact.UNIT_THRESHOLDS, Fact.SINGLE_OPS})
    establishes: ClassVar[frozenset[Fact]] = frozenset({Fact.QUANTIZED})

    bits: int = 8
    sign_mode: str = "auto"
    candidates: int = 64
    headroom: float = 64.0

    def run(self, graph: Graph, context: Context) -> Graph:
        if self.bits not in context.target.weight_bits:
            allowed = ", ".join(map(str, context.target.weight_bits))
            raise fail(
                "D306",
                f"{self.bits} weight bits; {context.target.name} stores {allowed}",
                where="--weight-bits",
                help=f"use one of {allowed}",
            )
        if not self.headroom > 0:
            raise fail("D305", f"a headroom of {self.headroom}", help="use a positive number")
        if self.candidates < 1:
            raise fail("D305", f"{self.candidates} candidates", help="use at least 1")
        if self.sign_mode not in ("auto", "mixed"):
            raise fail("D305", f"no sign mode {self.sign_mode!r}", help="use auto or mixed")
        populations: list[Population] = []
        rounded: dict[int, Projection] = {}
        for population in graph.populations:
            projections = graph.into(population.name)
            if population.kind is Kind.INPUT:
                continue
            roomy = self._roomy_scale(graph, population, context)
            scale = self._best_scale(projections, context.target, roomy)
            for projection in projections:
                rounded[id(projection)] = self._rounded(projection, scale, context)
            if graph.frame_is_step:
                bits = context.target.limit(STATE_LIMIT) or DEFAULT_STATE_BITS
                tell_room(population, scale, bits, self.headroom, context)
            rounded_decays = round_decays(population, context)
            populations.append(_with_grid(rounded_decays, scale, context))
        changed = graph.with_populations(populations)
        return changed.with_projections(rounded[id(p)] for p in graph.projections)

    def _mode(self, weights: Array, target: Target) -> SignMode:
        if self.sign_mode == "auto":
            if weights.min(initial=0) >= 0 and SignMode.EXCITATORY in target.sign_modes:
                return SignMode.EXCITATORY
            if weights.max(initial=0) <= 0 and SignMode.INHIBITORY in target.sign_modes:
                return SignMode.INHIBITORY
        return SignMode.MIXED

    def _roomy_scale(self, graph: Graph, population: Population, context: Context) -> float:
        """The largest scale at which the potential has ``headroom``."""
        bits = context.target.limit(STATE_LIMIT) or DEFAULT_STATE_BITS
        if population.kind is Kind.NEURONS:
            return 2.0 ** (bits - 1 - context.target.threshold_shift) / self.headroom
        return 2.0 ** (bits - 1) / (READOUT_MARGIN * _largest_answer(graph, context.calibration))

    def _best_scale(self, projections: tuple[Projection, ...], target: Target, roomy: float) -> int:
        """The integer scale with the least squared rounding error, the smallest of equals.

        Above ``roomy`` only where the projection with the largest weights asks for it.
        """
        weights = [w for p in projections if np.any(w := weights_of(p.op))]
        largest_threshold = target.limit(THRESHOLD_LIMIT) or 2**31
        if not weights:
            return min(2**8, largest_threshold)
        modes = [self._mode(w, target) for w in weights]
        reach = [max(abs(x) for x in weight_range(self.bits, m)) for m in modes]
        # The scales at which each projection just fills its grid with exponent 0. The largest serves
        # all of them best, if the potential has room for it; the smallest is needed in any case.
        filling = [r / float(np.abs(w).max()) for w, r in zip(weights, reach, strict=True)]
        full = max([min(filling), *(f for f in filling if f <= roomy)])
        tried = np.unique(np.rint(full * np.geomspace(0.5, 1.0, self.candidates)))
        tried = np.unique(np.clip(tried, 1, largest_threshold)).astype(int)
        errors = [
            sum(self._fit(w, m, int(s), target)[0] for w, m in zip(weights, modes, strict=True))
            for s in tried
        ]
        return int(tried[int(np.argmin(errors))])

    def _fit(
        self, weights: Array, mode: SignMode, scale: int, target: Target
    ) -> tuple[float, int, Array]:
        """Best exponent at a scale: (squared error, exponent, integers on the grid)."""
        low, high = weight_range(self.bits, mode)
        reach = max(abs(low), abs(high))
        fitting = math.ceil(
            math.log2(max(float(np.abs(weights).max(initial=0)), 1e-300) * scale / reach)
        )
        highest = target.limit(EXPONENT_LIMIT) or 31
        step = weight_step(self.bits, mode)
        options = {min(max(e, 0), highest) for e in (fitting, fitting - 1)}
        results = []
        for exponent in sorted(options):
            unit = scale / 2.0**exponent
            integers = np.clip(np.rint(weights * unit / step) * step, low, high)
            error = float(np.square(weights - integers / unit).sum())
            results.append((error, exponent, integers))
        return min(results, key=lambda result: result[:2])

    def _rounded(self, projection: Projection, scale: int, context: Context) -> Projection:
        weights = weights_of(projection.op)
        mode = self._mode(weights, context.target)
        error, exponent, integers = self._fit(weights, mode, scale, context.target)
        unit = scale / 2.0**exponent
        low, high = weight_range(self.bits, mode)
        step = weight_step(self.bits, mode)
        over = (weights * unit > high + step / 2) | (weights * unit < low - step / 2)
        power = float(np.square(weights).sum())
        clipped = int(np.count_nonzero(over))
        relative = math.sqrt(error / power) if power else 0.0
        what = f"weights rounded to {self.bits} bits ({mode.value}), relative error {relative:.2%} "
        what += "(root mean square)" + (f", {clipped} of {weights.size} clipped" if clipped else "")
        where = projection.origin or projection.label
        if relative < GRAVE_ERROR:
            context.note("N703", what, where=where)
        else:
            context.warn(
                "N703",
                what,
                where=where,
                why="its weights share one accumulator with much larger ones, or have too few bits",
                help="use more --weight-bits, calibration data, or train with weights of like size",
            )
        op = with_weights(projection.op, integers / unit)
        return replace(projection, ops=(op,), grid=WeightGrid(self.bits, mode, exponent))


def _largest_answer(graph: Graph, counts: NDArray[np.int64] | None) -> float:
    """Magnitude of the readout's potential in real units: seen in calibration, or one unit a step."""
    steps = graph.steps_per_frame or 1
    if counts is None:
        return float(steps)
    worth = 1.0 / steps if graph.input.encoding is Encoding.SPREAD else 1.0
    if graph.frame_is_step:
        return 1.0  # what calibration shows is about activations; this network has none
    seen = run_frames(graph, counts[:SAMPLES] * worth, only=[graph.readout.name])
    return max(1.0, float(np.abs(seen[graph.readout.name]).max())) * steps


def _with_grid(population: Population, scale: int, context: Context) -> Population:
    """The population with its scale and its bias rounded to the target's mantissa and exponent."""
    target = context.target
    shift = target.threshold_shift if population.kind is Kind.NEURONS else 0
    if population.bias is None:
        return replace(population, grid=PopulationGrid(float(scale), shift, 0))
    units = population.bias * (scale * 2.0**shift)
    limit = target.limit(BIAS_LIMIT) or 2**31 - 1
    largest = float(np.abs(units).max(initial=0.0))
    exponent = 0
    while round(largest / 2**exponent) > limit and exponent < target.bias_shift:
        exponent += 1
    mantissa = np.clip(np.rint(units / 2**exponent), -limit, limit)
    lost = np.abs(mantissa * 2.0**exponent - units).max(initial=0.0) / (scale * 2.0**shift)
    if largest / 2**exponent > limit + 0.5:
        context.warn(
            "N704",
            f"biases up to {largest / (scale * 2.0**shift):.4g} clipped, by up to {lost:.4g}",
            where=population.origin,
            why=f"{target.name} holds mantissas to {limit} and exponents to {target.bias_shift}",
            help="use fewer weight bits or a larger threshold scale",
        )
    grid = PopulationGrid(float(scale), shift, exponent)
    return replace(population, bias=mantissa * 2.0**exponent / (scale * 2.0**shift), grid=grid)
