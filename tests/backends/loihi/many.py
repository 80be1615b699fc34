"""Many programs through Lava's models in one process of Lava's."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from snnc.backends.loihi import LoihiBackend
from snnc.backends.loihi.emit import HERE
from snnc.backends.loihi.engine import collect
from snnc.backends.loihi.potentials import hidden_potentials
from snnc.ir import Integers, Program, Trace
from tests.emitting import emitted_into


def run_many(
    back_end: LoihiBackend, cases: list[tuple[Program, Integers]], folder: Path
) -> list[tuple[Program, Integers, Trace]]:
    """Programs, their inputs (samples, steps, \\*input shape) and what Lava's models made of them.

    With hidden potentials.
    """
    jobs, hidden = [], []
    for number, (program, spikes) in enumerate(cases):
        job = folder / str(number)
        job.mkdir()
        emitted = emitted_into(job, back_end, program)
        np.save(job / "spikes.npy", spikes.reshape(*spikes.shape[:2], -1).astype(np.int32))
        package = str(job / Path(emitted.files["program"]).parent)
        hidden.append(hidden_potentials(program, back_end.processes == "stock"))
        probes = list(hidden[-1][0].values())
        (job / "job.json").write_text(json.dumps({"package": package, "probes": probes}))
        jobs.append(job)
    command = [sys.executable, str(Path(__file__).with_name("run_many.py")), str(HERE)]
    done = subprocess.run(
        [*command, *map(str, jobs)], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    return [
        (p, s, replace(collect(p, job, s, kept), unread=unread))
        for (p, s), job, (kept, unread) in zip(cases, jobs, hidden, strict=True)
    ]
