"""Runs a bundle on akida's software backend, in an environment of its own.

    python -I akida_script.py JOB

Imports nothing of snnc. JOB/settings.json names ``script`` (the ``akida_network.py`` of this snnc,
never the bundle's), ``about`` (its ``network.json``, checked), ``potentials``, ``device`` and ``names``
(of populations); JOB/input.npz has ``spikes`` (samples, steps, \\*input shape), and ``array/NAME`` for
each of the bundle's ``layers.npz``. JOB/output.npz gets ``spikes/N`` and ``potentials/N``, N being a
name's place, and ``fit``: 1 where it maps on the device, then processors used, processors there, bytes
of program; ``refused`` is the reason where it does not.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np


def load(script: str) -> Any:
    """The module of a file."""
    spec = importlib.util.spec_from_file_location("akida_network", script)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main(job: Path) -> None:
    """Every sample from the start, then whether it fits."""
    settings = json.loads((job / "settings.json").read_text(encoding="utf-8"))
    with np.load(job / "input.npz", allow_pickle=False) as given:
        spikes = given["spikes"]
        arrays = {name[6:]: given[name] for name in given.files if name.startswith("array/")}
    module = load(settings["script"])
    network = module.Network(settings["about"], arrays)
    parts: dict[str, list[Any]] = {}
    for number in range(len(spikes)):
        found = network.run(spikes[number : number + 1], settings["potentials"])
        for kind, by_name in found.items():
            for name, values in by_name.items():
                parts.setdefault(f"{kind}/{settings['names'].index(name)}", []).append(values)
        sys.stdout.write(f"done {number + 1}\n")
        sys.stdout.flush()
    saved = {name: np.concatenate(values) for name, values in parts.items()}
    saved["fit"], saved["refused"] = np.zeros(4, np.int64), np.array("")
    if network.layers:
        try:
            fit = network.fit(module.VIRTUAL[settings["device"]]())
            saved["fit"] = np.array([1, fit["processors"], fit["of"], fit["program"]])
        except Exception as problem:  # akida's own, of several types
            saved["refused"] = np.array(str(problem).splitlines()[0][:500])
    np.savez(job / "output.npz", **saved)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
