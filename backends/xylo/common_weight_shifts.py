"""Pass ``common-weight-shifts``."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from snnc.bounds import FACTOR, Bounds
from snnc.ir import (
    Array,
    Encoding,
    Graph,
    Kind,
    Population,
    Projection,
    size,
    weight_range,
    weight_step,
)
from snnc.ir.scaling import scale_outputs, weights_of, with_weights
from snnc.passes.base import Context, Fact, Pass
from snnc.passes.quantize_weights.grid_search import on_nearest

from .target import HIDDEN, LOWEST_EXPONENT, MOST_OUTPUT_SPIKES, STATE_BITS, WEIGHT_EXPONENT

INPUT, RECURRENT, OUTPUT = "input", "recurrent", "output"
"""The three weight matrices of the chip; each has one shift."""

FINE = 256.0
"""Units of a threshold that are not given up for rare currents: a leak of 1 is little of that."""

SAMPLES = 64
"""Calibration samples that show how large inputs get."""

GRAVE_ERROR = 0.1
"""Relative error of a projection's weights from which rounding is a warning."""


@dataclass(frozen=True, eq=False)
class _Fit:
    """One choice of the shifts: the scales, the projections, and what they lose."""

    scales: dict[str, int]
    projections: dict[int, Projection]
    errors: dict[int, float]

    @property
    def score(self) -> float:
        """Small is good: squared relative errors of weights, and of decays, which are off by a unit."""
        weights = sum(error**2 for error in self.errors.values())
        return float(weights + sum(1.0 / scale**2 for scale in self.scales.values()))


EXPONENTS = range(LOWEST_EXPONENT.value, WEIGHT_EXPONENT.value + 1)


@dataclass(frozen=True)
class CommonWeightShifts(Pass):
    """One power of two for all weights of a matrix: input, recurrent, output.

    Xylo has one weight shift for each of its three matrices, while ``quantize-weights`` gives every
    connection its own exponent. A population may be scaled as a whole: its threshold, its biases and
    all weights into it by the same power of two. All shifts are tried; those that cost least are taken:
    the relative errors of the weights, and one unit of each threshold, which is what decays round to.
    N748 says what rounding once more has cost, and how many thresholds the potential holds.
    Source: xylosim 0.1.3, src/v2/cpp/XyloLayer.h (weight_shift_inp, _rec, _out).

    Options:
        headroom: smallest number of thresholds that the potential has room for; fewer if weights are
            too small compared with the threshold. Currents have room for what one step brings while
            each neuron sends a spike and the input what calibration data show, as far as 256 units of a
            threshold allow that.
    """

    interface: ClassVar[int] = 1
    name: ClassVar[str] = "common-weight-shifts"
    requires: ClassVar[frozenset[Fact]] = frozenset({Fact.QUANTIZED})

    bounds: ClassVar[Mapping[str, Bounds]] = {"headroom": FACTOR}

    headroom: float = 32.0

    def run(self, graph: Graph, context: Context) -> Graph:
        if sum(size(p.shape) for p in graph.neurons) > HIDDEN.value:
            return graph  # far from fitting, which the target itself says; the search would take long
        chosen: dict[str, int] = {}
        fits: list[_Fit] = []
        # The output matrix shares no population with the other two.
        for matrices in ((INPUT, RECURRENT), (OUTPUT,)):
            tried = itertools.product(EXPONENTS, repeat=len(matrices))
            found = [
                fit
                for shifts in tried
                if (fit := self._fit(graph, dict(zip(matrices, shifts, strict=True)), context))
            ]
            fits.append(min(found, key=lambda fit: fit.score))
        for fit in fits:
            chosen |= fit.scales
        return self._applied(graph, fits, chosen, context)

    def _fit(self, graph: Graph, shifts: dict[str, int], context: Context) -> _Fit | None:
        """All populations of some matrices with given exponents; None where one has no scale."""
        scales: dict[str, int] = {}
        projections: dict[int, Projection] = {}
        errors: dict[int, float] = {}
        for p in graph.neurons:
            own = [(q, shifts[m]) for q, m in _matrices(graph, p, context) if m in shifts]
            if not own:
                continue
            scale = self._scale(graph, p, own, context)
            if scale is None:
                return None
            scales[p.name] = scale
            for q, exponent in own:
                projections[id(q)], errors[id(q)] = _rounded(q, scale, exponent, p)
        return _Fit(scales, projections, errors)

    def _scale(
        self, graph: Graph, p: Population, own: list[tuple[Projection, int]], context: Context
    ) -> int | None:
        """The largest power of two times the present scale at which all weights and biases fit."""
        present = float(np.max(p.integers.scale)) * 2.0**p.integers.input_shift
        register = 2 ** (STATE_BITS.value - 1) - 1
        fills = [_fill(q) for q, _ in own]
        shift = 0 if p.neuron is None else p.neuron.constants.get("dash_syn", 0)
        lasting = _largest_step(graph, p, context) * 2.0**shift
        roomy = min(register / self.headroom, max(register / max(lasting, 1.0), FINE))
        # Below this the largest weights would not fill the grid at the lowest exponent.
        least = min(fills) * 2.0**LOWEST_EXPONENT.value
        most = max(roomy, least) if math.isfinite(least) else roomy
        bias = 0.0 if p.bias is None else float(np.abs(p.bias).max(initial=0.0))
        most = min(
            most,
            register / bias if bias else math.inf,
            *(fill * 2.0**exponent for fill, (_, exponent) in zip(fills, own, strict=True)),
        )
        if most < 1:
            return None
        power = math.floor(math.log2(most / present) + 1e-9)
        return max(1, round(present * 2.0**power))

    def _applied(
        self, graph: Graph, fits: list[_Fit], scales: dict[str, int], context: Context
    ) -> Graph:
        projections = {key: q for fit in fits for key, q in fit.projections.items()}
        errors = {key: error for fit in fits for key, error in fit.errors.items()}
        register = 2 ** (STATE_BITS.value - 1) - 1
        populations = []
        for p in graph.neurons:
            scale = scales.get(p.name, int(np.max(p.integers.scale)))
            bias, lost = _rounded_bias(p, scale)
            grid = replace(p.integers, scale=np.asarray(float(scale)), input_shift=0, bias_exponent=0)
            populations.append(replace(p, grid=grid, bias=bias))
            said = f"threshold {scale}, the potential has room for {register / scale:.4g} thresholds"
            said += f"; biases are off by up to {lost:.2g} of it" if lost else ""
            for q in graph.into(p.name):
                new = projections.get(id(q))
                assert new is None or new.grid is not None
                if new is not None and new.grid is not None and errors[id(q)]:
                    said += (
                        f"; weights of {q.label} rounded once more, relative error {errors[id(q)]:.2%}"
                    )
            grave = any(errors.get(id(q), 0.0) > GRAVE_ERROR for q in graph.into(p.name))
            tell = context.warn if grave or register / scale < 4 else context.note
            tell(
                "N748",
                said,
                where=p.origin or p.name,
                why="the chip has one shift for all weights of a matrix, and registers of "
                f"{register.bit_length() + 1} bits",
                help="train with weights of like size in all layers" if grave else "",
            )
        after = [projections.get(id(q), q) for q in graph.projections]
        return graph.with_populations(populations).with_projections(after)


