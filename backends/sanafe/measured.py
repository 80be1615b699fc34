"""What SANA-FE says a run costs, as snnc reports it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.ir import Measured

from .target import SANAFE_VERSION

MODELS = {
    "sanafe": "Davies et al. 2018 (architecture.yaml)",
    "sanafe-loihi": "its own loihi.yaml",
}
UNITS = {"time": "s"}
"""Units by name; an energy is in joules, everything else a plain number."""


def measured(engine: str, found: Mapping[str, NDArray[Any]]) -> Iterator[Measured]:
    """The mean over the samples of each cost that the child wrote (``costs/NAME``: one for each
    sample)."""
    for key in sorted(found):
        kind, _, name = key.partition("/")
        if kind != "costs":
            continue
        values = np.asarray(found[key], np.float64)
        unit = "J" if name.startswith("energy") else UNITS.get(name, "")
        over = f"mean of {len(values)} samples" if len(values) > 1 else "1 sample"
        source = f"sanafe {SANAFE_VERSION}, {MODELS[engine]}; {over}"
        yield Measured(f"{name} a sample", float(values.mean()), unit, source)
