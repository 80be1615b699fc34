"""CIFAR-10 as recordings: every image moves along a closed path, and the camera's events are counted.

CIFAR10-DVS was recorded from a monitor on which an image moves again and again along a closed path
(Li et al. 2017, "repeated closed-loop smooth movement"; 128 x 128 pixels, 10,000 recordings). Here the
camera has a pixel for each of the image's, the path is a diamond, and the border's pixels go on outside
of the image. Size, speed and number of rounds are this project's: only the abstract was at hand.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from samples.cifar10.data import read
from snnc.recordings.event_sets import Labelled
from snnc.recordings.events import Counts
from snnc.training.parts import Parts

from .camera import Camera, Floats, log_intensity

MADE = Path("build/cifar_events")

TRAIN, VALIDATION, TEST = 10_000, 1_000, 2_000
"""Of the training images the first, and the last; of the test images the first."""

FRAMES, WINDOW = 8, 0.05
"""Frames of counts, and the seconds of each: one side of the path."""

STEPS = 4
"""Moments of a frame; between them log intensities are straight lines."""

CORNERS = ((0.0, 0.0), (2.0, 2.0), (4.0, 0.0), (2.0, -2.0))
"""Of the path, (down, right) in pixels; a round takes four frames, 0.2 s, and there are two."""

LARGEST = 15
"""Counts are cut there."""

CAMERA = Camera()
BLOCK = 250
"""Recordings made at once; each block draws from a generator of its own."""

LUMA = (0.299, 0.587, 0.114)
"""Of red, green and blue (ITU-R BT.601)."""


def load() -> Parts:
    """The recordings as counts, uint8 (n, 8, 2, 32, 32), OFF and ON; made once, the same for a seed.

    Raises:
        DataMissing: no images.
    """
    paths = {name: MADE / f"{name}_{_settings()}.npz" for name in ("train", "validation", "test")}
    if not all(path.exists() for path in paths.values()):
        MADE.mkdir(parents=True, exist_ok=True)
        fitting, test = read("train"), read("test")
        _make(paths["train"], 0, fitting.x[:TRAIN], fitting.y[:TRAIN])
        _make(paths["validation"], 1, fitting.x[-VALIDATION:], fitting.y[-VALIDATION:])
        _make(paths["test"], 2, test.x[:TEST], test.y[:TEST])
    found = {}
    for name, path in paths.items():
        with np.load(path) as file:
            found[name] = Labelled(file["x"], file["y"])
    said = f"the last {VALIDATION:,} training images"
    return Parts(found["train"], found["validation"], said, found["test"])


def _settings() -> str:
    """Eight digits for all that the recordings depend on: with other numbers they are made again."""
    moving = (CAMERA, FRAMES, WINDOW, STEPS, CORNERS, LARGEST, BLOCK, LUMA)
    return hashlib.sha256(repr((*moving, TRAIN, VALIDATION, TEST)).encode()).hexdigest()[:8]


def _make(path: Path, part: int, images: Counts, labels: NDArray[np.int64]) -> None:
    blocks = []
    for begin in range(0, len(images), BLOCK):
        rng = np.random.default_rng([CAMERA.seed, part, begin])
        blocks.append(recorded(images[begin : begin + BLOCK], CAMERA, rng))
    unfinished = path.with_name(f"{path.stem}.part.npz")  # a run that is stopped leaves no half of it
    np.savez(unfinished, x=np.concatenate(blocks), y=labels)
    unfinished.replace(path)


def recorded(
    images: Counts, camera: Camera, rng: np.random.Generator, frames: int = FRAMES
) -> NDArray[np.uint8]:
    """What the camera sends while images move along the path.

    Args:
        images: (n, 3, height, width), 0..255.
        camera: that watches them.
        rng: of phases and noise.
        frames: so many.

    Returns:
        (n, frames, 2, height, width), events of a pixel in each window, OFF and ON, at most 15.
    """
    grey: Floats = np.einsum("nchw,c->nhw", images.astype(np.float32), np.array(LUMA, np.float32))
    each = iter(camera.record(_moving(grey, frames), WINDOW / STEPS, rng))
    found = np.empty((len(images), frames, 2, *grey.shape[1:]), np.uint8)
    for frame in range(frames):
        counts = sum(next(each) for _ in range(STEPS))
        found[:, frame] = np.minimum(counts, LARGEST)
    return found


def _moving(grey: Floats, frames: int) -> Iterator[Floats]:
    """Log intensities at every moment, the first before any movement."""
    yield log_intensity(grey)
    for moment in range(1, frames * STEPS + 1):
        yield log_intensity(moved(grey, *place(moment / STEPS)))


def place(sides: float) -> tuple[float, float]:
    """How far an image has moved (down, right) after so many sides of the path, pixels."""
    side, share = int(sides), sides - int(sides)
    begin, end = (CORNERS[(side + n) % len(CORNERS)] for n in range(2))
    return begin[0] + share * (end[0] - begin[0]), begin[1] + share * (end[1] - begin[1])


def moved(grey: Floats, down: float, right: float) -> Floats:
    """Images moved by parts of a pixel (linear interpolation); the border's pixels go on outside.

    Args:
        grey: (n, height, width).
        down, right: pixels.
    """
    for axis, far in ((1, down), (2, right)):
        whole = int(np.floor(far))
        share = np.float32(far - whole)
        size = grey.shape[axis]
        at = np.clip(np.arange(size) - whole, 0, size - 1)
        before = np.clip(np.arange(size) - whole - 1, 0, size - 1)
        grey = (1 - share) * grey.take(at, axis) + share * grey.take(before, axis)
    return grey


def sparsity(part: Labelled) -> dict[str, float]:
    """Events a recording, the share of ON events among them, and the share of counts above 0."""
    x = part.x
    events = int(x.sum(dtype=np.int64))
    return {
        "events": round(events / len(x), 1),
        "on": round(int(x[:, :, 1].sum(dtype=np.int64)) / events, 4),
        "active": round(float((x > 0).mean()), 4),
        "cut": round(float((x == LARGEST).mean()), 6),
    }
