"""What a characterisation of noise tries: numbers of time steps, and thresholds for each population."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from snnc.bounds import FACTOR as FACTORS
from snnc.bounds import PERCENTILE as PERCENTILES
from snnc.bounds import SHARE, Bounds
from snnc.errors import UserError, fail
from snnc.ir import Array, Population

REFERENCE = 99.9
"""Percentile of the positive activations that factors multiply; training of thresholds begins there."""

FACTOR, PERCENTILE, OWN = "factor", "percentile", "own"
MAXIMUM = "max"
STEPS = Bounds(1, 2**12)


@dataclass(frozen=True)
class Setting:
    """One rule that gives every population a threshold.

    Attributes:
        kind: ``factor`` times the 99.9 percentile of the population's positive activations, a
            ``percentile`` of them (100: the largest), or the population's ``own``, which was trained.
        value: the factor or the percentile.
    """

    kind: str
    value: float = 1.0

    @property
    def label(self) -> str:
        """How ``--thresholds`` writes it."""
        if self.kind == OWN:
            return OWN
        if self.kind == PERCENTILE:
            return MAXIMUM if self.value == 100 else f"p{self.value:g}"
        return f"{self.value:.4g}"

    def threshold(self, population: Population, activations: NDArray[np.float64]) -> Array:
        """The threshold, shape () or (channels,), in units of the activations.

        A ceiling that is no range of levels (ReLU6) is the most that it can be, as in
        ``balance-thresholds``. A population without a threshold of its own takes the reference in place
        of it. One that is silent has none to be found: it takes 1.
        """
        if self.kind == OWN and has_own(population):
            assert population.ceiling is not None
            return population.ceiling
        positive = activations[activations > 0]
        if not positive.size:
            return np.ones(())
        percent = self.value if self.kind == PERCENTILE else REFERENCE
        found = float(np.percentile(positive, percent))
        if self.kind == FACTOR:
            found *= self.value
        if population.ceiling is None or has_own(population):
            return np.asarray(found)
        return np.minimum(found, population.ceiling)


def has_own(population: Population) -> bool:
    """Whether training gave the population the end of a range, which as a threshold is its own."""
    return population.levels is not None and population.ceiling is not None


DEFAULT_STEPS = (1, 2, 4, 8, 16, 32)
DEFAULT_SETTINGS = tuple(Setting(FACTOR, float(f)) for f in np.geomspace(0.25, 2, 13))
"""Factors from 1/4 to 2, each the fourth root of 2 above the one before."""


def parse_steps(text: str) -> tuple[int, ...]:
    """``1,2,4`` as numbers of time steps, in rising order.

    Raises:
        UserError: D305.
    """
    try:
        found = [int(part) for part in text.split(",")]
    except ValueError:
        raise _refused(
            "--steps", f"expected comma-separated whole numbers, got {text!r}", "--steps 1,2,4,8"
        ) from None
    for steps in found:
        STEPS.check(steps, "a number of --steps", where="--steps")
    _refuse_twice("--steps", found)
    return tuple(sorted(found))


def parse_settings(text: str) -> tuple[Setting, ...]:
    """``0.5,1,p99,max,own`` as settings: factors of the 99.9 percentile, percentiles, the trained ones.

    Raises:
        UserError: D305.
    """
    found = [_setting(part.strip()) for part in text.split(",")]
    _refuse_twice("--thresholds", [setting.label for setting in found])
    return tuple(found)


def _setting(text: str) -> Setting:
    if text == OWN:
        return Setting(OWN)
    if text == MAXIMUM:
        return Setting(PERCENTILE, 100.0)
    kind = PERCENTILE if text.startswith("p") else FACTOR
    try:
        value = float(text.removeprefix("p") if kind == PERCENTILE else text)
    except ValueError:
        help = (
            "--thresholds 0.5,1,2 are factors, p99 a percentile, max the largest, own the trained one"
        )
        raise _refused("--thresholds", f"{text!r} is not a threshold", help) from None
    if kind == PERCENTILE:
        PERCENTILES.check(value, "a percentile of --thresholds", where="--thresholds")
    else:
        FACTORS.check(value, "a factor of --thresholds", where="--thresholds")
    return Setting(kind, value)


def check_start(start: float | None) -> None:
    """Refuse start values that no neuron takes.

    Raises:
        UserError: D305.
    """
    SHARE.check(start, "--start")


def _refuse_twice(where: str, given: Sequence[object]) -> None:
    twice = [str(value) for number, value in enumerate(given) if value in given[:number]]
    if twice:
        raise fail(
            "D320", f"{', '.join(twice)} is given more than once", where=where, help="name each once"
        )


def _refused(where: str, what: str, help: str) -> UserError:
    return fail("D308", what, where=where, help=help)
