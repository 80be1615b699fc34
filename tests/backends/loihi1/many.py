"""Many programs through an emulator in one process of its own."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from snnc.backends.loihi1 import Loihi1Backend
from snnc.backends.loihi1.cores import partition
from snnc.backends.loihi1.engine import collect
from snnc.backends.loihi1.installed import ENVIRONMENT, SCRIPTS
from snnc.backends.loihi1.places import TOGETHER, Split
from snnc.backends.loihi1.stage import stage
from snnc.errors import UserError
from snnc.ir import Integers, Program, Trace

TIME_LIMIT = 900


def interpreter() -> Path:
    """The emulators' Python; made where it is not there, or the test is skipped."""
    try:
        ENVIRONMENT.install()
    except UserError as problem:
        pytest.skip(f"the emulators cannot be installed here: {problem.diagnostics[0].why}")
    found = ENVIRONMENT.python()
    assert found is not None
    return found


def accepted(programs: Iterator[Program], count: int) -> list[Program]:
    """The first programs that fit the chip; what the others lack is in :mod:`test_checks`."""
    backend = Loihi1Backend()
    found: list[Program] = []
    for program in programs:
        if not list(backend.check(program)):
            found.append(program)
        if len(found) == count:
            break
    return found


def run_many(
    engine: str, cases: list[tuple[Program, Integers]], folder: Path
) -> list[tuple[Program, Integers, Trace]]:
    """Programs, their inputs (samples, steps, \\*input shape) and what an emulator made of them.

    With hidden potentials.
    """
    python, jobs, made = interpreter(), [], []
    for number, (program, spikes) in enumerate(cases):
        job = folder / str(number)
        job.mkdir()
        together = TOGETHER[number % len(TOGETHER)]
        split = Split(partition(program, together), together)
        staged = stage(program, split, spikes, potentials=True)
        np.savez(job / "input.npz", **staged.arrays)
        (job / "settings.json").write_text(json.dumps(staged.settings))
        jobs.append(job)
        made.append(staged)
    script = Path(__file__).with_name("run_many.py")
    command = [str(python), "-I", str(script), str(SCRIPTS[engine]), *map(str, jobs)]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=TIME_LIMIT, check=False, cwd=folder
    )
    assert done.returncode == 0, done.stderr[-4000:]
    results = []
    for (program, spikes), job, staged in zip(cases, jobs, made, strict=True):
        with np.load(job / "output.npz", allow_pickle=False) as output:
            trace = collect(program, staged, dict(output), spikes)
        results.append((program, spikes, trace))
    return results
