"""Surrogate gradients: what the step from silence to a spike passes back in place of its own zero.

Each says of which quantity a spike is the step function (``excess``, above zero means firing) and how
steep it pretends to be (``slope``); the chain from there to potential and threshold is autograd's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

NEVER = 1000
"""Steps since a last spike that never was (Rathi et al. 2020: their code starts at -1000)."""

UNDERFLOW = 104
"""Steps from which ``exp(-dt)`` is 0 in float32."""


class Surrogate(Protocol):
    """What a neuron asks of a surrogate gradient."""

    def excess(self, potential: Tensor, threshold: Tensor) -> Tensor:
        """What is compared with zero; any shape, float."""

    def slope(self, excess: Tensor, since: Tensor | None) -> Tensor:
        """The derivative of the spike by ``excess``; ``since`` in steps, None unless asked for."""

    @property
    def needs_time(self) -> bool:
        """Whether ``slope`` wants to know how many steps ago the neuron last fired."""


@dataclass(frozen=True)
class Linear:
    """``height * max(0, 1 - |v / threshold - 1|)`` (Rathi et al. 2020, after Bellec et al. 2018).

    Args:
        height: of the triangle, at the threshold.
    """

    height: float = 0.3

    needs_time = False

    def excess(self, potential: Tensor, threshold: Tensor) -> Tensor:
        """How far above the threshold, in thresholds."""
        return potential / threshold - 1

    def slope(self, excess: Tensor, since: Tensor | None) -> Tensor:
        """A triangle over the threshold, two thresholds wide."""
        return self.height * torch.clamp(1 - excess.abs(), min=0)


@dataclass(frozen=True)
class SinceSpike:
    """``alpha * exp(-beta * dt)``, ``dt`` the steps since the neuron last fired (Rathi et al. 2020).

    Args:
        alpha: right after a spike.
        beta: decay a step.
        cut_off: as the authors' repository, which computes ``exp(-dt) ** beta`` in single precision:
            zero from 104 steps on, where the formula still gives a third of alpha.
    """

    alpha: float = 0.3
    beta: float = 0.01
    cut_off: bool = False

    needs_time = True

    def excess(self, potential: Tensor, threshold: Tensor) -> Tensor:
        """How far above the threshold, in thresholds."""
        return potential / threshold - 1

    def slope(self, excess: Tensor, since: Tensor | None) -> Tensor:
        """The same however far the potential is from the threshold."""
        assert since is not None
        slope = self.alpha * torch.exp(-self.beta * since)
        return torch.where(since < UNDERFLOW, slope, torch.zeros_like(slope)) if self.cut_off else slope


@dataclass(frozen=True)
class Logistic:
    """``a sig(a q) (1 - sig(a q))`` (Castagnetti et al. 2023).

    Args:
        sharpness: ``a``.
        relative: ``q = v / threshold - 1``, the same shape whatever the scale of the activations; else
            ``q = v - threshold``, as published. For a threshold of 1 both are the same.
    """

    sharpness: float = 1.0
    relative: bool = False

    needs_time = False

    def excess(self, potential: Tensor, threshold: Tensor) -> Tensor:
        """How far above the threshold, in thresholds or in the potential's own units."""
        return potential / threshold - 1 if self.relative else potential - threshold

    def slope(self, excess: Tensor, since: Tensor | None) -> Tensor:
        """The derivative of the logistic function."""
        risen = torch.sigmoid(self.sharpness * excess)
        return self.sharpness * risen * (1 - risen)


class _Fire(torch.autograd.Function):
    """The step function, with a given derivative."""

    @staticmethod
    def forward(ctx: torch.autograd.function.FunctionCtx, *arguments: Tensor) -> Tensor:
        excess, slope, inclusive = arguments
        ctx.save_for_backward(slope)
        return (excess >= 0 if inclusive else excess > 0).to(excess.dtype)

    @staticmethod
    def backward(
        ctx: torch.autograd.function.FunctionCtx, *gradients: Tensor
    ) -> tuple[Tensor, None, None]:
        (slope,) = ctx.saved_tensors  # type: ignore[attr-defined]
        return gradients[0] * slope, None, None


def fire(
    surrogate: Surrogate,
    potential: Tensor,
    threshold: Tensor,
    since: Tensor | None = None,
    inclusive: bool = False,
) -> Tensor:
    """Spikes (0 or 1, the potential's dtype and shape), differentiable through the surrogate.

    Args:
        surrogate: its ``excess`` decides, its ``slope`` is the derivative.
        potential, threshold: broadcastable, float.
        since: steps since each neuron last fired, for surrogates that need it.
        inclusive: a potential at the threshold fires already.
    """
    excess = surrogate.excess(potential, threshold)
    slope = surrogate.slope(excess.detach(), since)
    spikes: Tensor = _Fire.apply(excess, slope, inclusive)  # type: ignore[no-untyped-call]
    return spikes
