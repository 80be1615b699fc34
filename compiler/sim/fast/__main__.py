"""``python -m snnc.sim.fast``: kernels compiled ahead, into the sources (``make setup`` calls it)."""

from __future__ import annotations

import subprocess
import sys

from .ahead import LEVEL, compile_ahead

try:
    made = compile_ahead()
except (OSError, subprocess.CalledProcessError) as problem:
    sys.exit(f"error: no kernels are compiled ahead: {problem}")
if made:
    sys.stdout.write(f"kernels compiled ahead, for {LEVEL}: {made}\n")
else:
    sys.stdout.write(
        f"no kernels are compiled ahead: numba compiles for another processor than {LEVEL}\n"
    )
