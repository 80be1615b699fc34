"""``snnc passes``."""

from __future__ import annotations

from .options import reported


def passes() -> None:
    """List the passes, their options, and the rules for their order."""
    with reported():
        from snnc.passes import registered_passes

        from .output.listings import passes as print_passes

        print_passes(registered_passes())
