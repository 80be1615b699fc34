"""Event streams of real handwritten digits that move over a small sensor.

Each 8x8 digit of scikit-learn's ``load_digits`` is enlarged and carried over a 16x16 sensor in
three saccades along a triangle, much as N-MNIST moves its camera before MNIST digits. A pixel
remembers the brightness of its last event and emits one event for each threshold that the
brightness has moved since, ON upwards and OFF downwards. A stream is cut into frames of integer
event counts.

A single frame shows only edges, and only those that its piece of motion crosses: the streams
reward a network that integrates over time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_digits

TEST_IMAGES = 500

# The sensor digitises brightness. A picture element that comes back to an earlier brightness is
# often exactly a threshold away from what the pixel remembers; with integers that is one event on
# every machine, with floats the rounding of a matrix product would decide.
LEVELS = 1024

# Corners of the triangle in units of the amplitude, (y, x); the path ends where it began.
CORNERS = np.array([[-1.0, 0.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 0.0]])


@dataclass(frozen=True)
class Sensor:
    """The camera and the motion before it.

    Attributes:
        size: sensor height and width, pixels.
        frames: frames in a stream.
        steps: movement steps in a frame.
        zoom: sensor pixels for each pixel of the digit.
        amplitude: half the extent of the triangle, sensor pixels.
        start_jitter: largest offset of the whole path, sensor pixels.
        amplitude_jitter: largest relative change of the amplitude.
        threshold: change of brightness for one event, in levels.
    """

    size: int = 16
    frames: int = 12
    steps: int = 4
    zoom: float = 1.5
    amplitude: float = 2.0
    start_jitter: float = 1.0
    amplitude_jitter: float = 0.25
    threshold: int = 215


@dataclass(frozen=True)
class Streams:
    """Labelled event streams.

    Attributes:
        x: event counts, uint8 (streams, frames, 2, size, size); channel 0 is ON, channel 1 OFF.
        y: the digits, int64 (streams,).
    """

    x: NDArray[np.uint8]
    y: NDArray[np.int64]


def split_images(seed: int = 0) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Indices of the 1297 training and the 500 test images of ``load_digits``, disjoint."""
    order = np.random.default_rng(seed).permutation(len(load_digits().target)).astype(np.int64)
    return order[TEST_IMAGES:], order[:TEST_IMAGES]


def make_streams(images: NDArray[np.int64], seed: int, sensor: Sensor | None = None) -> Streams:
    """One stream for each index in ``images``; repeat an index for several streams of it.

    Args:
        images: int (streams,), indices into ``load_digits``.
        seed: of the jitter.
        sensor: camera and motion; the default one when omitted.
    """
    sensor = sensor or Sensor()
    digits = load_digits()
    pictures = digits.images[images] / 16.0
    path = saccades(len(images), np.random.default_rng(seed), sensor)
    return Streams(record(pictures, path, sensor), digits.target[images].astype(np.int64))


def training_and_test(copies: int, seed: int = 0) -> tuple[Streams, Streams]:
    """The task: ``copies`` streams of each training image, one of each test image."""
    train, test = split_images(seed)
    return make_streams(np.tile(train, copies), seed + 1), make_streams(test, seed + 2)


def saccades(streams: int, generator: np.random.Generator, sensor: Sensor) -> NDArray[np.float64]:
    """Where the digit's centre is, in pixels from the sensor's, float (streams, moments, 2).

    There is one moment more than movement steps: the first is where the stream begins.
    """
    moments = sensor.frames * sensor.steps + 1
    progress = np.linspace(0.0, len(CORNERS) - 1, moments)
    corners = np.arange(len(CORNERS))
    triangle = np.stack([np.interp(progress, corners, CORNERS[:, axis]) for axis in (0, 1)], axis=1)
    # One draw for both, stream by stream: a stream does not depend on how many come after it.
    jitter = generator.uniform(-1.0, 1.0, (streams, 2, 1, 2))
    start = sensor.start_jitter * jitter[:, 0]
    stretch = 1.0 + sensor.amplitude_jitter * jitter[:, 1]
    return np.asarray(start + sensor.amplitude * stretch * triangle)


def brightness(
    pictures: NDArray[np.float64], centre: NDArray[np.float64], sensor: Sensor
) -> NDArray[np.int64]:
    """What the sensor sees of each picture, by bilinear interpolation; black around it.

    Args:
        pictures: 0..1, (streams, 8, 8).
        centre: (streams, 2), pixels from the sensor's centre, (y, x).

    Returns:
        0..LEVELS, (streams, size, size).
    """
    rows, columns = (_weights(centre[:, axis], pictures.shape[1 + axis], sensor) for axis in (0, 1))
    seen = rows @ pictures @ columns.transpose(0, 2, 1)
    return np.asarray(np.rint(seen * LEVELS), np.int64)


def record(
    pictures: NDArray[np.float64], path: NDArray[np.float64], sensor: Sensor
) -> NDArray[np.uint8]:
    """Event counts of pictures that move along their paths.

    Args:
        pictures: 0..1, (streams, 8, 8).
        path: centres, (streams, frames * steps + 1, 2).

    Returns:
        uint8 (streams, frames, 2, size, size).
    """
    counts = np.zeros((len(pictures), sensor.frames, 2, sensor.size, sensor.size), np.uint8)
    remembered = brightness(pictures, path[:, 0], sensor)
    for moment in range(1, path.shape[1]):
        change = brightness(pictures, path[:, moment], sensor) - remembered
        events = np.sign(change) * (np.abs(change) // sensor.threshold)
        remembered += events * sensor.threshold
        frame = counts[:, (moment - 1) // sensor.steps]
        frame[:, 0] += np.maximum(events, 0).astype(np.uint8)
        frame[:, 1] += np.maximum(-events, 0).astype(np.uint8)
    return counts


def _weights(centre: NDArray[np.float64], size: int, sensor: Sensor) -> NDArray[np.float64]:
    """Interpolation weights along one axis, (streams, sensor size, picture size)."""
    pixel = np.arange(sensor.size) - (sensor.size - 1) / 2
    position = (pixel - centre[:, None]) / sensor.zoom + (size - 1) / 2
    distance = np.abs(position[:, :, None] - np.arange(size))
    return np.maximum(0.0, 1.0 - distance)
