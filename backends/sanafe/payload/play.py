"""Runs a network of snnc on SANA-FE: loads the two files, feeds inputs and echoes, reads spikes and
costs.

Needs sanafe 2.2.9 and numpy, nothing of snnc. This file is both in snnc, whose engine runs it, and in
the bundle, for you:

    import numpy, play
    network = play.Network("architecture.yaml", "network.yaml", "play.json")
    found = network.run(spikes)        # input payloads, (steps, neurons of the input), whole numbers

``play.json`` says what the host does, which the files cannot say: input spikes; spikes that are
delayed, sent again by input neurons beside their source; and potentials and biases that begin or begin
again at some step. For that a neuron's ``leak_decay`` is 0 and its ``bias`` what it begins with, for
one step.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import sanafe
from numpy.typing import NDArray

PARTS = ("total", "synapse", "dendrite", "soma", "network")
"""Energies that SANA-FE reports, joules."""
COUNTS = {
    "synaptic operations": "spikes",
    "messages": "packets_sent",
}
"""What is counted, and SANA-FE's word for it."""


class Network:
    """A network on a chip, to be run as often as one likes; every run begins anew."""

    def __init__(self, architecture: str | None, network: str, about: str) -> None:
        """Load the files; ``architecture`` None is SANA-FE's own Loihi."""
        self.about: dict[str, Any] = json.loads(Path(about).read_text(encoding="utf-8"))
        arch = sanafe.load_loihi() if architecture is None else sanafe.load_arch(architecture)
        self.chip = sanafe.SpikingChip(arch)
        self.chip.load(sanafe.load_net(network, arch))
        self.groups = self.chip.mapped_neuron_groups
        self.populations: list[dict[str, Any]] = self.about["populations"]
        self.used = False

    def run(self, spikes: NDArray[np.int64]) -> dict[str, Any]:
        """One sample.

        Args:
            spikes: what the input sends in each step, (steps, inputs).

        Returns:
            ``spikes``: by group, (steps, neurons) of 0 and 1; ``potentials``: by group that is
            logged, in SANA-FE's units; ``costs``: by name, sums over the run.
        """
        if self.used:
            self.chip.reset()
        self.used = True
        steps = len(spikes)
        found = {p["group"]: np.zeros((steps, p["size"]), np.int8) for p in self.populations}
        logged = sorted(p["group"] for p in self.populations if p["logged"])
        sizes = [found[name].shape[1] for name in logged]
        values = np.zeros((steps, sum(sizes)))
        costs = {f"energy {part}": 0.0 for part in PARTS}
        costs.update({"time": 0.0, "hops": 0.0}, **dict.fromkeys(COUNTS, 0.0))
        self._feed_inputs(np.asarray(spikes))
        said: dict[str, Any] = {}
        done = 0
        while done < steps:
            count = self._set_neurons(done + 1, steps - done, said)
            count = self._feed_echoes(done, count, found)
            result = self.chip.sim(
                count, spike_trace=True, potential_trace=True, perf_trace=True, processing_threads=1
            )
            for step, fired in enumerate(result["spike_trace"]):
                for neuron in fired:
                    found[neuron.group_name][done + step, neuron.neuron_offset] = 1
            values[done : done + count] = np.asarray(result["potential_trace"]).reshape(count, -1)
            for part in PARTS:
                costs[f"energy {part}"] += result["energy"][part]
            for name, word in COUNTS.items():
                costs[name] += result[word]
            costs["time"] += result["sim_time"]
            costs["hops"] += sum(result["perf_trace"]["hops"])
            done += count
        edges = np.cumsum([0, *sizes])
        potentials = {
            name: values[:, edges[k] : edges[k + 1]] for k, name in enumerate(logged)
        }  # SANA-FE logs groups by name
        return {"spikes": found, "potentials": potentials, "costs": costs}

    def _feed_inputs(self, spikes: NDArray[np.int64]) -> None:
        """Every input neuron's whole train."""
        for group in self.about["inputs"]:
            bit = group["bit"]
            plane = spikes != 0 if bit < 0 else (spikes >> bit) & 1
            late = np.zeros((group["delay"], spikes.shape[1]), plane.dtype)
            plane = np.concatenate([late, plane])[: len(spikes)]
            for neuron in np.flatnonzero(plane.any(axis=0)).tolist():
                self._send(group["group"], neuron, plane[:, neuron])

    def _feed_echoes(self, done: int, count: int, found: dict[str, NDArray[np.int8]]) -> int:
        """What echoes send next; for how many steps: no more than the shortest delay."""
        for group in self.about["echoes"]:
            count = min(count, group["delay"])
        for group in self.about["echoes"]:
            first = done - group["delay"]
            past = found[group["of"]][max(first, 0) : first + count] if first + count > 0 else None
            if past is None or not past.any():
                continue
            late = np.zeros((max(-first, 0), past.shape[1]), np.int8)
            train = np.concatenate([late, past])
            for neuron in np.flatnonzero(past.any(axis=0)).tolist():
                self._send(group["group"], neuron, train[:, neuron])
        return count

    def _send(self, group: str, neuron: int, train: NDArray[Any]) -> None:
        attributes = {"spikes": [bool(fires) for fires in train]}
        self.groups[group][neuron].set_attributes(model_attributes=attributes)

    def _set_neurons(self, step: int, most: int, said: dict[str, Any]) -> int:
        """Leak and bias for a step, and for how many steps they stay: 1 to ``most``."""
        for p in self.populations:
            now = _phase(p, step)
            if said.get(p["group"]) != now:
                said[p["group"]] = now
                self._set(p, *now)
        stays = 1
        while stays < most and all(
            said[p["group"]] == _phase(p, step + stays) for p in self.populations
        ):
            stays += 1
        return stays

    def _set(self, p: dict[str, Any], begins: bool, biased: bool) -> None:
        fresh = np.broadcast_to(p["fresh"] if begins else 0.0, p["size"])
        bias = fresh + np.broadcast_to(p["bias"] if biased else 0.0, p["size"])
        leak = 0.0 if begins else p["leak"]
        for neuron, value in zip(self.groups[p["group"]], bias.tolist(), strict=True):
            neuron.set_attributes(model_attributes={"leak_decay": leak, "bias": value})


def _phase(p: dict[str, Any], step: int) -> tuple[bool, bool]:
    """Whether a population begins (again) in a step, from 1, and whether its bias is due."""
    interval, since = p["clear_interval"], step - p["bias_start"]
    begins = step == 1 or (interval > 0 and (step - p["clear_offset"]) % interval == 0)
    return begins, since > 0 and (since - 1) % p["bias_interval"] == 0


def main(job: Path) -> None:
    """What snnc's engine asks for: ``settings.json`` and ``input.npz`` in, ``output.npz`` out."""
    settings = json.loads((job / "settings.json").read_text(encoding="utf-8"))
    with np.load(job / "input.npz", allow_pickle=False) as arrays:
        spikes = arrays["spikes"]
    network = Network(settings["architecture"], settings["network"], settings["about"])
    samples = []
    for number, sample in enumerate(spikes):
        samples.append(network.run(sample))
        print("done", number + 1, flush=True)  # noqa: T201
    arrays = {}
    for kind in ("spikes", "potentials", "costs"):
        for name in samples[0][kind]:
            arrays[f"{kind}/{name}"] = np.stack([s[kind][name] for s in samples])
    np.savez(job / "output.npz", **arrays)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
