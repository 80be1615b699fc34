"""What a run of a NIR file takes, said before any of it is taken, and when it has to end.

Between two nodes of a step a run looks at the clock. So what a single node does in a step has to end
soon, and what a whole run keeps has to fit the memory, whatever an edited file says.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Any

from snnc.errors import counted, fail
from snnc.files.memory import machine_memory, over_limit
from snnc.ir.memory import SHARE
from snnc.sim.nir_sizes import Sized, sizes

from .layout import Layout
from .reading import INPUT

BATCH = 16
"""Samples that are run together; memory, not meaning."""

MOST_WORK = 2**32
"""Operations of one node in one step, of all samples together: some seconds. The largest layer of a
ResNet-50 takes 1.2e8 multiplications, less than 2^27."""

FLOAT = 8
SPIKE = 4
COPIES = 2
"""Of what is kept of each step: as a list of steps, and as one array."""
MOVED = 3
"""Of one population at a time: rounded, moved in time, and as it is recorded."""
ARRAY = 128
"""Of an array beside its numbers: numpy 1.26 takes 112 and a place in a list."""


@dataclass(frozen=True)
class Deadline:
    """When a run has to end.

    Attributes:
        engine: its name.
        seconds: that it was given.
        end: on the monotonic clock.
    """

    engine: str
    seconds: float
    end: float

    @staticmethod
    def after(engine: str, seconds: float) -> Deadline:
        """So many seconds from now."""
        return Deadline(engine, seconds, time.monotonic() + seconds)

    def check(self, done: int, samples: int) -> None:
        """Go on only before it.

        Raises:
            UserError: D606.
        """
        if time.monotonic() < self.end:
            return
        what = f"engine {self.engine} was stopped after {self.seconds:g} s"
        what = f"{what} with {done} of {counted(samples, 'sample')}"
        help = "give it more --time-limit, or fewer --samples"
        raise fail("D606", what, where=self.engine, help=help)


@dataclass(frozen=True)
class Extent:
    """How long a run is, and how it is cut.

    Attributes:
        longest: NIR's steps.
        batch: samples that are run together, 1 or more.
    """

    longest: int
    batch: int


def steps_for(layout: Layout, steps: int) -> int:
    """NIR's steps for so many of the program."""
    return steps - min(0, layout.input_shift, *(p.shift for p in layout.populations))


def extent(graph: Any, layout: Layout, samples: int, steps: int, *, potentials: bool) -> Extent:
    """How a run is cut, where it can be run at all.

    Args:
        graph: the NIRGraph.
        layout: where the program is in it.
        samples, steps: of the program's input.
        potentials: whether those of hidden populations are recorded.

    Raises:
        UserError: D570 a node takes too long in one step, D571 the run takes too much memory.
    """
    found, longest = sizes(graph), steps_for(layout, steps)
    name, slowest = max(found.items(), key=lambda item: item[1].work)
    if slowest.work > MOST_WORK:
        raise fail(
            "D570",
            f"a step takes {slowest.work:.4g} operations in this node, the limit is {MOST_WORK:.4g}",
            where=f"{name:.200}",
            why="the time limit is checked between nodes",
            help="compile the model again",
        )
    at_once, kept = _bytes(found, layout, longest, potentials)
    values = sum(math.prod(p.shape) for p in layout.populations)
    trace = SPIKE * samples * steps * values * (2 if potentials else 1)
    room = machine_memory() // SHARE
    if trace + at_once + kept > room:
        taken, most = over_limit(trace + at_once + kept, room)
        raise fail(
            "D571",
            f"a run of {counted(longest, 'step')} takes {taken} with one sample at a time; "
            f"the limit is {most}",
            where="layout.json",
            why=f"{longest - steps} steps are before the program's first, and that is 1/{SHARE} of the "
            "memory that this process may use",
            help="use fewer --samples or frames, or compile the model again",
        )
    fitting = (room - trace) // max(1, at_once + kept)
    quick = MOST_WORK // max(1, slowest.work)
    return Extent(longest, max(1, min(BATCH, fitting, quick)))


def _bytes(found: dict[str, Sized], layout: Layout, longest: int, potentials: bool) -> tuple[int, int]:
    """What one sample takes at once, and what is kept of all its steps."""
    now = sum(each.room + math.prod(each.shape) for each in found.values())
    states = 2 if potentials else 1
    each_kept = [states * math.prod(each.shape) for each in found.values() if each.kept]
    kept = COPIES * sum(each_kept) + MOVED * max(each_kept, default=0)
    lasting = sum(
        math.prod(each.shape) * min(longest, math.ceil(min(each.waits / layout.dt, longest)))
        for each in found.values()
    )
    given = math.prod(found[INPUT].shape)
    always = max((math.prod(p.shape) for p in layout.populations if p.quantity == "always"), default=0)
    row = FLOAT * (kept + COPIES * given + 4 * always) + states * ARRAY * len(each_kept)
    return FLOAT * (now + lasting), longest * row
