"""What SANA-FE says a run costs, as snnc reports it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.ir import ENERGY, LATENCY, Measured

from .target import SANAFE_VERSION

MODELS = {
    "sanafe": "figures of Davies et al. 2018",
    "sanafe-loihi": "its own loihi.yaml",
}
"""Whose energies and times an engine uses."""
COSTS = {
    "energy total": ("energy", "J"),
    "energy synapse": ("energy of synapses", "J"),
    "energy soma": ("energy of neurons", "J"),
    "energy network": ("energy of messages", "J"),
    "energy dendrite": ("energy of dendrites", "J"),
    "time": ("time on the chip", "s"),
    "synaptic operations": ("synaptic operations", ""),
    "messages": ("messages from core to core", ""),
    "hops": ("hops from tile to tile", ""),
}
"""What ``play.py`` calls a cost, what the report does, and its unit."""


ROLES = {"energy total": ENERGY, "time": LATENCY}
"""What of that ``snnc targets --for`` shows."""


def measured(
    engine: str, host: Mapping[str, Any], found: Mapping[str, NDArray[Any]]
) -> Iterator[Measured]:
    """The mean over the samples of each cost, and what the network takes of the chip.

    Args:
        engine: which of the two.
        host: the content of ``play.json``.
        found: what the child wrote; ``costs/NAME``, one number for each sample.
    """
    source = f"sanafe {SANAFE_VERSION}, {MODELS[engine]}"
    for key, (name, unit) in COSTS.items():
        values = np.asarray(found[f"costs/{key}"], np.float64)
        over = f"mean of {len(values)} samples" if len(values) > 1 else "1 sample"
        role = ROLES.get(key, "")
        yield Measured(f"{name} a sample", float(values.mean()), unit, f"{source}; {over}", role)
    for name in ("cores", "tiles"):
        yield Measured(f"{name} used", float(host[name]), "", "mapping.json; inputs included")
