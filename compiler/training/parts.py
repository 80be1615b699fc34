"""Labelled data in parts: what is trained on, what epochs are judged on, what is kept for the end."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.authoring.network import FrameNetwork
from snnc.bounds import Bounds
from snnc.bundle.data import DataSource, refuse_other_shape
from snnc.bundle.still_images import frame_shape, least_axes, repeated
from snnc.choices import not_together
from snnc.errors import counted, fail
from snnc.ir import Shape
from snnc.recordings.event_sets import Labelled
from snnc.recordings.events import LARGEST_COUNT, SMALLEST_COUNT, narrow

from .fit import Pairs
from .methods.base import CALIBRATION_SAMPLES

HELD_BACK = Bounds(0.0, 1.0, above_low=True, below_high=True)
DEFAULT_SHARE = 0.1
ONLY_COUNTS = "training here takes counts: train with values in your own code, then compile"
"""What to do with fractions."""


@dataclass(frozen=True)
class Parts:
    """What a training is given.

    Attributes:
        train, validation, test: counts and labels; no test part where None.
        said: how the validation part came about, in words.
        batches: makes training batches of a size, where they are more than ``train`` cut up.
        kept: indices of the training samples among those that some were held back of; None: all.
        repeat: number of equal frames that each still image became; None where there are none.
    """

    train: Labelled
    validation: Labelled
    said: str
    test: Labelled | None = None
    batches: Callable[[int], Pairs] | None = None
    kept: NDArray[np.int64] | None = None
    repeat: int | None = None

    def all(self) -> dict[str, Labelled]:
        """The parts that are there, by name."""
        named = {"train": self.train, "validation": self.validation, "test": self.test}
        return {name: part for name, part in named.items() if part is not None}


def read_labelled(
    source: DataSource, repeat: int | None = None, shape: Shape | None = None
) -> Labelled:
    """Data with labels.

    Args:
        source: the data.
        repeat: number of frames that each still image becomes; None where data have their own.
        shape: of a still image; None: as the data show.

    Raises:
        UserError: D501 to D507 as :func:`snnc.bundle.data.read_data`, D513 no labels, D514 counts that
            no archive can carry; with still images as :func:`snnc.bundle.still_images.repeated`.
    """
    values = source.values(least_axes(repeat))
    shape = frame_shape(values, repeat) if shape is None else shape
    data = repeated(values, shape, repeat, source.where, must=True).as_counts(source.where, ONLY_COUNTS)
    if data.y is None:
        raise fail(
            "D513",
            "the data have no labels y, and training needs them",
            where=source.where,
            help="save labels: np.savez(FILE, x=counts, y=labels)",
        )
    low, high = int(data.x.min()), int(data.x.max())
    if low < SMALLEST_COUNT or high > (LARGEST_COUNT if low >= 0 else -SMALLEST_COUNT - 1):
        raise fail(
            "D514",
            f"counts from {low} to {high}",
            where=source.where,
            why=f"a network is trained on counts from 0 to {LARGEST_COUNT}, or of either sign from "
            f"{SMALLEST_COUNT} to {-SMALLEST_COUNT - 1}",
        )
    return Labelled(narrow(data.x), data.y)


def read_parts(
    train: DataSource,
    validation: DataSource | None = None,
    share: float | None = None,
    seed: int = 0,
    repeat: int | None = None,
    shape: Shape | None = None,
) -> Parts:
    """Training and validation part; without data for the second, a share of the first is held back.

    Args:
        train, validation: the data.
        share: of the first, held back; None for a tenth.
        seed: of the samples that are held back.
        repeat, shape: of still images, as :func:`read_labelled` takes them.

    Raises:
        UserError: as :func:`read_labelled` and :func:`hold_back`; D327 a file and a share.
    """
    if validation is None:
        data = read_labelled(train, repeat, shape)
        parts = hold_back(data, DEFAULT_SHARE if share is None else share, seed, train.where)
        return replace(parts, repeat=repeat)
    if share is not None:
        raise not_together(
            "a validation file and a share to hold back",
            where="validation",
            help="give one of them",
        )
    train_part = read_labelled(train, repeat, shape)
    judged = read_labelled(validation, repeat, shape)
    return Parts(train_part, judged, validation.where, repeat=repeat)


def hold_back(data: Labelled, share: float, seed: int, where: Path | str) -> Parts:
    """Split off validation samples, drawn with the seed.

    Args:
        data: all.
        share: of the samples that is held back, at least one.
        seed: of the draw.
        where: what the data are called.

    Raises:
        UserError: D305 the share is none, D515 nothing is left of one of the parts.
    """
    HELD_BACK.check(share, "the share for validation", "validation")
    samples = len(data.y)
    held = max(1, round(samples * share))
    if held >= samples:
        raise fail(
            "D515",
            f"{held} of {counted(samples, 'sample')} would be held back for "
            "validation, and none is left to train on",
            where=str(where),
            help="give more data, or a file for validation (--validation, or validation in [data])",
        )
    order = np.random.default_rng(seed).permutation(samples)
    back, rest = np.sort(order[:held]), np.sort(order[held:])
    said = f"{share:.3g} of {where}, seed {seed}"
    return Parts(_chosen(data, rest), _chosen(data, back), said, kept=rest)


def calibration_of(
    data: Labelled, seed: int, samples: int = CALIBRATION_SAMPLES
) -> NDArray[np.integer[Any]]:
    """A few training samples for the archive: thresholds and ranges are measured on them.

    One of them has the largest count of all: range proofs and the room of sums hold for it.

    Args:
        data: all.
        seed: of the draw.
        samples: at most so many; fewer are the first of more.

    Returns:
        (at most ``samples``, frames, *shape).
    """
    there = len(data.y)
    order = np.random.default_rng(seed).permutation(there)
    flat = data.x.reshape(there, -1)
    largest = int(np.argmax(np.maximum(flat.max(1).astype(np.int64), -flat.min(1).astype(np.int64))))
    chosen = [largest, *(i for i in order.tolist() if i != largest)][:samples]
    calibration: NDArray[np.integer[Any]] = data.x[np.sort(chosen)]
    return calibration


def check_parts(parts: Parts, network: FrameNetwork) -> None:
    """Make sure that the network can be trained on the data.

    Raises:
        UserError: D508 frames of another shape, D516 labels outside the classes, D517 too few frames.
        ValueError: the network is incomplete.
    """
    first = network.first_response
    classes = network.classes
    for name, part in parts.all().items():
        where = f"the {name} data"
        _check_shape(part, network.input_shape, where)
        outside = part.y[(part.y < 0) | (part.y >= classes)]
        if outside.size:
            raise fail(
                "D516",
                f"{outside.size} of {part.y.size} labels are outside 0..{classes - 1}, such as "
                f"{outside[0]}",
                where=f"y of {where}",
                why=f"the network has {counted(classes, 'answer')}",
                help="number the classes from 0, or use a network with an answer for each",
            )
        frames = part.x.shape[1]
        if frames <= first:
            raise fail(
                "D517",
                f"{counted(frames, 'frame')} a sample; the first answer that "
                f"depends on the input is that of frame {first + 1}",
                where=f"x of {where}",
                why=f"the shortest path to the readout takes {counted(first, 'frame')}",
                help="add frames, of zeros where the input has ended",
            )


def digest(part: Labelled) -> str:
    """SHA-256 of counts and labels, hexadecimal."""
    found = hashlib.sha256(f"{part.x.shape} {part.x.dtype}".encode())
    found.update(np.ascontiguousarray(part.x).tobytes())
    found.update(np.ascontiguousarray(part.y).tobytes())
    return found.hexdigest()


def _chosen(data: Labelled, which: NDArray[np.integer[Any]]) -> Labelled:
    return Labelled(data.x[which], data.y[which])


def _check_shape(part: Labelled, shape: Shape, where: str) -> None:
    refuse_other_shape(part.x.shape, tuple(shape), where)
