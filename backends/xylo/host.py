"""The part of a program that the host does: the readout, which adds up spikes that leave the chip."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import scipy.sparse as sparse

from snnc.ir import (
    Encoding,
    Integers,
    Kind,
    Program,
    ProgramPopulation,
    ProgramProjection,
    SparseLinear,
    size,
)

SPIKES = "spikes"


def sources(program: Program) -> tuple[str, ...]:
    """The populations that the readout hears, in the program's order."""
    heard = {p.source for p in program.into(program.readout.name)}
    return tuple(p.name for p in program.populations if p.name in heard)


def host_program(program: Program) -> Program:
    """A program of its own: input are the spikes of all sources in a row, and the readout hears them.

    Its readout's potential at each step is the whole program's.
    """
    names = sources(program)
    sizes = [size(program.by_name[name].shape) for name in names]
    firsts = dict(zip(names, np.cumsum([0, *sizes[:-1]]), strict=True))
    total = sum(sizes)
    projections = []
    for p in program.into(program.readout.name):
        shape = program.by_name[p.source].shape
        own = size(shape)
        rows = np.arange(own)
        select = sparse.csr_array(
            (np.ones(own, np.int64), (rows, rows + firsts[p.source])), shape=(own, total)
        )
        matrix = sparse.csr_array(np.asarray(np.rint(p.op.matrix(shape).toarray()), np.int64)) @ select
        op = SparseLinear(sparse.csr_array(matrix), program.readout.shape)
        projections.append(replace(p, source=SPIKES, op=op))
    chip = ProgramPopulation(SPIKES, Kind.INPUT, (total,), "", 0, None, Encoding.GRADED)
    return Program(
        program.name, program.steps_per_frame, (chip, program.readout), _named(projections, program)
    )


def _named(projections: list[ProgramProjection], program: Program) -> tuple[ProgramProjection, ...]:
    return tuple(replace(p, target=program.readout.name) for p in projections)


def heard_spikes(names: tuple[str, ...], spikes: dict[str, Integers]) -> Integers:
    """The host program's input: (samples, steps, all sources in a row)."""
    rows = [spikes[name].reshape(*spikes[name].shape[:2], -1) for name in names]
    return np.asarray(np.concatenate(rows, axis=2), np.int64)
