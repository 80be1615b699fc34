"""A model of an event camera: log intensity, thresholds of every pixel's own, leak, noise, dead time.

A pixel holds a reference and watches how far the log intensity is from it. At its ON threshold above,
or its OFF threshold below, it sends an event, rests for the refractory time, and takes what it sees
then as its reference (Lichtsteiner et al. 2008). The reference sinks slowly, which sends ON events
without any change (leak), and now and then noise sends an event. Numbers after v2e (Hu et al. 2021; the
code is github.com/SensorsINI/v2e, ``v2e_args.py`` and ``emulator_utils.py``).

Between two given moments the log intensity is a straight line, on which events are found exactly. Not
modelled: the photoreceptor's bandwidth (v2e: 300 Hz and less), and noise that grows in the dark.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numba
import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float32]

OFF, ON = 0, 1
"""Channels of counts, as ``snnc frames`` has them: darker, brighter."""


@dataclass(frozen=True)
class Camera:
    """What a camera is like. The numbers are v2e's where nothing else is said.

    Attributes:
        threshold: change of the log intensity (base e) for an event, the mean over pixels.
        mismatch: standard deviation of the thresholds over pixels; each pixel draws its own for ON and
            for OFF, once, and keeps them for every recording.
        leak_rate: ON events a pixel and second in a still scene; v2e's authors take 0.1 for bright
            light (their default is 0.01).
        noise_rate: events of noise a pixel and second, half of them ON; 0.1 to 5 there, by default
            0.001.
        refractory: dead time after an event, seconds; this project's.
        seed: of the thresholds.
    """

    threshold: float = 0.2
    mismatch: float = 0.03
    leak_rate: float = 0.1
    noise_rate: float = 1.0
    refractory: float = 0.0005
    seed: int = 0

    def thresholds(self, height: int, width: int) -> Floats:
        """Of all pixels, (2, height, width), OFF and ON; at least a tenth of the mean."""
        drawn = np.random.default_rng(self.seed).normal(
            self.threshold, self.mismatch, (2, height, width)
        )
        return np.maximum(drawn, self.threshold / 10).astype(np.float32)

    def record(
        self, scenes: Iterable[Floats], step: float, rng: np.random.Generator
    ) -> Iterable[NDArray[np.int16]]:
        """Watch scenes change.

        Args:
            scenes: log intensities (recordings, height, width), one array for each moment.
            step: seconds from one moment to the next.
            rng: where the phases of the leak and the noise come from.

        Returns:
            Events between each moment and the next, (recordings, 2, height, width), OFF and ON.
        """
        moments = iter(scenes)
        before = next(moments)
        pixels = _Pixels(self, before.shape, rng)
        for after in moments:
            yield pixels.watch(after - before, step)
            before = after


class _Pixels:
    """The pixels of many recordings at once, flat.

    Attributes:
        off, on: thresholds.
        away: how far the log intensity is from the reference.
        dead: seconds for which a pixel still rests.
    """

    def __init__(self, camera: Camera, shape: tuple[int, ...], rng: np.random.Generator) -> None:
        self.camera, self.shape, self.rng = camera, shape, rng
        each = camera.thresholds(*shape[1:]).reshape(2, -1)
        self.off, self.on = (np.tile(part, shape[0]) for part in each)
        # A still scene's distribution: anywhere between two events of the leak.
        phases = rng.random(self.on.size, np.float32) if camera.leak_rate else np.float32(0)
        self.away = self.on * phases
        self.dead = np.zeros_like(self.on)

    def watch(self, change: Floats, step: float) -> NDArray[np.int16]:
        """Events while the log intensity changes so much, evenly, within ``step`` seconds."""
        counts = np.zeros((2, self.on.size), np.int16)
        slope = change.reshape(-1) / np.float32(step) + np.float32(self.camera.leak_rate) * self.on
        _events(slope, self.off, self.on, self.away, self.dead, step, self.camera.refractory, counts)
        self._noise(counts, step)
        by_recording = counts.reshape(2, *self.shape)
        return np.ascontiguousarray(by_recording.transpose(1, 0, 2, 3))

    def _noise(self, counts: NDArray[np.int16], step: float) -> None:
        """At most one event of noise a pixel, at the end of the step: rates are far below 1 / step."""
        share = self.camera.noise_rate * step
        if not share:
            return
        drawn = self.rng.random(self.on.size, np.float32)
        index = np.flatnonzero(drawn < share)
        polarity = np.where(drawn[index] < share / 2, ON, OFF)
        counts[polarity, index] += 1
        self.away[index] = 0
        self.dead[index] = self.camera.refractory


@numba.njit(cache=True)
def _events(
    slope: Floats,
    off: Floats,
    on: Floats,
    away: Floats,
    dead: Floats,
    step: float,
    refractory: float,
    counts: NDArray[np.int16],
) -> None:
    """Count what each pixel sends while its log intensity follows a straight line.

    Args:
        slope: of the line, away from the reference, a second; (pixels,) as all the others.
        off, on: thresholds.
        away: from the reference, at the beginning; moved to the end.
        dead: seconds to rest, likewise.
        step: seconds.
        refractory: likewise.
        counts: (2, pixels), added to.
    """
    for pixel in range(len(slope)):
        now: Any = np.float64(dead[pixel])
        rising = bool(slope[pixel] > 0)
        steep = np.float64(abs(slope[pixel]))
        room = np.float64(on[pixel] if rising else off[pixel])
        covered: Any = np.float64(away[pixel] if rising else -away[pixel])
        while now < step and room - covered <= steep * (step - now):
            now += (room - covered) / steep + refractory
            covered = 0.0
            counts[int(rising), pixel] += 1
        if now < step:
            covered += steep * (step - now)
            now = step
        away[pixel] = covered if rising else -covered
        dead[pixel] = now - step


def log_intensity(pixels: Floats, linear_below: float = 20.0) -> Floats:
    """Natural logarithm of grey values, a straight line below: noise would be endless in the dark.

    Args:
        pixels: 0..255, of any shape.
        linear_below: grey value; v2e's 20.

    Returns:
        Likewise shaped; ``ln p`` from there on, ``p ln(20) / 20`` below (v2e's ``lin_log``).
    """
    line = pixels * np.float32(np.log(linear_below) / linear_below)
    return np.where(pixels <= linear_below, line, np.log(np.maximum(pixels, 1))).astype(np.float32)
