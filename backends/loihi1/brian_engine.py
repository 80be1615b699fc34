"""Runs a network for Loihi 1 on brian2-loihi; started with ``python -I``, without snnc.

Neurons, synapses and their delays, spike generators and monitors are brian2-loihi's. What it lacks is
added around them by operations of Brian's schedule: a bias and the end of the potential's register,
between its state update and its threshold; and what a program on the chip's x86 cores writes, before
the step's synapses: start values and clearings.
"""

from __future__ import annotations

import json
import logging
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from brian2 import BrianLogger, NetworkOperation, ms, prefs
from brian2_loihi import (
    LoihiNetwork,
    LoihiNeuronGroup,
    LoihiSpikeGeneratorGroup,
    LoihiSpikeMonitor,
    LoihiStateMonitor,
    LoihiSynapses,
)

LARGEST_STATE = 2**23 - 1
SIGNS = {"mixed": 1, "excitatory": 2, "inhibitory": 3}
INPUT = -1
"""Stands for the input among the numbers of populations."""


class Network:
    """brian2-loihi's objects; a group has one threshold, so a population may take several."""

    def __init__(self, arrays: Any, settings: Any) -> None:
        self.arrays, self.settings = arrays, settings
        self.populations = settings["populations"]
        self.total = sum(p["size"] for p in self.populations)
        nothing = np.zeros(0, int)
        self.input = LoihiSpikeGeneratorGroup(settings["input_size"], nothing, nothing)
        # Of each group: (the population's number, its neurons, brian's object).
        self.groups = [
            (number, neurons, self.group(number, neurons))
            for number, p in enumerate(self.populations)
            for neurons in self.by_threshold(p)
        ]
        self.synapses = [
            synapse
            for number, projection in enumerate(settings["projections"])
            for synapse in self.wire(number, projection)
        ]
        self.spikes = [LoihiSpikeMonitor(group) for _, _, group in self.groups]
        self.potentials = [
            (neurons, LoihiStateMonitor(group, "v"))
            for number, neurons, group in self.groups
            if self.populations[number]["watched"]
        ]
        self.network = LoihiNetwork(
            self.input,
            *(group for _, _, group in self.groups),
            *self.synapses,
            *self.spikes,
            *(watcher for _, watcher in self.potentials),
            *self.operations(),
        )
        self.network.store()

    def by_threshold(self, population: Any) -> list[Any]:
        """Neurons of a population, a list for each threshold."""
        first, size = population["first"], population["size"]
        held = self.arrays["threshold"][first : first + size]
        return [first + np.flatnonzero(held == value) for value in np.unique(held)]

    def group(self, number: int, neurons: Any) -> Any:
        """Neurons that have all in common but bias and start value."""
        one = neurons[0]
        return LoihiNeuronGroup(
            len(neurons),
            refractory=1,
            threshold_v_mant=int(self.arrays["threshold"][one]),
            decay_v=int(self.arrays["decay_v"][one]),
            decay_I=int(self.arrays["decay_u"][one]) + 1,
        )

    def wire(self, number: int, projection: Any) -> Any:
        """Synapses of one projection, for each pair of groups that has any."""
        data = self.arrays[f"weights{number}"]
        ends, targets = self.arrays[f"ends{number}"], self.arrays[f"targets{number}"]
        rows = np.repeat(np.arange(len(ends) - 1), np.diff(ends))
        into = self.populations[projection["target"]]["first"] + targets
        for source, sources in self.sources(projection["source"]):
            for target, neurons, group in self.groups:
                if target != projection["target"]:
                    continue
                here = np.isin(rows, sources) & np.isin(into, neurons)
                if not here.any():
                    continue
                synapse = LoihiSynapses(
                    source,
                    group,
                    delay=projection["delay"],
                    w_exp=projection["exponent"],
                    sign_mode=SIGNS[projection["signs"]],
                    num_weight_bits=projection["bits"],
                )
                synapse.connect(
                    i=np.searchsorted(sources, rows[here]), j=np.searchsorted(neurons, into[here])
                )
                synapse.w = data[here]
                yield synapse

    def sources(self, number: int) -> list[tuple[Any, Any]]:
        """Objects that hold a projection's sources, with their numbers within the population."""
        if number == INPUT:
            return [(self.input, np.arange(self.settings["input_size"]))]
        first = self.populations[number]["first"]
        return [(group, neurons - first) for n, neurons, group in self.groups if n == number]

    def operations(self) -> list[Any]:
        """What is done around brian2-loihi's own arithmetic, in every step."""

        def before() -> None:
            step = self.step()
            for number, neurons, group in self.groups:
                interval = self.populations[number]["clear_interval"]
                offset = self.populations[number]["clear_offset"]
                if step == 1 or (interval and (step - offset) % interval == 0):
                    group.I_[:] = 0
                    group.v_[:] = self.arrays["start"][neurons]

        def after_state_update() -> None:
            step = self.step()
            for number, neurons, group in self.groups:
                begun = step > self.populations[number]["bias_start"]
                bias = self.arrays["bias"][neurons] if begun else 0
                group.v_[:] = np.clip(group.v_[:] + bias, -LARGEST_STATE, LARGEST_STATE)

        return [
            NetworkOperation(before, when="start", order=-1),
            NetworkOperation(after_state_update, when="groups", order=1),
        ]

    def step(self) -> int:
        """The step that is being computed, from 1; Brian's is a millisecond."""
        return round(float(self.network.t_) * 1000) + 1

    def run(self, events: list[Any], steps: int) -> tuple[Any, Any]:
        """One sample: (all neurons' spikes, the watched ones' potentials), a row a step."""
        self.network.restore()
        indices = np.concatenate([*events, np.zeros(0, int)]).astype(int)
        # A generator's spikes arrive in their own step, those of a program one step later.
        times = np.concatenate([np.full(len(e), s) for s, e in enumerate(events, 1)])

        self.input.set_spikes(indices, times.astype(int) * ms)
        self.network.run(steps)
        fired = np.zeros((steps, self.total), bool)
        for (_, neurons, _), seen in zip(self.groups, self.spikes, strict=True):
            fired[np.rint(np.asarray(seen.t_) * 1000).astype(int), neurons[np.asarray(seen.i)]] = True
        found = [(neurons, np.asarray(watcher.v_).T) for neurons, watcher in self.potentials]
        order = np.argsort(np.concatenate([neurons for neurons, _ in found]))
        potentials = np.concatenate([values for _, values in found], axis=1)[:, order]
        return fired, np.rint(potentials).astype(np.int32)


def main(job: Path) -> None:
    """Read the job, run every sample, write what they did."""
    sys.excepthook = sys.__excepthook__  # Brian's own hides what went wrong

    prefs.codegen.target = "numpy"
    BrianLogger.suppress_hierarchy("brian2", filter_log_file=True)
    logging.getLogger("brian2").setLevel(logging.ERROR)
    arrays = dict(np.load(job / "input.npz", allow_pickle=False))
    settings = json.loads((job / "settings.json").read_text())
    samples, steps = settings["samples"], settings["steps"]
    network = Network(arrays, settings)
    spikes, potentials = [], []
    for sample in range(samples):
        ends = arrays["event_ends"][sample * steps : (sample + 1) * steps + 1]
        events = [arrays["events"][a:b] for a, b in pairwise(ends)]
        fired, seen = network.run(events, steps)
        spikes.append(np.packbits(fired, axis=1))
        potentials.append(seen)
        sys.stdout.write(f"done {sample + 1}\n")
        sys.stdout.flush()
    np.savez(job / "output.npz", spikes=np.stack(spikes), potentials=np.stack(potentials))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
