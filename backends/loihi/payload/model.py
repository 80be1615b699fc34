"""Reads the three files beside this one that hold everything that is particular to this network.

``program.json`` (structure) and ``weights.npz`` (integers) are the compiled program; ``layout.json``
says which Lava Process stands for which part of it and how the ports are called.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]

FOLDER = Path(__file__).parent


class Model:
    """The compiled program as plain data.

    Attributes:
        name: of the network.
        steps_per_frame: time steps that one frame lasts.
        populations, projections: as in ``program.json``, each joined with its entry of ``layout.json``
            (keys ``process`` and, for populations, ``port``).
    """

    def __init__(self, folder: Path = FOLDER) -> None:
        program = json.loads((folder / "program.json").read_text(encoding="utf-8"))
        layout = json.loads((folder / "layout.json").read_text(encoding="utf-8"))
        with np.load(folder / "weights.npz", allow_pickle=False) as archive:
            self._arrays = {name: archive[name] for name in archive.files}
        self.name: str = program["name"]
        self.steps_per_frame: int = program["steps_per_frame"]
        self.populations = _joined(program["populations"], layout["populations"])
        self.projections = _joined(program["projections"], layout["projections"])

    def array(self, key: str) -> Integers:
        """An integer array of ``weights.npz``, widened to int64."""
        return np.asarray(self._arrays[key], dtype=np.int64)

    def population(self, name: str) -> dict[str, Any]:
        """The population of that name."""
        return next(p for p in self.populations if p["name"] == name)

    def of_kind(self, kind: str) -> dict[str, Any]:
        """The only population of a kind that occurs once: ``input`` or ``readout``."""
        return next(p for p in self.populations if p["kind"] == kind)


def _joined(parts: list[dict[str, Any]], places: list[dict[str, Any]]) -> list[dict[str, Any]]:
    if len(parts) != len(places):
        raise ValueError(f"layout.json has {len(places)} entries for {len(parts)} of program.json")
    return [{**part, **place} for part, place in zip(parts, places)]  # noqa: B905
