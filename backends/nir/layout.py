"""Where everything of a program is in its NIR graph: what the engine needs, and what a user asks."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from snnc.ir import Program, Shape


@dataclass(frozen=True)
class PopulationPlace:
    """One population in the NIR graph.

    Attributes:
        name: in the program.
        node: whose output is the population's; empty where it fires ``always`` and is a layer's bias.
        shape: in the program.
        shift: the program's steps minus NIR's for the same event.
        quantity: ``spikes``; ``always``; ``potential``, of an integrator; ``values``, what a readout is
            given in each step.
        length, first: of the population on the node's first axis; registers follow.
        unit: of the program's potential, for 1.0 of the node's output.
        begin: NIR's steps before the sum of values begins.
        clear: steps after which it begins again; 0 for never.
        unread: of spiking populations: why no node's state is the program's potential.
        state: the node that keeps it, where that is another one.
        offset: what the node's potential has less than the program's.
        taken: what a spike takes from the program's potential at once, and from the node's one step
            later.
        start: the program's potential before the node's first step. These are one number, or one for
            each neuron.
    """

    name: str
    node: str
    shape: Shape
    shift: int
    quantity: str
    length: int
    first: int = 0
    unit: float = 1.0
    begin: int = 0
    clear: int = 0
    unread: str = ""
    state: str = ""
    offset: tuple[int, ...] = ()
    taken: tuple[int, ...] = (0,)
    start: tuple[int, ...] = ()


@dataclass(frozen=True)
class Layout:
    """A program in its NIR graph.

    Attributes:
        entry: the program's input.
        dt: seconds a step.
        input_shift: the program's steps minus NIR's for the input.
        input_start, answer_start: NIR's steps before frame 0 of the input and of the readout.
        populations: all but the input.
    """

    entry: str
    dt: float
    input_shift: int
    input_start: int
    answer_start: int
    populations: tuple[PopulationPlace, ...]

    def text(self) -> str:
        """As JSON."""
        return json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n"

    @staticmethod
    def of(data: Any) -> Layout:
        """The inverse of :meth:`text`, from what its JSON says.

        Raises:
            ValueError, KeyError, TypeError, AttributeError: it is no layout.
        """
        data = dict(data)
        places = data.pop("populations")
        rows = ("shape", "offset", "taken", "start")
        populations = (PopulationPlace(**{**p, **{r: tuple(p[r]) for r in rows}}) for p in places)
        return Layout(**data, populations=tuple(populations))

    def metadata(self, program: Program) -> dict[str, Any]:
        """What the graph says of itself; ``docs/nir.md``, "Metadata", defines the words."""
        readout = self.populations[-1]
        return {
            "dt": self.dt,
            "snnc": {
                "discretization": "euler",
                "loop": "every connection inside a loop takes one step, any other none",
                "steps_per_frame": program.steps_per_frame,
                "input": "" if program.input.encoding is None else program.input.encoding.value,
                "input_start": self.input_start,
                "answer": readout.quantity,
                "answer_start": self.answer_start,
                "answer_sum": readout.clear,
            },
        }
