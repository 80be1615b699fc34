"""One rung of the ladder beside the one above it: how far apart, where first, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .compare import Comparison
from .rounded import RoundedWeights

WORST_CHANNELS = 3
"""That are named of each population."""

Values = Mapping[str, NDArray[Any]]
"""By population: (samples, frames, \\*shape), real units."""


@dataclass(frozen=True)
class Gap:
    """How far apart one population is on two rungs, in the units of the model.

    ``worst`` are its channels (of a population with one axis: its neurons) with the largest mean
    difference, each with that, the largest first; where values are known frame by frame.
    """

    population: str
    compared: int
    differences: int
    max_abs: float
    mean_abs: float
    worst: tuple[tuple[int, float], ...] = ()


@dataclass(frozen=True)
class Place:
    """The first place where two rungs differ.

    ``at`` is ``frame`` or ``step``, both counted from 1; ``sample`` is counted from 0.
    """

    population: str
    at: str
    number: int
    sample: int
    neuron: tuple[int, ...]
    expected: float
    actual: float

    def as_json(self) -> dict[str, Any]:
        """Plain types; ``layer`` is the population."""
        return {
            "layer": self.population,
            "neuron": list(self.neuron),
            "sample": self.sample,
            self.at: self.number,
            "expected": self.expected,
            "actual": self.actual,
        }


@dataclass(frozen=True)
class Rung:
    """A rung and its comparison with the one above it; the first has nothing above.

    Attributes:
        name: what it is.
        against: the rung above; None for the first.
        gaps: by population.
        agreement: fraction of decisions (largest answer of a frame) that are the same; None where no
            answers were compared.
        first: where they differ first.
        values: of the population that differs first, without and with what the rung adds, where known.
        cause: why, where they differ.
        equal: whether they must be equal, so that a difference is a failure.
        integers: what is different in the integers themselves, whether or not the data show it.
        accuracy: fraction of right answers after each frame; None where no labels are known.
        weights: of the rung that rounds them, what became of them, by projection.
    """

    name: str
    against: str | None
    gaps: tuple[Gap, ...] = ()
    agreement: float | None = None
    first: Place | None = None
    values: tuple[NDArray[Any], NDArray[Any]] | None = None
    cause: str | None = None
    equal: bool = False
    integers: tuple[str, ...] = ()
    accuracy: tuple[float, ...] | None = None
    weights: tuple[RoundedWeights, ...] = ()

    @property
    def compared(self) -> int:
        """Values compared."""
        return sum(g.compared for g in self.gaps)

    @property
    def differences(self) -> int:
        """Values that differ."""
        return sum(g.differences for g in self.gaps)

    @property
    def differs(self) -> bool:
        """Whether anything does: behaviour on the data, or integers that the data do not reach."""
        return bool(self.differences or self.integers)

    @property
    def max_abs(self) -> float:
        """The largest difference of any value."""
        return max((g.max_abs for g in self.gaps), default=0.0)

    def as_json(self) -> dict[str, Any]:
        """Plain types, for ``verify --ladder --json``."""
        return {
            "rung": self.name,
            "against": self.against,
            "compared": self.compared,
            "differences": self.differences,
            "max_abs": self.max_abs,
            "agreement": self.agreement,
            "populations": [asdict(g) for g in self.gaps],
            "first_divergence": None if self.first is None else self.first.as_json(),
            "cause": self.cause,
            "must_be_equal": self.equal,
            "integer_differences": list(self.integers),
            "accuracy": None if self.accuracy is None else list(self.accuracy),
            "weights": [each.as_json() for each in self.weights],
        }


def between(
    name: str, against: str, above: Values, below: Values, readout: str | None, tolerance: float
) -> Rung:
    """Two rungs whose values are known frame by frame.

    Args:
        name, against: of the rung and of the one above.
        above, below: their values; frames that only one has are left out.
        readout: the population that decides; None where the rung above has no answers.
        tolerance: differences up to it, relative to a population's largest value, do not count.
    """
    gaps: list[Gap] = []
    places: list[Place] = []
    for population, left in above.items():
        frames = min(left.shape[1], below[population].shape[1])
        left, right = left[:, :frames], below[population][:, :frames]
        apart = np.abs(left - right)
        far = apart > tolerance * max(1.0, float(np.abs(left).max(initial=0.0)))
        gaps.append(
            Gap(
                population,
                left.size,
                int(np.count_nonzero(far)),
                float(apart.max(initial=0.0)),
                float(apart.mean()) if apart.size else 0.0,
                _worst(apart),
            )
        )
        if far.any():
            places.append(_first(population, far, left, right))
    agreement = None
    if readout is not None:
        frames = min(above[readout].shape[1], below[readout].shape[1])
        same = _decisions(above[readout][:, :frames]) == _decisions(below[readout][:, :frames])
        agreement = float(same.mean())
    first = min(places, key=lambda place: place.number, default=None)
    values = None if first is None else (above[first.population], below[first.population])
    return Rung(name, against, tuple(gaps), agreement, first, values)


def _worst(apart: NDArray[Any]) -> tuple[tuple[int, float], ...]:
    """Channels with the largest mean difference; those without any are left out."""
    if not apart.size:
        return ()
    channels = apart.mean(axis=tuple(axis for axis in range(apart.ndim) if axis != 2))
    order = np.argsort(-channels, kind="stable")[:WORST_CHANNELS]
    return tuple((int(n), float(channels[n])) for n in order if channels[n] > 0)


def right_by_frame(answers: NDArray[Any], labels: NDArray[np.int64] | None) -> tuple[float, ...] | None:
    """Fraction of right answers after each frame; None where labels are not those of the outputs.

    Args:
        answers: (samples, frames, \\*shape).
        labels: (samples,), or None.
    """
    outputs = int(np.prod(answers.shape[2:]))
    if labels is None or outputs < 2 or labels.min() < 0 or labels.max() >= outputs:
        return None
    right = _decisions(answers) == labels[:, None]
    return tuple(float(share) for share in right.mean(axis=0))


def _first(population: str, far: NDArray[np.bool_], left: Any, right: Any) -> Place:
    # Frames first, so that argmax finds the earliest frame, then the first sample and neuron.
    moved = np.moveaxis(far, 1, 0)
    frame, sample, *neuron = (int(i) for i in np.unravel_index(int(moved.argmax()), moved.shape))
    at = (sample, frame, *neuron)
    values = float(left[at]), float(right[at])
    return Place(population, "frame", frame + 1, sample, tuple(neuron), *values)


def _decisions(answers: NDArray[Any]) -> NDArray[np.int64]:
    return np.asarray(answers.reshape(*answers.shape[:2], -1).argmax(axis=-1))


def step_by_step(
    name: str,
    against: str,
    comparison: Comparison,
    apart: Mapping[str, tuple[float, float]],
    answers: Sequence[NDArray[Any]],
) -> Rung:
    """Two rungs that run the same program, compared spike by spike.

    Args:
        name, against: of the rung and of the one above.
        comparison: of their traces.
        apart: by population, largest and mean difference.
        answers: the answers of both, (samples, frames, \\*shape).
    """
    gaps = tuple(
        Gap(p.population, p.compared, p.mismatches, *apart[p.population])
        for p in comparison.populations
    )
    first = None
    found = comparison.first_divergence
    if found is not None:
        values = float(found.expected), float(found.actual)
        first = Place(found.population, "step", found.step, found.sample, found.neuron, *values)
    same = _decisions(answers[0]) == _decisions(answers[1])
    return Rung(name, against, gaps, float(same.mean()), first, equal=True)
