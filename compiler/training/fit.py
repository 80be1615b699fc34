"""The loop that every method runs in: epochs, judgement, early stop, checkpoints, curves."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sized
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from snnc.bounds import MOST, SEED, SHARE, Bounds, refuse_outside
from snnc.choices import refuse_other
from snnc.errors import counted, fail
from snnc.files import parsing

from .checkpoint import CHECKPOINT, Checkpoint, read_checkpoint
from .checkpoint_checks import optimizer_state, same_form
from .curve import Curve, Row
from .judge import judge
from .methods.base import Task
from .placing import PRECISIONS, Placing, device_of

Pairs = Iterable[tuple[Tensor, Tensor]]
OPTIMIZERS = ("adam", "amsgrad", "sgd")
KEPT = ("best", "last")
SCHEDULES = ("constant", "cosine", "onecycle", "step")
STEP_AT, STEP_BY = (0.6, 0.8, 0.9), 0.2
"""STDB's schedule: a fifth of the rate at 60, 80 and 90 % of the epochs (Rathi et al. 2020)."""

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
        schedule: ``constant``, ``cosine`` (down to 0), ``onecycle``, or ``step`` (a fifth at 60, 80 and
            90 % of the epochs).
        weight_decay: of weights, biases and batch normalisation; not of thresholds and ranges.
        smoothing: of labels, 0 to below 1.
        clip: largest norm of all gradients together; 0 for none, as published for all the methods.
        keep: ``best``, the network with the most right answers on the validation data, or ``last``.
        patience: stop after so many epochs without a better judgement; 0 never stops early.
        precision: ``float32``, or ``bfloat16`` for convolutions and matrices in training
            (:class:`~snnc.training.placing.Placing`); judgements are in float32.
        device: where it is trained, as torch names it; the network is back on the CPU in the end.
            Another device draws and adds in another order, and gives another network.
        seed: of everything that is drawn. Each epoch has a seed of its own, so that a run that is
            resumed goes on as it would have.
    """

    bounds: ClassVar[Mapping[str, Bounds]] = {
        "epochs": Bounds(0, MOST),
        "learning_rate": Bounds(1e-12, 1e30),  # as float32 holds it,
        "weight_decay": Bounds(0.0, 1e3),
        "smoothing": SHARE,
        "clip": Bounds(0.0, 1e9),
        "patience": Bounds(0, MOST),
        "seed": SEED,
    }

    epochs: int = 10
    learning_rate: float = 1e-4
    optimizer: str = "adam"
    schedule: str = "cosine"
    weight_decay: float = 0.0
    smoothing: float = 0.0
    clip: float = 1.0
    keep: str = "best"
    patience: int = 0
    precision: str = "float32"
    device: str = "cpu"
    seed: int = 0

    def __post_init__(self) -> None:
        refuse_outside(self, self.bounds, "training")
        refuse_other(self.optimizer, "optimizer", OPTIMIZERS, "training")
        refuse_other(self.schedule, "schedule", SCHEDULES, "training")
        refuse_other(self.keep, "keep", KEPT, "training")
        refuse_other(self.precision, "precision", PRECISIONS, "training")
        device_of(self.device)


@dataclass
class Progress:
    """What a listener is told: epoch and batch, out of how many, and the loss so far."""

    epoch: int
    epochs: int
    batch: int
    batches: int
    loss: float
    row: Row | None = None


Listener = Callable[[Progress], None]


@dataclass
class Run:
    """A training that has ended."""

    curve: Curve
    best: int
    seconds: float
    stopped_early: bool = False
    resumed_at: int | None = None


def fit(
    task: Task,
    train: Pairs,
    validation: Pairs,
    recipe: Recipe,
    *,
    checkpoint: Path | None = None,
    listener: Listener | None = None,
    about: Mapping[str, str] | None = None,
) -> Run:
    """Train what ``method.prepare`` gave; in the end ``task.network`` is the kept one, finished.

    The best is the one with the most right answers after the last frame of the validation data, the
    earliest of equals; epoch 0 of the curve is the network as it was given. Seeds are fixed: the same
    call on the same machine with as many threads gives the same network.

    Args:
        task: a prepared network, its loss and its hooks.
        train, validation: anything that yields (x, y) batches each time it is iterated over.
        recipe: how.
        checkpoint: a file that is written after each epoch, and gone on from if it is there.
        listener: told after each batch and each epoch.
        about: what else must be the same for a checkpoint to be gone on with, by what it is called:
            hashes of the data for instance.

    Raises:
        UserError: D322 the checkpoint is another run's, D323 the loss
            is no number any more, D521 a batch cannot be normalised.
    """
    began = time.monotonic()
    placing = Placing(device_of(recipe.device), recipe.precision)
    task.network.finalize()
    task.network.to(placing.device)
    torch.manual_seed(recipe.seed)
    state = _Loop(task, recipe, _count(train), about or {}, placing)
    resumed = None
    if checkpoint is not None and checkpoint.exists():
        resumed = state.restore(read_checkpoint(checkpoint), checkpoint)
    tell = listener or (lambda _: None)
    if resumed is None:
        row = state.judged(0, float("nan"), validation, time.monotonic())
        tell(Progress(0, recipe.epochs, 0, state.batches, row.loss, row))
    stopped = False
    for epoch in range(len(state.curve.rows), recipe.epochs + 1):
        if stopped := bool(recipe.patience) and epoch - 1 - state.best >= recipe.patience:
            break
        moment = time.monotonic()
        loss = state.epoch(epoch, train, tell)
        row = state.judged(epoch, loss, validation, moment)
        tell(Progress(epoch, recipe.epochs, state.batches, state.batches, loss, row))
        if checkpoint is not None:
            state.save(checkpoint)
    task.network.load_state_dict(state.best_state)
    task.network.cpu()
    task.finish()
    return Run(state.curve, state.best, time.monotonic() - began, stopped, resumed)


def _count(pairs: Pairs) -> int:
    """How many batches there are; where they do not say, they are counted once."""
    return len(pairs) if isinstance(pairs, Sized) else sum(1 for _ in pairs)


class _Loop:
    """What changes from epoch to epoch."""

    def __init__(
        self, task: Task, recipe: Recipe, batches: int, about: Mapping[str, str], placing: Placing
    ) -> None:
        self.about, self.placing = about, placing
        self.task, self.network, self.recipe, self.batches = task, task.network, recipe, batches
        groups = task.groups()
        self.parameters = [p for group, _ in groups for p in group]
        self.optimizer = _optimizer(recipe, groups)
        self.scheduler = _scheduler(recipe, self.optimizer, batches)
        self.curve = Curve()
        self.best = 0
        self.best_state: dict[str, Tensor] = {}

    def epoch(self, epoch: int, train: Pairs, tell: Listener) -> float:
        """One pass over the data; the mean loss."""
        recipe, network = self.recipe, self.network
        torch.manual_seed(recipe.seed * 100_003 + epoch)
        network.train()
        self.task.begin_epoch(epoch - 1, recipe.epochs)
        total, done = 0.0, 0
        for x, y in self.placing.pairs(train):
            with self.placing.computing(), _normalised(len(y)):
                loss = self.task.loss(x, y, recipe.smoothing)
            self.optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            if recipe.clip:
                nn.utils.clip_grad_norm_(self.parameters, recipe.clip)
            self.optimizer.step()
            self.scheduler.step()
            total, done = total + loss.item(), done + 1
            if not math.isfinite(total):
                raise fail(
                    "D323",
                    f"the loss became NaN or infinite, in batch {done} of epoch {epoch}",
                    where="training",
                    why="gradients grew without bound",
                    help="use a smaller learning rate (--learning-rate; learning_rate of the stage), "
                    "or the linear surrogate gradient",
                )
            tell(Progress(epoch, recipe.epochs, done, self.batches, total / done))
        return total / max(1, done)

    def judged(self, epoch: int, loss: float, validation: Pairs, began: float) -> Row:
        """Look at the network as it is now; keep it if it is the best so far."""
        found = judge(self.network, self.placing.pairs(validation))
        row = Row(epoch, loss, found, time.monotonic() - began)
        better = epoch == 0 or found.last > self.curve.rows[self.best].judgement.last
        if better or self.recipe.keep == "last":
            self.best, self.best_state = epoch, copy.deepcopy(self.network.state_dict())
        self.curve.rows.append(row)
        return row

    def save(self, path: Path) -> None:
        Checkpoint(
            recipe=self._identity(),
            network=self.network.state_dict(),
            best_network=self.best_state,
            best=self.best,
            optimizer=self.optimizer.state_dict(),
            scheduler=self.scheduler.state_dict(),
            curve=self.curve.as_data(),
        ).write(path)

    def restore(self, found: Checkpoint, path: Path) -> int | None:
        """Go on from a checkpoint; the epoch that it was written after."""
        with parsing(str(path), CHECKPOINT):
            self._refuse_another_run(found, path)
            for state, name in ((found.network, "network"), (found.best_network, "best_network")):
                same_form(state, self.network.state_dict(), name)
            optimizer_state(found.optimizer, self.optimizer.state_dict(), self.parameters)
            same_form(found.scheduler, self.scheduler.state_dict(), "scheduler")
            self.network.load_state_dict(found.network)
            self.optimizer.load_state_dict(found.optimizer)
            self.scheduler.load_state_dict(found.scheduler)
        self.best_state, self.best = found.best_network, found.best
        self.curve = Curve.from_data(found.curve)
        return self.curve.rows[-1].epoch

    def _refuse_another_run(self, found: Checkpoint, path: Path) -> None:
        mine = self._identity()
        if found.recipe != mine:
            other = sorted(k for k in {*mine, *found.recipe} if mine.get(k) != found.recipe.get(k))
            raise fail(
                "D322",
                f"this checkpoint belongs to another run: {', '.join(other)} differ",
                where=str(path),
                help="remove the file to start again, or give the options that it was written with",
            )

    def _identity(self) -> dict[str, Any]:
        """What must be the same for a run to be gone on with."""
        options = {f.name: getattr(self.recipe, f.name) for f in fields(self.recipe)}
        method = self.task.method
        chosen = {f.name: repr(getattr(method, f.name)) for f in fields(method)}
        shapes = {name: list(value.shape) for name, value in self.network.state_dict().items()}
        return {
            **options,
            "method": method.name,
            "batches": self.batches,
            **{f"method {name}": value for name, value in chosen.items()},
            "network": shapes,
            **self.about,
        }


@contextmanager
def _normalised(samples: int) -> Iterator[None]:
    """A message for what torch's batch normalisation says of a single value a channel."""
    try:
        yield
    except ValueError as problem:
        if not str(problem).startswith("Expected more than 1 value per channel"):
            raise
        raise fail(
            "D521",
            f"a batch of {counted(samples, 'sample')} has one value a channel: it cannot be normalised",
            where="training",
            why="batch normalisation needs the spread of a batch",
            help="use a larger batch (--batch; batch of the stage)",
        ) from None


def _optimizer(recipe: Recipe, groups: list[tuple[list[nn.Parameter], float]]) -> torch.optim.Optimizer:
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


def _scheduler(
    recipe: Recipe, optimizer: torch.optim.Optimizer, batches: int
) -> torch.optim.lr_scheduler.LRScheduler:
    total = max(1, recipe.epochs * batches)
    if recipe.schedule == "onecycle":
        rates = [group["lr"] for group in optimizer.param_groups]
        return torch.optim.lr_scheduler.OneCycleLR(optimizer, rates, total_steps=total + 1)
    if recipe.schedule == "cosine":
        return torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, total)
    if recipe.schedule == "step":
        at = [round(total * share) for share in STEP_AT]
        return torch.optim.lr_scheduler.MultiStepLR(optimizer, at, STEP_BY)
    return torch.optim.lr_scheduler.ConstantLR(optimizer, 1.0)
