"""CIFAR-10 from its JPEG copy: 45,000 images to train, 5,000 to choose by, 8,000 to report.

The images went through JPEG (quality 75, chroma halved), so figures are not those of the original set
to the digit. They are decoded once, into ``build/cifar10``.
"""

from __future__ import annotations

import io
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from snnc.recordings.event_sets import Labelled
from snnc.training.parts import Parts

DATA = Path("../shared/data/cifar10")
DECODED = Path("build/cifar10")
SIDE, CHANNELS, CLASSES = 32, 3, 10
VALIDATION = 5_000
PADDING = 4  # pixels that an image is shifted by at most


class DataMissing(RuntimeError):
    """The images are not on this machine; one line with the cure."""


def load() -> Parts:
    """The last 5,000 of the training images are held back.

    Classes come in turn, so that all parts are balanced.

    Raises:
        DataMissing: no images.
    """
    fitting, test = read("train"), read("test")
    held = len(fitting.y) - VALIDATION
    train, validation = (Labelled(fitting.x[p], fitting.y[p]) for p in (slice(held), slice(held, None)))
    return Parts(train, validation, "the last 5,000 training images", test)


def whole() -> Parts:
    """All training images to train with; the validation images are among them, and choose nothing.

    Raises:
        DataMissing: no images.
    """
    parts, all_images = load(), read("train")
    return replace(parts, train=all_images, said="5,000 of the training images themselves")


def first(parts: Parts, trained: int, judged: int) -> Parts:
    """The first images alone, as many of each class.

    Args:
        parts: of whose training and validation images; the test images stay.
        trained, judged: how many of each to train with and to judge by.
    """
    some = (Labelled(p.x[:n], p.y[:n]) for p, n in ((parts.train, trained), (parts.validation, judged)))
    train, validation = some
    return replace(parts, train=train, validation=validation, said=f"the first {judged:,} of them")


def read(name: str) -> Labelled:
    """One file, decoded: pixels 0..255, (n, 3, 32, 32) uint8, and classes, 0 airplane to 9 truck.

    Args:
        name: ``train`` or ``test``.

    Raises:
        DataMissing: no images.
    """
    place = DECODED / f"{name}.npz"
    if place.exists():
        with np.load(place) as file:
            return Labelled(file["x"], file["y"])
    try:
        with np.load(DATA / f"{name}.npz") as file:
            packed, offset, label = file["jpeg"], file["offset"], file["label"]
    except FileNotFoundError:
        raise DataMissing(f"no {DATA / name}.npz: CIFAR-10's JPEG copy belongs there") from None
    images = Labelled(_decoded(packed, offset), label.astype(np.int64))
    place.parent.mkdir(parents=True, exist_ok=True)
    part = place.with_name(f"{name}.part.npz")  # a run that is stopped leaves no half of it
    np.savez(part, x=images.x, y=images.y)
    part.replace(place)
    return images


def _decoded(packed: NDArray[np.uint8], offset: NDArray[np.int64]) -> NDArray[np.uint8]:
    from PIL import Image

    found = np.empty((len(offset) - 1, CHANNELS, SIDE, SIDE), np.uint8)
    for i, (begin, end) in enumerate(pairwise(offset)):
        pixels = np.asarray(Image.open(io.BytesIO(packed[begin:end].tobytes())))
        found[i] = pixels.transpose(2, 0, 1)
    return found


def augment(x: Tensor) -> Tensor:
    """Every image moved by up to four pixels each way, and mirrored half of the time; black around it.

    He et al. 2016, section 4.2.

    Args:
        x: (batch, frames, channels, height, width), float; all frames of a sample move together.
    """
    batch = len(x)
    padded = torch.nn.functional.pad(x, (PADDING,) * 4)
    down, right = torch.randint(0, 2 * PADDING + 1, (2, batch, 1))
    mirrored = torch.rand(batch, 1) < 0.5
    rows = torch.arange(x.shape[-2]) + down
    columns = torch.arange(x.shape[-1]) + right
    columns = torch.where(mirrored, columns.flip(1), columns)
    sample = torch.arange(batch)[:, None, None]
    moved = padded.permute(0, 3, 4, 1, 2)[sample, rows[:, :, None], columns[:, None, :]]
    return moved.permute(0, 3, 4, 1, 2)
