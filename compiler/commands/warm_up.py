"""``snnc warm-up``."""

from __future__ import annotations

from .options import reported
from .output import console


def warm_up() -> None:
    """Compile the fast simulator for this machine, so that nothing later waits for it."""
    with reported():
        from snnc.workflows.warm_up import warm_up as compile_kernels

        found = compile_kernels()
        console.say(f"{found.forms} kernels are ready, after {found.seconds:.1f} s: {found.folder}")
