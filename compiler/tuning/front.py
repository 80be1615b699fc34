"""What ``tune`` gives: a row for each setting, and which of them no other one beats."""

from __future__ import annotations

import math
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.errors import Diagnostic, counted, fail
from snnc.results import Result, Rows

from .settings import Setting

ByFrame = NDArray[np.float64]
"""One number for the answer after each frame."""


@dataclass(frozen=True)
class First:
    """The first answer that has seen the input's first frame, by the shortest way.

    Attributes:
        frame: whose answer it is, from 0.
        steps: until then, from the input's first step on (:func:`snnc.ir.delays.delays_of`).
    """

    frame: int
    steps: int


@dataclass(frozen=True, eq=False)
class Row:
    """What came of one setting: what it keeps and costs, or why it was refused.

    All costs are means of a sample.

    Attributes:
        setting: how it was compiled.
        refused: why it could not be; everything below is empty then.
        code, steps_per_frame, weight_bits, levels: what the passes made of the setting; no levels in
            the code ``rate``.
        accuracy: fraction of right answers; None without labels.
        agreement: fraction of the float network's decisions; None without one, or for a single output.
        error: of the answers, relative to the spread of the float network's last ones over the samples;
            None without one.
        first: None where the data end before the input is seen.
        last_steps: steps until the answer after the last frame.
        operations: synaptic operations.
        energy: pJ, by model of memory (docs/energy.md).
        neurons, synapses: of the program, relays included.
        notes: what passes and checks named.
    """

    setting: Setting
    refused: Diagnostic | None = None
    code: str = ""
    steps_per_frame: int = 0
    weight_bits: int = 0
    levels: int | None = None
    accuracy: ByFrame | None = None
    agreement: ByFrame | None = None
    error: ByFrame | None = None
    first: First | None = None
    last_steps: int = 0
    operations: float = 0.0
    energy: Mapping[str, float] | None = None
    neurons: int = 0
    synapses: int = 0
    notes: tuple[Diagnostic, ...] = ()

    def by_frame(self, measure: str) -> ByFrame:
        """One of accuracy, agreement and error, which must be there."""
        found = getattr(self, measure)
        assert found is not None
        return np.asarray(found)

    def as_json(self) -> dict[str, Any]:
        """Plain types."""
        first = None if self.first is None else {"frame": self.first.frame, "steps": self.first.steps}
        asked = self.setting
        found: dict[str, Any] = {
            "options": shlex.join(asked.options),
            "refused": None if self.refused is None else self.refused.as_json(),
        }
        if self.refused is not None:
            return {
                **found,
                "code": asked.code,
                "steps_per_frame": asked.steps_per_frame,
                "weight_bits": asked.weight_bits,
                "levels": asked.levels,
            }
        lists = {
            name: None if values is None else [float(v) for v in values]
            for name, values in (
                ("accuracy", self.accuracy),
                ("agreement", self.agreement),
                ("error", self.error),
            )
        }
        return {
            **found,
            "code": self.code,
            "steps_per_frame": self.steps_per_frame,
            "weight_bits": self.weight_bits,
            "levels": self.levels,
            **lists,
            "first_answer": first,
            "last_answer_steps": self.last_steps,
            "synaptic_operations": self.operations,
            "picojoules": dict(self.energy or {}),
            "neurons": self.neurons,
            "synapses": self.synapses,
            "notes": [note.as_json() for note in self.notes],
        }


def _energies(row: Row) -> tuple[float, ...]:
    return tuple((row.energy or {}).values())


COSTS: dict[str, Callable[[Row], tuple[float, ...]]] = {
    "steps": lambda row: (row.last_steps,),
    "first": lambda row: (math.inf if row.first is None else row.first.steps,),
    "operations": lambda row: (row.operations,),
    "energy": _energies,
    "neurons": lambda row: (row.neurons,),
}
"""What can count as a cost: steps to the last answer or the first, synaptic operations, energy by every
model of memory, neurons."""

DEFAULT_COSTS = ("steps", "operations", "energy")


def _cells(row: Row, front: bool, energies: tuple[str, ...]) -> tuple[Any, ...]:
    """A setting as a row of a table."""
    asked = row.setting
    if row.refused is not None:
        nothing = (None,) * (6 + len(energies))
        settings = (asked.code, asked.steps_per_frame, asked.weight_bits, asked.levels)
        return (False, *settings, *nothing, f"{row.refused.code}: {row.refused.what}")
    found = (row.accuracy, row.agreement, row.error)
    last = (None if values is None else float(values[-1]) for values in found)
    spent = ((row.energy or {})[name] for name in energies)
    settings = (row.code, row.steps_per_frame, row.weight_bits, row.levels)
    return (front, *settings, *last, row.last_steps, row.operations, *spent, row.neurons, None)


