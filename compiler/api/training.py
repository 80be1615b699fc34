"""What trains a network further, and what measures the noise of its layers."""

from __future__ import annotations

import os
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from snnc.progress import Report, quiet

from .arguments import checked
from .inputs import (
    DataLike,
    ModelLike,
    ShapeLike,
    data_source,
    model_source,
    needed_data,
    path_of,
)

if TYPE_CHECKING:
    from snnc.training.stages import Trained


# Many arguments: the options of the command, by name.
@checked
def finetune(
    model: ModelLike,
    method: str,
    data: DataLike,
    output: str | os.PathLike[str] = "tuned.pt",
    *,
    steps: int | None = None,
    bits: int | None = None,
    target: str | None = None,
    validation: DataLike = None,
    validation_share: float | None = None,
    batch: int = 64,
    checkpoint: str | os.PathLike[str] | None = None,
    curve: str | os.PathLike[str] | None = None,
    repeat: int | None = None,
    input_shape: ShapeLike = None,
    module: str | None = None,
    answer: str | int | None = None,
    progress: Report = quiet,
    **recipe: Any,
) -> Trained:
    """Train a model further, as a spiking network or with the chip's weights, before compiling it.

    Args:
        model, input_shape, module, answer, progress: as for :func:`compile`.
        method: ``name`` or ``name{option=value,...}``, as ``snnc methods`` lists them.
        data: event counts and labels, a file or ``(x, y)``.
        output: the trained archive.
        steps: time steps T of a frame.
        bits: bits of a weight, for the method ``weights``.
        target: whose grid of weights, for the same.
        validation: counts and labels on which each epoch is judged; None for a share of ``data``.
        validation_share: that share; None for a tenth.
        batch: samples in a batch.
        checkpoint: file that is written after each epoch; if it exists, the training resumes from it.
        curve: file for a table of loss and accuracy by epoch.
        repeat: number of frames that show each still image: data are (samples, *input shape).
        recipe: fields of :class:`snnc.training.Recipe`: epochs, learning_rate, optimizer, schedule,
            patience, seed and others.

    Raises:
        UserError: anything that cannot work; nothing was written except checkpoints.
        TypeError: an argument that is not a field of the recipe.
    """
    from snnc.frontend.torch_save.through_torch import need_torch

    need_torch("snnc finetune", "training", "only this part of snnc needs it", "")
    from snnc.training.finetune import FinetuneOptions
    from snnc.training.finetune import finetune as train_further
    from snnc.training.recipe import Recipe
    from snnc.training.stages import Files

    unknown = set(recipe) - {field.name for field in fields(Recipe)}
    if unknown:
        raise TypeError(f"finetune has no argument {sorted(unknown)[0]!r}")
    counts = needed_data(data, "the data")
    source = model_source(
        model, data=counts, repeat=repeat, input_shape=input_shape, module=module, answer=answer
    )
    options = FinetuneOptions(
        method,
        counts,
        Recipe(**recipe),
        steps,
        bits,
        target,
        batch,
        data_source(validation, "the validation data"),
        validation_share,
        repeat,
    )
    files = Files(Path(output), path_of(curve), path_of(checkpoint))
    return train_further(source, options, files, report=progress)
