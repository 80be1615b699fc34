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
one step. In the same way a potential that has left its register is put back to its end.
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
COUNTS = {"synaptic operations": "spikes", "messages": "packets_sent"}
"""What is counted, and SANA-FE's word for it."""

Spikes = NDArray[np.int8]
Numbers = NDArray[np.float64]


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
        self.watched = [p for p in self.populations if "threshold" in p]
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
        steps, done = len(spikes), 0
        found = {p["group"]: np.zeros((steps, p["size"]), np.int8) for p in self.populations}
        # SANA-FE logs groups by name.
        logged = sorted(p["group"] for p in self.populations if p["logged"])
        potentials = {name: np.zeros(found[name].shape) for name in logged}
        costs = {f"energy {part}": 0.0 for part in PARTS}
        costs.update({"time": 0.0, "hops": 0.0}, **dict.fromkeys(COUNTS, 0.0))
        said: dict[str, tuple[bool, bool]] = {}
        above: dict[str, NDArray[np.int64]] = {}
        self._feed_inputs(np.asarray(spikes))
        while done < steps:
            count = self._set_neurons(done + 1, steps - done, said)
            count = self._feed_echoes(done, count, found)
            above = self._put_back(done + 1, above)
            result = self.chip.sim(
                count, spike_trace=True, potential_trace=True, perf_trace=True, processing_threads=1
            )
            for step, fired in enumerate(result["spike_trace"]):
                for neuron in fired:
                    found[neuron.group_name][done + step, neuron.neuron_offset] = 1
            _sort_out(result["potential_trace"], potentials, slice(done, done + count))
            for part in PARTS:
                costs[f"energy {part}"] += result["energy"][part]
            for name, word in COUNTS.items():
                costs[name] += result[word]
            costs["time"] += result["sim_time"]
            costs["hops"] += sum(result["perf_trace"]["hops"])
            done += count
            for p in self.watched:
                before = potentials[p["group"]][done - 1] + found[p["group"]][done - 1] * np.asarray(
                    p["threshold"]
                )
                above[p["group"]] = np.flatnonzero(before > p["highest"])
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

    def _feed_echoes(self, done: int, count: int, found: dict[str, Spikes]) -> int:
        """What echoes send next; for how many steps: no more than the shortest delay."""
        for group in self.about["echoes"]:
            count = min(count, group["delay"])
        for group in self.about["echoes"]:
            first = done - group["delay"]
            if first + count <= 0:
                continue
            past = found[group["of"]][max(first, 0) : first + count]
            train = np.concatenate([np.zeros((max(-first, 0), past.shape[1]), np.int8), past])
            for neuron in np.flatnonzero(past.any(axis=0)).tolist():
                self._send(group["group"], neuron, train[:, neuron])
        return count

    def _send(self, group: str, neuron: int, train: NDArray[Any]) -> None:
        attributes = {"spikes": [bool(fires) for fires in train]}
        self.groups[group][neuron].set_attributes(model_attributes=attributes)

    def _set_neurons(self, step: int, most: int, said: dict[str, tuple[bool, bool]]) -> int:
        """Leak and bias for a step, and for how many steps they stay: 1 to ``most``."""
        for p in self.populations:
            now = _phase(p, step)
            if said.get(p["group"]) != now:
                said[p["group"]] = now
                self._set(p, step, np.arange(p["size"]))
        if self.watched:
            return 1
        stays = 1
        while stays < most and all(
            said[p["group"]] == _phase(p, step + stays) for p in self.populations
        ):
            stays += 1
        return stays

    def _set(self, p: dict[str, Any], step: int, which: NDArray[np.int64], kept: Any = None) -> None:
        """Leak and bias of some neurons in a step; ``kept``: of their potential, where it is given."""
        begins, biased = _phase(p, step)
        leak = p["leak"]
        bias = np.broadcast_to(np.asarray(p["bias"] if biased else 0.0, np.float64), p["size"])
        if begins or kept is not None:
            leak, bias = 0.0, bias + np.asarray(p["fresh"] if begins else kept)
        neurons = self.groups[p["group"]]
        for number, value in zip(which.tolist(), bias[which].tolist(), strict=True):
            neurons[number].set_attributes(model_attributes={"leak_decay": leak, "bias": value})

    def _put_back(self, step: int, above: dict[str, NDArray[np.int64]]) -> dict[str, NDArray[np.int64]]:
        """Neurons that were above their register in the last step begin this one from its end.

        ``above``: them by group; under a second name those of the step before, which get their own leak
        back.
        """
        next_time = {}
        for p in self.watched:
            name = p["group"]
            self._set(p, step, above.get(f"{name} again", np.zeros(0, np.int64)))
            full = above.get(name, np.zeros(0, np.int64))
            end = np.broadcast_to(p["highest"] - np.asarray(p["threshold"]), p["size"])
            self._set(p, step, full, np.trunc(end * p["leak"] * 64) / 64)
            next_time[f"{name} again"] = full
        return next_time


def _phase(p: dict[str, Any], step: int) -> tuple[bool, bool]:
    """Whether a population begins (again) in a step, from 1, and whether its bias is due."""
    interval, since = p["clear_interval"], step - p["bias_start"]
    begins = step == 1 or (interval > 0 and (step - p["clear_offset"]) % interval == 0)
    return begins, since > 0 and (since - 1) % p["bias_interval"] == 0


def _sort_out(rows: list[list[float]], potentials: dict[str, Numbers], steps: slice) -> None:
    """SANA-FE's potentials, one row a step, to the groups that they belong to."""
    first = 0
    values = np.asarray(rows)
    for kept in potentials.values():
        kept[steps] = values[:, first : first + kept.shape[1]]
        first += kept.shape[1]


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
