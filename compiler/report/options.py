"""What the user asks of a report."""

from __future__ import annotations

from dataclasses import dataclass, field

from snnc.bundle.data import DataSource
from snnc.workflows.options import DEFAULT_TIME_LIMIT, Origin

LADDER_SAMPLES = 50
"""Samples that every stage is run on: floats take longer than integers."""

ENGINE_SAMPLES = 1
"""Samples that the engine runs: a simulator of a chip may take seconds for each."""


@dataclass(frozen=True)
class ReportOptions:
    """What a report shows.

    Attributes:
        data: what the bundle is run on; None for what the manifest says alone.
        samples: first samples of the data that are run through every stage, from the model down.
        engine: one of the target's; None for its first.
        engine_samples: first samples that the engine runs; 0 for none.
        time_limit: seconds that the engine may take.
        origin: model and calibration data, where they are not at the manifest's places.
        allow_altered: use a bundle although its files differ from its manifest.
    """

    data: DataSource | None = None
    samples: int = LADDER_SAMPLES
    engine: str | None = None
    engine_samples: int = ENGINE_SAMPLES
    time_limit: float = DEFAULT_TIME_LIMIT
    origin: Origin = field(default_factory=Origin)
    allow_altered: bool = False
