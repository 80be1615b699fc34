"""``python -m snnc.sim.fast``: kernels compiled ahead, into the sources (``make setup`` calls it)."""

from __future__ import annotations

import sys

from .ahead import LEVEL, compile_ahead

made = compile_ahead()
if made:
    sys.stdout.write(f"kernels compiled ahead, for {LEVEL}: {made}\n")
else:
    sys.stdout.write(f"no kernels are compiled ahead: this processor is not {LEVEL}\n")
