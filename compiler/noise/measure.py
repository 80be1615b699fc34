"""The noise of spikes: what a layer loses to steps, to its range, and to when spikes arrive.

Where a population puts out activations ``a`` in the float network, spiking neurons with T time steps
a frame and threshold theta put out something near. Three effects (Castagnetti et al. 2023,
Bu et al. 2022):

granular    an ideal quantizer has T levels above zero, ``theta / T`` apart; what it rounds away of
            activations within its range, ``0 <= a <= theta``
overload    what it cuts off of activations above its range, ``a > theta``: ``a - theta``, whatever T is
unevenness  what real neurons do otherwise than the ideal quantizer of the mean of what reached them,
            because it does not reach them evenly: spikes that are too early cannot be taken back

The ideal quantizer is what the neuron is for steady input ``z`` (ours for any start and both
comparisons; Castagnetti et al. start at 0 with ``>=``). From ``start * theta`` with soft reset and no
leak it fires ``n = floor(T z / theta + start)`` times where it fires at the threshold already
(``>=``), and ``n = ceil(T z / theta + start) - 1`` times where it fires above it (``>``, as on the
chip); never less than 0 or more than T, and each spike is worth ``theta / T`` of the frame's mean.

All powers are means over all samples, frames and neurons, zeros included: granular and overload add up
to the quantizer's whole error power.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.errors import Diagnostic, Severity, counted, fail
from snnc.ir import Array, Graph, Population, Scale, size
from snnc.progress import Report, quiet
from snnc.training.methods.thaw import own_activation

from .neurons import ready, real_neurons, run_in_batches, spiking_neurons
from .quantizer import activation_of, over, quantization_noise
from .report import NoisePoint, NoiseReport, PopulationNoise, SpikingError
from .settings import DEFAULT_SETTINGS, DEFAULT_STEPS, OWN, Setting, check_start, has_own

Floats = NDArray[np.float64]


def measure_noise(
    graph: Graph,
    counts: NDArray[Any],
    *,
    steps: Sequence[int] | None = None,
    settings: Sequence[Setting] | None = None,
    start: float | None = None,
    spiking: bool = True,
    report: Report = quiet,
) -> NoiseReport:
    """Characterise the noise of a network that is to spike, or was trained to.

    The float network is the graph as it stands; of a population that was trained with levels, ``a`` is
    what its levels approximate, the ReLU of its sum, and its own threshold the end of their range. The
    front end reads such activations as whole levels, and puts what a level is worth into what hears
    them: here all are in the units of the model again, wherever that is one factor for all who hear.

    Args:
        graph: as the front end gives it.
        counts: event counts, (samples, frames, \\*input shape).
        steps: the T; where None 1, 2, 4, 8, 16, 32 and those that the network was trained with.
        settings: thresholds to try; where None factors from 0.25 to 2 and, if there are any, the own.
        start: of the potential, in thresholds; where None a population's own, and 0.5 without one.
        spiking: whether to run real neurons too, which takes nearly all the time.
        report: progress.

    Raises:
        UserError: D214 the network spikes already, D218 torch cannot run it, D305, D315 an option is
            out of bounds, D217 it has no neurons with activations, D519 none of them is ever active.
        ValueError: counts that do not fit.
    """
    check_start(start)
    _check_graph(graph)
    settings = _settings_to_try(graph, settings)
    steps = _steps_to_try(graph) if steps is None else steps
    report("activations", 0, 1)
    known = _float_run(graph, counts, start)
    active = [p for p in graph.neurons if known.activations[p.name].any()]
    if not active:
        raise fail(
            "D519",
            "no neuron is ever active",
            where=graph.name,
            why=f"{counted(len(counts), 'sample')} of data, {counted(counts.shape[1], 'frame')} each",
            help="give data that the network was trained for",
        )
    tried = {s: {p.name: known.threshold(p, s) for p in graph.neurons} for s in settings}
    work = len(steps) * len(settings)
    points: dict[str, list[NoisePoint]] = {p.name: [] for p in active}
    for number, count in enumerate(steps):
        network = None
        for k, setting in enumerate(settings):
            report(counted(count, "step"), number * len(settings) + k, work)
            thetas = tried[setting]
            real: dict[str, SpikingError] = {}
            if spiking:
                if network is None:
                    network = spiking_neurons(graph, count, known.starts, known.comparisons)
                real = real_neurons(graph, network, counts, thetas, known.units, known.activations)
            for p in active:
                if setting.kind == OWN and not has_own(p):
                    continue
                point = known.point(p, thetas[p.name], count, setting)
                points[p.name].append(replace(point, spiking=real.get(p.name)))
    report("done", work, work)
    populations = tuple(known.summary(p, points[p.name]) for p in active if points[p.name])
    notes = (*_silent(graph, active), *_other_neurons(graph))
    return NoiseReport(graph.name, len(counts), counts.shape[1], populations, notes)


@dataclass(frozen=True, eq=False)
class _FloatRun:
    """What is known of every population before any of them spikes, by its name.

    Attributes:
        activations: (samples, frames, \\*shape), in the units of the model.
        units: what 1 of an activation is worth in the model, shape () or (channels,).
        starts: of the potential, in thresholds.
        comparisons: ``>`` or ``>=``.
    """

    activations: dict[str, Floats]
    units: dict[str, Array]
    starts: dict[str, float]
    comparisons: dict[str, str]

    def threshold(self, population: Population, setting: Setting) -> Array:
        """In the units of the model."""
        name = population.name
        return setting.threshold(_in_units(population, self.units[name]), self.activations[name])

    def point(
        self, population: Population, threshold: Array, steps: int, setting: Setting
    ) -> NoisePoint:
        """The noise of the ideal quantizer."""
        point = quantization_noise(
            self.activations[population.name],
            over(threshold, population),
            steps,
            start=self.starts[population.name],
            comparison=self.comparisons[population.name],
            setting=setting.label,
        )
        return replace(point, threshold=float(threshold.mean()))

    def summary(self, population: Population, points: Sequence[NoisePoint]) -> PopulationNoise:
        """A population's part of the report."""
        name = population.name
        return PopulationNoise(
            population=name,
            neurons=size(population.shape),
            active=float((self.activations[name] > 0).mean()),
            largest=float(self.activations[name].max()),
            own=_own(_in_units(population, self.units[name])),
            start=self.starts[name],
            comparison=self.comparisons[name],
            points=tuple(points),
        )


