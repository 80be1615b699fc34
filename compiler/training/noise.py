"""The noise of spikes: what a layer loses to steps, to its range, and to when spikes arrive.

Where a population puts out activations ``a`` in the float network, spiking neurons with T time steps
a frame and threshold theta put out something near. Three effects (papers.md 4.3, 5.1):

granular    an ideal quantizer has T levels above zero, ``theta / T`` apart; what it rounds away of
            activations within its range, ``0 <= a <= theta``
overload    what it cuts off of activations above its range, ``a > theta``: ``a - theta``, whatever T is
unevenness  what real neurons do otherwise than the ideal quantizer of the mean of what reached them,
            because it does not reach them evenly: spikes that are too early cannot be taken back

The ideal quantizer is what the neuron is for steady input ``z`` (ours for any start and both
comparisons; papers.md 4.3 has start 0 with ``>=``). From ``start * theta`` with soft reset and no leak
it fires ``n = floor(T z / theta + start)`` times where it fires at the threshold already (``>=``), and
``n = ceil(T z / theta + start) - 1`` times where it fires above it (``>``, as on the chip); never less
than 0 or more than T, and each spike is worth ``theta / T`` of the frame's mean.

All powers are means over all samples, frames and neurons, zeros included: granular and overload add up
to the quantizer's whole error power.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import partial, reduce
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from snnc.errors import Diagnostic, Severity, counted, fail
from snnc.ir import Array, Graph, Population, Scale, per_channel, size
from snnc.progress import Report, quiet

from .network import FrameNetwork
from .neurons import COMPARISONS, SpikingNeuron
from .noise_settings import DEFAULT_SETTINGS, DEFAULT_STEPS, OWN, Setting, check_start, has_own
from .thaw import node_name, own_activation, thaw

Floats = NDArray[np.float64]
Heard = Callable[[int, Floats, Floats], None]
"""Called after each frame with its number and the means over its steps of what arrived and was sent."""

AT_ONCE = 2**22
"""Outputs of one population in all steps of a frame that are computed together (32 MiB)."""


@dataclass(frozen=True)
class SpikingError:
    """What real spiking neurons make of it: every population of the network spikes, at the same T.

    With ``m`` the mean over a frame's steps of what reached a neuron (bias included), ``r`` the
    activation of ``m``, ``q`` the ideal quantizer of ``m`` and ``o`` what the neuron sent, mean over
    the frame (ours, after the error terms of papers.md 5.1):

    Attributes:
        whole: mean of ``(a - o)**2``: against the float network, the errors of earlier layers included.
        local: mean of ``(r - o)**2``: the population's own error.
        quantization: mean of ``(r - q)**2``: granular and overload error for what really arrived.
        unevenness: mean of ``(q - o)**2``; 0 where what arrives is the same in every step.
    """

    whole: float
    local: float
    quantization: float
    unevenness: float

    @property
    def explained(self) -> float | None:
        """Share of the local error that quantization explains, ``1 - unevenness / local`` (ours).

        1: all of it. Below 0: the neurons are nearer to ``r`` than to the quantizer. None: no error.
        """
        return 1 - self.unevenness / self.local if self.local > 0 else None


@dataclass(frozen=True)
class NoisePoint:
    """One population at one T and one threshold.

    Attributes:
        steps: T.
        setting: how the threshold was chosen, as ``--thresholds`` writes it.
        threshold: theta, the mean where channels have their own; in units of the activations.
        granular: mean of ``(a - q)**2`` where ``a <= theta``, else 0.
        overload: mean of ``(a - q)**2`` where ``a > theta``, else 0.
        overloaded: share of activations above theta, of all.
        signal: mean of ``a**2``.
        granular_mean: mean of ``a - q`` where ``a <= theta``, else 0: the bias of the rounding.
        theory: what ``granular`` were if ``a`` were spread evenly over every level (the classical
            high-resolution assumption): ``share of 0 < a <= theta`` times
            ``(theta / T)**2 * ((1 - start)**3 + start**3) / 3``, which is ``theta**2 / (12 T**2)`` from
            start 0.5 (papers.md 4.3). Activations of exactly 0 have no granular error.
        theory_mean: the same of ``granular_mean``: share times ``(1/2 - start) * theta / T``.
        spiking: of real neurons; None where they were not run.
    """

    steps: int
    setting: str
    threshold: float
    granular: float
    overload: float
    overloaded: float
    signal: float
    granular_mean: float
    theory: float
    theory_mean: float
    spiking: SpikingError | None = None

    @property
    def total(self) -> float:
        """The ideal quantizer's error power."""
        return self.granular + self.overload

    @property
    def sqnr(self) -> float | None:
        """Signal to quantization noise, ``10 log10(signal / total)`` in dB; None where either is 0."""
        if self.total <= 0 or self.signal <= 0:
            return None
        return 10 * math.log10(self.signal / self.total)

    def as_json(self) -> dict[str, Any]:
        """Plain types, what follows from others included."""
        spiking = None
        if self.spiking is not None:
            spiking = {**asdict(self.spiking), "explained": self.spiking.explained}
        return {**asdict(self), "total": self.total, "sqnr_db": self.sqnr, "spiking": spiking}


