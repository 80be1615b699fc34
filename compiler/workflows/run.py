"""A bundle's program on a simulator of ours: answers, spike counts, operations."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from snnc.backends import find_backend
from snnc.bundle.data import Data
from snnc.bundle.folder import Bundle, checked_files, read_bundle
from snnc.cost.ann_operations import read_ann
from snnc.cost.energy import Cost, cost
from snnc.errors import Diagnostic
from snnc.progress import Report, quiet
from snnc.sim import FAST, check_simulator, tally

from .claimed import beyond_proof
from .data_warnings import beyond_calibration, outside_classes
from .deployed import payload_differences
from .given_data import load_input


@dataclass(frozen=True)
class Ran:
    """What ``run`` gave: the readout's potential after each frame, and how much fired.

    ``spike_counts`` sums payloads, ``events`` counts spikes; both over all samples.
    """

    bundle: Bundle
    data: Data
    potential: NDArray[np.int32]
    spike_counts: dict[str, NDArray[np.int64]]
    events: dict[str, NDArray[np.int64]]
    warnings: tuple[Diagnostic, ...]

    @property
    def prediction(self) -> NDArray[np.int64]:
        """The largest readout after each frame: (samples, frames)."""
        flat = self.potential.reshape(*self.potential.shape[:2], -1)
        return np.asarray(flat.argmax(axis=-1))

    @property
    def accuracy(self) -> NDArray[np.float64] | None:
        """Fraction of right answers after each frame, where there are labels."""
        if self.data.y is None:
            return None
        return np.asarray((self.prediction == self.data.y[:, None]).mean(axis=0))


def run_bundle(
    folder: Path,
    data: Path,
    *,
    samples: int | None = None,
    allow_altered: bool = False,
    simulator: str = FAST,
    report: Report = quiet,
) -> Ran:
    """Run a bundle's program on a simulator of ours.

    Args:
        folder: the bundle.
        data: data file.
        samples: the first so many samples; all where None.
        allow_altered: go on when files differ from the manifest.
        simulator: ``fast`` or ``reference``, which give the same.
        report: progress.

    Raises:
        UserError: the bundle, the data or the simulator cannot be used.
    """
    check_simulator(simulator)
    bundle, warnings = read_bundle(folder, allow_altered=allow_altered)
    backend = find_backend(str(bundle.manifest["target"]), where=str(folder))
    with checked_files(bundle) as files:
        payload_differences(backend, bundle, files, allow_altered)
    read = load_input(bundle, data, samples)
    warnings += [*beyond_calibration(bundle, read), *outside_classes(bundle, read)]
    warnings += beyond_proof(bundle, read.x, backend.target)
    total = len(read.x)
    found = tally(
        bundle.program, read.x, simulator=simulator, progress=lambda n: report("run", n, total)
    )
    return Ran(bundle, read, found.potential, found.spikes, found.events, tuple(warnings))


def cost_of(ran: Ran) -> Cost:
    """Operations and estimated energy of a run, beside those of the ANN (``docs/energy.md``)."""
    manifest = ran.bundle.manifest
    ann = None if manifest["ann"] is None else read_ann(manifest["ann"])
    return cost(ran.bundle.program, ann, ran.data.x, ran.events)
