"""How kernels are compiled: without the interpreter's lock, kept on disk, never out of date.

numba keeps compiled code beside the source and renews it when *that* file changes. These kernels also
contain the functions of ``ir/fixed_point.py``, so their folder is named after all sources together.
"""

from __future__ import annotations

import atexit
import hashlib
import logging
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import FunctionType
from typing import Any

import numba

from snnc.ir import fixed_point

LOG = logging.getLogger("snnc")

SOURCES = (*sorted(Path(__file__).parent.glob("*.py")), Path(fixed_point.__file__))


def cache_folder() -> Path:
    """Where compiled kernels are kept: ``$XDG_CACHE_HOME/snnc`` or ``~/.cache/snnc``.

    Where that cannot be written, a new folder for this process alone: loading a kernel executes it, so
    none may come from a place where others can write.
    """
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in SOURCES)).hexdigest()[:16]
    home = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if not home.is_absolute():  # as the XDG base directory specification wants it
        home = Path("~/.cache").expanduser()
    folder = home / "snnc" / f"kernels-{digest}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK):
            if not any(folder.rglob("*.nbi")):
                LOG.warning("compiling the fast simulator, once on this machine: about 20 seconds")
            return folder
    except OSError:
        pass
    LOG.warning(
        "%s cannot be written: the fast simulator is compiled for this process alone, about 20 seconds "
        "each time; set XDG_CACHE_HOME to a folder that can be",
        folder,
    )
    private = tempfile.mkdtemp(prefix="snnc-kernels-")
    atexit.register(shutil.rmtree, private, ignore_errors=True)
    return Path(private)


FOLDER = cache_folder()


def kernel(function: Callable[..., Any]) -> Any:
    """A function that Python calls; its compiled form is kept on disk."""
    config: Any = numba.config  # its names are made at run time
    before = config.CACHE_DIR
    config.CACHE_DIR = str(FOLDER)
    try:
        return numba.njit(nogil=True, cache=True, boundscheck=False)(function)
    finally:
        config.CACHE_DIR = before


def part(function: Callable[..., Any]) -> Any:
    """A function that kernels call."""
    return numba.njit(nogil=True, boundscheck=False)(function)


def shared(function: Callable[..., Any], *callees: Any) -> Any:
    """A function of ``snnc.ir.fixed_point`` for single numbers; ``callees`` are what it calls."""
    assert isinstance(function, FunctionType)
    names = {callee.py_func.__name__: callee for callee in callees}
    space = {**function.__globals__, **names}
    return part(FunctionType(function.__code__, space, function.__name__, function.__defaults__))
