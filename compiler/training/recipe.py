"""How a network is trained: rates, their schedule, what is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import nn

from snnc.bounds import MOST, SEED, SHARE, Bounds, refuse_outside
from snnc.choices import refuse_other

from .placing import PRECISIONS, device_of

OPTIMIZERS = ("adam", "amsgrad", "sgd")
KEPT = ("best", "last")
BEST_BY = ("last", "frames")
SCHEDULES = ("constant", "cosine", "onecycle", "step")
STEP_AT = (0.6, 0.8, 0.9)
"""Where STDB's schedule lowers the rate, in shares of the epochs (Rathi et al. 2020)."""

MOMENTUM = 0.9


@dataclass(frozen=True)
class Recipe:
    """How a network is trained.

    Attributes:
        epochs: at most so many.
        learning_rate: highest.
        optimizer: ``adam`` (AdamW: the decay is apart from the gradient), ``amsgrad`` (Adam with
            AMSGrad and the decay as a part of the gradient, L2, as STDB's code has it) or ``sgd``
            (momentum 0.9, decay likewise).
        schedule: ``constant``, ``cosine`` (down to 0), ``onecycle``, or ``step``.
        step_every: epochs after which ``step`` lowers the rate, again and again; 0: at 60, 80 and 90 %
            of all.
        step_factor: by which: 0.2 for STDB's fine-tuning, 0.1 for its first network, 0.5 every 30
            epochs in Castagnetti et al. 2023.
        weight_decay: of weights, biases and batch normalisation; not of thresholds and ranges.
        smoothing: of labels, 0 to below 1.
        mixup: alpha; above 0, each batch is mixed with itself in another order, inputs and labels, with
            shares lambda and 1 - lambda, lambda ~ Beta(alpha, alpha) (Zhang et al. 2018).
        clip: largest norm of all gradients together; 0 for none, as published for all the methods.
        keep: ``best``, the network with the most right answers on the validation data, or ``last``.
        best_by: which answers those are: ``last``, after the last frame, or ``frames``, the mean over
            all frames from the first response on: early answers count.
        patience: stop after so many epochs without a better judgement; 0 never stops early.
        precision: ``float32``, or ``bfloat16`` for convolutions and matrices in training
            (:class:`~snnc.training.placing.Placing`); judgements are in float32.
        recompute_steps: time steps (of a network without spikes: frames) whose states are kept for the
            way back at a time; others are computed again, which takes longer and needs less memory. 0
            keeps all.
        device: where it is trained, as torch names it; the network is back on the CPU in the end.
            Another device draws and adds in another order, and gives another network.
        seed: of everything that is drawn. Each epoch has a seed of its own, so that a run that is
            resumed goes on as it would have.
    """

    bounds: ClassVar[Mapping[str, Bounds]] = {
        "epochs": Bounds(0, MOST),
        "learning_rate": Bounds(1e-12, 1e30),  # as float32 holds it,
        "step_every": Bounds(0, MOST),
        "step_factor": Bounds(1e-12, 1.0),
        "weight_decay": Bounds(0.0, 1e3),
        "smoothing": SHARE,
        "mixup": Bounds(0.0, 1e3),
        "clip": Bounds(0.0, 1e9),
        "patience": Bounds(0, MOST),
        "recompute_steps": Bounds(0, MOST),
        "seed": SEED,
    }

    epochs: int = 10
    learning_rate: float = 1e-4
    optimizer: str = "adam"
    schedule: str = "cosine"
    step_every: int = 0
    step_factor: float = 0.2
    weight_decay: float = 0.0
    smoothing: float = 0.0
    mixup: float = 0.0
    clip: float = 1.0
    keep: str = "best"
    best_by: str = "last"
    patience: int = 0
    precision: str = "float32"
    recompute_steps: int = 0
    device: str = "cpu"
    seed: int = 0

    def __post_init__(self) -> None:
        refuse_outside(self, self.bounds, "training")
        refuse_other(self.optimizer, "optimizer", OPTIMIZERS, "training")
        refuse_other(self.schedule, "schedule", SCHEDULES, "training")
        refuse_other(self.keep, "keep", KEPT, "training")
        refuse_other(self.best_by, "best-by", BEST_BY, "training")
        refuse_other(self.precision, "precision", PRECISIONS, "training")
        device_of(self.device)


def optimizer_of(
    recipe: Recipe, groups: list[tuple[list[nn.Parameter], float]]
) -> torch.optim.Optimizer:
    """The optimizer, of groups of parameters with factors on the rate; decay is for the first."""
    tables: list[dict[str, Any]] = [
        {
            "params": parameters,
            "lr": recipe.learning_rate * factor,
            "weight_decay": 0.0 if i else recipe.weight_decay,
        }
        for i, (parameters, factor) in enumerate(groups)
        if parameters
    ]
    if recipe.optimizer == "sgd":
        return torch.optim.SGD(tables, lr=recipe.learning_rate, momentum=MOMENTUM)
    if recipe.optimizer == "amsgrad":
        return torch.optim.Adam(tables, lr=recipe.learning_rate, amsgrad=True)
    return torch.optim.AdamW(tables, lr=recipe.learning_rate)


def scheduler_of(
    recipe: Recipe, optimizer: torch.optim.Optimizer, batches: int
) -> torch.optim.lr_scheduler.LRScheduler:
    """The schedule, which takes a step after each batch."""
    total = max(1, recipe.epochs * batches)
    if recipe.schedule == "onecycle":
        rates = [group["lr"] for group in optimizer.param_groups]
        return torch.optim.lr_scheduler.OneCycleLR(optimizer, rates, total_steps=total + 1)
    if recipe.schedule == "cosine":
        return torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, total)
    if recipe.schedule == "step":
        if recipe.step_every:
            every = max(1, recipe.step_every * batches)
            return torch.optim.lr_scheduler.StepLR(optimizer, every, recipe.step_factor)
        at = [round(total * share) for share in STEP_AT]
        return torch.optim.lr_scheduler.MultiStepLR(optimizer, at, recipe.step_factor)
    return torch.optim.lr_scheduler.ConstantLR(optimizer, 1.0)
