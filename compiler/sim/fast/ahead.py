"""Kernels compiled ahead of time, which come with snnc: first use need not wait for the compiler.

``python -m snnc.sim.fast`` compiles them into a folder beside the sources, from where they go into a
wheel; ``make setup`` and ``make wheel`` call it. They run on every x86-64 of :data:`LEVEL`, with the
numba and the Python that compiled them. Elsewhere, and where the sources are others by now, kernels are
compiled on first use. What the user's cache has, compiled for the very processor, is taken first.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import llvmlite
import numba
from llvmlite import binding

LEVEL = "x86-64-v3"
_V2 = (
    "cmov",
    "cx8",
    "fxsr",
    "mmx",
    "sse",
    "sse2",
    "cx16",
    "sahf",
    "popcnt",
    "sse3",
    "sse4.1",
    "sse4.2",
)
_V3 = ("ssse3", "avx", "avx2", "bmi", "bmi2", "f16c", "fma", "lzcnt", "movbe", "xsave", "crc32")
FEATURES = frozenset((*_V2, *_V3))
"""What :data:`LEVEL` has, in LLVM's names (x86-64 psABI 1.0, section 3.1.1; LLVM 22, ``X86.td``)."""

PLACE = Path(__file__).parent / "compiled_ahead"
VERSIONS = (numba.__version__, llvmlite.__version__, sys.implementation.cache_tag)
"""All but the sources that a compiled form depends on, besides the processor."""

CHOSEN = {"NUMBA_CPU_NAME": LEVEL, "NUMBA_CPU_FEATURES": "", "NUMBA_DISABLE_INTEL_SVML": "1"}
"""Environment of the process that compiles: no library of this machine's processor either."""


def magic(triple: str) -> tuple[str, str, str]:
    """What numba says of a processor of :data:`LEVEL`, as it was told of one."""
    return triple, LEVEL, ""


def ahead_folder(name: str) -> Path | None:
    """Where kernels were compiled ahead, if there are any that run here.

    Args:
        name: of the folder in the user's cache that is for kernels of the same sources.
    """
    folder = folder_for(name)
    try:
        there = folder.is_dir()
    except OSError:  # in a folder that this user may not enter
        there = False
    return folder if there and runs_here() else None


def folder_for(name: str) -> Path:
    """Where kernels of these sources and versions are compiled ahead, or would be."""
    return PLACE / f"{name}-{hashlib.sha256(repr(VERSIONS).encode()).hexdigest()[:8]}"


def runs_here() -> bool:
    """Whether this processor has :data:`FEATURES`; not where somebody chose numba's by its settings."""
    config: Any = numba.config
    if config.CPU_NAME is not None or config.CPU_FEATURES is not None or not config.ENABLE_AVX:
        return False
    features = binding.get_host_cpu_features()
    return all(features.get(name, False) for name in FEATURES)


def compile_ahead() -> Path | None:
    """Compile all kernels of these sources for :data:`LEVEL`, in place of those that there are.

    Returns:
        their folder; None where this processor cannot try them, or numba is told of another.

    Raises:
        OSError, subprocess.CalledProcessError: they cannot be compiled, or written; those that were
            there still are.
    """
    from .compiled import CHECKED_VARIABLE

    if not runs_here():
        return None
    with tempfile.TemporaryDirectory(prefix="snnc-ahead-") as home:
        environment = {k: v for k, v in os.environ.items() if k != CHECKED_VARIABLE}
        environment |= CHOSEN | {"XDG_CACHE_HOME": home}
        command = [sys.executable, "-m", "snnc", "warm-up"]
        subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=True)
        [made] = Path(home).glob("snnc/kernels-*")
        folder = folder_for(made.name)
        beside = Path(tempfile.mkdtemp(prefix=".ahead-", dir=PLACE.parent))
        try:  # renamed once it is whole; with the rights of any file of a package
            for path in made.iterdir():
                shutil.copyfile(path, beside / path.name)
                (beside / path.name).chmod(0o644)
            beside.chmod(0o755)
            shutil.rmtree(PLACE, ignore_errors=True)
            PLACE.mkdir(exist_ok=True)
            PLACE.chmod(0o755)
            beside.replace(folder)
        finally:
            shutil.rmtree(beside, ignore_errors=True)
    return folder
