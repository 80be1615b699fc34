"""``snnc noise``: from a model file and data to the noise of its spikes, as a report and as files."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from snnc.bounds import SAMPLES
from snnc.bundle.data import DataSource, check_shape
from snnc.errors import fail
from snnc.files import resolved
from snnc.files.pictures import BEGINNINGS, need_matplotlib, refuse_format, refuse_result
from snnc.files.writing import write_file
from snnc.frontend import ModelSource
from snnc.frontend.torch_save.through_torch import need_torch
from snnc.ir import size
from snnc.progress import Report, quiet
from snnc.workflows.data_warnings import labels_outside

if TYPE_CHECKING:
    from .report import NoiseReport


@dataclass(frozen=True)
class NoiseOptions:
    """What is measured, and on which data.

    Attributes:
        data: event counts; labels are not needed.
        steps, thresholds: lists as text (``snnc.noise.settings``); None for the defaults.
        start: of the potential, in thresholds; None for a population's own, or 0.5.
        samples: use only the first N samples.
        spiking: whether real neurons are run too.
        csv, plot: files to write; a plot's ending says its format.
    """

    data: DataSource
    steps: str | None = None
    thresholds: str | None = None
    start: float | None = None
    samples: int = 64
    spiking: bool = True
    csv: Path | None = None
    plot: Path | None = None


def noise_of_model(
    source: ModelSource, options: NoiseOptions, *, report: Report = quiet
) -> NoiseReport:
    """Measure, and write what was asked for.

    Args:
        source: the model.
        options: what is measured.
        report: progress.

    Raises:
        UserError: the model, the data or an option cannot be used; nothing was written.
    """
    need_torch(str(source.path), "measuring noise", "it runs the network", "")
    from .measure import measure_noise
    from .plot import plot_noise
    from .settings import check_start, parse_settings, parse_steps
    from .table import noise_table

    csv, plot, data = options.csv, options.plot, options.data
    SAMPLES.check(options.samples, "--samples")
    chosen = None if options.steps is None else parse_steps(options.steps)
    settings = None if options.thresholds is None else parse_settings(options.thresholds)
    check_start(options.start)
    read = (source.file, data.path)
    _refuse_files(csv, plot, tuple(path for path in read if path is not None))
    if plot is not None:
        need_matplotlib(str(plot), "--csv has the same numbers")
    counts = data.read()
    shape = counts.x.shape[2:]
    graph = source.load(lambda: shape).graph
    check_shape(counts, graph.input.shape, data.where)
    found = measure_noise(
        graph,
        counts.first(options.samples).x,
        steps=chosen,
        settings=settings,
        start=options.start,
        spiking=options.spiking,
        report=report,
    )
    strange = labels_outside(counts, size(graph.readout.shape))
    found = replace(found, notes=(*found.notes, *strange))
    contents: dict[Path, bytes] = {}
    if csv is not None:
        contents[csv] = noise_table(found).encode()
    if plot is not None:
        contents[plot] = plot_noise(found, plot.suffix.lower()[1:])
    for path, content in contents.items():
        write_file(path, content)
    return found


def _refuse_files(csv: Path | None, plot: Path | None, read: tuple[Path, ...]) -> None:
    """Refuse to write where nothing can be written, or over other files, before any work is done."""
    from .table import COLUMNS

    beginnings = None if plot is None else refuse_format(plot)
    if csv is not None:
        refuse_result(
            "--csv", csv, read, BEGINNINGS.get(csv.suffix.lower(), (",".join(COLUMNS).encode(),))
        )
    if plot is not None and beginnings is not None:
        refuse_result("--plot", plot, read, beginnings)
    if csv is not None and plot is not None and resolved(csv) == resolved(plot):
        raise fail("D119", "table and plot are one file", where=str(csv), help="choose two")