@dataclass(frozen=True)
class PopulationNoise:
    """One population over all T and thresholds.

    Attributes:
        population: its name.
        neurons: how many.
        active: share of activations above 0.
        largest: activation.
        own: the trained threshold (mean over channels) where it has one.
        start, comparison: of the potential, in thresholds, and when it fires.
        points: T by T, thresholds in the order given.
    """

    population: str
    neurons: int
    active: float
    largest: float
    own: float | None
    start: float
    comparison: str
    points: tuple[NoisePoint, ...]

    @property
    def steps(self) -> tuple[int, ...]:
        """The T, in the order tried."""
        return tuple(dict.fromkeys(point.steps for point in self.points))

    def at(self, steps: int) -> tuple[NoisePoint, ...]:
        """The points of one T, by rising threshold."""
        found = [point for point in self.points if point.steps == steps]
        return tuple(sorted(found, key=lambda point: point.threshold))

    def best(self, steps: int) -> NoisePoint:
        """The threshold with the smallest error power of the ideal quantizer, of those tried."""
        return min(self.at(steps), key=lambda point: point.total)

    def best_real(self, steps: int) -> NoisePoint | None:
        """The threshold with which real neurons come nearest to the float network; None if none ran.

        All populations change their thresholds together, each by the same setting.
        """
        run = [point for point in self.at(steps) if point.spiking is not None]
        return min(run, key=_whole, default=None)

    def at_the_end(self, steps: int) -> bool:
        """Whether the best threshold is the smallest or largest tried: a better one may lie beyond."""
        points = self.at(steps)
        return self.best(steps).threshold in (points[0].threshold, points[-1].threshold)

    def as_json(self) -> dict[str, Any]:
        """Plain types."""
        best = {str(steps): self.best(steps).setting for steps in self.steps}
        real = {str(steps): point.setting for steps in self.steps if (point := self.best_real(steps))}
        points = [point.as_json() for point in self.points]
        return {**asdict(self), "best": best, "best_real": real, "points": points}


