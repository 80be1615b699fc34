"""What a run of a program showed, whichever engine ran it: the common ground of comparisons."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Trace:
    """Arrays (samples, steps, \\*shape), int32, by population name.

    ``spikes`` has every population but the readout (payload of the spike, 0 for none), ``potentials``
    the readout's potential after each step, and every population's where states were recorded.
    """

    spikes: dict[str, NDArray[np.int32]] = field(default_factory=dict)
    potentials: dict[str, NDArray[np.int32]] = field(default_factory=dict)
