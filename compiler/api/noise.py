"""``snnc.measure_noise``, as ``snnc noise`` measures."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from snnc.progress import Report, quiet

from .arguments import checked
from .inputs import DataLike, ModelLike, ShapeLike, list_text, model_source, needed_data, path_of

if TYPE_CHECKING:
    from snnc.noise.report import NoiseReport


# Many arguments: the options of the command, by name.
@checked
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
    answer: str | int | None = None,
    progress: Report = quiet,
) -> NoiseReport:
    """Measure the quantization noise of a model's layers by time steps and threshold (docs/noise.md).

    Args:
        model, dt, discretize, input_shape, module, answer, progress: as for :func:`snnc.compile`.
        data: event counts as for :meth:`snnc.Bundle.run`.
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
        model,
        data=counts,
        dt=dt,
        discretize=discretize,
        input_shape=input_shape,
        module=module,
        answer=answer,
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
