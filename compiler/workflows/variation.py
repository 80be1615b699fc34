"""Whether data and answers vary at all: what decisions and errors relative to a spread are worth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from snnc.bundle.data import Data

from .stages import FLOATS, Stages

HARDLY = 0.05
"""Spread relative to size. Normalised data have 1, pixels of 0 to 255 about as much."""


@dataclass(frozen=True)
class Variation:
    """How much the input and the float network's answers to it change from sample to sample.

    Attributes:
        input, answers: standard deviation about each element's own mean over the samples, relative to
            the root mean square of all; 0 where all is 0.
        one_decision: whether the float network decides alike on all samples.
    """

    input: float
    answers: float
    one_decision: bool

    @staticmethod
    def of(stages: Stages, data: Data) -> Variation:
        """Measure it.

        Args:
            stages: of a compile, finished.
            data: a few samples, at least two.
        """
        answers = stages.values(FLOATS, data)[stages.graphs[FLOATS].readout.name][:, -1]
        decided = answers.reshape(len(answers), -1).argmax(axis=1)
        apart = _spread(np.asarray(data.meant, np.float64))
        return Variation(apart, _spread(answers), bool((decided == decided[0]).all()))

    def why(self) -> str:
        """What of it explains a loss; empty where nothing does."""
        if self.input < HARDLY:
            said = f"the data vary from sample to sample by {self.input:.2%} of their size only"
            return f"{said}, the float answers by {self.answers:.2%} of theirs"
        if self.answers < HARDLY:
            said = f"the float answers vary from sample to sample by {self.answers:.2%} of their size"
            return f"{said} only, although the data vary by {self.input:.1%}"
        return ""

    def cure(self) -> str:
        """What to do about it; empty where nothing is known."""
        if self.input < HARDLY:
            return (
                "if the network was trained on normalised data, calibrate with such: (x - mean) / "
                "deviation of each feature, as in training"
            )
        return ""


def _spread(values: NDArray[np.float64]) -> float:
    size = float(np.sqrt(np.mean(np.square(values))))
    return float(np.sqrt(np.mean(np.var(values, axis=0)))) / size if size else 0.0
