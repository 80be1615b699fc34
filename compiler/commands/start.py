"""The command ``snnc``: it listens for requests to stop before it imports what takes long."""

from __future__ import annotations

import os
import sys
import traceback

from snnc import stopping

from . import streams

SAID = "stopped"

TICKS = "OPENBLAS_THREAD_TIMEOUT", "4"
"""OpenBLAS's threads wait for their next product by turning in circles, for 2**26 ticks of the clock,
while ours need the core; now for 2**4 (OpenBLAS 0.3.23, ``driver/others/blas_server.c``)."""


OUR_BUG = 70


def main() -> None:
    """Entry point of the command ``snnc``; ends with one of the codes of ``docs/exit-codes.md``."""
    stopping.at_once(SAID)
    os.environ.setdefault(*TICKS)  # before numpy is imported
    streams.open_streams()
    try:
        from .main import run
    except Exception:
        # Python would end with 1, which says "different" here.
        traceback.print_exc()
        sys.stderr.write("internal error: snnc, or a package that it needs, cannot be imported\n")
        sys.exit(OUR_BUG)

    stopping.listen()
    run()