def _float_run(graph: Graph, counts: NDArray[Any], start: float | None) -> _FloatRun:
    """Run the float network; ``start`` replaces the populations' own."""
    arriving = _sums(graph, counts)
    units = {p.name: _unit(graph, p) for p in graph.neurons}
    activations = {
        p.name: activation_of(p, arriving.pop(p.name)) * over(units[p.name], p) for p in graph.neurons
    }
    starts = {p.name: _start(graph, p) if start is None else start for p in graph.neurons}
    return _FloatRun(activations, units, starts, {p.name: _comparison(graph, p) for p in graph.neurons})


def _check_graph(graph: Graph) -> None:
    """Refuse what spikes already, and what could not."""
    if graph.frame_is_step:
        raise fail(
            "D214",
            "the network spikes already, with neurons of its own",
            where=graph.name,
            why="quantization noise is what is lost between activations and spikes",
            help="give the network that it was converted from",
        )
    if not graph.neurons:
        raise fail("D217", "the network has no neurons, so nothing could spike", where=graph.name)


def _settings_to_try(graph: Graph, settings: Sequence[Setting] | None) -> Sequence[Setting]:
    """The settings asked for, or else the usual ones; ``own`` only where training gave thresholds."""
    trained = any(has_own(p) for p in graph.neurons)
    if settings is None:
        return (*DEFAULT_SETTINGS, *([Setting(OWN)] if trained else []))
    if not trained and any(setting.kind == OWN for setting in settings):
        raise fail(
            "D315",
            "the network has no thresholds of its own",
            where="--thresholds own",
            why="its activations have no levels with a trained range",
            help="leave own out",
        )
    return settings


