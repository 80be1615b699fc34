"""``snnc finetune``: one method on a network that is there."""

from __future__ import annotations

from dataclasses import dataclass, field

from snnc.bundle.data import DataSource
from snnc.bundle.still_images import REPEAT, frame_shape, least_axes
from snnc.frontend import ModelSource
from snnc.progress import Report, quiet

from .methods.registry import parse_method
from .methods.thaw import thaw
from .outputs import refuse_outputs
from .parts import read_parts
from .recipe import Recipe
from .stages import DEFAULT_BATCH, Files, Stage, Trained, train_through


@dataclass(frozen=True)
class FinetuneOptions:
    """How a network is trained further.

    Attributes:
        method: ``name`` or ``name{option=value,...}``, as ``snnc methods`` lists them.
        data: counts with labels.
        recipe: epochs, learning rate, optimizer, seed.
        steps, bits, target: options of the method.
        batch: samples of a batch.
        validation: counts with labels that epochs are judged on; None for a share of ``data``.
        validation_share: which share; None for a tenth.
        repeat: number of frames that show each still image of both; None where data have their own.
    """

    method: str
    data: DataSource
    recipe: Recipe = field(default_factory=Recipe)
    steps: int | None = None
    bits: int | None = None
    target: str | None = None
    batch: int = DEFAULT_BATCH
    validation: DataSource | None = None
    validation_share: float | None = None
    repeat: int | None = None


def finetune(
    source: ModelSource, options: FinetuneOptions, files: Files, *, report: Report = quiet
) -> Trained:
    """Train a model further, for a chip.

    Args:
        source: the model.
        options: method, data, recipe.
        files: outputs.
        report: progress.

    Raises:
        UserError: anything that cannot work; nothing was written but checkpoints.
    """
    data, validation = options.data, options.validation
    stage = Stage(
        parse_method(
            options.method,
            {"steps": options.steps, "bits": options.bits, "target": options.target},
        ),
        options.recipe,
        options.batch,
    )
    paths = (source.file, data.path, None if validation is None else validation.path)
    inputs = tuple(path for path in paths if path is not None)
    refuse_outputs(files.model, files.curves(1), files.checkpoints(1), inputs)
    repeat, share, seed = options.repeat, options.validation_share, options.recipe.seed
    REPEAT.check(repeat, "--repeat")
    report("load", 0, 1)
    found = source.load(lambda: frame_shape(data.values(least_axes(repeat)), repeat), dropout=True)
    parts = read_parts(data, validation, share, seed, repeat, found.graph.input.shape)
    return train_through(thaw(found.graph), [stage], parts, files, report)
