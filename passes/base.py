"""What a pass is: a frozen dataclass whose fields are its options, and a pure function on graphs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from snnc.bounds import Bounds
from snnc.errors import Diagnostic, Severity
from snnc.ir import Graph, InputGrid, Target
from snnc.settings import refuse_wrong

INTERFACE = 1
"""Version of what a pass of another package relies on: graph, context, facts and this base class."""


class Fact(Enum):
    """A property of a graph that passes ask for and bring about; each has a checker in ``facts``."""

    SHAPED = "every operation fits the shapes around it"
    NO_BATCH_NORM = "no batch normalisation is left"
    SINGLE_OPS = "every projection is one convolution or matrix without bias"
    DELAYS_MATCHED = "every projection has its delay in steps, every population its start"
    INPUT_ENCODED = "the encoding of the input is set"
    BALANCED = "every spiking population has thresholds"
    UNIT_THRESHOLDS = "every threshold and every spike's amplitude is 1"
    QUANTIZED = "every weight is an integer on the target's grid times a scale"


@dataclass
class Context:
    """What a pass may use besides the graph, and where it says what it did.

    Attributes:
        target: limits and abilities of the target.
        calibration: event counts (samples, frames, \\*input shape), or None when there are none.
        aside: number of calibration samples, the last ones, that are kept to judge by; passes do not
            use them.
        input_grid: which values the counts stand for, where the network was trained on values.
        notes: named effects (diagnostics that are not errors), in the order in which they came up.
    """

    target: Target
    calibration: NDArray[np.int64] | None = None
    notes: list[Diagnostic] = field(default_factory=list)
    aside: int = 0
    input_grid: InputGrid | None = None

    def measured_on(self, most: int) -> NDArray[np.int64]:
        """Calibration samples to measure on: the first ``most``, none of those set aside.

        Their largest count and number of frames are not what a program must be able to take: for that
        all of ``calibration`` counts.
        """
        assert self.calibration is not None
        return self.calibration[: min(most, len(self.calibration) - self.aside)]

    def note(self, code: str, what: str, *, where: str = "", why: str = "", help: str = "") -> None:
        """Record an effect that changes meaning, with its size."""
        self.notes.append(Diagnostic(code, what, where, why, help, Severity.NOTE))

    def warn(self, code: str, what: str, *, where: str = "", why: str = "", help: str = "") -> None:
        """Record an effect that the user will probably want to avoid."""
        self.notes.append(Diagnostic(code, what, where, why, help, Severity.WARNING))


@dataclass(frozen=True)
class Pass:
    """Base of all passes.

    A subclass states ``interface = 1`` (the :data:`INTERFACE` that it was written for), ``name`` (kebab
    case, as on the command line), the facts that it ``requires``,
    ``establishes`` and ``destroys``, and ``run``. Its dataclass fields are its options: each has a
    default, and its name with dashes is the option's name. ``choices`` has the values of those fields
    that take no others, ``bounds`` how small and large the numbers may be. The docstring explains
    every option, under "Options:", for ``snnc passes``.
    """

    interface: ClassVar[int]
    name: ClassVar[str]
    requires: ClassVar[frozenset[Fact]] = frozenset()
    establishes: ClassVar[frozenset[Fact]] = frozenset()
    destroys: ClassVar[frozenset[Fact]] = frozenset()
    choices: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    bounds: ClassVar[Mapping[str, Bounds]] = {}

    def __post_init__(self) -> None:
        """Refuse options that cannot be.

        Raises:
            UserError: D305 a number outside its bounds, D326 not one of the words.
        """
        refuse_wrong(self, self.name)

    def check_target(self, target: Target) -> None:
        """Refuse options that the target rules out whatever the network is. Asked before any pass runs.

        Raises:
            UserError: with what the target has instead.
        """

    def run(self, graph: Graph, context: Context) -> Graph:
        """The changed graph, or the same object when there was nothing to do.

        Raises:
            UserError: the network or the options cannot be used, with the user's own names.
        """
        raise NotImplementedError
