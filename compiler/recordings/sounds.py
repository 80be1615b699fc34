"""Sounds as counts: energies of bands of frequencies, or their crossings of levels as events.

Bands are triangles, equally wide on the mel scale (O'Shaughnessy 1987: 2595 log10(1 + f / 700)), as in
most recognisers of speech. A frame's window ends with the frame, so that a network that receives
frames as they come could have them. Only the loudest band, from which decibels count, is the whole
recording's.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from snnc.files import Kind, parsing, read_bytes, share_of_memory

from .recording import Reading, Recording, recording_of

ENDINGS = (".wav",)
SOUND = Kind("D620", "the recording cannot be read", "save it as .wav, PCM or float")

HOP_SECONDS = 0.005
"""Between two looks for crossings."""

WINDOW_SECONDS = 0.02
"""A shorter window tells no frequencies of a voice apart."""

DEFAULT_LARGEST = 15
"""Of a band's counts, where the user does not say."""

IN_MEMORY = 64
"""Bytes for each of the file's, while spectra are computed."""

LARGEST_SPECTRUM = 2**24
"""Bands times points of a spectrum; each takes some ten numbers while bands are made."""

LOWEST_HZ = 50.0
SILENCE = 1e-20


@dataclass(frozen=True, eq=False)
class Sound:
    """Samples, float64 (samples,), of any scale, and how many a second."""

    samples: NDArray[np.float64]
    rate: int


def read_wav(path: Path) -> Sound:
    """Read a ``.wav`` file through scipy; channels are averaged.

    Raises:
        UserError: D620 missing, damaged, cut off, without samples; as for every file.
    """
    from scipy.io import wavfile

    data = read_bytes(path, SOUND, most=share_of_memory() // IN_MEMORY)
    with parsing(str(path), SOUND):
        with warnings.catch_warnings():
            warnings.simplefilter("error", wavfile.WavFileWarning)
            # A piece that is not of sound, such as a title.
            warnings.filterwarnings("ignore", "Chunk .non-data. not understood", wavfile.WavFileWarning)
            rate, samples = wavfile.read(io.BytesIO(data))
        values = samples.astype(np.float64)
        if samples.dtype == np.uint8:
            values -= 128
        if values.ndim == 2:
            values = values.mean(axis=1)
        if not values.size or not np.all(np.isfinite(values)):
            raise ValueError("no samples, or samples that are not finite")
        if rate < 1:
            raise ValueError(f"{rate} samples a second")
        return Sound(values, int(rate))


def band_levels(
    sound: Sound, hop: int, bands: int, *, range_db: float, largest: int, frames: int | None = None
) -> NDArray[np.uint16]:
    """How loud each band is in each frame, in whole levels.

    Args:
        sound: samples.
        hop: of a frame, samples; the last frame may reach beyond the end.
        bands: how many, from 50 Hz to half the rate.
        range_db: decibels below the loudest band of the recording that are level 0.
        largest: the loudest band's level.
        frames: how many; None: as many as there are.

    Returns:
        uint16 (frames, bands), 0..largest.

    Raises:
        ValueError: bands that are narrower than the window can tell apart.
    """
    window = max(2 * hop, round(WINDOW_SECONDS * sound.rate))
    count = -(-len(sound.samples) // hop) if frames is None else frames
    padded = np.concatenate([np.zeros(window - hop), sound.samples, np.zeros(hop)])
    padded = padded[: (count - 1) * hop + window]
    padded = np.concatenate([padded, np.zeros((count - 1) * hop + window - len(padded))])
    pieces = np.lib.stride_tricks.sliding_window_view(padded, window)[::hop]
    points = 1 << (4 * window - 1).bit_length()
    if points * bands > LARGEST_SPECTRUM:
        raise ValueError(
            f"{bands} bands of a window of {window} samples ({sound.rate} a second) are too many; take "
            "shorter frames or fewer --bands"
        )
    filters = mel_filters(bands, sound.rate, points)
    shape = np.hanning(window + 2)[1:-1]
    energy = np.empty((count, bands))
    together = max(1, LARGEST_SPECTRUM // (8 * points))  # spectra in memory at once
    for begin in range(0, count, together):
        part = pieces[begin : begin + together] * shape
        energy[begin : begin + together] = np.abs(np.fft.rfft(part, points)) ** 2 @ filters.T
    if energy.max() <= SILENCE:
        return np.zeros((count, bands), np.uint16)
    decibels = 10 * np.log10(np.maximum(energy, SILENCE) / energy.max())
    levels = np.rint(largest * np.clip(1 + decibels / range_db, 0, 1))
    return np.asarray(levels, np.uint16)


def mel_filters(bands: int, rate: int, points: int) -> NDArray[np.float64]:
    """Weights (bands, points // 2 + 1) of a power spectrum's frequencies.

    Raises:
        ValueError: half the rate is not above 50 Hz, or a band holds no frequency.
    """
    if rate / 2 <= LOWEST_HZ:
        raise ValueError(f"{rate} samples a second hold no band above {LOWEST_HZ:g} Hz")
    low, high = (2595 * np.log10(1 + f / 700) for f in (LOWEST_HZ, rate / 2))
    edges = 700 * (10 ** (np.linspace(low, high, bands + 2) / 2595) - 1)
    frequency = np.arange(points // 2 + 1) * rate / points
    rising = (frequency - edges[:-2, None]) / np.diff(edges[:-1])[:, None]
    falling = (edges[2:, None] - frequency) / np.diff(edges[1:])[:, None]
    weights = np.clip(np.minimum(rising, falling), 0, None)
    if not np.all(weights.sum(axis=1) > 0):
        raise ValueError(f"{bands} bands are too narrow for this window; take fewer --bands")
    return np.asarray(weights, np.float64)


def crossings(sound: Sound, bands: int, *, range_db: float, largest: int) -> Recording:
    """An event for every level that a band's loudness crosses: brighter is louder.

    Args:
        sound, bands, range_db, largest: as for :func:`band_levels`.

    Returns:
        Events of a sensor of one column with a row for each band, lowest first; every 5 ms.
    """
    hop = max(1, round(HOP_SECONDS * sound.rate))
    levels = band_levels(sound, hop, bands, range_db=range_db, largest=largest).astype(np.int64)
    change = np.diff(levels, axis=0, prepend=np.zeros((1, bands), np.int64))
    steps, rows = np.nonzero(change)
    crossed = change[steps, rows]
    each = np.repeat(np.arange(len(crossed)), np.abs(crossed))
    fields = {
        "x": np.zeros(len(each), np.int64),
        "y": rows[each],
        "t": steps[each] * hop * 10**6 // sound.rate,
        "p": crossed[each] > 0,
    }
    return recording_of(fields, Reading(time_unit="us"), (bands, 1))
