"""Spoken digits (``../shared/data/fsdd``) as counts of energy in bands: ``snnc frames`` for wav files.

The official split is by recording number: of each speaker and digit, recordings 0 to 4 are to test
(2 to 4 are in the copy). 40 frames of 25 ms.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import snnc
from samples.from_recordings.__main__ import as_wav
from samples.results.record import FOLDER
from snnc.recordings.event_sets import Labelled

DATA = Path("../shared/data/fsdd")
PLACE = FOLDER / "speech"
FRAMES, WINDOW = 40, "25ms"


@dataclass(frozen=True, eq=False)
class Spoken:
    """Recordings.

    Attributes:
        x: counts, uint8 (recordings, 40, bands), 0 to 15.
        y: digits, int64 (recordings,).
        speaker: names, (recordings,).
        number: of the recording, (recordings,).
    """

    x: NDArray[np.uint8]
    y: NDArray[np.int64]
    speaker: NDArray[np.str_]
    number: NDArray[np.int64]

    def where(self, which: NDArray[np.bool_]) -> Spoken:
        """Some of the recordings, bool (recordings,)."""
        return Spoken(self.x[which], self.y[which], self.speaker[which], self.number[which])

    def labelled(self) -> Labelled:
        """What training takes."""
        return Labelled(self.x, self.y)


def spoken(part: str, bands: int) -> Spoken:
    """The part ``train`` or ``test``, made once and kept below ``build/results/speech``."""
    path = PLACE / f"{part}_{bands}.npz"
    if not path.exists():
        PLACE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as place:
            sounds = as_wav(DATA / f"{part}.npz", Path(place) / part)
            snnc.frames(sounds, path, dt=WINDOW, frames=FRAMES, bands=bands, label_from="{label}_*")
    with np.load(path) as file:
        names = [Path(str(name)).stem.split("_") for name in file["files"]]
        return Spoken(
            file["x"],
            file["y"],
            np.array([name[1] for name in names]),
            np.array([int(name[2]) for name in names]),
        )


def together(parts: list[Spoken]) -> Spoken:
    """All recordings of some parts."""
    return Spoken(
        *(np.concatenate([getattr(part, field) for part in parts]) for field in Spoken.__annotations__)
    )
