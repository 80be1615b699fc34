"""What one module of a spiking library does, in the terms of a population."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from snnc.errors import UserError, fail
from snnc.ir import Array, Comparison, Op, Reset

if TYPE_CHECKING:
    import torch
    from torch import nn

WHERE_NEURONS = "docs/spiking-libraries.md lists what is read"


class Layout(Enum):
    """How a module's input is laid out: where its axes of samples and of steps are.

    STEP has one step; the others have all steps of a stream at once. SQUEEZED has samples and steps
    in one axis, samples first.
    """

    STEP = "samples first, one step"
    TIME_FIRST = "steps, samples, ..."
    BATCH_FIRST = "samples, steps, ..."
    SQUEEZED = "samples times steps, ..."


@dataclass(frozen=True, eq=False)
class SpikingLayer:
    """The neurons of one module; arrays are float64 and broadcast to the shape of its input.

    In a step, in this order: ``u <- current_kept u + gain x``, ``v <- potential_kept v + u + leak``, a
    spike where v is above (or at) the threshold, and the reset. Everything is counted from the
    potential that a hard reset leaves.

    Attributes:
        name: the module's path in the user's network.
        kind: library and class, ``snnTorch's Leaky``.
        layout: of what it takes and gives.
        current_kept, potential_kept: what a step keeps.
        gain: factor on what arrives.
        leak: what every step adds to the potential.
        threshold: None for a module that never fires.
        reset: what a spike does to the potential.
        comparison: with the threshold.
        start: the potential before the first step.
        late: the threshold is taken away in the next step, after the leak.
        sends: what a spike is multiplied by.
        recurrent: operations from its own spikes of the step before to what arrives; None where it has
            none.
        bias_waits: whether the bias of these operations is not there in the first step.
        several: whether a step may send several spikes, as many as thresholds are in the potential.
    """

    name: str
    kind: str
    layout: Layout
    current_kept: Array
    potential_kept: Array
    gain: Array
    leak: Array
    threshold: Array | None
    reset: Reset = Reset.SUBTRACT
    comparison: Comparison = Comparison.GREATER
    start: Array = field(default_factory=lambda: np.zeros(()))
    late: bool = False
    sends: Array = field(default_factory=lambda: np.ones(()))
    recurrent: tuple[Op, ...] | None = None
    bias_waits: bool = False
    several: bool = False


Mark = Callable[..., "torch.Tensor"]
"""``mark(input, states by quantity, quantity)``: what stands for a layer's output in a trace."""


class Library(Protocol):
    """One library's modules."""

    def is_neuron(self, module: nn.Module) -> bool:
        """Whether a module is one of the library's neurons, known or not."""

    def read(self, name: str, module: nn.Module) -> SpikingLayer:
        """What a neuron of the library does.

        Raises:
            UserError: D681 its class, or something that it is asked to do, is not read.
        """

    def stand_in(self, module: nn.Module, mark: Mark) -> Callable[..., Any]:
        """A function that takes what the module's ``forward`` takes, and marks."""

    def rest(self, module: nn.Module) -> None:
        """Put a neuron's state back to where every sample begins."""

    def recorded(self, module: nn.Module, result: Any) -> torch.Tensor:
        """Of what ``forward`` gave: the spikes, or of neurons that never fire their potential."""


def refused(name: str, kind: str, what: str, help: str = "") -> UserError:
    """D681: something that a population of ours cannot do."""
    return fail(
        "D681",
        f"{kind} {what}",
        where=name,
        why="the chip's neurons cannot do that step by step as the library does",
        help=help or WHERE_NEURONS,
    )


def numbers(value: Any) -> Array:
    """A parameter, a tensor or a number, as float64."""
    detach = getattr(value, "detach", None)
    return np.asarray(value if detach is None else detach().cpu().double().numpy(), np.float64)


def class_of(module: nn.Module) -> str:
    """Module and name of a module's own class."""
    kind = type(module)
    return f"{kind.__module__}.{kind.__qualname__}"
