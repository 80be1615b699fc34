"""Where a training computes, and in which precision."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from snnc.errors import fail

if TYPE_CHECKING:
    from .fit import Pairs

PRECISIONS = ("float32", "bfloat16")


@dataclass(frozen=True)
class Placing:
    """A device and a precision.

    Weights, their optimiser, and every judgement are float32 in both precisions: what is exported was
    judged as it is. With ``bfloat16``, convolutions and matrices of training compute in it
    (``torch.autocast``), and images lie in memory channels last, which oneDNN's kernels of that type
    are fastest with.

    Attributes:
        device: as torch names it.
        precision: ``float32`` or ``bfloat16``.
    """

    device: torch.device
    precision: str = "float32"

    def pairs(self, data: Pairs) -> Iterator[tuple[Tensor, Tensor]]:
        """The batches (x (batch, frames, \\*shape), y (batch,)), on the device."""
        for x, y in data:
            yield self._laid_out(x.to(self.device)), y.to(self.device)

    def computing(self) -> AbstractContextManager[object]:
        """The context in which a loss is computed."""
        if self.precision == "float32":
            return nullcontext()
        return torch.autocast(self.device.type, dtype=torch.bfloat16)

    def _laid_out(self, x: Tensor) -> Tensor:
        if self.precision == "float32" or x.ndim != 5:
            return x
        frames = x.flatten(0, 1).contiguous(memory_format=torch.channels_last)
        return frames.view(x.shape)


def device_of(name: str) -> torch.device:
    """A device of this machine, by torch's name: ``cpu``, ``cuda``, ``cuda:1``, ``mps``.

    Raises:
        UserError: D326 there is no such device here.
    """
    try:
        device = torch.device(name)
        torch.zeros(1, device=device).cpu()
    except (RuntimeError, AssertionError, NotImplementedError) as problem:
        raise fail(
            "D326",
            f"there is no device {name!r}",
            where="device",
            why=str(problem).partition("\n")[0],
            help=f"give one of: {', '.join(_devices())}",
        ) from None
    return device


def _devices() -> list[str]:
    """Names of what this machine has."""
    found = ["cpu"]
    if torch.cuda.is_available():
        found += ["cuda", *(f"cuda:{n}" for n in range(torch.cuda.device_count()))]
    if torch.backends.mps.is_available():
        found.append("mps")
    return found
