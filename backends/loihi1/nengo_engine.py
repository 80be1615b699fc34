"""Runs a network for Loihi 1 on nengo-loihi's emulator; started with ``python -I``, without snnc.

Integers go straight into LoihiBlock, Synapse and Axon: nengo-loihi's own builder and its scaling of
floats are not used. nengo-loihi checks every block, and the chip that they make up, itself; its
emulator is strict: an accumulator that overflows is an error. Two things are done from outside, between
two steps:

* what is sent over a delayed projection leaves the emulator and comes back as input spikes so many
  steps later, because its emulator has no synaptic delays (CompartmentState.MAX_DELAY = 1);
* start values, clearings and biases that begin later are written into the compartments' registers, as a
  program on the chip's x86 cores does it.
"""

from __future__ import annotations

import json
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from nengo_loihi.block import Axon, LoihiBlock, Synapse
from nengo_loihi.builder import Model
from nengo_loihi.builder.validate import validate_block
from nengo_loihi.emulator import EmulatorInterface
from nengo_loihi.hardware.allocators import Greedy
from nengo_loihi.hardware.validate import validate_board
from nengo_loihi.inputs import SpikeInput

LARGEST_STATE = 2**23 - 1
SIGNS = {"mixed": 1, "excitatory": 2, "inhibitory": 3}
WEIGHT_BITS = [0, 1, 2, 3, 4, 5, 6, 8]
INDEX_BITS = [0, 6, 7, 8, 9, 10, 11, 12]
INPUT = -1
"""Stands for the input among the numbers of populations."""


class Network:
    """The blocks, and where populations lie in the emulator's arrays."""

    def __init__(self, arrays: Any, settings: Any) -> None:
        self.arrays, self.settings = arrays, settings
        self.populations = settings["populations"]
        self.model = Model(dt=0.001)
        self.blocks: list[Any] = []
        self.maps: list[Any] = []
        self.inputs: dict[tuple[int, int], Any] = {}
        # Where each neuron lies in the emulator: blocks are laid end to end.
        self.place = np.zeros(sum(p["size"] for p in self.populations), np.int64)
        first = 0
        for number, parts in enumerate(settings["cores"]):
            neurons = np.concatenate([self.neurons(p, start, count) for p, start, count in parts])
            self.place[neurons] = first + np.arange(len(neurons))
            first += len(neurons)
            self.blocks.append(self.block(number, neurons))
            self.maps.append(neurons)
        for number, projection in enumerate(settings["projections"]):
            self.wire(number, projection)
        for block in self.blocks:
            validate_block(block)
            self.model.add_block(block)
        for source in self.inputs.values():
            self.model.add_input(source)
        # A block is a core: nengo-loihi's own allocator and checks, those for hardware too.
        validate_board(Greedy()(self.model, n_chips=1))

    def neurons(self, population: int, start: int, count: int) -> Any:
        """Numbers of some neurons of a population among all."""
        order = self.arrays[f"order{population}"]
        return self.populations[population]["first"] + order[start : start + count]

    def block(self, number: int, neurons: Any) -> Any:
        """A core's compartments."""
        block = LoihiBlock(len(neurons), label=f"core {number}")
        held = block.compartment
        for name, key in (("decay_u", "decay_u"), ("decay_v", "decay_v"), ("bias", "bias")):
            setattr(held, name, self.arrays[key][neurons].astype(np.int32))
        held.vth = (self.arrays["threshold"][neurons] << 6).astype(np.int32)
        held.refract_delay = np.ones(len(neurons), np.int32)
        held.scale_u = held.scale_v = False
        held.vmin, held.vmax = -LARGEST_STATE, LARGEST_STATE
        return block

    def wire(self, number: int, projection: Any) -> None:
        """One group of synapses in every core that the projection leads to."""
        data = self.arrays[f"weights{number}"]
        ends, targets = self.arrays[f"ends{number}"], self.arrays[f"targets{number}"]
        exponent = projection["exponent"]
        shifted = data << exponent if exponent >= 0 else data >> -exponent
        rows = np.repeat(np.arange(len(ends) - 1), np.diff(ends))
        # As parts count them; the synapses of an axon in the order of its compartments.
        targets = np.argsort(self.arrays[f"order{projection['target']}"])[targets]
        sort = np.lexsort((targets, rows))
        targets, shifted = targets[sort], shifted[sort]
        for core, parts in enumerate(self.settings["cores"]):
            offset = 0
            for population, start, count in parts:
                if population == projection["target"]:
                    inside = (targets >= start) & (targets < start + count)
                    found = (rows[inside], targets[inside] - start + offset, shifted[inside] << 6)
                    if len(found[0]):
                        synapse = self.synapse(core, projection, *found)
                        self.lead(projection, synapse, np.unique(found[0]))
                offset += count

    def synapse(self, core: int, projection: Any, rows: Any, indices: Any, values: Any) -> Any:
        """The synapses of one core: one axon for each source that has any."""
        used, ends = np.unique(rows, return_index=True)
        synapse = Synapse(len(used), label=projection["name"])
        synapse._set_weights_indices(
            np.split(values.astype(np.int32), ends[1:]),
            indices=np.split(indices.astype(np.int32), ends[1:]),
            weight_dtype=np.int32,
        )
        needed = int(indices.max()).bit_length()
        synapse.format(
            compression=0,
            weight_exp=projection["exponent"],
            weight_bits=WEIGHT_BITS.index(projection["bits"]),
            fanout_type=SIGNS[projection["signs"]],
            delay_bits=projection["delay"].bit_length(),
            idx_bits=next(i for i, bits in enumerate(INDEX_BITS) if i and bits >= needed),
        )
        self.blocks[core].add_synapse(synapse)
        return synapse

    def lead(self, projection: Any, synapse: Any, used: Any) -> None:
        """Axons from every core that holds sources of a group of synapses, or from outside."""
        source, delay = projection["source"], projection["delay"]
        if source == INPUT or delay:
            outside = self.outside(source, delay)
            axon_of = np.full(outside.n_neurons, -1)
            axon_of[used] = np.arange(len(used))
            outside.add_axon(self.axon(synapse, axon_of, projection))
            return
        numbers = self.populations[source]["first"] + used
        for block, neurons in zip(self.blocks, self.maps, strict=True):
            axon_of = np.full(len(neurons), -1)
            common, here, there = np.intersect1d(neurons, numbers, return_indices=True)
            axon_of[here] = there
            if len(common):
                block.add_axon(self.axon(synapse, axon_of, projection))

    def outside(self, source: int, delay: int) -> Any:
        """Input spikes: of the input itself, or of neurons whose spikes arrive later."""
        if (source, delay) not in self.inputs:
            everyone = self.settings["input_size"]
            size = everyone if source == INPUT else self.populations[source]["size"]
            self.inputs[source, delay] = SpikeInput(size, label=f"{source} delayed by {delay}")
        return self.inputs[source, delay]

    @staticmethod
    def axon(synapse: Any, axon_of: Any, projection: Any) -> Any:
        """Axons that lead to some synapses, -1 for compartments without."""
        axon = Axon(int(np.count_nonzero(axon_of >= 0)), label=projection["name"])
        axon.target = synapse
        axon.set_compartment_axon_map(axon_of)
        return axon


