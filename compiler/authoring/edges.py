"""What an edge of a network is, and what may stand on it."""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn

from .dropout import FixedDropout
from .operations import Bias, Factor, FixedMatrix, Pad, Shaped

LINEAR_OPERATIONS = (
    nn.Conv2d,
    nn.Linear,
    nn.AvgPool2d,
    nn.Flatten,
    nn.BatchNorm1d,
    nn.BatchNorm2d,
    nn.BatchNorm3d,
    nn.Identity,
    FixedDropout,
    Bias,
    Factor,
    FixedMatrix,
    Pad,
    Shaped,
)
"""What an edge may do, alone or in a Sequential. Nodes are the only place for a nonlinearity."""


@dataclass(frozen=True)
class Edge:
    """A delayed linear connection.

    Attributes:
        name: the submodule that holds the operation.
        source: a node or ``"input"``.
        target: a node or the readout.
        delay: frames.
    """

    name: str
    source: str
    target: str
    delay: int


def check_delay(delay: object, least: int, place: str, rule: str) -> None:
    """Refuse a delay that is not a whole number of frames, or below the least.

    Args:
        delay: of an edge.
        least: that its network has.
        place: what messages call the edge.
        rule: what the network says of delays.

    Raises:
        ValueError: it is.
    """
    if isinstance(delay, bool) or not isinstance(delay, int) or delay < least:
        raise ValueError(f"delay of {place} is {delay!r}; {rule}, at least {least}")


def check_linear(operation: nn.Module, place: str) -> None:
    """Refuse what is not linear.

    Args:
        operation: of an edge.
        place: what messages call the edge.

    Raises:
        ValueError: the operation, or a part of a Sequential, is not among ``LINEAR_OPERATIONS``.
    """
    if isinstance(operation, nn.Sequential):
        for part in operation:
            check_linear(part, place)
        return
    if not isinstance(operation, LINEAR_OPERATIONS):
        known = ", ".join(kind.__name__ for kind in (*LINEAR_OPERATIONS, nn.Sequential))
        raise ValueError(
            f"{type(operation).__name__} cannot stand on the edge {place}; edges are linear: "
            f"{known}. A node brings the relu"
        )
