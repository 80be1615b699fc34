"""Spiking neurons for training: the chip's time steps within a frame, differentiable.

A frame lasts K steps. In each, a neuron of the code ``rate`` (``docs/numerics.md``, "Neurons") does

    v <- leak * v + z[k]            z[k] what arrives in step k, bias included
    s = v > threshold               (or >=)
    v <- v - threshold * s          soft reset; hard: v <- 0 where s
    out[k] = threshold * s          amplitude: a spike is worth its neuron's threshold

from ``v = start * threshold`` at every frame's begin, or at the first one's only
(``restart_frames=False``). The mean of ``out`` over the frame is the
activation that spikes stand for: between 0 and the threshold, in K levels. The compiler folds the
amplitude into the next weights (Castagnetti et al. 2023).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from .activation import QuantizedReLU
from .fused import all_steps, pays, rule_of
from .surrogate import NEVER, Linear, Surrogate, fire

RESETS = ("subtract", "zero")
COMPARISONS = (">", ">=")
DECAY_UNIT = 4096
"""Leaks are fractions of 2**12 on the chip (docs/numerics.md, "Neurons", step 3)."""

SMALLEST_THRESHOLD = 1e-6


@dataclass
class Memory:
    """What a population of neurons keeps from one call to the next; None before the first.

    Attributes:
        potential: (batch, channels, ...).
        since: steps since each neuron last fired, likewise, where the surrogate asks for it.
    """

    potential: Tensor | None = None
    since: Tensor | None = None


class SpikingNeuron(nn.Module):
    """A population of integrate-and-fire neurons with a threshold that can be trained.

    Args:
        steps: time steps K of a frame.
        threshold: one for all, or one a channel; in units of the activations, above 0.
        trainable: whether the threshold is a parameter of the optimiser.
        reset: ``subtract`` (soft) or ``zero`` (hard).
        leak: share of the potential that the next step keeps, above 0, at most 1; rounded to a multiple
            of 1/4096, which is what chips hold.
        start: potential at the frame's begin, in thresholds; from 0 to below 1.
        comparison: ``>`` or ``>=``.
        surrogate: the spike's derivative.
        detach_reset: the reset passes no gradient on (STDB; ATIF's does).
        restart_frames: every frame begins at the start value, as with the compiler's pass
            ``restart-frames``; false: potentials, and the time since the last spike, run on from
            frame to frame. The same for all nodes of a network.

    Shapes: forward takes (steps, batch, channels, ...) or (1, batch, channels, ...), the same in every
        step, and gives (steps, batch, channels, ...).

    Raises:
        ValueError: something out of bounds.
    """

    # Many arguments: each is a property of the neuron, given by name; see the class.
    def __init__(
        self,
        steps: int,
        threshold: float | Sequence[float] | Tensor = 1.0,
        *,
        trainable: bool = True,
        reset: str = "subtract",
        leak: float = 1.0,
        start: float = 0.5,
        comparison: str = ">",
        surrogate: Surrogate | None = None,
        detach_reset: bool = False,
        restart_frames: bool = True,
    ) -> None:
        super().__init__()
        if isinstance(steps, bool) or not isinstance(steps, int) or steps < 1:
            raise ValueError(f"steps is {steps!r}; it must be a whole number of at least 1")
        if reset not in RESETS:
            raise ValueError(f"reset is {reset!r}; it must be {' or '.join(RESETS)}")
        if comparison not in COMPARISONS:
            raise ValueError(f"comparison is {comparison!r}; it must be {' or '.join(COMPARISONS)}")
        if not 0 < leak <= 1 or round(leak * DECAY_UNIT) == 0:
            raise ValueError(f"leak is {leak!r}; it must be at least 1/4096 and at most 1")
        if not 0 <= start < 1:
            raise ValueError(f"start is {start!r}; it must be at least 0 and below 1")
        values = torch.as_tensor(threshold, dtype=torch.get_default_dtype()).detach().clone()
        if values.ndim > 1 or not bool(((values > 0) & torch.isfinite(values)).all()):
            raise ValueError(f"threshold is {threshold!r}; it must be positive, one or one a channel")
        self.steps = steps
        self.reset = reset
        self.leak = round(leak * DECAY_UNIT) / DECAY_UNIT
        self.start = float(start)
        self.comparison = comparison
        self.surrogate: Surrogate = surrogate or Linear()
        self.detach_reset = detach_reset
        self.restart_frames = bool(restart_frames)
        self.threshold = nn.Parameter(values, requires_grad=trainable)

    def extra_repr(self) -> str:
        """What ``print`` shows."""
        low, high = self.threshold.min().item(), self.threshold.max().item()
        threshold = f"{low:.4g}" if low == high else f"{low:.4g}..{high:.4g}"
        leak = "" if self.leak == 1 else f", leak={self.leak}"
        return (
            f"steps={self.steps}, threshold={threshold}, reset={self.reset}, start={self.start}{leak}"
            f"{'' if self.restart_frames else ', restart_frames=False'}"
        )

    def forward(self, z: Tensor, memory: Memory | None = None, steps: int | None = None) -> Tensor:
        """What leaves in each step: the threshold where a neuron fires, else 0.

        Args:
            z: what arrives.
            memory: what an earlier call left, and this one will leave; None for the start value.
            steps: how many; None for a frame's.
        """
        threshold = self._threshold(z.ndim - 2)
        memory = memory or Memory()
        steps = self.steps if steps is None else steps
        potential, since = memory.potential, memory.since
        if potential is None:
            potential = (self.start * threshold).expand(z.shape[1:])
        if since is None and self.surrogate.needs_time:
            since = torch.full_like(z[0], NEVER)
        inclusive = self.comparison == ">="
        if pays(z, steps):
            rule = rule_of(
                self.surrogate,
                leak=self.leak,
                hard=self.reset == "zero",
                inclusive=inclusive,
                detached=self.detach_reset,
            )
            if rule is not None:
                found = all_steps(z, threshold, potential, since, steps, rule)
                sent, memory.potential, memory.since = found
                return sent
        return self._step_by_step(z.expand(steps, *z.shape[1:]), threshold, potential, since, memory)

    def _step_by_step(
        self, given: Tensor, threshold: Tensor, potential: Tensor, since: Tensor | None, memory: Memory
    ) -> Tensor:
        inclusive = self.comparison == ">="
        sent = []
        for arriving in given:
            potential = (potential if self.leak == 1 else self.leak * potential) + arriving
            if since is not None:
                since = since + 1
            spikes = fire(self.surrogate, potential, threshold, since, inclusive)
            gone = spikes.detach() if self.detach_reset else spikes
            if self.reset == "subtract":
                potential = potential - gone * threshold
            else:
                potential = potential * (1 - gone)
            if since is not None:
                since = since * (1 - spikes.detach())
            sent.append(spikes * threshold)
        memory.potential, memory.since = potential, since
        return torch.stack(sent)

    def levels(self) -> QuantizedReLU:
        """What a frame's spikes stand for where input is steady: K levels up to the threshold.

        Equal for a soft reset without leak from 0 or half a threshold (Bu et al. 2022); of other
        neurons it is the nearest thing that a network without time can say.
        """
        values = self.threshold.detach().clamp(min=SMALLEST_THRESHOLD)
        activation = QuantizedReLU(self.steps, shift=0.0 if self.start == 0 else 0.5)
        activation.range = nn.Parameter(values.clone())
        return activation

    def dynamics(self) -> dict[str, object]:
        """What the archive says of these neurons (``snnc/deployment.json``)."""
        return {
            "reset": self.reset,
            "comparison": self.comparison,
            "start_value": self.start,
            "potential_kept": self.leak,
            **({} if self.restart_frames else {"restart_frames": False}),
        }

    def _threshold(self, axes: int) -> Tensor:
        """The threshold, broadcastable to one step of one sample with ``axes`` axes."""
        bounded = self.threshold.clamp(min=SMALLEST_THRESHOLD)
        return bounded.view(-1, *([1] * (axes - 1))) if bounded.ndim else bounded
