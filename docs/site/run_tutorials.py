"""Executes the tutorials of ``docs/tutorials`` into ``build/tutorials``.

    python docs/site/run_tutorials.py [NAME ...]

It runs where snnc, PyTorch and the engines are (``make docs`` takes ``.venv``), apart from the site's
own environment. A notebook says in its metadata, under ``tutorial``, what it depends on besides snnc:

    needs    paths from the repository's root, each with what it is
    library  one of samples/spiking_libraries, which is put into the kernel's path
    tools    programs whose presence changes what is shown

A notebook whose needs are not there is written without outputs, with the reason, which the page shows.
One that was executed is not executed again until its own text, snnc, the samples, a package's version
or a tool changes. An error in a cell ends with exit code 1; nothing is written for that notebook.
"""

from __future__ import annotations

import hashlib
import os
import resource
import shutil
import sys
import tempfile
from collections.abc import Iterator
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

import nbclient
import nbformat
from jupyter_client.manager import AsyncKernelManager

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "docs" / "tutorials"
BUILT = ROOT / "build" / "tutorials"
CODE = ("compiler", "passes", "backends", "samples")
"""Folders that outputs depend on."""

A_CELL = 600
"""Seconds that a cell may take."""


def executed(name: str) -> Path:
    """The executed notebook, executed now or before.

    Args:
        name: of the tutorial, without its ending.

    Raises:
        nbclient.exceptions.CellExecutionError: a cell failed.
    """
    book: Any = nbformat.read(SOURCES / f"{name}.ipynb", as_version=4)
    asked = book.metadata["tutorial"]
    book.metadata["execution"] = {"key": _key(name, asked)}
    place = BUILT / f"{name}.ipynb"
    if place.exists():
        before = nbformat.read(place, as_version=4).metadata["execution"]
        if before["key"] == book.metadata["execution"]["key"] and "missing" not in before:
            return place
    missing, environment = _environment(asked)
    if missing:
        book.metadata["execution"]["missing"] = missing
    else:
        book.metadata["execution"]["seconds"] = _execute(book, environment)
    BUILT.mkdir(parents=True, exist_ok=True)
    half = place.with_suffix(f".{os.getpid()}")
    nbformat.write(book, half)
    half.rename(place)
    return place


def _environment(asked: Any) -> tuple[str, dict[str, str]]:
    """Why a notebook cannot be executed, or nothing; and the variables that its kernel gets."""
    for path, what in asked.get("needs", {}).items():
        if not (ROOT / path).exists():
            return f"{what} would be in `{path}`, next to the repository, and are not there", {}
    variables = {**os.environ, "JUPYTER_PLATFORM_DIRS": "1"}
    if "library" in asked:
        sys.path.insert(0, str(ROOT))
        from samples.spiking_libraries.environments import NotInstalledError, environment

        try:
            variables.update(environment(asked["library"]))
        except NotInstalledError as problem:
            return f"{asked['library']} could not be installed: {problem}", {}
    variables.pop("MPLBACKEND", None)
    # The number of threads is a part of the seed.
    return "", {**variables, "OMP_NUM_THREADS": "1"}


def _execute(book: Any, environment: dict[str, str]) -> float:
    """Run all cells in a kernel of its own, in the notebook's folder; seconds of processor time."""
    before = _processor_time()
    with tempfile.TemporaryDirectory(prefix="snnc-tutorial-") as sockets:
        # Not over TCP, where others on this computer could join.
        manager = AsyncKernelManager(kernel_name="python3", transport="ipc", ip=f"{sockets}/kernel")
        client = nbclient.NotebookClient(
            book,
            km=manager,
            timeout=A_CELL,
            startup_timeout=A_CELL,
            resources={"metadata": {"path": str(SOURCES)}},
        )
        client.execute(cleanup_kc=True, env=environment)
    return round(_processor_time() - before, 1)


def _processor_time() -> float:
    """Of all children that have ended, and theirs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _key(name: str, asked: Any) -> str:
    """Changes with whatever outputs depend on."""
    whole = hashlib.sha256((SOURCES / f"{name}.ipynb").read_bytes())
    for path in _files():
        whole.update(str(path.relative_to(ROOT)).encode() + hashlib.sha256(path.read_bytes()).digest())
    packages = sorted({f"{each.metadata['Name']} {each.version}" for each in distributions()})
    tools = [tool for tool in asked.get("tools", ()) if shutil.which(tool)]
    whole.update(repr((sys.version, packages, tools)).encode())
    return whole.hexdigest()


def _files() -> Iterator[Path]:
    for folder in CODE:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path


def main() -> int:
    """Execute those that the command line names, or all."""
    for name in sys.argv[1:] or sorted(path.stem for path in SOURCES.glob("*.ipynb")):
        try:
            about = nbformat.read(executed(name), as_version=4).metadata["execution"]
        except nbclient.exceptions.CellExecutionError as failed:
            sys.stderr.write(f"docs/tutorials/{name}.ipynb failed:\n{failed}\n")
            return 1
        done = f"{about['seconds']} s of processor time" if "seconds" in about else about["missing"]
        sys.stdout.write(f"{name}: {done}\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
