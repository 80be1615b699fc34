"""One method after another on one network, and the archive that comes out of it."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray

from snnc.authoring.network import FrameNetwork
from snnc.bounds import SAMPLES, Bounds, refuse_outside
from snnc.choices import not_together
from snnc.errors import Diagnostic, Interrupted
from snnc.files.writing import write_file
from snnc.frontend import load_archive
from snnc.frontend.torch_save.through_torch import quiet_torch
from snnc.progress import Report, quiet
from snnc.results import Result, Rows

from .data.batches import Batches
from .fit import Pairs, Progress, Run, fit
from .judge import Judgement, judge
from .methods.base import Method
from .methods.stdb import Stdb
from .parts import Parts, calibration_of, check_parts, digest
from .recipe import Recipe

DEFAULT_BATCH = 64


@dataclass(frozen=True)
class Stage:
    """A method and how it is trained.

    Attributes:
        method: with its options.
        recipe: epochs, rates, seed.
        batch: samples of a batch.
    """

    bounds: ClassVar[Mapping[str, Bounds]] = {"batch": SAMPLES}

    method: Method
    recipe: Recipe
    batch: int = DEFAULT_BATCH

    def __post_init__(self) -> None:
        refuse_outside(self, self.bounds, "training")


@dataclass(frozen=True)
class Files:
    """Where a training writes to.

    Attributes:
        model: the archive.
        curve, checkpoint: of a single stage; with more of them ``NAME.csv`` becomes ``NAME.1.csv``, ..
    """

    model: Path
    curve: Path | None = None
    checkpoint: Path | None = None

    def curves(self, stages: int) -> tuple[Path, ...]:
        """One a stage; none where nobody asked for them."""
        return _numbered(self.curve, stages)

    def checkpoints(self, stages: int) -> tuple[Path, ...]:
        """One a stage; none where nobody asked for them."""
        return _numbered(self.checkpoint, stages)


@dataclass(frozen=True, eq=False, repr=False)
class Trained(Result):
    """What a training gave.

    Attributes:
        files: what was written.
        stages, runs: one a stage.
        given: the network as it was given, on the validation part.
        parts: the data.
        test: the finished network on the test part; None where there is none.
        calibration: samples that the archive carries.
        seconds: altogether.
        notes: what training left out of the network.
    """

    files: Files
    stages: tuple[Stage, ...]
    runs: tuple[Run, ...]
    given: Judgement
    parts: Parts
    test: Judgement | None
    calibration: int
    seconds: float
    notes: tuple[Diagnostic, ...] = ()

    @property
    def model(self) -> Path:
        """The trained archive, which ``snnc.compile`` takes."""
        return self.files.model

    def headline(self) -> str:
        """The result in one line."""
        before, last = self.given.last, self.runs[-1]
        after = last.curve.rows[last.best].judgement.last
        return f"{self.model.name}: accuracy {before:.1%} before, {after:.1%} after training"

    def table(self) -> Rows:
        """A row for each epoch of each stage; epoch 0 is before training."""
        columns = ("method", "epoch", "accuracy", "samples")
        return Rows(
            columns,
            tuple(
                (stage.method.name, row.epoch, row.judgement.last, row.judgement.samples)
                for stage, run in zip(self.stages, self.runs, strict=True)
                for row in run.curve.rows
            ),
        )

    def as_json(self) -> dict[str, Any]:
        """Plain types."""
        found = self.table()
        return {
            "model": str(self.model),
            "given": self.given.last,
            "epochs": [dict(zip(found.columns, row, strict=True)) for row in found.rows],
            "test": None if self.test is None else self.test.last,
            "calibration_samples": self.calibration,
            "seconds": self.seconds,
            "notes": [note.as_json() for note in self.notes],
        }

    @property
    def next_command(self) -> str:
        """What to type now."""
        method = self.stages[-1].method
        target, code = getattr(method, "target", "loihi"), getattr(method, "chosen_code", "rate")
        quoted = f'"{target}"' if "{" in target else target
        options = "" if code == "rate" else f" --code {code}"
        options += "" if self.parts.repeat is None else f" --repeat {self.parts.repeat}"
        return f"snnc compile {self.files.model} --target {quoted}{options}"


def train_through(
    network: FrameNetwork,
    stages: Sequence[Stage],
    parts: Parts,
    files: Files,
    report: Report = quiet,
    notes: Sequence[Diagnostic] = (),
) -> Trained:
    """Train a network with one method after another, and write it.

    Args:
        network: the start; trained in place where a method does so.
        stages: at least one; each starts from the best network of the one before.
        parts: the data.
        files: outputs; training resumes from checkpoints that exist.
        report: progress.
        notes: what was said of the network already.

    Raises:
        UserError: D5xx data that do not fit, D322 and D323 as :func:`snnc.training.fit`, D112.
        Interrupted: D324 ctrl-C; what the checkpoints hold is kept.
    """
    began = time.monotonic()
    check_parts(parts, network)
    _refuse_stages_after_draws(stages)
    seed = stages[0].recipe.seed
    calibration = calibration_of(parts.train, seed)
    largest = max(stage.batch for stage in stages)
    validation = Batches(parts.validation.x, parts.validation.y, largest)
    checkpoints: tuple[Path | None, ...] = files.checkpoints(len(stages)) or (None,) * len(stages)
    hashes = {f"{name} data": digest(part) for name, part in parts.all().items() if name != "test"}
    runs: list[Run] = []
    said = dict.fromkeys(notes)
    with _memory_errors():
        report("judge", 0, 1)
        given = judge(network, validation)
        for number, (stage, checkpoint) in enumerate(zip(stages, checkpoints, strict=True), 1):
            place = f"stage {number} of {len(stages)}" if len(stages) > 1 else ""
            told = _Told(stage, place, report)
            try:
                report(f"prepare {stage.method.name}", 0, 1)
                torch.manual_seed(stage.recipe.seed)
                about = {"network's weights": _weights(network), "batch": str(stage.batch), **hashes}
                measured = calibration_of(parts.train, seed, stage.method.samples_measured)
                task = stage.method.prepare(network, measured)
                said |= dict.fromkeys(task.notes)
                run = fit(
                    task,
                    _training_batches(parts, stage.batch),
                    Batches(task.encoded(parts.validation.x), parts.validation.y, largest),
                    stage.recipe,
                    checkpoint=checkpoint,
                    listener=told,
                    about=about,
                )
            except KeyboardInterrupt:
                raise told.stopped(checkpoint) from None
            network = task.network
            runs.append(run)
        test = None
        if parts.test is not None:
            test = judge(network, Batches(task.encoded(parts.test.x), parts.test.y, largest))
        calibration = task.encoded(calibration)
    _write(files, network, calibration, runs)
    seconds = time.monotonic() - began
    kept = len(calibration)
    return Trained(files, tuple(stages), tuple(runs), given, parts, test, kept, seconds, tuple(said))


def _refuse_stages_after_draws(stages: Sequence[Stage]) -> None:
    for method in (stage.method for stage in stages[:-1]):
        if isinstance(method, Stdb) and method.input != "counts":
            raise not_together(
                f"{method.name}{{input={method.input}}} and a stage after it",
                where="[[stage]]",
                why="the network that results takes draws, and other stages train on counts",
                help="make it the last stage",
            )


@contextmanager
def _memory_errors() -> Iterator[None]:
    """MemoryError for torch's RuntimeError: it has no error of its own for it."""
    try:
        yield
    except RuntimeError as problem:
        if "allocate memory" in str(problem):
            raise MemoryError(str(problem).partition("\n")[0]) from None
        raise


