"""Loihi 1: what its registers hold for the program's numbers; the compartments' step is not ours."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from snnc.backends.loihi1 import registers
from snnc.ir import Comparison, Reset

from . import expressions as e
from . import normative
from .registers import Cell, Number, numpys
from .scene import Kind, Scene, unknown_neuron
from .shims import NUMPY, borrowed

KINDS = tuple(Kind(comparison=c, reset=Reset.ZERO) for c in Comparison)


def scene(kind: Kind, whole: bool) -> Scene:
    """A potential of 24 bits; with ``whole`` a multiple of 64, as ``_whole`` makes sure."""
    found = unknown_neuron(kind, {"state_bits": 24})
    if whole:
        part = e.variable("v in units", -(2**17), 2**17)
        found.nodes["units"], found.nodes["v"] = part, e.mul(part, e.const(registers.UNIT))
        found.hypotheses = []
    return found


def wanted(scene: Scene) -> dict[str, Any]:
    """Whether the program's neuron fires."""
    strict, r = scene.kind.comparison is Comparison.GREATER, scene.register
    fired, _ = normative.FUNCTIONS["fire"](r("v"), r("threshold"), strict, False)
    return {"sent": fired}


def step(scene: Scene, whole: bool) -> dict[str, Any]:
    """Whether the compartment does: above 64 times its mantissa, of the code that chooses that."""
    code = borrowed(
        registers.mantissas,
        _namespace(),
        flat=lambda values, population: Cell(values, np.int64, numpys),
        _whole=lambda neuron: whole,
        int=lambda value: 0,
    )
    threshold = scene.register("threshold")
    neuron = SimpleNamespace(fires_at=threshold, comparison=scene.kind.comparison)
    try:
        mantissa = code(neuron, None, whole)
    except ValueError:
        return {}  # refused: D428
    above = e.less(e.mul(mantissa.whole(), e.const(registers.UNIT)), scene.nodes["v"])
    return {"sent": Number(above, bool, numpys)}


def _namespace() -> Any:
    """numpy for numbers that are alone: of one, any is all."""
    return SimpleNamespace(**{**vars(NUMPY), "any": lambda value: value, "argmax": lambda value: 0})


def real(given: dict[str, int], kind: Kind) -> tuple[dict[str, int], dict[str, int]]:
    """What a state's numbers do, computed plainly."""
    threshold = np.int64(given["threshold"])
    at = kind.comparison is Comparison.GREATER_EQUAL
    fires = given["v"] >= threshold if at else given["v"] > threshold
    mantissa = (threshold - at) // registers.UNIT
    return {"sent": int(fires)}, {"sent": int(given["v"] > registers.UNIT * mantissa)}