def parse_costs(text: str | None) -> tuple[str, ...]:
    """A list of names in ``COSTS``; ``DEFAULT_COSTS`` where None.

    Raises:
        UserError: D326, D320.
    """
    if text is None:
        return DEFAULT_COSTS
    names = tuple(part.strip() for part in text.split(","))
    for name in names:
        if name not in COSTS:
            what = f"{name!r} is not a cost"
            raise fail("D326", what, where=f"--costs {text}", help=f"use some of {', '.join(COSTS)}")
    return tuple(dict.fromkeys(names))


def dominates(one: Sequence[float], other: Sequence[float]) -> bool:
    """Whether ``one`` is nowhere greater than ``other``, and somewhere smaller. Equal ones do not."""
    pairs = list(zip(one, other, strict=True))
    return all(a <= b for a, b in pairs) and any(a < b for a, b in pairs)


@dataclass(frozen=True, eq=False, repr=False)
class Front(Result):
    """All rows, in the order in which settings were asked for.

    Attributes:
        model, target: as given.
        rows: refused ones too.
        measure: ``accuracy``, ``agreement`` or ``error``: what rows are judged by, last frame.
        costs: names in ``COSTS``.
        samples, frames: of the data that were judged.
        floats: the float network's accuracy after each frame; None without labels or network.
        calibration: what the rows were calibrated with, in words, and the options that say so.
        notes: on the data.
    """

    model: str
    target: str
    rows: tuple[Row, ...]
    measure: str
    costs: tuple[str, ...]
    samples: int
    frames: int
    floats: ByFrame | None
    calibration: str
    options: tuple[str, ...]
    notes: tuple[Diagnostic, ...]

    @property
    def compiled(self) -> tuple[Row, ...]:
        """The rows that were not refused."""
        return tuple(row for row in self.rows if row.refused is None)

    def quality(self, row: Row) -> float:
        """After the last frame, the more the better."""
        value = float(row.by_frame(self.measure)[-1])
        return -value if self.measure == "error" else value

    def place(self, row: Row) -> tuple[float, ...]:
        """What it loses and costs, the less the better."""
        return (-self.quality(row), *(each for cost in self.costs for each in COSTS[cost](row)))

    @property
    def front(self) -> tuple[Row, ...]:
        """The rows that no other is at least as good as everywhere, and better than somewhere."""
        places = {id(row): self.place(row) for row in self.compiled}
        return tuple(
            row
            for row in self.compiled
            if not any(dominates(place, places[id(row)]) for place in places.values())
        )

    def standard_error(self, row: Row) -> float:
        """Of a fraction of so many samples, one success and one failure added; 0 for errors."""
        if self.measure == "error":
            return 0.0
        n = self.samples + 2
        share = (self.quality(row) * self.samples + 1) / n
        return math.sqrt(share * (1 - share) / n)

    @property
    def advised(self) -> Row:
        """The cheapest row within a standard error of the best, by the costs in their order."""
        best = max(self.front, key=self.quality)
        least = self.quality(best) - self.standard_error(best)
        near = [row for row in self.front if self.quality(row) >= least]
        return min(near, key=lambda row: self.place(row)[1:])

    def headline(self) -> str:
        """The result in one line."""
        best = self.advised
        quality = f"{self.measure} {best.by_frame(self.measure)[-1]:.1%}"
        rows = f"{counted(len(self.rows), 'row')}, {len(self.compiled)} compiled"
        advised = " ".join(best.setting.options)
        return f"{self.model} for {self.target}: {rows}; advised: {advised}, {quality}"

    def table(self) -> Rows:
        """A row for each setting; what it keeps is after the last frame."""
        front = {id(row) for row in self.front}
        energies = tuple(self.compiled[0].energy or {})
        columns = (
            *("front", "code", "steps_per_frame", "weight_bits", "levels"),
            *("accuracy", "agreement", "error", "last_answer_steps", "synaptic_operations"),
            *(f"picojoules {name}" for name in energies),
            *("neurons", "refused"),
        )
        return Rows(columns, tuple(_cells(row, id(row) in front, energies) for row in self.rows))

    def command(self, row: Row) -> str:
        """What compiles a row."""
        words = ("snnc", "compile", self.model, "--target", self.target)
        return shlex.join((*words, *row.setting.options, *self.options))

    def as_json(self) -> dict[str, Any]:
        """Plain types, for ``tune --json``."""
        front = {id(row) for row in self.front}
        return {
            "model": self.model,
            "target": self.target,
            "samples": self.samples,
            "frames": self.frames,
            "calibration": self.calibration,
            "judged_by": self.measure,
            "costs": list(self.costs),
            "float": None if self.floats is None else [float(value) for value in self.floats],
            "rows": [{**row.as_json(), "front": id(row) in front} for row in self.rows],
            "advised": self.command(self.advised),
            "notes": [note.as_json() for note in self.notes],
        }