def _steps_to_try(graph: Graph) -> list[int]:
    """The usual ones, and those that the network was trained with."""
    known = {graph.trained_steps or p.levels for p in graph.neurons if has_own(p)}
    return sorted({*DEFAULT_STEPS, *(k for k in known if k is not None)})


def _own(population: Population) -> float | None:
    if not has_own(population):
        return None
    assert population.ceiling is not None
    return float(population.ceiling.mean())


def _unit(graph: Graph, population: Population) -> Array:
    """What 1 of a trained activation is worth in the model, shape () or (channels,).

    The front end's levels have steps of 1, and every projection from them begins with their worth.
    """
    one = np.ones(())
    first = [q.ops[0] if q.ops else None for q in graph.projections if q.source == population.name]
    factors = [op.factor for op in first if isinstance(op, Scale)]
    if not has_own(population) or not factors or len(factors) < len(first):
        return one
    same = all(np.array_equal(factor, factors[0]) for factor in factors)
    return factors[0] if same and bool((factors[0] > 0).all()) else one


def _in_units(population: Population, unit: Array) -> Population:
    """The population with its ceiling in the units of the model."""
    if population.ceiling is None:
        return population
    return replace(population, ceiling=np.asarray(population.ceiling * unit))


def _start(graph: Graph, population: Population) -> float:
    """Where training began a frame: its neurons' start, or the shift of its levels."""
    if not has_own(population):
        return 0.5
    if graph.trained_steps is not None and population.neuron is not None:
        return population.neuron.start_value
    return population.shift


def _comparison(graph: Graph, population: Population) -> str:
    """When neurons fire: as trained; levels without spikes round ties up, which is ``>=``."""
    if not has_own(population):
        return ">"
    if graph.trained_steps is not None and population.neuron is not None:
        return population.neuron.comparison.value
    return ">="


def _silent(graph: Graph, active: Sequence[Population]) -> Iterator[Diagnostic]:
    for p in graph.neurons:
        if p not in active:
            yield Diagnostic(
                "N757",
                "no activation above 0 in the data: nothing to measure",
                where=p.name,
                help="use more, or more varied, samples",
                severity=Severity.WARNING,
            )


def _other_neurons(graph: Graph) -> Iterator[Diagnostic]:
    """Trained neurons of which the ideal quantizer is no description."""
    for p in graph.neurons:
        if graph.trained_steps is None or p.neuron is None:
            continue
        if graph.trained_restart is False:
            yield Diagnostic(
                "N736",
                "trained with potentials that carry over from frame to frame",
                where=p.name,
                why="the ideal quantizer, and the neurons that are run here, restart at each frame",
                severity=Severity.WARNING,
            )
        if p.neuron.reset.value != "subtract" or p.neuron.potential_kept != 1:
            kept = p.neuron.potential_kept
            yield Diagnostic(
                "N736",
                f"trained with reset {p.neuron.reset.value} and {kept:g} of the potential kept",
                where=p.name,
                why="the ideal quantizer has a soft reset and no leak, as have the "
                "neurons that are run here",
                severity=Severity.WARNING,
            )


def _sums(graph: Graph, counts: NDArray[Any]) -> dict[str, Floats]:
    """What reaches each population of the float network, float64 (samples, frames, \\*shape)."""
    network = ready(graph, own_activation)
    found = {p.name: np.zeros((*counts.shape[:2], *p.shape)) for p in graph.neurons}

    def keep(name: str, samples: slice, frame: int, arrived: Floats, _sent: Floats) -> None:
        found[name][samples, frame] = arrived

    run_in_batches(graph, network, counts, keep)
    return found
