"""How kernels are compiled: without the interpreter's lock, kept on disk, never out of date.

numba keeps compiled code beside the source and renews it when *that* file changes. These kernels also
contain the functions of ``ir/fixed_point.py``, so their folder is named after all sources together.

With ``SNNC_CHECKED_KERNELS=1`` in the environment they are compiled for tests: every narrow addition,
shift and store raises OverflowError where it would lose something, and every index is checked.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from types import FunctionType
from typing import Any

import numba
import numpy as np

from snnc.ir import fixed_point

from .ahead import ahead_folder
from .cache import KernelCache, cache_folder

CHECKED_VARIABLE = "SNNC_CHECKED_KERNELS"
CHECKED = os.environ.get(CHECKED_VARIABLE) == "1"
OPTIONS: dict[str, Any] = {
    "nogil": True,
    "boundscheck": CHECKED,
    "error_model": "python" if CHECKED else "numpy",  # no divisor is 0: no code for one
    "no_cfunc_wrapper": True,  # nobody calls them from C
}
SOURCES = (*sorted(Path(__file__).parent.glob("*.py")), Path(fixed_point.__file__))


DIGEST = hashlib.sha256(b"".join(path.read_bytes() for path in SOURCES)).hexdigest()[:16]
FOLDER_NAME = f"kernels-{DIGEST}{'-checked' if CHECKED else ''}"
AHEAD = ahead_folder(FOLDER_NAME)
FOLDER = cache_folder(FOLDER_NAME, later=AHEAD is not None)
KERNELS: list[Any] = []
"""All that Python calls."""


def kernel(function: Callable[..., Any]) -> Any:
    """A function that Python calls; its compiled form is kept on disk."""
    compiled = part(function)
    compiled._cache = KernelCache(function.__qualname__, FOLDER, AHEAD)
    KERNELS.append(compiled)
    return compiled


def kept() -> tuple[int, int]:
    """Compiled forms of this process's kernels, and those of them that are on disk for the next."""
    paths = [
        compiled._cache.path(signature, compiled.targetctx.codegen().magic_tuple())
        for compiled in KERNELS
        for signature in compiled.overloads
    ]
    return len(paths), sum(FOLDER.name == FOLDER_NAME and path.exists() for path in paths)


def part(function: Callable[..., Any]) -> Any:
    """A function that kernels call."""
    return numba.njit(**OPTIONS)(function)


def inlined(function: Callable[..., Any]) -> Any:
    """A function that kernels call once: compiled as part of each."""
    return numba.njit(**OPTIONS, inline="always")(function)


def shared(function: Callable[..., Any], *callees: Any) -> Any:
    """A function of ``snnc.ir.fixed_point`` for single numbers; ``callees`` are what it calls."""
    assert isinstance(function, FunctionType)
    names = {callee.py_func.__name__: callee for callee in callees}
    space = {**function.__globals__, **names}
    return inlined(FunctionType(function.__code__, space, function.__name__, function.__defaults__))


def _to_int32(value: Any) -> Any:
    if value != np.int32(value):
        raise OverflowError("a number does not fit 32 bits")
    return np.int32(value)


to_int32: Any = part(_to_int32) if CHECKED else np.int32
"""A number of 32 bits of one that is known to fit."""


@part
def require(holds: bool) -> None:
    """For the checked build: what kernels take for granted about a number that they do not keep."""
    if not holds:
        raise OverflowError("a number is beyond what its place was chosen for")
