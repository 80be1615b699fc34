"""The loop that every method runs in: epochs, judgement, early stop, checkpoints, curves."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sized
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from snnc.authoring.network import FrameNetwork
from snnc.choices import not_together
from snnc.errors import counted, fail
from snnc.files import parsing

from .checkpoint import CHECKPOINT, Checkpoint, read_checkpoint
from .checkpoint_checks import optimizer_state, same_form
from .curve import Curve, Row
from .data.mixing import mixed
from .judge import Judgement, judge
from .methods.base import Task
from .methods.streaming import NORMS
from .placing import Placing, device_of
from .recipe import Recipe, optimizer_of, scheduler_of

Pairs = Iterable[tuple[Tensor, Tensor]]


@dataclass
class Progress:
    """What a listener is told: epoch and batch, out of how many, loss and best accuracy so far."""

    epoch: int
    epochs: int
    batch: int
    batches: int
    loss: float
    row: Row | None = None
    best: float = 0.0


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

    The best is the one with the most right answers on the validation data (``recipe.best_by``), the
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
    _refuse_recomputed_norms(task.network, recipe.recompute_steps)
    task.network.to(placing.device)
    torch.manual_seed(recipe.seed)
    state = _Loop(task, recipe, _count(train), about or {}, placing)
    resumed = None
    if checkpoint is not None and checkpoint.exists():
        resumed = state.restore(read_checkpoint(checkpoint), checkpoint)
    tell = listener or (lambda _: None)
    if resumed is None:
        row = state.judged(0, float("nan"), validation, time.monotonic())
        tell(Progress(0, recipe.epochs, 0, state.batches, row.loss, row, state.best_score))
    stopped = False
    for epoch in range(len(state.curve.rows), recipe.epochs + 1):
        if stopped := bool(recipe.patience) and epoch - 1 - state.best >= recipe.patience:
            break
        moment = time.monotonic()
        loss = state.epoch(epoch, train, tell)
        row = state.judged(epoch, loss, validation, moment)
        tell(Progress(epoch, recipe.epochs, state.batches, state.batches, loss, row, state.best_score))
        if checkpoint is not None:
            state.save(checkpoint)
    task.network.load_state_dict(state.best_state)
    task.network.cpu()
    task.network.recompute_steps = 0
    task.finish()
    return Run(state.curve, state.best, time.monotonic() - began, stopped, resumed)


def _refuse_recomputed_norms(network: FrameNetwork, steps: int) -> None:
    norms = [name for name, module in network.named_modules() if isinstance(module, NORMS)]
    if steps and norms:
        raise not_together(
            f"{counted(steps, 'step')} kept at a time, and batch normalisation",
            where=f"recompute-steps, {', '.join(norms)}",
            why="its statistics are those of all steps, and would be counted twice",
            help="leave recompute-steps out, or fold batch normalisation first (method stdb does)",
        )


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
        self.optimizer = optimizer_of(recipe, groups)
        self.scheduler = scheduler_of(recipe, self.optimizer, batches)
        self.network.recompute_steps = recipe.recompute_steps
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
            if recipe.mixup:
                x, y = mixed(x, y, network.classes, recipe.mixup)
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
            tell(Progress(epoch, recipe.epochs, done, self.batches, total / done, best=self.best_score))
        return total / max(1, done)

    def judged(self, epoch: int, loss: float, validation: Pairs, began: float) -> Row:
        """Look at the network as it is now; keep it if it is the best so far."""
        found = judge(self.network, self.placing.pairs(validation))
        row = Row(epoch, loss, found, time.monotonic() - began)
        better = epoch == 0 or self.score(found) > self.best_score
        if better or self.recipe.keep == "last":
            self.best, self.best_state = epoch, copy.deepcopy(self.network.state_dict())
        self.curve.rows.append(row)
        return row

    def score(self, found: Judgement) -> float:
        """What the best epoch is chosen by."""
        if self.recipe.best_by == "last":
            return found.last
        return found.mean_from(self.network.first_response)

    @property
    def best_score(self) -> float:
        """Of the epoch that is kept."""
        return self.score(self.curve.rows[self.best].judgement)

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
        # What was not an option when it was written had the value that is now the default.
        theirs = {**self._defaults(), **found.recipe}
        if theirs != mine:
            other = sorted(k for k in {*mine, *theirs} if mine.get(k) != theirs.get(k))
            raise fail(
                "D322",
                f"this checkpoint belongs to another run: {', '.join(other)} differ",
                where=str(path),
                help="remove the file to start again, or give the options that it was written with",
            )

    def _defaults(self) -> dict[str, Any]:
        """Of the options of the recipe and of the method."""
        method = self.task.method
        return {
            **{f.name: f.default for f in fields(self.recipe)},
            **{f"method {f.name}": repr(f.default) for f in fields(method)},
        }

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
