"""SANA-FE's environment, made once; what needs it is skipped with the reason where that cannot be."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from snnc.backends.sanafe import SanafeBackend
from snnc.backends.sanafe.emit import PLAYER
from snnc.backends.sanafe.engine import ENVIRONMENT, collect
from snnc.backends.sanafe.file_check import read_host
from snnc.errors import UserError
from snnc.ir import Integers, Program, Trace

RunMany = Callable[[SanafeBackend, list[tuple[Program, Integers]], Path], list[Trace | UserError]]


@pytest.fixture(scope="session")
def installed() -> Path:
    """The interpreter that has SANA-FE."""
    try:
        ENVIRONMENT.install()
    except UserError as problem:
        pytest.skip(f"SANA-FE cannot be installed: {problem}")
    python = ENVIRONMENT.python()
    assert python is not None
    return python


@pytest.fixture(scope="session")
def run_many(installed: Path) -> RunMany:
    """Many programs through SANA-FE in one process: what it made of each, or why that is nothing.

    With hidden potentials.
    """

    def run(
        back_end: SanafeBackend, cases: list[tuple[Program, Integers]], folder: Path
    ) -> list[Trace | UserError]:
        jobs = []
        for number, (program, spikes) in enumerate(cases):
            jobs.append(folder / str(number))
            jobs[-1].mkdir()
            back_end.emit(program, jobs[-1])
            np.savez(jobs[-1] / "spikes.npz", spikes=spikes.reshape(*spikes.shape[:2], -1))
        script = Path(__file__).with_name("run_many.py")
        done = subprocess.run(
            [str(installed), "-I", str(script), str(PLAYER.parent), *map(str, jobs)],
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        traces: list[Trace | UserError] = []
        for (_, spikes), job in zip(cases, jobs, strict=True):
            with np.load(job / "output.npz", allow_pickle=False) as found:
                arrays = {key: found[key] for key in found.files}
            try:
                traces.append(collect("sanafe", read_host(job / "play.json"), spikes, arrays, True))
            except UserError as problem:
                traces.append(problem)
        return traces

    return run
