"""What a program takes of a machine's memory when it is run, before anything of that is taken."""

from __future__ import annotations

from collections.abc import Iterator

from snnc.errors import fail
from snnc.files.memory import as_text, machine_memory, over_limit

from .convolution import Conv2d
from .ops import Linear, Op, Shape, SparseLinear, size
from .program import Program
from .scaling import weights_of

SHARE = 2
"""A program may take one part in so many of the memory for one sample: twice what a file may."""

WORD_BYTES = 8
NEURON_BYTES = 10 * WORD_BYTES
"""Current, potential, waiting spikes, threshold, bias, start value, both orders, and sums."""
SENT_BYTES = 2 * WORD_BYTES
"""A spike that is held: 8 bytes in the reference simulator, and as an event in the fast one."""
COPIES = 3
"""Of weights: as they are read, as they are laid out, and one between."""


def samples_at_once(program: Program, most: int) -> int:
    """How many samples can be run together, ``most`` at the most and 1 at the least."""
    return max(1, min(most, machine_memory() // SHARE // sum(taken for _, taken in parts_of(program))))


def refuse_too_large(program: Program) -> None:
    """Refuse a program that cannot be run here, by what would take most of it.

    Raises:
        UserError: D138.
    """
    parts = dict(parts_of(program))
    total, room = sum(parts.values()), machine_memory() // SHARE
    if total <= room:
        return
    where = max(parts, key=lambda name: parts[name])
    taken, most = over_limit(total, room)
    raise fail(
        "D138",
        f"one sample takes {taken}, of which {as_text(parts[where])} here; the limit is {most}",
        where=where,
        why=f"that is 1/{SHARE} of the memory that this process may use",
        help="run it on a machine with more memory, or make populations, kernels or delays smaller",
    )


def parts_of(program: Program) -> Iterator[tuple[str, int]]:
    """What takes memory when one sample is run: its place in the program, and bytes."""
    depth: dict[str, int] = {}
    for p in program.projections:
        depth[p.source] = max(depth.get(p.source, 0), p.delay + 1)
    deepest = max(depth.values(), default=1)
    for population in program.populations:
        held = depth.get(population.name, 0) * size(population.shape) + deepest
        neurons = size(population.shape) * NEURON_BYTES
        yield f"population {population.name}, shape", neurons + held * SENT_BYTES
    for number, p in enumerate(program.projections):
        taken = _laid_out(p.op, program.by_name[p.source].shape)
        yield f"projection {number}, {p.label}, op", taken * WORD_BYTES


def _laid_out(op: Op, source: Shape) -> int:
    """Numbers that engines make of an operation."""
    if isinstance(op, Conv2d):
        return _convolution(op, source)
    if isinstance(op, SparseLinear):
        return 2 * COPIES * (int(op.weight.nnz) + sum(map(int, op.weight.shape)))
    if isinstance(op, Linear):
        # As read, in floats for a matrix product, and for each input in at most 4 bytes.
        return 2 * op.weight.size + len(op.weight) * op.inputs // 2
    try:
        return COPIES * int(weights_of(op).size)
    except TypeError:  # passes everything on, as a matrix with one number for each
        return 2 * COPIES * size(source)


def _convolution(op: Conv2d, source: Shape) -> int:
    """The padded source, every output's window, and the kernel as a stride splits it."""
    outs, ins, height, width = op.weight.shape
    _, rows, columns = op.out_shape(source)
    padded = (source[1] + 2 * op.padding[0]) * (source[2] + 2 * op.padding[1]) * source[0]
    windows = rows * columns * ins * height * width
    split = [max(op.extent[axis], op.stride[axis]) + op.stride[axis] for axis in (0, 1)]
    return padded + windows + COPIES * outs * ins * split[0] * split[1]
