"""Whether what a run is to record fits the machine's memory: said before any of it is taken."""

from __future__ import annotations

from snnc.errors import counted, fail
from snnc.files.memory import machine_memory, over_limit
from snnc.ir import Program, size
from snnc.ir.memory import SHARE

PAYLOAD_BYTES = 8
"""Of an input element in a step, at the most; what is recorded has 4."""


def refuse_long_run(program: Program, samples: int, steps: int, *, states: bool = False) -> None:
    """Refuse a run whose input and trace would not fit.

    Args:
        program: the network.
        samples, steps: of the run.
        states: whether the potentials of all populations are recorded too.

    Raises:
        UserError: D139.
    """
    neurons = sum(size(p.shape) for p in program.populations if p.neuron is not None)
    each = PAYLOAD_BYTES * size(program.input.shape) + 4 * neurons * (2 if states else 1)
    taken, room = samples * steps * each, machine_memory() // SHARE
    if taken > room:
        needed, most = over_limit(taken, room)
        raise fail(
            "D139",
            f"a record of {counted(samples, 'sample')} and {counted(steps, 'step')} takes "
            f"{needed}; the limit is {most}",
            where=program.name,
            why=f"that is 1/{SHARE} of the memory that this process may use; a step is recorded with "
            f"{counted(size(program.input.shape), 'input')} and {counted(neurons, 'neuron')}",
            help="use fewer samples or frames at a time",
        )
