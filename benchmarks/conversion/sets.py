"""The population's data sets, as counts: real digits, clothes, recordings, photographs and speech.

Every set is split once by a fixed seed: what networks are trained on, what they are judged by, and, out
of the training part, what a user would calibrate with. Nothing is chosen on the test part.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import scipy.signal
from numpy.typing import NDArray
from sklearn.datasets import load_digits

from samples.fashion_mnist import data as fashion
from samples.moving_digits.events import training_and_test
from samples.nmnist.network import CUT
from samples.small_digits.data import pooled
from snnc.recordings.event_sets import Recordings, as_frames, nmnist_folder

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"
SPLIT_SEED = 0
FRAMES = 8
"""Of the streams that are made of still images, and of speech."""


class SetMissing(RuntimeError):
    """The data are not on this machine: the reason in one line."""


@dataclass(frozen=True)
class Part:
    """Counts (samples, frames, \\*shape) and labels or wanted values, (samples,) or (samples, n)."""

    x: NDArray[np.uint8]
    y: NDArray[np.int64] | NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.x)

    def take(self, indices: NDArray[np.int64] | slice) -> Part:
        """Some of the samples."""
        return Part(self.x[indices], self.y[indices])


@dataclass(frozen=True)
class Split:
    """What is fitted, and what is reported."""

    train: Part
    test: Part


def _split(x: NDArray[np.uint8], y: NDArray[np.int64] | NDArray[np.float32], test: int) -> Split:
    order = np.random.default_rng(SPLIT_SEED).permutation(len(x))
    return Split(Part(x[order[test:]], y[order[test:]]), Part(x[order[:test]], y[order[:test]]))


def _digits() -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    found = load_digits()
    return found.images.astype(np.uint8)[:, None, None], found.target.astype(np.int64)


def still_digits() -> Split:
    """Handwritten digits of scikit-learn: one frame of 1x8x8, counts from 0 to 16; 500 to test."""
    return _split(*_digits(), 500)


def bright_digits() -> Split:
    """The same with counts up to 255."""
    images, labels = _digits()
    return _split((images.astype(np.int64) * 255 // 16).astype(np.uint8), labels, 500)


def tiny_digits() -> Split:
    """Pooled to 1x4x4, the mean of four, as in nengo-loihi's issue 109."""
    images, labels = _digits()
    small = images.reshape(len(images), 1, 1, 4, 2, 4, 2).mean(axis=(4, 6))
    return _split(np.rint(small).astype(np.uint8), labels, 500)


def _glimpses(images: NDArray[np.uint8], seed: int) -> NDArray[np.uint8]:
    """Frames that each show half of an image's counts, drawn anew."""
    shape = (len(images), FRAMES, *images.shape[2:])
    drawn = np.random.default_rng(seed).binomial(np.broadcast_to(images, shape), 0.5)
    return np.asarray(drawn, np.uint8)


def digit_streams() -> Split:
    """Eight frames of 1x8x8 that each show half of a digit's counts."""
    images, labels = _digits()
    return _split(_glimpses(images, 1), labels, 500)


def tiny_streams() -> Split:
    """Eight frames of 1x4x4."""
    images, labels = _digits()
    small = images.reshape(len(images), 1, 1, 4, 2, 4, 2).mean(axis=(4, 6))
    return _split(_glimpses(np.rint(small).astype(np.uint8), 2), labels, 500)


def centres() -> Split:
    """Digits with what a regression learns: where their ink is (row, column), and how much."""
    images, _ = _digits()
    ink = images[:, 0, 0].astype(np.float64)
    total = ink.sum(axis=(1, 2))
    at = np.arange(8) - 3.5
    rows, columns = (ink.sum(2) @ at) / total, (ink.sum(1) @ at) / total
    wanted = np.stack([rows, columns, total / total.mean() - 1], axis=1)
    return _split(images, wanted.astype(np.float32), 500)


def centre_streams() -> Split:
    """The same, seen in eight glimpses."""
    still = centres()
    return Split(*(Part(_glimpses(p.x, i), p.y) for i, p in enumerate((still.train, still.test))))


def moving_digits() -> Split:
    """samples/moving_digits: twelve frames of 2x16x16 events."""
    train, test = training_and_test(1)
    return Split(Part(train.x, train.y), Part(test.x, test.y))


def moving_tiny() -> Split:
    """samples/small_digits: the same, polarities added up and pooled to 16 inputs."""
    train, test = map(pooled, training_and_test(1))
    return Split(Part(train.x, train.y), Part(test.x, test.y))


def clothes() -> Split:
    """Fashion-MNIST pooled to 1x14x14, counts from 0 to 15: 12,000 to train, 600 to test."""
    try:
        parts = fashion.load()
    except fashion.DataMissing as missing:
        raise SetMissing(str(missing)) from missing

    def small(images: fashion.Images, count: int) -> Part:
        x = images.x[:count].reshape(count, 1, 14, 2, 14, 2).mean(axis=(3, 5))
        return Part(np.rint(x).astype(np.uint8)[:, None], images.y[:count])

    return Split(small(parts.train, 12_000), small(parts.test, 600))


