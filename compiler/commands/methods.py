"""``snnc methods``."""

from __future__ import annotations

from .options import need_torch, reported


def methods() -> None:
    """List the training methods and their options."""
    with reported():
        from .output.listings import methods as print_methods

        need_torch("snnc methods")
        from snnc.training.methods.registry import METHODS

        print_methods(METHODS)
