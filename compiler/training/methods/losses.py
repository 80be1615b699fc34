"""The losses of answers that come frame by frame."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from snnc.authoring.network import FrameNetwork
from snnc.choices import not_together
from snnc.errors import counted, fail

LOSSES = ("mean", "sum", "last", "potential", "steps")
WEIGHTED = ("mean", "sum", "steps")


@dataclass(frozen=True)
class FrameLoss:
    """Cross-entropy of the answers to some or all frames.

    With ``L[r]`` the mean over the batch of the cross-entropy of the answer to frame r and ``w`` the
    weights, over the frames r from the first response on:

    ``mean``
        ``sum(w[r] L[r]) / sum(w[r])``.
    ``sum``
        ``sum(w[r] L[r])`` (Fischer et al. 2018; their weights are 1).
    ``last``
        ``L`` of the last frame.
    ``potential``
        one, of what has arrived at the readout in all steps of all frames (Rathi et al. 2020: the
        output neurons' potential at the end).
    ``steps``
        as ``mean``, ``L[r]`` being the mean over the frame's time steps of the cross-entropy of the
        answer after each (:meth:`FrameNetwork.by_step`).

    Attributes:
        kind: one of these.
        weights: one a frame from the first response on; None for 1.
    """

    kind: str = "mean"
    weights: tuple[float, ...] | None = None

    @classmethod
    def parse(cls, kind: str, weights: str | None, where: str) -> FrameLoss:
        """From a method's options.

        Args:
            kind: a word.
            weights: numbers with colons between them; None for 1.
            where: what messages call the method.

        Raises:
            UserError: D308 a weight is not a number or below 0, or all are 0; D327 the loss has no
                weights.
        """
        if weights is None:
            return cls(kind)
        place = f"{where}{{frame-weights}}"
        if kind not in WEIGHTED:
            raise not_together(
                f"frame weights and the loss {kind}",
                where=place,
                why="it is of one answer",
                help=f"leave the weights out, or use loss {' or '.join(WEIGHTED)}",
            )
        try:
            numbers = tuple(float(text) for text in weights.split(":"))
        except ValueError:
            numbers = ()
        if not all(0 <= n < math.inf for n in numbers) or not sum(numbers) > 0:
            raise fail(
                "D308",
                f"{weights!r} are not weights of frames",
                where=place,
                help="numbers from 0 on, one for each frame from the first response on, such as 0:1:1",
            )
        return cls(kind, numbers)

    def check(self, network: FrameNetwork) -> None:
        """Make sure that a network has such a loss.

        Raises:
            UserError: D315 it has no time steps within a frame.
        """
        if self.kind == "steps" and network.steps is None:
            raise fail(
                "D315",
                "the loss steps, of a network that does not spike",
                where="loss",
                why="it has one answer a frame",
                help="use loss mean, or a method that makes the network spike",
            )

    def __call__(self, network: FrameNetwork, x: Tensor, y: Tensor, smoothing: float = 0.0) -> Tensor:
        """The loss of a batch.

        Args:
            network: whose answers.
            x: (batch, frames, *shape), float.
            y: classes, (batch,) int64, or their probabilities, (batch, classes) float; they hold for
                all frames.
            smoothing: of labels.

        Raises:
            ValueError: the answer to the last frame has seen none of the input.
            UserError: D327 there are other frames than weights.
        """
        first = network.first_response
        if x.shape[1] <= first:
            raise ValueError(
                f"{counted(x.shape[1], 'frame')}; the first answer needs more than {first}"
            )
        self._refuse_other_frames(x.shape[1] - first, first)
        if self.kind == "potential":
            answers = network(x)
            total = answers[:, -1] if network.accumulates else answers.sum(1)
            return _entropies((network.steps or 1) * total, y, smoothing, "mean")
        answers = network.by_step(x) if self.kind == "steps" else network(x)
        answers = answers[:, -1:] if self.kind == "last" else answers[:, first:]
        if self.weights is None:
            found = _entropies(answers, y, smoothing, "mean")
            return found * answers.shape[1] if self.kind == "sum" else found
        found = _entropies(answers, y, smoothing).view(*answers.shape[:2], -1).mean(-1)
        weights = torch.tensor(self.weights, dtype=found.dtype, device=found.device)
        total = (weights * found.mean(0)).sum()
        return total if self.kind == "sum" else total / weights.sum()

    def _refuse_other_frames(self, frames: int, first: int) -> None:
        if self.weights is None or len(self.weights) == frames:
            return
        before = f" after the {counted(first, 'frame')} before the first response" if first else ""
        raise not_together(
            f"{counted(len(self.weights), 'weight')} for {counted(frames, 'frame')}{before}",
            where="frame-weights",
            help=f"give {frames}, with colons between them",
        )


def _entropies(answers: Tensor, y: Tensor, smoothing: float, reduction: str = "none") -> Tensor:
    """Cross-entropy of each answer, or their mean.

    Args:
        answers: (batch, ..., classes).
        y: (batch,) or (batch, classes).
        smoothing: of labels.
        reduction: ``none`` or ``mean``.
    """
    alike = answers.shape[1:-1]
    wanted = y.view(len(y), *[1] * len(alike), *y.shape[1:])
    wanted = wanted.expand(len(y), *alike, *y.shape[1:]).reshape(-1, *y.shape[1:])
    return nn.functional.cross_entropy(
        answers.reshape(-1, answers.shape[-1]), wanted, reduction=reduction, label_smoothing=smoothing
    )
