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
one step. In the same way, but in every step, the host carries the state of neurons that SANA-FE has
not: with a current that lasts, or a register that can be full.
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

    def __init__(
        self, architecture: str | None, network: str, about: str, all_potentials: bool = False
    ) -> None:
        """Load the files; ``architecture`` None is SANA-FE's own Loihi.

        ``all_potentials``: those of every population are logged, not only what the host needs.
        """
        self.about: dict[str, Any] = json.loads(Path(about).read_text(encoding="utf-8"))
        arch = sanafe.load_loihi() if architecture is None else sanafe.load_arch(architecture)
        self.chip = sanafe.SpikingChip(arch)
        self.populations: list[dict[str, Any]] = self.about["populations"]
        net = sanafe.load_net(network, arch)
        if all_potentials:
            for p in self.populations:
                p["logged"] = True
                for neuron in net.groups[p["group"]]:
                    neuron.set_attributes(log_potential=True)
        self.chip.load(net)
        self.groups = self.chip.mapped_neuron_groups
        self.carried = [Carried(p) for p in self.populations if p["carried"]]
        self.used = False

    def run(self, spikes: NDArray[np.int64]) -> dict[str, Any]:
        """One sample.

        Args:
            spikes: what the input sends in each step, (steps, inputs).

        Returns:
            ``spikes``: by group, (steps, neurons) of 0 and 1; ``potentials``: by group that is
            logged, in SANA-FE's units; ``costs``: by name, sums over the run, and ``wrapped``, 0 or
            the number, from 1, of a population whose current left its register, which must not be.
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
        costs.update({"time": 0.0, "hops": 0.0, "wrapped": 0.0}, **dict.fromkeys(COUNTS, 0.0))
        said: dict[str, tuple[bool, bool]] = {}
        self._feed_inputs(np.asarray(spikes))
        while done < steps:
            count = self._set_neurons(done + 1, steps - done, said)
            count = self._feed_echoes(done, count, found)
            for c in self.carried:
                self._give(c.name, 0.0, c.begin(done + 1))
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
            for c in self.carried:
                values = potentials[c.name]
                values[done - 1] = c.end(values[done - 1], found[c.name][done - 1])
                if c.wrapped:
                    costs["wrapped"] = 1.0 + self.populations.index(c.p)
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
        own = [p for p in self.populations if not p["carried"]]
        for p in own:
            now = _phase(p, step)
            if said.get(p["group"]) != now:
                said[p["group"]] = now
                self._set(p, *now)
        stays = 1
        while stays < most and all(said[p["group"]] == _phase(p, step + stays) for p in own):
            stays += 1
        return 1 if self.carried else stays

    def _set(self, p: dict[str, Any], begins: bool, biased: bool) -> None:
        fresh = np.asarray(p["fresh"] if begins else 0.0, np.float64)
        bias = np.broadcast_to(fresh + np.asarray(p["bias"] if biased else 0.0), p["size"])
        self._give(p["group"], 0.0 if begins else p["leak"], bias)

    def _give(self, group: str, leak: float, bias: Numbers) -> None:
        """Leak and bias of a group's neurons from the next step on."""
        for neuron, value in zip(self.groups[group], bias.tolist(), strict=True):
            neuron.set_attributes(model_attributes={"leak_decay": leak, "bias": value})


class Carried:
    """The state of a population that the host carries from step to step, in the program's integers.

    SANA-FE's soma begins each step with what the host gives it, adds what arrives and compares with the
    threshold; it resets nothing. What it holds then says what arrived.
    """

    def __init__(self, p: dict[str, Any]) -> None:
        """Of one entry of ``play.json``."""
        self.p, self.name, self.size = p, str(p["group"]), int(p["size"])
        self.current = self.potential = self.base = np.zeros(self.size, np.int64)
        self.wrapped = False

    def _own(self, name: str) -> NDArray[np.int64]:
        return np.broadcast_to(np.asarray(self.p[name], np.int64), self.size)

    def begin(self, step: int) -> Numbers:
        """What each neuron's potential is given in a step, from 1, in SANA-FE's units."""
        begins, biased = _phase(self.p, step)
        if begins:
            self.current, self.potential = np.zeros(self.size, np.int64), self._own("start")
        self.wrapped &= step > 1
        self.base = _decay(self.potential, self.p["potential_decay"])
        if biased:
            self.base = self.base + self._own("bias")
        given = self.base + _decay(self.current, self.p["current_decay"] + 1)
        return self._value(given)

    def end(self, values: Numbers, fired: Spikes) -> Numbers:
        """Current and potential after a step, of what SANA-FE holds and who fired; the potential."""
        most, whole = self.p["most"], (values * 64 - self.p["offset"]) / self.p["scale"]
        self.current = whole.astype(np.int64) - self.base
        # Where docs/numerics.md has the register's ends: 2^23 stays, -(2^23) wraps.
        self.wrapped |= bool(np.any((self.current > most + 1) | (self.current < -most)))
        full = np.clip(whole.astype(np.int64), -most, most)
        if self.p["subtract"]:
            self.potential = full - fired * self._own("threshold")
        else:
            self.potential = full * (1 - fired)
        return self._value(self.potential)

    def _value(self, potential: NDArray[np.int64]) -> Numbers:
        value: Numbers = (potential * self.p["scale"] + self.p["offset"]) / 64
        return value


def _decay(state: NDArray[np.int64], constant: int) -> NDArray[np.int64]:
    """A register that loses ``constant / 4096`` in a step, rounded towards zero."""
    kept: NDArray[np.int64] = np.sign(state) * ((np.abs(state) * (4096 - constant)) >> 12)
    return kept


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
    files = (settings["architecture"], settings["network"], settings["about"])
    network = Network(*files, settings["potentials"])
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
