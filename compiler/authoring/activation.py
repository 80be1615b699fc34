"""The activation that the exact codes reproduce: a ReLU with levels and a trainable range."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class QuantizedReLU(nn.Module):
    """``a = step * clip(floor(z / step + shift), 0, levels)`` with ``step = range / levels``.

    The clip-floor-shift activation of QCFS (Bu et al. 2022), with a range that is
    trained. Gradients: the floor passes them on as if it were not there; the range gets what autograd
    gives then (the printed derivative of the submission is wrong, as its authors' repository says).

    Args:
        levels: above zero, at least 1; the code ``frame`` needs as many steps a frame.
        range: where the activation is cut before training, positive; one for all, or one a channel.
        shift: 0.5 rounds to the nearest level, 0 rounds down.

    Shapes: any to the same, float.

    Raises:
        ValueError: levels, range or shift out of bounds.
    """

    def __init__(self, levels: int, range: float | Sequence[float] = 4.0, shift: float = 0.5) -> None:
        super().__init__()
        if isinstance(levels, bool) or not isinstance(levels, int) or levels < 1:
            raise ValueError(f"levels is {levels!r}; it must be a whole number of at least 1")
        values = torch.as_tensor(range, dtype=torch.get_default_dtype()).detach().clone()
        if values.ndim > 1 or not bool(((values > 0) & torch.isfinite(values)).all()):
            raise ValueError(f"range is {range!r}; it must be positive, one or one a channel")
        if shift not in (0, 0.5):
            raise ValueError(f"shift is {shift!r}; it must be 0 or 0.5")
        self.levels = levels
        self.shift = float(shift)
        self.range = nn.Parameter(values)

    def extra_repr(self) -> str:
        """What ``print`` shows."""
        low, high = self.range.min().item(), self.range.max().item()
        text = f"{low:.4g}" if low == high else f"{low:.4g}..{high:.4g}"
        return f"levels={self.levels}, range={text}, shift={self.shift}"

    def forward(self, z: Tensor) -> Tensor:
        """The activation of ``z``."""
        return self.quantized(z)

    def quantized(self, z: Tensor) -> Tensor:
        """The same, to be called where the module is not to appear in an exported program."""
        # A range that training drives to zero or below would turn the activation round.
        end = self.range.view(-1, *([1] * (z.ndim - 2))) if self.range.ndim else self.range
        step = end.clamp(min=1e-6) / self.levels if self.training else end / self.levels
        scaled = z / step
        shifted = scaled + self.shift if self.shift else scaled
        whole = torch.floor(shifted)
        if torch.is_grad_enabled() and (z.requires_grad or self.range.requires_grad):
            # The floor's own gradient is zero: a straight line through its steps takes its place.
            whole = scaled + (whole - scaled).detach()
        return torch.clamp(whole, 0, self.levels) * step


class CappedReLU(nn.Module):
    """``min(max(0, z), ceiling)``: ReLU6 and its relatives.

    Args:
        ceiling: positive.

    Shapes: any to the same, float.
    """

    def __init__(self, ceiling: float) -> None:
        super().__init__()
        self.ceiling = ceiling

    def extra_repr(self) -> str:
        """What ``print`` shows."""
        return f"ceiling={self.ceiling:g}"

    def quantized(self, z: Tensor) -> Tensor:
        """The activation of ``z``, which has no levels; called as that of ``QuantizedReLU`` is."""
        return torch.clamp(z, 0, self.ceiling)
