"""What a conversion kept of the float network: decisions, the answers' error, and where it arises."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


def standard_error(share: float, samples: int) -> float:
    """Of a fraction of samples: binomial, with one success and one failure added."""
    n = samples + 2
    share = (share * samples + 1) / n
    return math.sqrt(share * (1 - share) / n)


@dataclass(frozen=True)
class PopulationError:
    """How far one population of the integers is from the float network.

    Attributes:
        population: its name.
        error: root mean square of the difference, relative to that of the float values.
        by_stage: the same after each stage above; the integers' is ``error``.
        cause: the stage that adds most, in words.
    """

    population: str
    error: float
    by_stage: Mapping[str, float]
    cause: str


@dataclass(frozen=True)
class Kept:
    """What integers kept of the float network's answers after the last frame.

    Attributes:
        samples: that it was judged on.
        aside: whether these were kept out of calibration.
        decisions: fraction of samples whose largest answer is the same; None for a single output.
        error: of the answers, relative to their spread over the samples.
        steps: time steps of a run of ``frames`` frames, until the last answer.
        operations: synaptic operations of a sample.
        populations: in the order of the graph.
        accuracy: fraction of right answers of the float network and of the integers, where labels are
            known; None elsewhere.
    """

    samples: int
    aside: bool
    decisions: float | None
    error: float
    steps: int
    operations: float
    populations: tuple[PopulationError, ...]
    accuracy: tuple[float, float] | None = None

    @property
    def standard_error(self) -> float:
        """Of ``decisions``, as a fraction: binomial, with one success and one failure added."""
        return standard_error(self.decisions or 0.0, self.samples)

    @property
    def accuracy_error(self) -> float:
        """At most the standard error of the difference of both accuracies, as a fraction.

        Both judge the same n samples: with b losses and c gains the variance of the difference is
        ``(b + c - (b - c)^2 / n) / n^2``, and b + c is at most the number of decisions that differ. One
        such decision in two more samples is added, as for :attr:`standard_error`.
        """
        n = self.samples + 2
        return math.sqrt(((1 - (self.decisions or 0.0)) * self.samples + 1) / n / n)

    @property
    def worst(self) -> PopulationError | None:
        """The population of neurons with the largest error."""
        return max(self.populations[:-1], key=lambda p: p.error, default=None)

    def as_json(self) -> dict[str, Any]:
        """Plain types, for the manifest; :func:`kept_from` reads them."""
        both = self.accuracy
        accuracy = None if both is None else {"float": both[0], "integers": both[1]}
        return {
            "samples": self.samples,
            "aside": self.aside,
            "decisions": self.decisions,
            "accuracy": accuracy,
            "answer_error": self.error,
            "steps": self.steps,
            "synaptic_operations": self.operations,
            "populations": [asdict(p) for p in self.populations],
        }


def kept_from(entry: Mapping[str, Any]) -> Kept:
    """What :meth:`Kept.as_json` wrote; it was checked when the manifest was read."""
    both = entry["accuracy"]
    return Kept(
        entry["samples"],
        entry["aside"],
        entry["decisions"],
        entry["answer_error"],
        entry["steps"],
        entry["synaptic_operations"],
        tuple(
            PopulationError(p["population"], p["error"], p["by_stage"], p["cause"])
            for p in entry["populations"]
        ),
        None if both is None else (both["float"], both["integers"]),
    )
