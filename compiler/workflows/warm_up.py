"""What first use would bring, now: kernels compiled, for images of containers; libraries loaded."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np

from snnc.errors import UserError
from snnc.sim import engines

if TYPE_CHECKING:
    from snnc.sim.fast.warming import Warmth

PRODUCT = 512
"""Rows of a product that BLAS shares out to all its threads."""


def warm_up() -> Warmth:
    """Compile the fast simulator's kernels into the user's cache; those that are there are only read.

    Raises:
        UserError: D614 numba does not run here, D613 what was compiled is not kept.
    """
    return engines.compile_kernels()


def load_libraries() -> None:
    """Have in memory what commands need of libraries, before memory has a limit.

    OpenBLAS takes room for products when it is loaded and when its threads first multiply; where there
    is none it tries again for ever, and no signal ends it (0.3.23).
    """
    import scipy.linalg  # which takes a while, and nothing else here needs it

    with suppress(UserError):  # D614 is said by what needs compiled code
        engines.load_fast()
    square = np.ones((PRODUCT, PRODUCT))
    for kind in (np.float32, np.float64):
        part = square.astype(kind)
        np.matmul(part, part)
        scipy.linalg.blas.get_blas_funcs("gemm", (part,))(1.0, part, part)
