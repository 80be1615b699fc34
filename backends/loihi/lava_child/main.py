"""The child's main program: reads a job, runs it, says how far it is.

The job is a folder with ``job.json`` (engine; package folder; names of the network's Vars to record;
``populations``, the spiking ones to record, all where it is null or left out)
and ``spikes.npy`` (samples, steps, inputs; int32). Each sample leaves ``sample_<number>.npz`` there. On
stdout, and by nobody else: one line ``done <samples>`` after each sample. Everything that goes wrong is
a text on stderr and an exit code that is not 0.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from pathlib import Path
from typing import Any

import numpy as np

from . import in_process, runtime
from .assemble import assemble

ENGINES: dict[str, Any] = {"lava": (runtime.run, True), "lava-inprocess": (in_process.run, False)}
"""How each runs, and whether it has RefPorts."""


def main(folder: Path) -> None:
    """Run the job in ``folder``; never returns."""
    # Lava and its workers may print: what they write to stdout goes to stderr.
    progress = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    code = 1
    try:
        job = json.loads((folder / "job.json").read_text(encoding="utf-8"))
        spikes = np.load(folder / "spikes.npy", allow_pickle=False)
        paths = [str(folder / f"sample_{number}.npz") for number in range(len(spikes))]
        run, by_ports = ENGINES[job["engine"]]
        names = job.get("populations")
        assembly = assemble(Path(job["package"]), spikes.shape[1], job["probes"], by_ports, names)
        for number in run(assembly, spikes, paths):
            progress.write(f"done {number + 1}\n")
            progress.flush()
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        # Lava's threads keep an interpreter that ends normally from ending.
        os._exit(code)
