"""Translates hardware with Verilator and compiles it: once for each set of parameters and sources.

What the network *is* stands in memories that are read when a simulation begins, so networks of one
shape share a build. Builds are kept in the user's cache, the newest ``KEPT`` of them.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from snnc.backends.environments import environments_folder

HARNESS = Path(__file__).parent / "sim" / "verilator.cpp"
INCLUDE = "include"
KEPT = 200
SIMULATOR = "simulate"

Command = Callable[[list[str], Path], None]
"""Runs a command in a folder, or raises."""

# Without these two numbers mean the same: hardware must not depend on what a register holds at first.
TRANSLATE = ("--cc", "-O3", "--x-assign", "unique", "--x-initial", "unique", "-Wno-WIDTH", "-Wno-fatal")
COMPILE = ("-O1", "-std=c++17", "-Wno-attributes")
RUNTIME = ("verilated.cpp", "verilated_threads.cpp")


def cache_folder() -> Path:
    """Beside the engines' environments."""
    return environments_folder() / "verilated"


def simulator(
    job: Path, sources: list[str], potential: int, version: str, root: Path, do: Command
) -> Path:
    """The program that simulates the hardware in ``job``: from the cache, or built.

    Args:
        job: the folder that has them.
        sources: files of the hardware.
        potential: bits of a potential.
        version: of Verilator.
        root: its folder with ``include``.
        do: runs commands.

    Raises:
        UserError: whatever ``do`` raises.
        OSError: the cache cannot be written.
    """
    about = [version, str(potential), repr((TRANSLATE, COMPILE)), HARNESS.read_text("utf-8")]
    about += [(job / name).read_text("utf-8") for name in sources]
    kept = cache_folder() / hashlib.sha256("\0".join(about).encode()).hexdigest()[:24]
    if (kept / SIMULATOR).is_file():
        with contextlib.suppress(OSError):
            os.utime(kept)
        return kept / SIMULATOR
    runtime = _runtime(version, root, do)
    do(["verilator", *TRANSLATE, "--top-module", "snnc_network", "--Mdir", "obj", *sources], job)
    made = job / "obj"
    parts = sorted(path.name for path in made.glob("*.cpp"))
    (made / "whole.cc").write_text("".join(f'#include "{name}"\n' for name in parts), "utf-8")
    (made / "harness.cc").write_bytes(HARNESS.read_bytes())
    defined = [f"-DPOTENTIAL={potential}"]
    include = [f"-I{root / INCLUDE}", f"-I{root / INCLUDE / 'vltstd'}", "-I."]
    given = ["whole.cc", "harness.cc", *map(str, runtime)]
    do(["g++", *COMPILE, *defined, *include, *given, "-lpthread", "-o", SIMULATOR], made)
    _keep(made / SIMULATOR, kept)
    return kept / SIMULATOR


def verilator_root() -> Path | None:
    """Verilator's folder with its C++ part; None where it cannot be found."""
    done = subprocess.run(
        ["verilator", "--getenv", "VERILATOR_ROOT"], capture_output=True, text=True, timeout=60
    )
    found = Path(done.stdout.strip() or "/")
    return found if (found / INCLUDE / "verilated.cpp").is_file() else None


def _runtime(version: str, root: Path, do: Command) -> list[Path]:
    """Verilator's own part of every simulation, compiled once."""
    about = hashlib.sha256(f"{version}{root}{COMPILE}".encode()).hexdigest()[:24]
    folder = cache_folder() / f"runtime-{about}"
    wanted = [folder / name.replace(".cpp", ".o") for name in RUNTIME]
    if all(path.is_file() for path in wanted):
        return wanted
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as name:
        include = [f"-I{root / INCLUDE}", f"-I{root / INCLUDE / 'vltstd'}"]
        for source, object_file in zip(RUNTIME, wanted, strict=True):
            path = root / INCLUDE / source
            do(["g++", *COMPILE, *include, "-c", str(path), "-o", object_file.name], Path(name))
            (Path(name) / object_file.name).replace(object_file)
    return wanted


def _keep(built: Path, folder: Path) -> None:
    """Put a build into the cache at once, and take the oldest ones out."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix="new-") as name:
        whole = Path(name) / "build"
        whole.mkdir()
        shutil.copy2(built, whole / SIMULATOR)
        with contextlib.suppress(OSError):  # another process was faster
            whole.replace(folder)
    builds = [p for p in folder.parent.iterdir() if (p / SIMULATOR).is_file()]
    for old in sorted(builds, key=_age, reverse=True)[KEPT:]:
        shutil.rmtree(old, ignore_errors=True)


def _age(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return time.time()
