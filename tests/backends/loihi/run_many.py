"""Runs many bundles in one process on Lava's models; a start of Lava for each would take minutes.

    python run_many.py <backends/loihi> <job>...

A job is a folder as ``lava_child.main`` takes it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np


def main(back_end: str, *jobs: str) -> None:
    sys.path.append(back_end)
    from lava_child import in_process  # type: ignore[import-not-found]
    from lava_child.assemble import assemble  # type: ignore[import-not-found]

    for name in jobs:
        job = Path(name)
        asked = json.loads((job / "job.json").read_text())
        spikes = np.load(job / "spikes.npy")
        paths = [str(job / f"sample_{number}.npz") for number in range(len(spikes))]
        assembly = assemble(Path(asked["package"]), spikes.shape[1], asked["probes"], by_ports=False)
        for _ in in_process.run(assembly, spikes, paths):
            pass


if __name__ == "__main__":
    main(*sys.argv[1:])
