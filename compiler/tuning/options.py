"""What the user asks of ``tune``."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from snnc.bundle.data import DataSource
from snnc.distributing import Place
from snnc.workflows.options import InputOptions


@dataclass(frozen=True)
class TuneOptions:
    """How a model is tried.

    Attributes:
        target: as for ``compile``.
        data: event counts that rows are judged on, with labels where the network decides; without them
            rows are judged by the float network's decisions, and a network of a single output by its
            error.
        codes, steps_per_frame, weight_bits: lists as text such as ``8,6,4``; None for what is worth
            trying (:meth:`snnc.tuning.settings.Grid.settings`).
        costs: a list of names in ``COSTS``, by which the front is drawn.
        samples: use only the first N samples that are left to judge by; None for all.
        calibration: None for the model's own, and without any for a part of ``data``.
        changes, allow_overflow: as for ``compile``.
        place: where settings are tried; processes of this machine, one a core, where nothing is said.
        plot: file to draw; its ending says the format.
        input: what values and still images become, as for ``compile``.
    """

    target: str
    data: DataSource
    codes: str | None = None
    steps_per_frame: str | None = None
    weight_bits: str | None = None
    costs: str | None = None
    samples: int | None = None
    calibration: DataSource | None = None
    changes: tuple[str, ...] = ()
    allow_overflow: bool = False
    place: Place = field(default_factory=Place)
    plot: Path | None = None
    input: InputOptions = field(default_factory=InputOptions)