def _fill(q: Projection) -> float:
    """The scale at which a projection's weights just fill its grid with exponent 0."""
    step = weight_step(q.integers.bits, q.integers.sign_mode)
    low, high = weight_range(q.integers.bits, q.integers.sign_mode)
    weights = weights_of(q.op)
    ends = ((low, weights.min(initial=0.0)), (high, weights.max(initial=0.0)))
    found = [(abs(end) + step / 2) / abs(float(extreme)) for end, extreme in ends if extreme]
    return min(found, default=math.inf)


def _largest_step(graph: Graph, p: Population, context: Context) -> float:
    """How far what arrives in one step can push a current, one way, in thresholds.

    Neurons are taken to send one spike, the input what calibration data show it to send, or one.
    """
    up = down = 0.0
    for q in graph.into(p.name):
        source = graph.by_name[q.source]
        sent = np.ones((1, *source.shape))
        if source.kind is Kind.INPUT and context.calibration is not None:
            counts = context.measured_on(SAMPLES)
            sent = np.asarray(counts.reshape(-1, *source.shape), np.float64)
            if source.encoding is Encoding.SPREAD:
                sent = np.minimum(sent, 1)
        weights = weights_of(q.op)
        up += float(with_weights(q.op, np.maximum(weights, 0)).apply(sent).max(initial=0.0))
        down += float(with_weights(q.op, np.minimum(weights, 0)).apply(sent).min(initial=0.0))
    return max(up, -down)


def _matrices(graph: Graph, p: Population, context: Context) -> Iterator[tuple[Projection, str]]:
    """The projections into a population of neurons, each with the matrix that holds its weights."""
    most = None if p.neuron is None else p.neuron.constants.get("most_spikes")
    ends = most == MOST_OUTPUT_SPIKES.value
    for q in graph.into(p.name):
        if ends:
            yield q, OUTPUT
        else:
            yield q, INPUT if graph.by_name[q.source].kind is Kind.INPUT else RECURRENT


def _rounded(q: Projection, scale: int, exponent: int, p: Population) -> tuple[Projection, float]:
    """The projection on another exponent, and its relative error."""
    units = np.asarray(scale / 2.0**exponent)
    scaled = scale_outputs(q.op, units, p.shape)
    wanted = weights_of(scaled)
    integers = on_nearest(wanted, 1.0, q.integers)
    op = scale_outputs(with_weights(scaled, integers), 1 / units, p.shape)
    power = float(np.square(wanted).sum())
    lost = math.sqrt(float(np.square(wanted - integers).sum()) / power) if power else 0.0
    grid = replace(q.integers, exponent=exponent)
    return replace(q, ops=(op,), grid=grid), lost if lost > 1e-9 else 0.0


def _rounded_bias(p: Population, scale: int) -> tuple[Array | None, float]:
    if p.bias is None:
        return None, 0.0
    units = np.rint(np.asarray(p.bias) * scale)
    lost = float(np.abs(units / scale - p.bias).max(initial=0.0))
    return units / scale, lost if lost > 1e-9 else 0.0
