"""The models that Lava compiled, stepped in this one process: no fork, no shared memory, no threads.

Lava's compiler chooses the ProcessModels; its builders make them, with their ports, data types and
reshaping. Only the channels (plain queues) and the order of execution are ours. No RefPorts: what a
process keeps is read from its model.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any

import numpy as np

from .assemble import Assembly
from .start_state import StartState, freeze

SYNAPSE_BUFFERS = ("a_buff", "a_buf")


class Channel:
    """Both ends of a queue between two ports; casts like Lava's shared memory does."""

    def __init__(self, name: str, shape: tuple[int, ...], dtype: Any, queue: deque[Any]) -> None:
        self.name, self.shape, self.dtype, self.queue = name, shape, dtype, queue

    def send(self, data: Any) -> None:
        """Append a copy of ``data`` in the port's dtype."""
        if data.shape != self.shape:
            raise ValueError(f"port {self.name} of shape {self.shape} got {data.shape}")
        message = np.empty(self.shape, self.dtype)
        message[...] = data
        self.queue.append(message)

    def recv(self) -> Any:
        """Take the oldest message."""
        return self.queue.popleft()


class Mute:
    """Stands in for a synapse's output port, which is served at the start of the step."""

    def send(self, data: Any) -> None:
        """Ignore what was sent already."""


class Stepper:
    """All models of a compiled network, each once a step, sources before targets."""

    def __init__(self, executable: Any) -> None:
        self.inputs: dict[Any, list[Channel]] = {p: [] for p in executable.proc_builders}
        for builder in executable.channel_builders:
            self._connect(executable, builder)
        self.models = {p: b.build() for p, b in executable.proc_builders.items()}
        self.early = [self._detach(model) for model in self.models.values() if _sends_buffer(model)]
        from lava.magma.core.model.py.ports import AbstractPyPort

        fresh = [model for model in self.models.values() if not getattr(model, "through", False)]
        self.start = [StartState(model, AbstractPyPort) for model in fresh]
        self.order: list[Any] = []

    def _connect(self, executable: Any, builder: Any) -> None:
        from lava.magma.core.process.ports.ports import create_port_id

        sends, receives = builder.src_port_initializer, builder.dst_port_initializer
        queue: deque[Any] = deque()
        source = Channel(sends.name, sends.shape, sends.d_type, queue)
        target = Channel(receives.name, sends.shape, receives.d_type, queue)
        executable.proc_builders[builder.src_process].set_csp_ports([source])
        end = executable.proc_builders[builder.dst_process]
        end.set_csp_ports([target])
        end.add_csp_port_mapping(create_port_id(builder.src_process.id, sends.name), target)
        self.inputs[builder.dst_process].append(target)

    @staticmethod
    def _detach(model: Any) -> tuple[Any, Any]:
        port, model.a_out = model.a_out, Mute()
        return model, port

    def run(self, steps: int) -> Iterator[int]:
        """Run from the start state; yields after each step how many are done."""
        for state in self.start:
            state.restore()
        for done in range(steps):
            # What synapses send at step t was computed at step t - 1: with all of it sent first, any
            # order along the other connections works, in loops too.
            for model, port in self.early:
                port.send(_buffer(model))
            if not self.order:
                self.order = self._first_step()
                for model in self.order:
                    freeze(model)
            else:
                for model in self.order:
                    model.time_step += 1
                    model.run_spk()
            yield done + 1

    def _first_step(self) -> list[Any]:
        """Step whatever has all its input until nothing is left; returns that order."""
        order, waiting = [], dict(self.models)
        while waiting:
            ready = [p for p in waiting if all(c.queue for c in self.inputs[p])]
            if not ready:
                names = ", ".join(p.name for p in waiting)
                raise RuntimeError(f"a loop without a synapse: {names}")
            for process in ready:
                model = waiting.pop(process)
                model.time_step += 1
                model.run_spk()
                order.append(model)
        return order


def _sends_buffer(model: Any) -> bool:
    return hasattr(model, "a_out") and any(hasattr(model, name) for name in SYNAPSE_BUFFERS)


def _buffer(model: Any) -> Any:
    """What a synapse sends at the start of a step; a delayed one keeps a column for each step."""
    values = model.a_buf if hasattr(model, "a_buf") else model.a_buff
    return values[:, 0] if hasattr(model, "delays") else values


def run(assembly: Assembly, spikes: Any, paths: list[str]) -> Iterator[int]:
    """Run samples (samples, steps, inputs) one after the other into ``paths``; yields each number."""
    assembly.load(spikes, paths)
    stepper = Stepper(assembly.executable)
    probes = {name: (stepper.models[var.process], var.name) for name, var in assembly.probes.items()}
    for number, path in enumerate(paths):
        kept: dict[str, list[Any]] = {name: [] for name in probes}
        for _ in stepper.run(assembly.steps):
            for name, (model, var) in probes.items():
                kept[name].append(np.array(getattr(model, var)))
        if probes:
            rows = stepper.models[assembly.recorder].rows
            np.savez(path, **rows, **{name: np.stack(values) for name, values in kept.items()})
        yield number
