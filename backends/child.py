"""Runs an engine in a child process: a time limit, arrays through files, failures as messages.

The child's side of a script that :func:`run_script` starts is four lines::

    job = pathlib.Path(sys.argv[1])
    arrays = numpy.load(job / "input.npz", allow_pickle=False)
    settings = json.loads((job / "settings.json").read_text())
    ...                                    # print("done 1", flush=True) after the first sample
    numpy.savez(job / "output.npz", **found)

It imports nothing of snnc, whose packages its environment need not have.
"""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.errors import UserError, counted, fail
from snnc.files.writing import PrivateFolder

from . import session
from .base import Progress
from .payload_files import read_results

FIRST_LINES, LAST_LINES = 5, 10
INPUT, SETTINGS, OUTPUT = "input.npz", "settings.json", "output.npz"
REPORT = (
    "snnc targets install TARGET repairs an engine's environment; if that does not help, please report "
    "this with the bundle"
)


# Many arguments: back ends call it by name, and every engine differs in nearly all of them.
def run_script(
    python: Path,
    script: Path,
    *,
    engine: str,
    arrays: Mapping[str, NDArray[Any]],
    settings: Mapping[str, Any],
    samples: int,
    time_limit: float,
    progress: Progress | None = None,
    cure: str = REPORT,
) -> dict[str, NDArray[Any]]:
    """Run ``python -I script JOB`` and return the arrays that it wrote.

    Args:
        python: the interpreter, of an :class:`~snnc.backends.environments.Environment`.
        script: one file; other files beside it cannot be imported by it.
        engine: what messages call it.
        arrays: written to ``JOB/input.npz``.
        settings: plain types, written to ``JOB/settings.json``.
        samples: how many there are; the script prints ``done N`` after N of them.
        time_limit: seconds.
        progress: called with the number of samples that are done.
        cure: the help of a message about a failure.

    Raises:
        UserError: D606 the time is over, D607 it does not start, D608 it failed or wrote no arrays.
    """
    with PrivateFolder(f"snnc-{engine}-") as name:
        job = Path(name)
        np.savez(job / INPUT, **arrays)
        (job / SETTINGS).write_text(json.dumps(settings), encoding="utf-8")
        run_process(
            [str(python), "-I", str(script), str(job)],
            engine=engine,
            folder=job,
            samples=samples,
            time_limit=time_limit,
            progress=progress,
            cure=cure,
        )
        return read_results(job / OUTPUT, engine, cure)


def run_process(
    command: list[str],
    *,
    engine: str,
    folder: Path,
    samples: int,
    time_limit: float,
    progress: Progress | None = None,
    cure: str = REPORT,
    faster: str = "allow more time, or run fewer samples",
) -> None:
    """Run an engine's command in a session of its own; nothing of it outlives this call.

    Args:
        command: program and arguments; it prints ``done N`` after N samples.
        engine: what messages call it.
        folder: the job's, its working directory and its place for temporary files.
        samples: how many there are.
        time_limit: seconds.
        progress: called with the number of samples that are done.
        cure: the help of a message about a failure.
        faster: the help of a message about the time.

    Raises:
        UserError: D606 the time is over, D607 it does not start, D608 it failed.
    """
    done = 0

    def line(text: str) -> None:
        nonlocal done
        word, _, number = text.partition(" ")
        if word == "done" and number.isdigit():
            done = int(number)
            if progress is not None:
                progress(done)

    errors = folder / "stderr.txt"
    environment = {
        **os.environ,
        # Sockets and files of Python's multiprocessing go with the job's folder.
        "TMPDIR": str(folder),
        # Integer products use no BLAS; its threads would only make forks slower.
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
    }
    try:
        status = session.run(
            command,
            folder=folder,
            environment=environment,
            errors=errors,
            time_limit=time_limit,
            line=line,
        )
    except session.OutOfTime:
        what = f"engine {engine} was stopped after {time_limit:g} s with {done} of "
        what += counted(samples, "sample")
        raise fail("D606", what, where=engine, why=_shown(errors), help=faster) from None
    except OSError as problem:
        raise fail("D607", f"cannot start {command[0]}: {problem}", where=engine) from problem
    if status != 0:
        raise _failed(engine, status, done, samples, errors, cure)


def _failed(engine: str, status: int, done: int, samples: int, errors: Path, cure: str) -> UserError:
    how = f"failed with exit status {status}"
    silent = "it printed nothing"
    if status < 0:
        how = f"was killed by signal {-status}"
        silent = "not enough memory, or somebody stopped it" if -status == signal.SIGKILL else silent
    return fail(
        "D608",
        f"engine {engine} {how} after {done} of {counted(samples, 'sample')}",
        where=engine,
        why=_shown(errors) or silent,
        help=cure,
    )


def _shown(errors: Path) -> str:
    """What it wrote to stderr: a compiler's first lines say most, a traceback's last."""
    lines = errors.read_text(errors="replace").strip().splitlines()
    if len(lines) > FIRST_LINES + LAST_LINES:
        left = len(lines) - FIRST_LINES - LAST_LINES
        lines = [*lines[:FIRST_LINES], f"... {left} lines ...", *lines[-LAST_LINES:]]
    return "\n       ".join(lines)
