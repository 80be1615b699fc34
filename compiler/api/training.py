"""What trains a network further, and what measures the noise of its layers."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from snnc.progress import Report, quiet

from .inputs import (
    DataLike,
    ModelLike,
    ShapeLike,
    data_source,
    list_text,
    model_source,
    needed_data,
    path_of,
)

if TYPE_CHECKING:
    from snnc.noise.report import NoiseReport
    from snnc.training.stages import Trained


# Many arguments: the options of the command, by name.
def finetune(
    model: ModelLike,
    method: str,
    data: DataLike,
    output: str | os.PathLike[str] = "tuned.pt",
    *,
    steps: int | None = None,
    bits: int | None = None,
    validation: DataLike = None,
    validation_share: float | None = None,
    batch: int = 64,
    checkpoint: str | os.PathLike[str] | None = None,
    curve: str | os.PathLike[str] | None = None,
    input_shape: ShapeLike = None,
    module: str | None = None,
    progress: Report = quiet,
    **recipe: Any,
) -> Trained:
    """Train a model further, as a spiking network or with the chip's weights, before compiling it.

    Args:
        model, input_shape, module, progress: as for :func:`compile`.
        method: ``name`` or ``name{option=value,...}``, as ``snnc methods`` lists them.
        data: event counts and labels, a file or ``(x, y)``.
        output: the trained archive.
        steps: time steps T of a frame.
        bits: bits of a weight, for the method ``weights``.
        validation: counts and labels on which each epoch is judged; None for a share of ``data``.
        validation_share: that share; None for a tenth.
        batch: samples in a batch.
        checkpoint: file that is written after each epoch; if it exists, the training resumes from it.
        curve: file for a table of loss and accuracy by epoch.
        recipe: fields of :class:`snnc.training.fit.Recipe`: epochs, learning_rate, optimizer, schedule,
            patience, seed and others.

    Raises:
        UserError: anything that cannot work; nothing was written except checkpoints.
        TypeError: an argument that is not a field of the recipe.
    """
    from snnc.frontend.torch_save.through_torch import need_torch

    need_torch("snnc finetune", "training", "only this part of snnc needs it", "")
    from snnc.training.finetune import FinetuneOptions
    from snnc.training.finetune import finetune as train_further
    from snnc.training.fit import Recipe
    from snnc.training.stages import Files

    unknown = set(recipe) - {field.name for field in fields(Recipe)}
    if unknown:
        raise TypeError(f"finetune has no argument {sorted(unknown)[0]!r}")
    counts = needed_data(data, "the data")
    source = model_source(model, data=counts, input_shape=input_shape, module=module)
    options = FinetuneOptions(
        method,
        counts,
        Recipe(**recipe),
        steps,
        bits,
        batch,
        data_source(validation, "the validation data"),
        validation_share,
    )
    files = Files(Path(output), path_of(curve), path_of(checkpoint))
    return train_further(source, options, files, report=progress)


# Many arguments: the options of the command, by name.
def measure_noise(
    model: ModelLike,
    data: DataLike,
    *,
    steps: str | Iterable[int] | None = None,
    thresholds: str | Iterable[Any] | None = None,
    start: float | None = None,
    samples: int = 64,
    spiking: bool = True,
    csv: str | os.PathLike[str] | None = None,
    plot: str | os.PathLike[str] | None = None,
    dt: float | None = None,
    discretize: str | None = None,
    input_shape: ShapeLike = None,
    module: str | None = None,
    progress: Report = quiet,
) -> NoiseReport:
    """Measure the quantization noise of a model's layers by time steps and threshold (docs/noise.md).

    Args:
        model, dt, discretize, input_shape, module, progress: as for :func:`compile`.
        data: event counts as for :meth:`Bundle.run`.
        steps: time steps T to try; None for 1 to 32.
        thresholds: factors, ``p99``, ``max``, ``own``; None for a range of factors.
        start: start value of potentials, in thresholds; None for 0.5, or as trained.
        samples: use only the first N samples.
        spiking: run spiking neurons too, not only the ideal quantizer.
        csv, plot: files for the table and the plot.

    Raises:
        UserError: the model, the data or an option cannot be used.
    """
    from snnc.noise.of_model import NoiseOptions, noise_of_model

    counts = needed_data(data, "the data")
    source = model_source(
        model, data=counts, dt=dt, discretize=discretize, input_shape=input_shape, module=module
    )
    options = NoiseOptions(
        counts,
        list_text(steps),
        list_text(thresholds),
        start,
        samples,
        spiking,
        path_of(csv),
        path_of(plot),
    )
    return noise_of_model(source, options, report=progress)
