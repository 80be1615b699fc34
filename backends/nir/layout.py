"""Where everything of a program is in its NIR graph: what the engine needs, and what a user asks."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

from snnc.backends.payload_files import PAYLOAD
from snnc.ir import Program, Shape, size
from snnc.ir.json_fields import Fields
from snnc.ir.program_ranges import DIMENSIONS, STEPS, WORD

QUANTITIES = ("spikes", "always", "potential", "values")
"""What a node's output may be for a population; see :class:`PopulationPlace`."""

MOST_STEPS = 2 * STEPS
"""A time of the program, ``STEPS`` at most, and one of its NIR graph."""


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


def _place(data: Any, where: str) -> PopulationPlace:
    """One population, from what the file says.

    Raises:
        UserError: as :meth:`Layout.of`.
    """
    fields = Fields(data, where, PAYLOAD.code, PAYLOAD.help)
    name = fields.text("name")
    fields.where = f"{where} ({name:.100})"
    place = PopulationPlace(
        name=name,
        node=fields.text("node"),
        shape=fields.wholes("shape", 1, WORD),
        shift=fields.whole("shift", -MOST_STEPS, MOST_STEPS),
        quantity=fields.word("quantity", QUANTITIES),
        length=fields.whole("length", 1, WORD),
        first=fields.whole("first", 0, WORD),
        unit=fields.number("unit"),
        begin=fields.whole("begin", 0, MOST_STEPS),
        clear=fields.whole("clear", 0, MOST_STEPS),
        unread=fields.text("unread"),
        state=fields.text("state"),
        offset=fields.wholes("offset", -WORD, WORD),
        taken=fields.wholes("taken", -WORD, WORD),
        start=fields.wholes("start", -WORD, WORD),
    )
    fields.done()
    if not 1 <= len(place.shape) <= DIMENSIONS or size(place.shape) > WORD:
        raise fields.refusal(f"shape is {list(place.shape)[:DIMENSIONS]}, of {len(place.shape)} axes")
    if place.quantity == "spikes" and not place.unread:
        for row in ("offset", "taken", "start"):
            count = len(getattr(place, row))
            if count not in (1, size(place.shape)):
                what = f"{row} has {count} numbers for {size(place.shape)} neurons"
                raise fields.refusal(what, row)
    return place


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
    def of(data: Any, where: str) -> Layout:
        """The inverse of :meth:`text`, from what its JSON says.

        Args:
            data: as JSON gave it.
            where: the file, for messages.

        Raises:
            UserError: D144 it is no layout: a member is missing, too many, of another type or out of
                bounds, or does not fit the others.
        """
        fields = Fields(data, where, PAYLOAD.code, PAYLOAD.help)
        layout = Layout(
            entry=fields.text("entry"),
            dt=fields.number("dt"),
            input_shift=fields.whole("input_shift", -MOST_STEPS, MOST_STEPS),
            input_start=fields.whole("input_start", 0, MOST_STEPS),
            answer_start=fields.whole("answer_start", 0, MOST_STEPS),
            populations=tuple(
                _place(entry, f"{where}, population {number}")
                for number, entry in enumerate(fields.objects("populations"))
            ),
        )
        fields.done()
        if layout.dt <= 0:
            raise fields.wrong("dt", layout.dt, "above 0")
        names = [layout.entry, *(p.name for p in layout.populations)]
        twice = [name for name, times in Counter(names).items() if times > 1]
        if twice:
            raise fields.refusal(f"{twice[0]!r:.100} occurs twice")
        if not layout.populations:
            raise fields.refusal("it has no populations")
        return layout

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
