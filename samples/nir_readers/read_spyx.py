"""Spyx 1.0.0: time comes first, then the samples."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
from adapter import main
from spyx.nir import from_nir


def read_and_run(graph: Any, x: Any, dt: float) -> Any:
    """All steps in one scan."""
    _, outputs = from_nir(graph, jnp.asarray(np.moveaxis(x, 1, 0)), dt)
    return np.moveaxis(np.asarray(outputs), 0, 1)


main(read_and_run)
