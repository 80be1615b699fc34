"""``snnc passes``."""

from __future__ import annotations

from .options import reported


def passes() -> None:
    """List the passes, their options and their order's rules."""
    with reported():
        from snnc.passes import registered_passes

        from .output.listings import passes as print_passes

        print_passes(registered_passes())
