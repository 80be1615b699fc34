"""Everything that is compiled on first use, compiled now: for images of containers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snnc.sim import engines

if TYPE_CHECKING:
    from snnc.sim.fast.warming import Warmth


def warm_up() -> Warmth:
    """Compile the fast simulator's kernels into the user's cache; those that are there are only read.

    Raises:
        UserError: D614 numba does not run here, D613 what was compiled is not kept.
    """
    return engines.compile_kernels()
