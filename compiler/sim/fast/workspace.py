"""One block of samples on its way through a program: states, events, and a chunk of steps at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import events, kernels
from .dense import multiply
from .pipeline import run_through
from .plan import Component, Payloads, Plan
from .pools import aligned
from .records import RATE
from .stepping import ALL


class Workspace:
    """States of a block of samples, and the events of the chunk that is being run."""

    def __init__(self, plan: Plan, samples: int, chunk: int, products: bool | None) -> None:
        tables = plan.tables
        self.plan, self.samples, self.chunk = plan, samples, chunk
        self._products = products
        self.populations, self.projections = plan.populations.copy(), plan.projections.copy()
        depth, size = self.populations["depth"], self.populations["size"]
        room = samples * (depth + chunk) * size + events.BEYOND
        self.populations["events"] = np.cumsum(room) - room
        # Room for the most spikes there can be; pages that no event reaches are never touched.
        numbers, payloads = np.empty(room.sum(), np.int32), np.empty(room.sum(), np.int32)
        begin = np.empty((samples, len(room), int(depth.max()) + chunk), np.int64)
        free = self.populations["events"].copy()
        self._lists = events.Lists(numbers, payloads, begin, begin.copy(), free)
        self._nothing = np.zeros((samples, 0, 0), np.int32)
        shape = (samples, tables.neurons)
        u, v = np.empty(shape, np.int64), np.empty(shape, np.int64)
        narrow, waiting = (aligned(samples * tables.neurons, np.int32).reshape(shape) for _ in "vw")
        hot = np.empty((samples, plan.words), np.uint64)
        self._states = kernels.States(u, v, narrow, waiting, hot)
        neurons = [p for row, p in enumerate(plan.populations) if row != plan.input_row]
        # Other states of 64 bits, and levels to be sent, are not looked at: nobody touches them.
        self._wide = [_place(p) for p in neurons if not p["narrow"]]
        self._waiting = [_place(p) for p in neurons if p["code"] != RATE]
        self._word = events.bytes_for(1)
        self._scratch: dict[int, kernels.Scratch] = {}
        self.restart()
        self._network = kernels.Network(
            self.populations,
            self.projections,
            tables.weights8,
            tables.weights16,
            tables.weights32,
            tables.table,
            tables.targets,
            tables.threshold,
            plan.threshold32,
            tables.bias,
            plan.bias32,
            tables.start,
        )

    def restart(self) -> None:
        """Back to the start state: nothing has been sent yet."""
        first, states = self.populations["events"], self._states
        self._lists.free[:] = first
        self._lists.begin[:] = self._lists.end[:] = first[:, None]
        states.v32[:] = self.plan.start32
        states.hot[:] = ALL
        for here in self._wide:
            states.u[:, here], states.v[:, here] = 0, self.plan.tables.start[here]
        for here in self._waiting:
            states.waiting[:, here] = 0

    def watch(self, until: NDArray[np.int64]) -> None:
        """Leave a population out after the last step that anybody will see: (populations,)."""
        self.populations["until"] = until

    def advance(
        self, spikes: NDArray[Any], first: int, payloads: Payloads, threads: int = 1
    ) -> NDArray[np.int32]:
        """The next steps.

        Args:
            spikes: (samples, steps, size of the input), integers, in the program's order.
            first: the step of ``spikes[:, 0]``, from 1.
            payloads: the smallest and the largest that ``spikes`` may have.
            threads: that may work on it at the most.

        Returns:
            Potentials that the plan wants recorded, (samples, steps, neurons), in the kernels' order.

        Raises:
            ValueError: other payloads.
        """
        plan, steps, row = self.plan, spikes.shape[1], self.plan.input_row
        shape, depth = plan.tables.program.input.shape, self._depth(row)
        channels = shape[0] if len(shape) == 3 else 1
        beyond = events.list_input(spikes, channels, row, depth, self._lists, payloads, self._word)
        if beyond:
            raise ValueError(f"a payload of {beyond}, where {payloads[0]} to {payloads[1]} were stated")
        potentials = np.empty((self.samples, steps, plan.recorded), np.int32)

        def run(component: Component, part: slice, thread: int) -> None:
            given = self._multiply(component, part)
            self._run(component, given, potentials, first, part, self._room(thread))
            if given is not self._nothing:
                self._list_again(component)

        # Of several samples in a block a step's events lie sample by sample (``carry_over``).
        run_through(
            run, plan.components, steps, plan.tables.neurons, threads if self.samples == 1 else 1
        )
        return potentials

    def _room(self, thread: int) -> kernels.Scratch:
        """A thread's own; made by it when it first needs one."""
        if thread not in self._scratch:
            plan = self.plan
            self._scratch[thread] = kernels.Scratch.of(plan.room, plan.margin, plan.places)
        return self._scratch[thread]

    def _run(
        self,
        component: Component,
        given: NDArray[np.int32],
        potentials: NDArray[np.int32],
        first: int,
        part: slice,
        scratch: kernels.Scratch,
    ) -> None:
        try:
            kernels.run_component(
                component.members,
                self._network,
                self._states,
                self._lists,
                given,
                potentials,
                (first, part.start, part.stop),
                scratch,
            )
        except (OverflowError, IndexError) as lost:  # of the checked build
            program = self.plan.tables.program
            names = ", ".join(program.populations[int(m)].name for m in component.members)
            place = f"{names}, steps {first + part.start} to {first + part.stop - 1}"
            raise type(lost)(f"{place}: {lost}") from lost

    def _depth(self, row: int) -> int:
        return int(self.populations["depth"][row])

    def _multiply(self, component: Component, part: slice) -> NDArray[np.int32]:
        """Arrivals from outside a component as matrix products, where many spikes make that cheaper."""
        chosen = [i for i in component.incoming if self._pays(i.row, part)]
        if not chosen:
            return self._nothing
        total = 0
        for incoming in chosen:
            target = self.populations[incoming.target]
            self.projections["skipped"][incoming.row] = True
            target["lone"] = -1
            if target["given"] < 0:
                target["given"] = total
                total += int(target["size"])
            self._step_all(target)  # its bits are in another order
        given = np.zeros((self.samples, part.stop - part.start, total), np.int32)
        for incoming in chosen:
            heard = np.nonzero(self._heard(incoming.row, part))
            samples, when = (np.ascontiguousarray(places) for places in heard)  # one type for numba
            if not len(samples):
                continue
            sent = self._unlisted(incoming.row, samples, when + part.start)
            arrived = multiply(self.plan, incoming.row, sent)
            first = int(self.populations["given"][incoming.target])
            given[samples, when, first : first + arrived.shape[1]] += arrived
        return given

    def _list_again(self, component: Component) -> None:
        """The next steps may do without matrix products."""
        for incoming in component.incoming:
            self._step_all(self.populations[incoming.target])
            self.projections["skipped"][incoming.row] = False
            for name in ("given", "lone"):
                self.populations[name][incoming.target] = self.plan.populations[name][incoming.target]

    def _step_all(self, population: Any) -> None:
        """Leave out none of a population's vectors in its next step."""
        first = int(population["hot"])
        self._states.hot[:, first : first + int(population["words"])] = ALL

    def _pays(self, row: int, part: slice) -> bool:
        cost = self.plan.costs[row]
        if self._products is not None:
            return self._products and cost.kind is not None
        spikes = self._heard(row, part)
        return cost.pays(int(spikes.sum()), np.count_nonzero(spikes))

    def _first_heard(self, row: int) -> tuple[int, int]:
        """A projection's source, and where the first step that it hears in this chunk is listed."""
        source, delay = int(self.projections["source"][row]), int(self.projections["delay"][row])
        return source, self._depth(source) - 1 - delay

    def _heard(self, row: int, part: slice) -> NDArray[np.int64]:
        """How many spikes a projection hears in each of some steps of the chunk: (samples, steps).

        With a step for each layer of a deep network, a layer is silent in nearly all of them.
        """
        source, first = self._first_heard(row)
        listed = (slice(None), source, slice(first + part.start, first + part.stop))
        heard: NDArray[np.int64] = self._lists.end[listed] - self._lists.begin[listed]
        return heard

    def _unlisted(
        self, row: int, samples: NDArray[np.intp], steps: NDArray[np.intp]
    ) -> NDArray[np.float32]:
        """What a projection hears in some steps of some samples: (as many, size)."""
        source, first = self._first_heard(row)
        out = np.zeros((len(samples), int(self.populations["size"][source])), np.float32)
        order, graded = self.plan.tables.order[source], bool(self.projections["graded"][row])
        events.write_sent(out, samples, steps, source, first, order, graded, self._lists)
        return out

    def write_spikes(
        self, row: int, graded: bool, out: NDArray[Any], sample: int, first: int, steps: int
    ) -> None:
        """Write a population's spikes of the chunk into ``out[sample:, first:]`` (\\*, \\*, size)."""
        order, depth = self.plan.tables.order[row], self._depth(row)
        events.write_spikes(out, (sample, first), steps, row, depth, order, graded, self._lists)

    def count_spikes(self, row: int, graded: bool, out: NDArray[np.int64], steps: int) -> None:
        """Add the payloads of a population's spikes of the chunk to ``out`` (size,)."""
        order, depth = self.plan.tables.order[row], self._depth(row)
        events.count_spikes(out, steps, row, depth, order, graded, self._lists)

    def carry_over(self, steps: int) -> None:
        """Make room for the next chunk; keep what delays still need."""
        events.carry_over(self.populations, self._lists, steps)


def _place(population: Any) -> slice:
    """Where its neurons are among all."""
    first = int(population["state"])
    return slice(first, first + int(population["size"]))
