"""The authoring class: a network whose every edge is delayed by whole frames (streaming rollout)."""

from __future__ import annotations

from typing import ClassVar

from .network import FrameNetwork


class Rollout(FrameNetwork):
    """A streaming-rollout network, built node by node and edge by edge.

    Nodes come before the edges that use them. The structure is final once the network has run.

    Args:
        input_shape: shape of one frame without the batch, e.g. ``(2, 16, 16)``.

    Example:
        >>> net = Rollout((2, 16, 16))
        >>> net.node("h1")
        >>> net.readout("answer", accumulate=True)
        >>> net.edge("input", "h1", nn.Conv2d(2, 8, 3, stride=2, padding=1))
        >>> net.edge("h1", "answer", nn.Sequential(nn.Flatten(), nn.Linear(512, 10)))
        >>> answers = net(torch.zeros(4, 12, 2, 16, 16))    # (batch, frames, classes)
    """

    least_delay: ClassVar[int] = 1
    _rule_of_delays: ClassVar[str] = "every edge of a streaming rollout takes a whole number of frames"
