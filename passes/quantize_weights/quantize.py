"""Pass ``quantize-weights``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from snnc.bounds import FACTOR, Bounds
from snnc.errors import UserError, fail
from snnc.ir import Array, Graph, Kind, LimitName, Population, Projection, Target
from snnc.ir.overflow import overflow_cure
from snnc.ir.scaling import weights_of
from snnc.passes.base import Context, Fact, Pass
from snnc.passes.widths import more_bits, refuse_width

from .bias_correction import SAMPLES, mean_outputs
from .compensated_rounding import compensate, seen_inputs
from .decays import round_decays
from .population_grid import POTENTIAL, Excess, GridSearch
from .room import tell_room
from .rounding import Choice, Rounded
from .settled_bias import capped, with_bias

GRAVE_ERROR, REFUSED_ERROR = 0.1, 0.15
"""Relative error of a projection's weights from which rounding is a warning, and from which a scale
that ranges force upon a population is refused."""

EXACT = 1e-9
"""Relative error of weights that the grid has, as it has those of max-pooling: nothing to tell."""

FINE_ERROR, LITTLE_MORE = 0.05, 1.1
"""Relative error up to which a readout's weights are given up so that it holds more frames; and how
many times the error that they have anyway, where that is more."""

FRAMES = 32
"""That an accumulating readout should hold where calibration data do not say how many come."""

DEFAULT_BITS = 8
MOST_CANDIDATES = 4096
"""Scales that are tried for each channel: 64 times the usual, at 64 times the time."""

GROUPS = ("auto", "population", "channel")
SIGNS = ("auto", "mixed")
CORRECTION = ("auto", "yes", "no")
ROUNDING = ("auto", "nearest", "compensated")
MOST_CORRECTED_BITS = 6
COARSE_ERROR = 0.04
"""Of a projection's weights, relative: a little more than 5 bits cost evenly spread ones, 1 / 30."""


