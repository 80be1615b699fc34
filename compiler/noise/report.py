"""What a characterisation of quantization noise found, population by population."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

from snnc.errors import Diagnostic, counted
from snnc.results import Result, Rows


@dataclass(frozen=True)
class SpikingError:
    """What real spiking neurons make of it: every population of the network spikes, at the same T.

    With ``m`` the mean over a frame's steps of what reached a neuron (bias included), ``r`` the
    activation of ``m``, ``q`` the ideal quantizer of ``m`` and ``o`` what the neuron sent, mean over
    the frame (ours, after the error terms of Bu et al. 2022):

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
            start 0.5 (Castagnetti et al. 2023). Activations of exactly 0 have no granular error.
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


@dataclass(frozen=True, repr=False)
class NoiseReport(Result):
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

    def headline(self) -> str:
        """The result in one line."""
        shown = ", ".join(p.population for p in self.populations)
        each = f"{counted(self.samples, 'sample')}, {counted(self.frames, 'frame')} each"
        return f"{self.network}: {each}; {shown}"

    def table(self) -> Rows:
        """The best threshold of each population and number of steps."""
        columns = ("population", "steps", "threshold", "granular", "overload", "cut_off", "sqnr_db")
        return Rows(
            columns,
            tuple(
                (p.population, steps, b.threshold, b.granular, b.overload, b.overloaded, b.sqnr)
                for p in self.populations
                for steps in p.steps
                for b in (p.best(steps),)
            ),
        )

    def as_json(self) -> dict[str, Any]:
        """Plain types, for ``snnc noise --json``."""
        return {
            "network": self.network,
            "samples": self.samples,
            "frames": self.frames,
            "populations": [population.as_json() for population in self.populations],
            "notes": [note.as_json() for note in self.notes],
        }


def _whole(point: NoisePoint) -> float:
    assert point.spiking is not None
    return point.spiking.whole
