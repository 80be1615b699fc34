"""Mixup: batches of mixed samples with mixed labels."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def mixed(x: Tensor, y: Tensor, classes: int, alpha: float) -> tuple[Tensor, Tensor]:
    """A batch, mixed with itself in another order (Zhang et al. 2018, "mixup", eq. 1).

    ``x' = l x + (1 - l) x[order]`` and ``y'`` likewise of probabilities, with one ``l ~ Beta(alpha,
    alpha)`` a batch, as in the authors' code. Draws from torch's global generator.

    Args:
        x: (batch, frames, *shape), float.
        y: classes, (batch,) int64, or probabilities, (batch, classes).
        classes: of the network.
        alpha: above 0; the larger, the more even the shares.

    Returns:
        x as it was, and probabilities (batch, classes) float32.
    """
    share = float(torch.distributions.Beta(alpha, alpha).sample())
    order = torch.randperm(len(y)).to(y.device)
    soft = nn.functional.one_hot(y, classes).float() if y.ndim == 1 else y
    return share * x + (1 - share) * x[order], share * soft + (1 - share) * soft[order]