def run(network: Network, events: list[Any], steps: int, watched: Any) -> tuple[Any, Any]:
    """One sample from the start: (all neurons' spikes, the watched ones' potentials), a row a step."""
    for source in network.inputs.values():
        source.spikes.clear()
    for (source, delay), spikes in network.inputs.items():
        if source == INPUT:
            for step, indices in enumerate(events, 1):
                if len(indices):
                    spikes.add_spikes(step + delay, indices)
    fired = np.zeros((steps, len(network.place)), bool)
    potentials = np.zeros((steps, len(watched)), np.int32)
    with EmulatorInterface(network.model, seed=0) as emulator:
        for step in range(1, steps + 1):
            write(network, emulator.compartment, step)
            emulator.step()
            fired[step - 1] = emulator.compartment.spiked[network.place]
            potentials[step - 1] = emulator.compartment.voltage[network.place[watched]]
            for (source, delay), spikes in network.inputs.items():
                if source != INPUT:
                    held = network.populations[source]
                    now = fired[step - 1, held["first"] : held["first"] + held["size"]].nonzero()[0]
                    if len(now):
                        spikes.add_spikes(step + delay, now)
    return fired, potentials


def write(network: Network, state: Any, step: int) -> None:
    """What is written into registers before a step: start values, clearings, biases that begin."""
    for population in network.populations:
        everyone = np.arange(population["first"], population["first"] + population["size"])
        places = network.place[everyone]
        interval, offset = population["clear_interval"], population["clear_offset"]
        if step == 1 or (interval and (step - offset) % interval == 0):
            state.current[places] = 0
            state.voltage[places] = network.arrays["start"][everyone]
        if population["bias_start"] and step in (1, population["bias_start"] + 1):
            begun = step > population["bias_start"]
            state.bias[places] = network.arrays["bias"][everyone] if begun else 0


def main(job: Path) -> None:
    """Read the job, run every sample, write what they did."""
    EmulatorInterface.strict = True
    arrays = dict(np.load(job / "input.npz", allow_pickle=False))
    settings = json.loads((job / "settings.json").read_text())
    samples, steps = settings["samples"], settings["steps"]
    network = Network(arrays, settings)
    watched = np.concatenate(
        [p["first"] + np.arange(p["size"]) for p in settings["populations"] if p["watched"]]
    )
    spikes, potentials = [], []
    for sample in range(samples):
        ends = arrays["event_ends"][sample * steps : (sample + 1) * steps + 1]
        events = [arrays["events"][a:b] for a, b in pairwise(ends)]
        fired, seen = run(network, events, steps, watched)
        spikes.append(np.packbits(fired, axis=1))
        potentials.append(seen)
        sys.stdout.write(f"done {sample + 1}\n")
        sys.stdout.flush()
    np.savez(job / "output.npz", spikes=np.stack(spikes), potentials=np.stack(potentials))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
