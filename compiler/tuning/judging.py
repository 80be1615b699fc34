"""What rows are judged on: samples that calibration has not seen, and what has to be said of them."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

from snnc.bundle.data import Data
from snnc.errors import Diagnostic, Severity, counted, fail
from snnc.frontend import Model
from snnc.ir import size
from snnc.workflows.calibrating import LEAST_ASIDE, in_order, set_aside
from snnc.workflows.data_warnings import labels_outside, larger_counts

from .measure import Judged, float_answers


def unseen(data: Data, counts: NDArray[np.int64] | None, where: str) -> tuple[Data, list[Diagnostic]]:
    """The samples that calibration has not seen, whatever file they are in; all, where few are left."""
    if counts is None or counts.shape[1:] != data.x.shape[1:]:
        return data, []
    used = in_order(counts)[: len(counts) - set_aside(len(counts))]
    seen = {_digest(sample) for sample in used}
    new = np.array([_digest(sample) not in seen for sample in data.x])
    left = int(new.sum())
    if left == len(data.x):
        return data, []
    if left < LEAST_ASIDE:
        what = (
            f"judged on {counted(len(data.x), 'sample')}, of which all but {left} "
            "were used in calibration"
        )
        why = (
            "thresholds and ranges fit these better than others, and too few others "
            "are left to judge by"
        )
        cure = "give --calibration other samples, such as of the training data"
        return data, [Diagnostic("N791", what, where, why, cure, Severity.WARNING)]
    what = f"judged on {left} of {len(data.x)} samples: the others were used in calibration"
    return data.part(new), [Diagnostic("N790", what, where, severity=Severity.NOTE)]


def _digest(sample: NDArray[np.int64]) -> bytes:
    return hashlib.blake2b(sample.tobytes()).digest()


def judged_on(model: Model, data: Data, where: str) -> Judged:
    """What rows are judged on.

    Args:
        model: as read.
        data: that calibration has not seen.
        where: what messages call them.

    Raises:
        UserError: D513.
    """
    if not model.graph.frame_is_step:
        return Judged(data, float_answers(model.graph, data.meant), where)
    if data.y is None:
        raise fail(
            "D513",
            "the data have no labels y, and there is no float network to compare with",
            where=where,
            why="the network spikes already",
            help="save labels: np.savez(FILE, x=counts, y=labels)",
        )
    return Judged(data, None, where)


def about(
    model: Model, judged: Judged, counts: NDArray[np.int64] | None, blind: bool
) -> list[Diagnostic]:
    """What has to be said of the data, and of what rows are judged by."""
    found = []
    if counts is not None:
        found += larger_counts(judged.data, int(np.abs(counts).max()))
    if judged.measure == "accuracy":
        found += labels_outside(judged.data, size(model.graph.readout.shape))
    if judged.measure != "accuracy" and model.graph.trained_steps is not None:
        what = (
            "judged by a float network that only approximates the model, which was trained with spikes"
        )
        cure = "give data with labels y"
        found.append(Diagnostic("N792", what, judged.where, "", cure, Severity.WARNING))
    if blind:
        frames = counted(judged.data.x.shape[1], "frame")
        what = f"the data end after {frames}, before any answer depends on them"
        cure = "use data of more frames"
        found.append(Diagnostic("N793", what, judged.where, "", cure, Severity.WARNING))
    return found