@dataclass(frozen=True)
class QuantizeWeights(Pass):
    """Round weights, thresholds and biases to integers, with one scale for each population or channel.

    All projections into a neuron add up in one accumulator, so they share its scale S (integer
    units for 1.0); each has its own exponent e, so that ``w S / 2**e`` fits the target's grid: the
    bits, the sign mode (mixed signs cost the lowest bit) and the range. S is an integer, hence the
    threshold, which is 1.0, becomes S without rounding. Among the scales that use the grid's range,
    up to a factor of two, the one with the least squared error over all projections is taken; an
    exponent may be one lower than the largest weight asks, clipping it, where that is better. Where
    channels have scales of their own, their thresholds differ, and each uses the whole grid.
    Biases are rounded to ``mantissa * 2**exponent`` in units of the state registers. The weights in
    the graph become the rounded ones, so that a float run shows what rounding costs. A scale that
    serves projections with small weights is given up where it would leave the potential too little
    room: state registers are finite. A scale at which the worst input would make a sum leave its
    register is lowered until it does not (N721), and refused where that would cost too much (D319).
    A weight that is its neuron's only one and makes it fire stays above the threshold, as in
    registers that pass spikes on; N727 warns where the grid cannot. What neurons keep of their state
    becomes a multiple of 1/4096.
    Source: lava-nc 0.10.0, lava/utils/weightutils.py (the grid); the search is snnc's own.

    Options:
        bits: as the target allows; 1 to 8 on Loihi, to 16 in NIR. Left out, those that the weights were
            trained with (N735), else 8, or the most that the target has.
        sign_mode: ``auto`` (one sign only where all weights have it), ``mixed``.
        candidates: scales tried for each population or channel.
        headroom: in the code ``rate``, number of thresholds that the potential must have room for (16
            steps of 4 thresholds each fill 64); that of a readout 8 times what calibration showed.
        per: ``population`` or ``channel``; ``auto`` is ``channel``, or ``population`` where scales are
            powers of two.
        ranges: false keeps scales that let sums leave their registers (``--allow-overflow``).
        correct_bias: ``yes`` corrects in the biases what rounding the weights adds on average, where
            there is calibration data to measure it on; ``auto`` does so up to 6 bits, above which it
            changed accuracy by no more than chance on samples/moving_digits.
        rounding: ``nearest``, or ``compensated``: weights one after another, each compensating on
            calibration data for the error of those before it; ``auto`` does so up to 6 bits, and where
            weights of more bits lose more than 4 %: because a register ends, their scale is small.
            Neurons of more than 4,608 weights keep the nearest in either case.
        power_of_two: in the exact codes, scales of neurons are powers of two, one for each population
            unless ``per`` is ``channel``. Where connections have exponents, small enough that these can
            divide by them, as Lava's graded neurons need it.
    """

    interface: ClassVar[int] = 1
    name: ClassVar[str] = "quantize-weights"
    requires: ClassVar[frozenset[Fact]] = frozenset({Fact.UNIT_THRESHOLDS, Fact.SINGLE_OPS})
    establishes: ClassVar[frozenset[Fact]] = frozenset({Fact.QUANTIZED})

    choices: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "sign_mode": SIGNS,
        "per": GROUPS,
        "correct_bias": CORRECTION,
        "rounding": ROUNDING,
    }

    bounds: ClassVar[Mapping[str, Bounds]] = {
        "bits": Bounds(1, 32),
        "candidates": Bounds(1, MOST_CANDIDATES),
        "headroom": FACTOR,
    }

    bits: int | None = None
    sign_mode: str = "auto"
    candidates: int = 64
    headroom: float = 64.0
    per: str = "auto"
    ranges: bool = True
    correct_bias: str = "auto"
    rounding: str = "auto"
    power_of_two: bool = False

    def check_target(self, target: Target) -> None:
        """D306 for widths that it does not store."""
        if self.bits is not None:
            refuse_width(self.bits, target, "--weight-bits")

    def run(self, graph: Graph, context: Context) -> Graph:
        if self.bits is None:
            return replace(self, bits=self._trained_bits(graph, context)).run(graph, context)
        refuse_width(self.bits, context.target, "--weight-bits")
        powers_of_two = self.power_of_two and graph.code.exact
        by_channel = self.per == "channel" or (self.per == "auto" and not powers_of_two)
        search = GridSearch(
            context.target,
            self.bits or DEFAULT_BITS,
            self.sign_mode == "mixed",
            self.candidates,
            self.headroom,
            by_channel,
            powers_of_two,
            self._means(graph, context),
        )
        seen: Mapping[str, Array] | None = None
        populations: list[Population] = []
        rounded: dict[int, Projection] = {}
        for population in graph.populations:
            if population.kind is Kind.INPUT:
                continue
            population = capped(graph, population, context.calibration)
            choice, made_up = self._choice(search, graph, population, context), False
            if self._compensates(graph, context, choice) and context.calibration is not None:
                seen = seen_inputs(graph, context) if seen is None else seen
                nearest, known = choice, context.calibration
                choice = compensate(search, graph, population, nearest, seen, known)
                made_up = choice is not nearest
            for each, old in zip(choice.rounded, graph.into(population.name), strict=True):
                self._tell_rounding(graph, each, old, context, made_up)
            search.remember(graph, population, choice, context)
            for old, new in zip(graph.into(population.name), choice.rounded, strict=True):
                rounded[id(old)] = new.projection
            if graph.frame_is_step:
                bits = search.state_bits(population)
                tell_room(population, int(choice.scale.max()), bits, self.headroom, context)
            decayed = round_decays(population, context)
            settled = search.settled(graph, population, choice)
            populations.append(with_bias(decayed, choice.scale, choice.shift, settled, context))
        projections = [rounded[id(p)] for p in graph.projections]
        return graph.with_populations(populations).with_projections(projections)

    def _trained_bits(self, graph: Graph, context: Context) -> int:
        if graph.trained_bits is None:
            return min(DEFAULT_BITS, max(context.target.weight_bits))
        what = f"{graph.trained_bits} weight bits, as in training"
        context.note("N735", what, why="--weight-bits is not given")
        return graph.trained_bits

    def _corrects(self, graph: Graph) -> bool:
        if graph.frame_is_step:
            return False  # its activations are spikes, which a float run does not have
        if self.correct_bias == "auto" and graph.trained_bits == self.bits:
            return False  # its biases were trained with the weights that it has on the chip
        return self.correct_bias == "yes" or (
            self.correct_bias == "auto" and (self.bits or DEFAULT_BITS) <= MOST_CORRECTED_BITS
        )

    def _compensates(self, graph: Graph, context: Context, choice: Choice) -> bool:
        if graph.frame_is_step or context.calibration is None:
            return False  # its activations are spikes, which a float run does not have
        few = (self.bits or DEFAULT_BITS) <= MOST_CORRECTED_BITS or choice.worst_error > COARSE_ERROR
        return self.rounding == "compensated" or (self.rounding == "auto" and few)

    def _means(self, graph: Graph, context: Context) -> dict[str, Array] | None:
        """What populations put out on average, where biases are to be corrected."""
        if context.calibration is None or not self._corrects(graph):
            return None
        return mean_outputs(graph, context.measured_on(SAMPLES))

    def _choice(
        self, search: GridSearch, graph: Graph, population: Population, context: Context
    ) -> Choice:
        """The population's scale; what it costs is said."""
        choice = free = search.choose(graph, population, context)
        if self.ranges and population.accumulate:
            choice = self._lasting(search, graph, population, free, context)
        elif self.ranges:
            excess = search.excess(graph, population, free, context.calibration)
            if excess is not None:
                choice = search.choose_within(graph, population, context, free)
                # What a smaller shift has settled is not what the scale was lowered for.
                shifted = replace(free, shift=choice.shift)
                excess = search.excess(graph, population, shifted, context.calibration) or excess
                left = search.excess(graph, population, choice, context.calibration)
                grave = choice.worst_error > max(REFUSED_ERROR, 2 * free.worst_error)
                if left is not None or grave:
                    raise self._cannot_fit(search, graph, population, left, excess, choice, context)
                self._tell_lowered(population, free, choice, excess, context)
        return choice

    def _lasting(
        self,
        search: GridSearch,
        graph: Graph,
        population: Population,
        free: Choice,
        context: Context,
    ) -> Choice:
        """A readout that adds up frames: as many as calibration has, if its weights stay fine enough.

        What it holds in the end is in the manifest's ranges. One frame it must hold.
        """
        frames = FRAMES if context.calibration is None else context.calibration.shape[1]
        while True:
            excess = search.excess(graph, population, free, context.calibration, frames)
            if excess is None:
                return free
            choice = search.choose_within(graph, population, context, free, frames)
            left = search.excess(graph, population, choice, context.calibration, frames)
            tolerated = max(REFUSED_ERROR, 2 * free.worst_error)
            if frames > 1:
                tolerated = max(FINE_ERROR, LITTLE_MORE * free.worst_error)
            if left is None and choice.worst_error <= tolerated:
                self._tell_lowered(population, free, choice, excess, context)
                return choice
            if frames == 1:
                raise self._cannot_fit(search, graph, population, left, excess, choice, context)
            frames = -(-frames // 2)

    def _cannot_fit(
        self,
        search: GridSearch,
        graph: Graph,
        population: Population,
        left: Excess | None,
        excess: Excess,
        choice: Choice,
        context: Context,
    ) -> UserError:
        """The message where no scale will do: ``left`` is what leaves its register even then."""
        cost = "at which the worst input fits would round weights with a relative error of "
        why = f"a scale {cost}{choice.worst_error:.0%}" if left is None else "no scale is small enough"
        weights = "smaller weights or fewer levels"
        bare = replace(population, bias=None)
        by_weights = left and search.excess(graph, bare, choice, context.calibration)
        if population.bias is not None and left is not None and by_weights is None:
            unit = "" if population.kind is Kind.READOUT else " times its threshold"
            largest = float(np.abs(population.bias).max())
            why = f"its biases are up to {largest:.4g}{unit}, and without them it would fit"
            weights = "smaller biases"
        found = left or excess
        register = context.target.limits.get(LimitName.STATE_BITS)
        option = register.cure if register is not None and found.what == POTENTIAL else ""
        return fail(
            "D319",
            f"the {found.what} can reach {found.worst}, {context.target.name} holds {found.limit}",
            where=population.origin,
            why=f"a sum that leaves its register wraps or saturates; {why}",
            help=overflow_cure(
                weights, context.calibration is not None, (graph.steps_per_frame or 1) > 1, option
            ),
        )

    def _tell_lowered(
        self, population: Population, free: Choice, choice: Choice, excess: Excess, context: Context
    ) -> None:
        if np.array_equal(free.scale, choice.scale):
            return  # a smaller shift into the registers was enough, and cost nothing
        before, after = (np.atleast_1d(each.scale) for each in (free, choice))
        most = int(np.argmax(before / after))
        change = f"from {before[most]:g} to {after[most]:g}"
        lowered = f"scale lowered {change}"
        if len(before) > 1:
            count = np.count_nonzero(after < before)
            lowered = (
                f"scale lowered in {count} of {len(before)} channels, {change} in the most affected"
            )
        context.note(
            "N721",
            f"{lowered}: the {excess.what} could have reached {excess.worst}, {context.target.name} "
            f"holds {excess.limit}",
            where=population.origin,
            why=f"relative error of the weights {choice.worst_error:.2%} instead of "
            f"{free.worst_error:.2%}",
        )

    def _tell_rounding(
        self, graph: Graph, rounded: Rounded, old: Projection, context: Context, made_up: bool
    ) -> None:
        """N703 and N727. ``made_up``: weights make up for each other: sums lose less than they."""
        grid, clipped, total = rounded.grid, rounded.clipped, weights_of(old.op).size
        channels = rounded.used if rounded.used.size else np.zeros(1)
        grave = int(np.count_nonzero(channels > GRAVE_ERROR))
        what = f"weights rounded to {grid.bits} bits ({grid.sign_mode.value} signs), relative error "
        what += f"per channel: median {np.median(channels):.2%}, worst {channels.max():.2%}"
        what += f", above {GRAVE_ERROR:.0%} in {grave} of {len(channels)} channels" if grave else ""
        what += f"; {clipped} of {total} clipped" if clipped else ""
        what += "; they make up for each other on calibration data" if made_up else ""
        where = old.origin or old.label
        if not grave:
            if channels.max() > EXACT or clipped:
                context.note("N703", what, where=where)
        else:
            # Calibration has been, or it changes nothing (thresholds of the network's own).
            final = context.calibration is not None or graph.frame_is_step
            data = [] if final else ["compile with --calibration FILE.npz"]
            cures = [*more_bits(grid.bits, context.target), *data, "train with weights of like size"]
            context.warn(
                "N703",
                what,
                where=where,
                why="their weights share one scale with much larger ones, or have too few bits",
                help=" or ".join(cures),
            )
        if rounded.silenced:
            context.warn(
                "N727",
                f"{rounded.silenced} weights, each the only one of a neuron, made it fire; on the grid "
                "they no longer do",
                where=where,
                why=f"the grid of {grid.bits} bits ends below the threshold",
                help=" or ".join([*more_bits(grid.bits, context.target), "train with greater weights"]),
            )