def recordings() -> Split:
    """N-MNIST: twelve frames of 2x17x17, 800 recordings to train and 100 to test."""
    folder = SHARED / "nmnist"
    if not folder.is_dir():
        raise SetMissing(f"no recordings in {folder}")

    found = nmnist_folder(folder)

    def part(recordings: Recordings) -> Part:
        labelled = as_frames(recordings, CUT)
        x = labelled.x.astype(np.int64)
        small = x.reshape(*x.shape[:3], 17, 2, 17, 2).sum(axis=(4, 6))
        return Part(small.clip(0, 255).astype(np.uint8), labelled.y)

    return Split(part(found.train), part(found.test))


def photographs() -> Split:
    """CIFAR-10, JPEG copy, pooled to 3x16x16, counts from 0 to 15: 8,000 to train, 600 to test."""
    from PIL import Image

    def part(name: str, count: int) -> Part:
        path = SHARED / "cifar10" / name
        if not path.is_file():
            raise SetMissing(f"no photographs in {path}")
        with np.load(path) as file:
            jpeg, offset, label = file["jpeg"], file["offset"], file["label"]
        pieces = (jpeg[offset[i] : offset[i + 1]].tobytes() for i in range(count))
        x = np.stack([np.asarray(Image.open(io.BytesIO(piece))) for piece in pieces])
        small = x.reshape(count, 16, 2, 16, 2, 3).mean(axis=(2, 4)).transpose(0, 3, 1, 2)
        levels = np.rint(small / 17).astype(np.uint8)
        return Part(levels[:, None], label[:count].astype(np.int64))

    return Split(part("train.npz", 8_000), part("test.npz", 600))


def speech() -> Split:
    """Free Spoken Digits as band energies: eight frames of 16 bands, counts from 0 to 15."""

    def part(name: str) -> Part:
        path = SHARED / "fsdd" / name
        if not path.is_file():
            raise SetMissing(f"no speech in {path}")
        with np.load(path) as file:
            samples, offset, label = file["samples"], file["offset"], file["label"]
        x = np.stack([_bands(samples[a:b]) for a, b in pairwise(offset)])
        return Part(x, label.astype(np.int64))

    return Split(part("train.npz"), part("test.npz"))


def _bands(wave: NDArray[np.int16]) -> NDArray[np.uint8]:
    """Log energies of 16 bands, evenly spaced on the mel scale, in eight equal stretches of time."""
    _, _, power = scipy.signal.spectrogram(wave.astype(np.float64), 8000, nperseg=200, noverlap=100)
    edges = 700 * (10 ** (np.linspace(0, 2595 * np.log10(1 + 4000 / 700), 18) / 2595) - 1)
    bins = np.linspace(0, 4000, len(power))
    bank = np.stack([np.interp(bins, edges[i : i + 3], [0, 1, 0], 0, 0) for i in range(16)])
    energy = np.log(bank @ power + 1e-3)
    energy = np.stack([part.mean(axis=1) for part in np.array_split(energy, FRAMES, axis=1)])
    low, high = energy.min(), energy.max()
    return np.asarray(np.rint(15 * (energy - low) / max(high - low, 1e-9)), np.uint8)


SETS: dict[str, Callable[[], Split]] = {
    "digits": still_digits,
    "bright digits": bright_digits,
    "tiny digits": tiny_digits,
    "digit streams": digit_streams,
    "tiny streams": tiny_streams,
    "centres": centres,
    "centre streams": centre_streams,
    "moving digits": moving_digits,
    "moving tiny digits": moving_tiny,
    "clothes": clothes,
    "recordings": recordings,
    "photographs": photographs,
    "speech": speech,
}


@cache
def load(name: str) -> Split:
    """One of the sets.

    Raises:
        SetMissing: its data are not here.
    """
    return SETS[name]()


def calibration(train: Part, how: str) -> Part:
    """What a user might calibrate with, of the training part; regressions have no classes.

    Args:
        how: ``random N``, the first N of a fixed random order; ``sorted N``: N of those, by class, and
            so only the first classes where a reader looks at the beginning; ``lacking N``: without half
            of the classes.
    """
    kind, _, count = how.partition(" ")
    if train.y.ndim > 1:
        kind = "random"
    order = np.random.default_rng(7).permutation(len(train))
    if kind == "lacking":
        order = order[train.y[order] < 5]
    chosen = order[: int(count)]
    if kind == "sorted":
        chosen = chosen[np.argsort(train.y[chosen], kind="stable")]
    return train.take(chosen)


usual = partial(calibration, how="random 256")
"""256 training samples at random."""
