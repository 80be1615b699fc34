"""The whole network as one hierarchical Lava Process, alone in its folder (see ``neurons``)."""

from __future__ import annotations

from typing import Any

import numpy as np
from lava.magma.core.decorator import implements, requires, tag
from lava.magma.core.model.sub.model import AbstractSubProcessModel
from lava.magma.core.process.ports.ports import InPort, OutPort
from lava.magma.core.process.process import AbstractProcess
from lava.magma.core.process.variable import Var
from lava.magma.core.resources import CPU
from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol

# The package is called after the network, so that only relative imports can know it.
from ..model import Model  # noqa: TID252
from ..processes import memory, neurons, synapses  # noqa: TID252

POTENTIALS = {"Delta": "act", "SigmaDelta": "sigma", "LateSigmaDelta": "sigma"}
"""Names of the Var that is the potential of a process, where it is not ``v``."""


class Network(AbstractProcess):  # type: ignore[misc]
    """The compiled network. Run it with ``Loihi2SimCfg(select_tag="fixed_pt")`` only.

    Ports, all flat int32 in C order of (channels, height, width):
        spikes_in: payload of every input spike, 0 for none.
        potential_out: the readout's potential after every step.
        spikes_<population>: 1 where a neuron fired, or the payload; may be left unconnected.

    Vars, one for each of those:
        hidden_potential_<population>: what its neurons keep after a step, for Lava's Monitor.

    Attributes:
        spike_ports: name of the port by name of the spiking population.
    """

    def __init__(self, *, name: str | None = None) -> None:
        super().__init__(name=name)
        model = Model()
        self.spike_ports: dict[str, str] = {}
        for population in model.populations:
            shape = (int(np.prod(population["shape"])),)
            kind = InPort if population["kind"] == "input" else OutPort
            setattr(self, population["port"], kind(shape=shape))
            if population["kind"] == "neurons":
                self.spike_ports[population["name"]] = population["port"]
                setattr(self, potential_var(population), Var(shape=shape, init=0))


def potential_var(population: dict[str, Any]) -> str:
    """Name of the Var that stands for the potential of a spiking population."""
    return "hidden_potential_" + str(population["port"]).removeprefix("spikes_")


@implements(proc=Network, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt")
class NetworkModel(AbstractSubProcessModel):  # type: ignore[misc]
    """What is inside: one Process for each population and each projection, and their connections."""

    def __init__(self, proc: Any) -> None:
        model = Model()
        sources = {p["name"]: p for p in model.populations}
        self.processes: dict[str, Any] = {}
        hearing: dict[str, list[Any]] = {}
        for population in model.populations:
            if population["kind"] == "input":
                continue
            process = neurons(model, population)
            self.processes[population["name"]] = process
            setattr(self, population["port"], process)
            if population["kind"] == "neurons":
                kept = getattr(process, POTENTIALS.get(population["process"], "v"))
                getattr(proc.vars, potential_var(population)).alias(kept)
            sent = process.v_out if population["process"] == "Readout" else process.s_out
            sent.connect(getattr(proc.out_ports, population["port"]))
            hearing[population["name"]] = [process.a_in]
            loops = memory(population, process)
            if loops is not None:
                hearing[population["name"]] += loops.hearing
                for purpose, part in loops.processes.items():
                    setattr(self, f"{purpose}_of_{population['port']}", part)
        for number, projection in enumerate(model.projections):
            process = synapses(model, projection)
            setattr(self, f"projection_{number}", process)
            source = sources[projection["source"]]
            if source["kind"] == "input":
                sent = proc.in_ports.spikes_in
            else:
                sent = self.processes[source["name"]].s_out
            brought = process.a_out
            if projection["process"] == "Conv":
                # (channels, height, width) to Lava's (width, height, channels), and back.
                sent.reshape(tuple(source["shape"])).transpose((2, 1, 0)).connect(process.s_in)
                brought = brought.transpose((2, 1, 0)).flatten()
            else:
                sent.connect(process.s_in)
            for arriving in hearing[projection["target"]]:
                brought.connect(arriving)
