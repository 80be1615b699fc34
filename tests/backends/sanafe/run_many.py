"""Many payloads in one process of SANA-FE's: ``run_many.py PAYLOAD_CODE FOLDER...``."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, sys.argv[1])
play = importlib.import_module("play")

for name in sys.argv[2:]:
    folder = Path(name)
    with np.load(folder / "spikes.npz") as arrays:
        spikes = arrays["spikes"]
    files = [str(folder / file) for file in ("architecture.yaml", "network.yaml", "play.json")]
    network = play.Network(*files, all_potentials=True)
    samples = [network.run(sample) for sample in spikes]
    found = {
        f"{kind}/{key}": np.stack([s[kind][key] for s in samples])
        for kind in ("spikes", "potentials", "costs")
        for key in samples[0][kind]
    }
    np.savez(folder / "output.npz", **found)
