"""One population's integer scale and its projections' exponents: the best whose sums stay in range."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from snnc.ir import (
    Array,
    Graph,
    Kind,
    LimitName,
    Population,
    SignMode,
    Target,
    WeightGrid,
    weight_step,
)
from snnc.ir.scaling import weights_of
from snnc.passes.base import Context

from .bias_correction import mean_shift
from .grid_search import MOST_WEIGHTS, Weights, best_exponent, channel_scales, common_scale
from .known import Known
from .largest_answer import largest_answer
from .lone_weights import to_exceed
from .rounding import Choice, on_grid
from .settled_bias import SettledBias, settle
from .sums import Sums, sends_several, sums_of

POTENTIAL = "potential"
"""What messages call it."""

READOUT_MARGIN = 8
MOST_TRIES = 24
"""How often a scale is lowered, each time by twice as much again, until the rounded weights fit."""

LEAST_STEP = 2.0**-10
"""By which share a scale is lowered beyond what its sums ask for, the first time."""

MOST_RAISED = 12
"""How often the gap between the largest scale that fits and the smallest that does not is halved."""

LESS = 4
"""Where a projection has more weights than ``MOST_WEIGHTS``, a fourth of the scales and halvings is
tried: a try takes a second there."""

LOWERED, MOST_LOWERED = 1 - 2.0**-5, 24
"""The share of a scale to try next, and how often, where weights of registers do not fit."""


SAME = 1e-6
"""Relative error of weights that were on the grid already: what single precision leaves."""


@dataclass(frozen=True, eq=False)
class Excess:
    """The sum that leaves its register the farthest: times too large, by channel; and in words."""

    factor: Array
    what: str
    worst: int
    limit: int


@dataclass(frozen=True)
class GridSearch:
    """The options of ``quantize-weights`` that the search needs, and the target's limits.

    ``means`` are what populations put out on average, where biases are corrected for rounding.
    ``reached`` grows: what neurons of populations that are done can count to. ``answers`` holds what
    the readout reaches, and ``known`` what rounded weights bring, which a search asks for many times.
    """

    target: Target
    bits: int
    mixed_only: bool
    candidates: int
    headroom: float
    per_channel: bool
    powers_of_two: bool = False
    means: Mapping[str, Array] | None = None
    reached: dict[str, Array] = field(default_factory=dict)
    answers: dict[str, float] = field(default_factory=dict)
    known: Known = field(default_factory=Known)

    def mode(self, weights: Array) -> SignMode:
        """The sign mode that leaves the weights most bits."""
        if not self.mixed_only:
            if weights.min(initial=0) >= 0 and SignMode.EXCITATORY in self.target.sign_modes:
                return SignMode.EXCITATORY
            if weights.max(initial=0) <= 0 and SignMode.INHIBITORY in self.target.sign_modes:
                return SignMode.INHIBITORY
        return SignMode.MIXED

    def state_bits(self, population: Population) -> int:
        """Width of current and potential, sign included; some targets have another one for readouts."""
        return self.target.state_bits(readout=population.kind is Kind.READOUT)

    def _grid(self, mode: SignMode, exponent: int) -> WeightGrid:
        return WeightGrid(self.bits, mode, exponent, self.target.plain_weights)

    @property
    def _lowest(self) -> int:
        """The smallest exponent of weights that the search uses; 0 where the target asks for none."""
        return self._plain or self.target.limit(LimitName.LOWEST_WEIGHT_EXPONENT, 0)

    @property
    def _highest(self) -> int:
        """The largest."""
        return self._plain or self.target.limit(LimitName.WEIGHT_EXPONENT, 31)

    @property
    def _plain(self) -> int:
        """The exponent at which a step is one unit, where the target has no other; else 0."""
        if not self.target.plain_weights:
            return 0
        return -int(math.log2(weight_step(self.bits, SignMode.MIXED)))

    def choose(
        self,
        graph: Graph,
        population: Population,
        context: Context,
        caps: Array | None = None,
    ) -> Choice:
        """The scale with the least squared rounding error, each channel's at most its cap.

        Where the largest weight is that of a register, the scale with the least error leaves no
        integer between threshold and the end of the grid: it is lowered until there is one.
        """
        if self._takes_trained(population) and caps is None:
            trained = self._trained(graph, population)
            if trained.worst_error < SAME:
                return trained
        choice = nearest = self._nearest(graph, population, context, caps)
        for _ in range(MOST_LOWERED):
            if not choice.silences:
                return choice
            lower = np.floor(np.broadcast_to(choice.scale, population.shape[:1]) * LOWERED)
            choice = self._nearest(graph, population, context, lower)
        return nearest if choice.silences else choice

    def takes_powers(self, population: Population) -> bool:
        """Whether its scales are powers of two: those of neurons, where that is asked for."""
        return self.powers_of_two and population.kind is Kind.NEURONS

    def _takes_trained(self, population: Population) -> bool:
        """Whether there is a scale that the weights were trained on, and it is one to choose from."""
        scale = population.trained_scale
        if scale is None or not self.takes_powers(population):
            return scale is not None
        fractions, _ = np.frexp(scale)
        return bool(np.all(fractions == 0.5))  # those of powers of two

    def _trained(self, graph: Graph, population: Population) -> Choice:
        """On the scale that the weights were trained on, each projection with its best exponent."""
        assert population.trained_scale is not None
        scales = np.asarray(population.trained_scale, np.float64)
        rounded = []
        for p in graph.into(population.name):
            mode = self.mode(weights_of(p.op))
            exponents = range(self._lowest, self._highest + 1)
            grids = (self._grid(mode, e) for e in exponents)
            tried = (on_grid(p, grid, scales, population, None) for grid in grids)
            rounded.append(min(tried, key=lambda r: r.error))
        return Choice(scales, self._shift(graph, population), tuple(rounded))

    def _nearest(
        self, graph: Graph, population: Population, context: Context, caps: Array | None
    ) -> Choice:
        projections = graph.into(population.name)
        channels = population.shape[0]
        caps = np.full(channels, np.inf) if caps is None else caps
        most = self._largest_threshold(graph, population)
        highest, symmetric = self._highest, self.target.plain_weights
        weights = [
            Weights.of(p.op, population.shape, self.mode(weights_of(p.op)), self.bits, symmetric)
            for p in projections
        ]
        roomy = self._roomy_scale(graph, population, context)
        ceiling = int(min(most, max(1.0, caps.max() if self.per_channel else caps.min())))
        fires = population.kind is Kind.NEURONS
        powers = self.takes_powers(population)
        if powers and not symmetric:
            ceiling = min(ceiling, 2**highest)
        candidates = max(1, self.candidates // self._less(graph, population))
        scale = common_scale(weights, roomy, ceiling, highest, candidates, powers)
        least = self.target.limit(LimitName.LEAST_THRESHOLD) if fires else None
        while least is not None and scale < least and 2 * scale <= min(ceiling, roomy):
            scale *= 2  # costs no weight a bit, and gives small ones more
        exponents = [best_exponent(w, scale, highest, self._lowest)[1] for w in weights]
        scales = np.asarray(float(scale))
        if self.per_channel and population.kind is Kind.NEURONS:
            ends = np.floor(np.minimum(most, np.maximum(caps, 1)))
            scales = channel_scales(weights, exponents, roomy, ends, candidates, powers)
        rests = self.rests(graph, population)
        rounded = [
            on_grid(p, self._grid(w.mode, e), scales, population, rest)
            for p, w, e, rest in zip(projections, weights, exponents, rests, strict=True)
        ]
        return Choice(scales, self._shift(graph, population), tuple(rounded))

    def _largest_threshold(self, graph: Graph, population: Population) -> int:
        """What the target can hold as a threshold: nothing gets above one that fills its register."""
        most = self.target.limit(LimitName.THRESHOLD, 2**31)
        if population.kind is not Kind.NEURONS or graph.code.exact:
            return most
        fixed = graph.frame_is_step or self.target.shift_is_fixed
        shift = self._shift(graph, population) if fixed else 0
        return int(min(most, (2 ** (self.state_bits(population) - 1) - 1) >> shift))

    def _less(self, graph: Graph, population: Population) -> int:
        """By how much fewer tries are made."""
        large = any(weights_of(p.op).size > MOST_WEIGHTS for p in graph.into(population.name))
        return LESS if large else 1

    def _roomy_scale(self, graph: Graph, population: Population, context: Context) -> float:
        """The largest scale at which the potential has room for what is usual."""
        if graph.code.exact:
            return math.inf  # ranges say what fits; there is nothing usual beyond a frame
        if population.kind is Kind.NEURONS:
            return (
                2.0 ** (self.state_bits(population) - 1 - self.target.threshold_shift) / self.headroom
            )
        if len(graph.into(population.name)) == 1:
            return math.inf  # one projection fills its grid, whatever room there is
        name = population.name
        largest = self.answers.get(name) or largest_answer(graph, context)
        self.answers[name] = largest
        return 2.0 ** (self.state_bits(population) - 1) / (READOUT_MARGIN * largest)

    def rests(self, graph: Graph, population: Population) -> Sequence[Array | None]:
        """By projection, what weights that alone make a neuron fire must exceed; None elsewhere."""
        projections = graph.into(population.name)
        single = population.kind is Kind.NEURONS and not graph.code.exact
        return to_exceed(projections, population) if single else [None] * len(projections)

    def excess(
        self,
        graph: Graph,
        population: Population,
        choice: Choice,
        counts: NDArray[np.int64] | None,
        frames: int = 1,
    ) -> Excess | None:
        """The sum of a population that leaves its register the farthest; None where none does.

        An accumulating readout sums over ``frames``. Biases count as the chip will hold them.
        """
        settled = self.settled(graph, population, choice)
        population = replace(population, bias=settled.bias)
        arriving = self.known.into(graph, population, choice.rounded, counts, self.reached)
        sums = sums_of(graph, population, *arriving, frames)
        found = [e for e in self._excesses(graph, population, sums, choice) if e.factor.max() > 1]
        if settled.beyond is not None:
            found.append(_excess("bias", settled.beyond, settled.limit))
        return max(found, key=lambda e: float(e.factor.max()), default=None)

    def settled(self, graph: Graph, population: Population, choice: Choice) -> SettledBias:
        """The population's biases that go with the weights of a choice."""
        correction = None
        if self.means is not None:
            after = [r.projection for r in choice.rounded]
            correction = mean_shift(population, graph.into(population.name), after, self.means)
        return settle(population, choice.scale, choice.shift, self.target, correction)

    def _excesses(
        self, graph: Graph, population: Population, sums: Sums, choice: Choice
    ) -> list[Excess]:
        found = []
        graded = graph.code.one_spike or sends_several(population)
        if population.kind is Kind.READOUT:
            graded |= any(sends_several(graph.by_name[p.source]) for p in graph.into(population.name))
        limit = self.target.limit(LimitName.GRADED_INPUT if graded else LimitName.DENDRITIC_INPUT)
        if limit is not None:
            found.append(_excess("input of one step", sums.step * choice.scale, limit))
        if sums.potential is not None:
            unit = choice.scale * 2.0**choice.shift
            limit = 2 ** (self.state_bits(population) - 1) - 1
            found.append(_excess(POTENTIAL, sums.potential * unit, limit))
        return found

    def _shift(self, graph: Graph, population: Population) -> int:
        """By how much synaptic input is usually shifted into the state registers."""
        spiking = population.kind is Kind.NEURONS and not graph.code.exact
        return self.target.threshold_shift if spiking else 0

    def remember(self, graph: Graph, population: Population, choice: Choice, context: Context) -> None:
        """Keep what the population's neurons can count to, for the populations that receive them."""
        population = replace(population, bias=self.settled(graph, population, choice).bias)
        counts = context.calibration
        arriving = self.known.into(graph, population, choice.rounded, counts, self.reached)
        sums = sums_of(graph, population, *arriving)
        if sums.levels is not None:
            self.reached[population.name] = sums.levels

    def choose_within(
        self,
        graph: Graph,
        population: Population,
        context: Context,
        free: Choice,
        frames: int = 1,
    ) -> Choice:
        """The best choice whose sums stay in their registers, as far as a scale of 1 allows that.

        Rounding keeps a sum from following its scale exactly, so each try goes further than the last;
        then the gap to the scale that did not fit is halved until there is none. Where neither helps
        the last try comes back, whose excess the caller finds.

        Args:
            free: of :meth:`choose`.
            frames: as for :meth:`excess`.
        """
        choice = self._less_shifted(graph, population, free, context)
        channels = population.shape[:1]
        caps = np.full(channels, np.inf)
        failed = np.full(channels, np.inf)
        step = np.full(channels, LEAST_STEP)
        for _ in range(MOST_TRIES):
            excess = self.excess(graph, population, choice, context.calibration, frames)
            if excess is None:
                break
            # A common scale is bound by the channel with the largest sums.
            shared = choice.scale.ndim == 0
            factor = np.full(channels, excess.factor.max()) if shared else excess.factor
            scale, over = np.broadcast_to(choice.scale, channels), factor > 1
            failed = np.where(over, np.minimum(failed, scale), failed)
            fitting = np.floor(scale / np.maximum(factor, 1.0))  # 0 where nothing arrives
            lowered = np.minimum(fitting, np.ceil(scale * (1 - step)) - 1)
            caps = np.where(over, np.minimum(caps, lowered), caps)
            step = np.where(over, np.minimum(2 * step, 0.5), step)
            if caps.min() < 1:
                return choice
            choice = self._capped(graph, population, context, caps, choice.shift)
        else:
            return choice
        return self._raised(graph, population, context, choice, caps, failed, frames)

    def _raised(
        self,
        graph: Graph,
        population: Population,
        context: Context,
        fitting: Choice,
        low: Array,
        high: Array,
        frames: int,
    ) -> Choice:
        """The choice with the largest caps from ``low``, which fit, to below ``high``, which do not."""
        for _ in range(MOST_RAISED // self._less(graph, population)):
            middle = np.where(np.isfinite(high), np.floor((low + high) / 2), np.inf)
            if not np.any((middle > low) & np.isfinite(middle)):
                break
            tried = self._capped(graph, population, context, middle, fitting.shift)
            excess = self.excess(graph, population, tried, context.calibration, frames)
            over = np.zeros(low.shape, bool)
            if excess is not None:
                over = np.full(low.shape, True) if tried.scale.ndim == 0 else excess.factor > 1
            else:
                fitting = tried
            low, high = np.where(over, low, middle), np.where(over, middle, high)
        return fitting

    def _capped(
        self, graph: Graph, population: Population, context: Context, caps: Array, shift: int
    ) -> Choice:
        return replace(self.choose(graph, population, context, caps), shift=shift)

    def _less_shifted(
        self, graph: Graph, population: Population, choice: Choice, context: Context
    ) -> Choice:
        """With as much of the shift as leaves the potential its room, which costs no weight a bit.

        Not where the neurons are the model's own, or the target's own are asked for, which have its
        shift.
        """
        if population.neuron is None or graph.frame_is_step or self.target.shift_is_fixed:
            return choice
        while choice.shift > 0:
            excess = self.excess(graph, population, choice, context.calibration)
            if excess is None or excess.what != POTENTIAL:
                break
            choice = replace(choice, shift=choice.shift - 1)
        return choice


def _excess(what: str, sums: Array, limit: int) -> Excess:
    return Excess(sums / limit, what, math.ceil(float(sums.max())), limit)
