"""What data do that a bundle was not made for: named, not refused."""

from __future__ import annotations

from snnc.bundle.data import Data
from snnc.bundle.folder import Contents
from snnc.errors import Diagnostic, Severity
from snnc.ir import Code, Target, size

from .claimed import beyond_proof
from .input_values import misfits


def beyond_calibration(bundle: Contents, data: Data) -> list[Diagnostic]:
    """A warning where the data go beyond what a bundle's thresholds and ranges were measured on."""
    counts = [abs(value) for value, _ in bundle.manifest.calibration.counts or ()]
    return larger_counts(data, max(counts)) if counts else []


def about_data(bundle: Contents, data: Data, target: Target) -> list[Diagnostic]:
    """Everything that data do that a bundle was not made for: N710, N725, N729, N784."""
    given = bundle.manifest.input
    larger = beyond_calibration(bundle, data)
    calibration, spikes = bundle.manifest.calibration, bundle.program.step_seconds is not None
    # Scales are chosen for as many frames as the calibration data have.
    calibrated = (
        bool(calibration.counts) and not larger and data.x.shape[1] <= (calibration.frames or 0)
    )
    # In the code rate nothing may have been tried because training settled it.
    exact = Code(bundle.manifest.code).exact
    asked = calibrated and exact and not spikes and not bundle.manifest.tried
    return [
        *misfits(data, given.grid, given.rounding, "the data"),
        *larger,
        *outside_classes(bundle, data),
        *beyond_proof(
            bundle.manifest.ranges,
            data.x,
            target,
            settled=calibrated or spikes,
            asked=asked,
            program=bundle.program,
        ),
    ]


def larger_counts(data: Data, calibrated: int) -> list[Diagnostic]:
    """N710 where counts are larger than the largest that calibration saw."""
    largest = max(abs(int(data.x.max())), abs(int(data.x.min())))
    if largest <= calibrated:
        return []
    return [
        Diagnostic(
            "N710",
            f"counts up to {largest}, calibrated up to {calibrated}",
            "the data",
            "thresholds and the room of potentials were measured on smaller counts",
            "compile with --calibration data like these",
            Severity.WARNING,
        )
    ]


def outside_classes(bundle: Contents, data: Data) -> list[Diagnostic]:
    """A warning where labels are none of a bundle's readout neurons."""
    return labels_outside(data, size(bundle.program.readout.shape))


def labels_outside(data: Data, classes: int) -> list[Diagnostic]:
    """N729 where labels are none of so many classes: those samples have no right answer."""
    if data.y is None:
        return []
    outside = data.y[data.y >= classes]  # none is below 0: snnc.bundle.data
    if not outside.size:
        return []
    return [
        Diagnostic(
            "N729",
            f"{outside.size} of {data.y.size} labels are outside 0..{classes - 1}, "
            f"such as {outside[0]}",
            "y of the data",
            "a label is the number of a readout neuron: for these samples no answer is right",
            f"number the classes from 0; the model has {classes}",
            Severity.WARNING,
        )
    ]
