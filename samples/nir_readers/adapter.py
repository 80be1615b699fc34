"""What all adapters share. Runs in a reader's own environment: numpy, nir and the reader, no snnc."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

Reader = Callable[[Any, Any, float], Any]
"""From a NIRGraph, input (samples, steps, *shape) and seconds a step, to (samples, steps, *shape)."""


def main(read_and_run: Reader) -> None:
    """``NET.nir INPUT.npz OUTPUT.npz DT``; one line on standard error where the reader fails."""
    import nir

    path, given, output, dt = sys.argv[1:]
    try:
        found = read_and_run(nir.read(path), np.load(given)["x"].astype(np.float32), float(dt))
    except Exception as problem:  # whatever a reader raises is what the table has to say
        reason = " ".join(str(problem).split())
        sys.stderr.write(f"{type(problem).__name__}: {reason}\n")
        sys.exit(1)
    np.savez(output, y=np.asarray(found, np.float64))
