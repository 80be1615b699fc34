"""A characterisation of noise as a table of comma-separated values, one row for each point."""

from __future__ import annotations

import csv
import io

from .report import NoiseReport

COLUMNS = (
    "population",
    "neurons",
    "steps",
    "setting",
    "threshold",
    "signal",
    "granular",
    "overload",
    "total",
    "overloaded",
    "sqnr_db",
    "granular_mean",
    "theory",
    "theory_mean",
    "real_whole",
    "real_local",
    "real_quantization",
    "real_unevenness",
    "explained",
    "best",
    "best_real",
)
"""As in :class:`NoisePoint` and, behind ``real_``, :class:`SpikingError`; an empty field is None."""


def noise_table(report: NoiseReport) -> str:
    """The table, with a header; ``best`` and ``best_real`` are 1 at the best threshold of a T, else 0.

    Numbers as Python's ``repr`` writes them: nothing is rounded.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for population in report.populations:
        for point in population.points:
            real = point.spiking
            errors: tuple[float | None, ...] = (None,) * 5
            if real is not None:
                own = (real.whole, real.local, real.quantization, real.unevenness)
                errors = (*own, real.explained)
            row = (
                population.population,
                population.neurons,
                point.steps,
                point.setting,
                point.threshold,
                point.signal,
                point.granular,
                point.overload,
                point.total,
                point.overloaded,
                point.sqnr,
                point.granular_mean,
                point.theory,
                point.theory_mean,
                *errors,
                int(point is population.best(point.steps)),
                int(point is population.best_real(point.steps)),
            )
            writer.writerow(row)
    return text.getvalue()