def _training_batches(parts: Parts, batch: int) -> Pairs:
    """The batches that the data bring themselves, else the training part shuffled."""
    if parts.batches is not None:
        return parts.batches(batch)
    return Batches(parts.train.x, parts.train.y, batch, shuffle=True)


def _write(files: Files, network: FrameNetwork, calibration: NDArray[Any], runs: Sequence[Run]) -> None:
    """The archive and the curves; what cannot be compiled is not written."""
    with quiet_torch():
        archive = network.to_bytes(calibration)
    load_archive(archive, files.model.stem)
    for curve, run in zip(files.curves(len(runs)), runs, strict=False):
        write_file(curve, run.curve.csv_text().encode())
    write_file(files.model, archive)


class _Told:
    """Listens to the loop for the one who watches, and remembers how far it is."""

    def __init__(self, stage: Stage, place: str, report: Report) -> None:
        self.name = f"{place}, {stage.method.name}" if place else stage.method.name
        self.report = report
        self.best = 0.0
        self.epoch = 0
        self.finished = 0

    def __call__(self, now: Progress) -> None:
        self.epoch, self.best = now.epoch, now.best
        if now.row is not None:
            self.finished = now.epoch
        what = f"{self.name}, epoch {now.epoch} of {now.epochs}"
        loss = "" if now.loss != now.loss else f"loss {now.loss:.3f}, "
        self.report(f"{what}: {loss}best {self.best:.1%}", now.batch, max(1, now.batches))

    def stopped(self, checkpoint: Path | None) -> Interrupted:
        """What is said after ctrl-C."""
        if checkpoint is not None and checkpoint.exists():
            cure = f"the same command resumes from {checkpoint}"
        elif checkpoint is not None:
            cure = "no epoch had ended: the same command starts again"
        else:
            cure = "nothing was written; with a checkpoint (--checkpoint FILE, or checkpoint in "
            cure += "[output]) the same command can resume"
        what = f"stopped in epoch {max(1, self.epoch)}"
        return Interrupted(Diagnostic("D324", what, self.name, help=cure))


def _weights(network: FrameNetwork) -> str:
    """SHA-256 of all parameters and buffers, hexadecimal."""
    found = hashlib.sha256()
    for name, value in network.state_dict().items():
        found.update(name.encode() + np.ascontiguousarray(value.detach().cpu().numpy()).tobytes())
    return found.hexdigest()


def _numbered(path: Path | None, stages: int) -> tuple[Path, ...]:
    if path is None:
        return ()
    if stages == 1:
        return (path,)
    return tuple(path.with_name(f"{path.stem}.{i + 1}{path.suffix}") for i in range(stages))