@dataclass(frozen=True)
class NoiseReport:
    """The noise of all populations.

    Attributes:
        network: name of the graph.
        samples, frames: of the data.
        populations: those with activations above 0, in the graph's order.
        notes: what a reader must know besides: silent populations, neurons that are no quantizers.
    """

    network: str
    samples: int
    frames: int
    populations: tuple[PopulationNoise, ...]
    notes: tuple[Diagnostic, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Plain types, for ``snnc noise --json``."""
        return {
            "network": self.network,
            "samples": self.samples,
            "frames": self.frames,
            "populations": [population.as_json() for population in self.populations],
            "notes": [note.as_json() for note in self.notes],
        }


def quantize(
    z: Floats, threshold: Array | float, steps: int, start: float = 0.5, comparison: str = ">"
) -> Floats:
    """The ideal quantizer: the mean over T steps of a neuron's output for steady input.

    Args:
        z: input of a step, any shape.
        threshold: above 0, broadcastable to ``z``.
        steps: T.
        start: of the potential, in thresholds, from 0 to below 1.
        comparison: ``>`` or ``>=``.
    """
    reached = z * steps / threshold + start
    fired = np.ceil(reached) - 1 if comparison == ">" else np.floor(reached)
    return np.asarray(np.clip(fired, 0, steps) * threshold / steps)


def quantization_noise(
    activations: Floats,
    threshold: Array | float,
    steps: int,
    *,
    start: float = 0.5,
    comparison: str = ">",
    setting: str = "",
) -> NoisePoint:
    """Granular and overload error of an ideal quantizer.

    Args:
        activations: at least 0, any shape.
        threshold: theta, broadcastable to them.
        steps, start, comparison: as for :func:`quantize`.
        setting: what the point is called.

    Raises:
        ValueError: nothing to quantize, or an argument out of bounds.
    """
    theta = np.asarray(threshold, np.float64)
    if not activations.size or steps < 1 or not (theta > 0).all() or comparison not in COMPARISONS:
        raise ValueError("it takes activations, a positive threshold, 1 step or more, and > or >=")
    check_start(start)
    over = activations > theta
    error = activations - quantize(activations, theta, steps, start, comparison)
    within = np.where(over, 0.0, error)
    step = np.broadcast_to(theta / steps, activations.shape)
    graded = (activations > 0) & ~over
    cell = ((1 - start) ** 3 + start**3) / 3
    return NoisePoint(
        steps=steps,
        setting=setting,
        threshold=float(theta.mean()),
        granular=float(np.mean(within**2)),
        overload=float(np.mean((error - within) ** 2)),
        overloaded=float(over.mean()),
        signal=float(np.mean(activations**2)),
        granular_mean=float(within.mean()),
        theory=float(np.mean(np.where(graded, step**2, 0.0))) * cell,
        theory_mean=float(np.mean(np.where(graded, step, 0.0))) * (0.5 - start),
    )


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
        UserError: D214 the network spikes already, D218 torch cannot run it, D305 an option is out of
            bounds, D217 it has no neurons with activations, D519 none of them is ever active.
        ValueError: counts that do not fit.
    """
    check_start(start)
    if graph.frame_is_step:
        raise fail(
            "D214",
            "the network spikes already, with neurons of its own",
            where=graph.name,
            why="quantization noise is what is lost between activations and spikes",
            help="give the network that it was converted from",
        )
    if not graph.neurons:
        raise fail("D217", "the network has no neurons, and nothing that could spike", where=graph.name)
    trained = any(has_own(p) for p in graph.neurons)
    if settings is None:
        settings = (*DEFAULT_SETTINGS, *([Setting(OWN)] if trained else []))
    if not trained and any(setting.kind == OWN for setting in settings):
        raise fail(
            "D305",
            "the network has no thresholds of its own",
            where="--thresholds own",
            why="its activations have no levels that training gave a range",
            help="leave own out",
        )
    if steps is None:
        known = {graph.trained_steps or p.levels for p in graph.neurons if has_own(p)}
        steps = sorted({*DEFAULT_STEPS, *(k for k in known if k is not None)})

    report("activations", 0, 1)
    arriving = _sums(graph, counts)
    units = {p.name: _unit(graph, p) for p in graph.neurons}
    activations = {
        p.name: _activation(p, arriving.pop(p.name)) * _over(units[p.name], p) for p in graph.neurons
    }
    loud = [p for p in graph.neurons if activations[p.name].any()]
    if not loud:
        raise fail(
            "D519",
            "no neuron is ever active",
            where=graph.name,
            why=f"{counted(len(counts), 'sample')} of data, {counted(counts.shape[1], 'frame')} each",
            help="give data that the network was trained for",
        )
    starts = {p.name: _start(graph, p) if start is None else start for p in graph.neurons}
    comparisons = {p.name: _comparison(graph, p) for p in graph.neurons}
    thresholds = {
        (p.name, s): s.threshold(_in_units(p, units[p.name]), activations[p.name])
        for p in graph.neurons
        for s in settings
    }
    work = len(steps) * len(settings)
    found: dict[str, list[NoisePoint]] = {p.name: [] for p in loud}
    for number, count in enumerate(steps):
        network = None
        for k, setting in enumerate(settings):
            report(f"{count} steps", number * len(settings) + k, work)
            real: dict[str, SpikingError] = {}
            if spiking:
                if network is None:
                    network = _spiking(graph, count, starts, comparisons)
                chosen = {p.name: thresholds[p.name, setting] for p in graph.neurons}
                real = _real_neurons(graph, network, counts, chosen, units, activations)
            for p in loud:
                if setting.kind == OWN and not has_own(p):
                    continue
                point = quantization_noise(
                    activations[p.name],
                    _over(thresholds[p.name, setting], p),
                    count,
                    start=starts[p.name],
                    comparison=comparisons[p.name],
                    setting=setting.label,
                )
                point = replace(point, threshold=float(thresholds[p.name, setting].mean()))
                found[p.name].append(replace(point, spiking=real.get(p.name)))
    report("done", work, work)
    populations = [
        PopulationNoise(
            population=p.name,
            neurons=size(p.shape),
            active=float((activations[p.name] > 0).mean()),
            largest=float(activations[p.name].max()),
            own=_own(_in_units(p, units[p.name])),
            start=starts[p.name],
            comparison=comparisons[p.name],
            points=tuple(found[p.name]),
        )
        for p in loud
        if found[p.name]
    ]
    notes = (*_silent(graph, loud), *_other_neurons(graph))
    return NoiseReport(graph.name, len(counts), counts.shape[1], tuple(populations), notes)


def _whole(point: NoisePoint) -> float:
    assert point.spiking is not None
    return point.spiking.whole


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


def _silent(graph: Graph, loud: Sequence[Population]) -> Iterator[Diagnostic]:
    for p in graph.neurons:
        if p not in loud:
            yield Diagnostic(
                "N702",
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
        if p.neuron.reset.value != "subtract" or p.neuron.potential_kept != 1:
            kept = p.neuron.potential_kept
            yield Diagnostic(
                "N736",
                f"trained with reset {p.neuron.reset.value} and {kept:g} of the potential kept",
                where=p.name,
                why="the ideal quantizer has a soft reset and no leak; so have the neurons run here",
                severity=Severity.WARNING,
            )


def _over(values: Array, population: Population) -> Array:
    """One value a channel, broadcastable over the population's shape."""
    return per_channel(values, population.shape) if values.ndim else values


def _activation(population: Population, sums: Floats) -> Floats:
    """What a quantizer approximates: the ReLU, with the ceiling where that is part of the function."""
    total = np.maximum(sums, 0)
    if population.ceiling is None or has_own(population):
        return total
    return np.minimum(total, _over(population.ceiling, population))


def _sums(graph: Graph, counts: NDArray[Any]) -> dict[str, Floats]:
    """What reaches each population of the float network, float64 (samples, frames, \\*shape)."""
    network = _ready(graph, own_activation)
    found = {p.name: np.zeros((*counts.shape[:2], *p.shape)) for p in graph.neurons}

    def keep(name: str, samples: slice, frame: int, arrived: Floats, _sent: Floats) -> None:
        found[name][samples, frame] = arrived

    _run(graph, network, counts, keep)
    return found


def _spiking(
    graph: Graph, steps: int, starts: dict[str, float], comparisons: dict[str, str]
) -> FrameNetwork:
    """The network with spiking neurons everywhere, whose thresholds are still to be set."""

    def neuron(p: Population) -> SpikingNeuron:
        return SpikingNeuron(steps, start=starts[p.name], comparison=comparisons[p.name])

    return _ready(graph, neuron)


def _ready(graph: Graph, activation: Callable[[Population], Any]) -> FrameNetwork:
    network = thaw(graph, activation).double().eval()
    try:
        network.steps  # noqa: B018  builds it
    except ValueError as problem:
        raise fail("D218", f"torch cannot run the network: {problem}", where=graph.name) from None
    return network


def _real_neurons(
    graph: Graph,
    network: FrameNetwork,
    counts: NDArray[Any],
    thresholds: dict[str, Array],
    units: dict[str, Array],
    activations: dict[str, Floats],
) -> dict[str, SpikingError]:
    """The errors of real neurons with these thresholds, by population, in the units of the model."""
    by_name = {p.name: p for p in graph.neurons}
    thetas = {name: np.asarray(theta / units[name]) for name, theta in thresholds.items()}
    for name, threshold in thetas.items():
        neuron = network.get_submodule(node_name(name)).activation
        assert isinstance(neuron, SpikingNeuron)
        neuron.threshold = nn.Parameter(torch.from_numpy(np.array(threshold, np.float64)), False)
    squares = {name: np.zeros(4) for name in by_name}

    def add(name: str, samples: slice, frame: int, arrived: Floats, sent: Floats) -> None:
        p, neuron = by_name[name], network.get_submodule(node_name(name)).activation
        assert isinstance(neuron, SpikingNeuron)
        theta, unit = _over(thetas[name], p), _over(units[name], p)
        ideal = quantize(arrived, theta, neuron.steps, neuron.start, neuron.comparison)
        # Whole spikes, in the very numbers of ``quantize``: where both fire as often, nothing remains.
        sent = np.rint(sent * neuron.steps / theta) * theta / neuron.steps
        rectified = _activation(p, arrived)
        pairs = (
            (activations[name][samples, frame], sent * unit),
            (rectified * unit, sent * unit),
            (rectified * unit, ideal * unit),
            (ideal * unit, sent * unit),
        )
        squares[name] += [float(np.sum((one - other) ** 2)) for one, other in pairs]

    _run(graph, network, counts, add)
    return {
        name: SpikingError(*(float(s) for s in squares[name] / activations[name].size))
        for name in by_name
    }


def _run(
    graph: Graph,
    network: FrameNetwork,
    counts: NDArray[Any],
    heard: Callable[[str, slice, int, Floats, Floats], None],
) -> None:
    """Run all samples, some at a time, and hand over what populations heard and sent in each frame."""
    widest = max(size(p.shape) for p in graph.neurons) * (network.steps or 1)
    batch = max(1, AT_ONCE // widest)
    for first in range(0, len(counts), batch):
        samples = slice(first, first + batch)
        listeners = {node_name(p.name): partial(heard, p.name, samples) for p in graph.neurons}
        with _listening(network, listeners), torch.no_grad():
            network(torch.from_numpy(np.asarray(counts[samples], np.float64)))


@contextmanager
def _listening(network: FrameNetwork, listeners: Mapping[str, Heard]) -> Iterator[None]:
    frames = dict.fromkeys(listeners, 0)
    spiking = network.steps is not None

    def hook(name: str, _module: nn.Module, inputs: tuple[Tensor, ...], sent: Tensor) -> None:
        arrived = reduce(torch.add, inputs)
        if spiking:
            arrived, sent = arrived.mean(0), sent.mean(0)
        listeners[name](frames[name], arrived.numpy(), sent.numpy())
        frames[name] += 1

    hooks = [
        network.get_submodule(name).register_forward_hook(partial(hook, name)) for name in listeners
    ]
    try:
        yield
    finally:
        for one in hooks:
            one.remove()
