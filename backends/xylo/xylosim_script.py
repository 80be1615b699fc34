"""Runs one configuration on xylosim, in an environment of its own: ``python -I xylosim_script.py JOB``.

Imports nothing of snnc. JOB/input.npz has the specification's arrays and ``inputs`` (samples, steps,
inputs); JOB/output.npz gets ``hidden`` and ``outputs``, the spikes of each step, and where
JOB/settings.json says ``potentials``, ``potentials_hidden`` and ``potentials_outputs`` after it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from xylosim.v2 import XyloLayer, XyloSynapse

SYNAPSE = 0
"""Of the two synapses of a hidden neuron, the one that is used."""


def synapses(weights: NDArray[np.int64]) -> list[list[Any]]:
    """A list of synapses for each source. xylosim keeps pointers: the caller must keep the objects."""
    return [
        [XyloSynapse(int(target), SYNAPSE, int(row[target])) for target in np.flatnonzero(row)]
        for row in weights
    ]


def main(job: Path) -> None:
    """Every sample from the start state."""
    with np.load(job / "input.npz", allow_pickle=False) as found:
        given = {name: found[name] for name in found.files}
    potentials = json.loads((job / "settings.json").read_text(encoding="utf-8"))["potentials"]
    kept = [synapses(given[name]) for name in ("weights_in", "weights_rec", "weights_out")]
    chip = XyloLayer(
        synapses_in=kept[0],
        synapses_rec=kept[1],
        synapses_out=kept[2],
        aliases=[[] for _ in given["threshold"]],
        threshold=given["threshold"].tolist(),
        threshold_out=given["threshold_out"].tolist(),
        has_bias=bool(given["bias_hidden"].any() or given["bias_out"].any()),
        bias=given["bias_hidden"].tolist(),
        bias_out=given["bias_out"].tolist(),
        weight_shift_inp=int(given["weight_shift_in"]),
        weight_shift_rec=int(given["weight_shift_rec"]),
        weight_shift_out=int(given["weight_shift_out"]),
        dash_mem=given["dash_mem"].tolist(),
        dash_mem_out=given["dash_mem_out"].tolist(),
        dash_syns=[[int(dash)] for dash in given["dash_syn"]],
        dash_syns_out=[[int(dash)] for dash in given["dash_syn_out"]],
        name="snnc",
    )
    inputs = given["inputs"]
    samples, steps, _ = inputs.shape
    sizes = {"hidden": len(given["threshold"]), "outputs": len(given["threshold_out"])}
    saved = {name: np.zeros((samples, steps, size), np.uint8) for name, size in sizes.items()}
    if potentials:
        for name, size in sizes.items():
            saved[f"potentials_{name}"] = np.zeros((samples, steps, size), np.int16)
    for number, sample in enumerate(inputs):
        chip.reset_all()
        if not steps:
            continue
        saved["outputs"][number] = np.array(chip.evolve(sample.tolist())).reshape(steps, -1)
        saved["hidden"][number] = np.array(chip.rec_recurrent_spikes).reshape(steps, -1)
        if potentials:  # a row a neuron, after its reset
            saved["potentials_hidden"][number] = np.array(chip.rec_v_mem).reshape(-1, steps).T
            saved["potentials_outputs"][number] = np.array(chip.rec_v_mem_out).reshape(-1, steps).T
        sys.stdout.write(f"done {number + 1}\n")
        sys.stdout.flush()
    np.savez(job / "output.npz", **saved)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
