"""The comparison of a bundle with its engine, blocks of samples in several processes or machines.

Blocks are the same whatever number of workers there is, and so is every result.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from snnc.backends import Emitted, find_backend
from snnc.bundle.data import Data
from snnc.distributing import Piece, Place, Work, carry_out
from snnc.errors import fail
from snnc.files import Kind
from snnc.files.reading import read_bytes
from snnc.files.writing import PrivateFolder
from snnc.ir import Integers, Measured, Program
from snnc.progress import Report, quiet
from snnc.verify import Comparison

from .comparing import Runs, compare_block
from .deployed import choose_engine

PART = Kind("D114", "a file of the bundle cannot be read", "compile again")
SAMPLES = 10
"""Of a block: an engine starts anew for each block, and a block is what one worker has at least."""


@dataclass(frozen=True, eq=False)
class Sent:
    """What every worker needs, once.

    Attributes:
        target: the bundle's, by name and options.
        version: of the engine here, which a worker has to have too.
        files: the checked files of the bundle, by name.
        program: the compiler's.
        engine, payload, simulator, potentials, time_limit, altered, only: as in :class:`Runs`; the time
            limit is that of a block.
    """

    target: str
    engine: str
    version: str
    files: dict[str, bytes]
    payload: Emitted
    program: Program
    simulator: str
    potentials: bool
    time_limit: float
    altered: bool
    only: frozenset[str] | None


def compare_apart(
    program: Program, data: Data, runs: Runs, target: str, place: Place, length: int, report: Report
) -> Iterator[tuple[slice, Comparison, tuple[Measured, ...]]]:
    """Compare blocks of at most ``length`` samples; gives each with its place in the data.

    Raises:
        UserError: as :func:`snnc.distributing.carry_out`; D610 a worker has another engine.
    """
    total, length = len(data.x), min(length, SAMPLES)
    parts = [slice(n, min(n + length, total)) for n in range(0, max(1, total), length)]
    files = {
        path.relative_to(runs.files).as_posix(): read_bytes(path, PART)
        for path in sorted(runs.files.rglob("*"))
        if path.is_file()
    }
    sent = Sent(
        target,
        runs.engine.name,
        runs.engine.version,
        files,
        runs.payload,
        program,
        runs.simulator,
        runs.potentials,
        runs.time_limit,
        runs.altered,
        runs.only,
    )
    pieces = [Piece(f"samples {p.start} to {p.stop - 1}", data.x[p]) for p in parts]
    found = carry_out(Work(compare_piece, sent, runs.engine.name), pieces, place, report)
    for part, (comparison, measured) in zip(parts, found, strict=True):
        yield part, comparison, measured


def compare_piece(sent: Sent, x: Integers) -> tuple[Comparison, tuple[Measured, ...]]:
    """One block, in whatever process; ``x`` are its counts (samples, frames, \\*input shape).

    Raises:
        UserError: the engine is missing, another one, or failed.
    """
    backend = find_backend(sent.target)
    engine = choose_engine(backend, sent.engine)
    if engine.version != sent.version:
        raise fail(
            "D610",
            f"a worker has {engine.name} {engine.version}, here is {sent.version}",
            where="--scheduler",
            why="results of one run come from one version",
            help="install the same version for all workers",
        )
    with PrivateFolder("snnc-block-") as name:
        folder = Path(name)
        for file, content in sent.files.items():
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / file).write_bytes(content)
        runs = Runs(
            backend,
            engine,
            folder,
            sent.payload,
            sent.simulator,
            sent.potentials,
            sent.time_limit,
            sent.altered,
            sent.only,
        )
        deadline = time.monotonic() + sent.time_limit
        return compare_block(sent.program, Data(x, None), slice(0, len(x)), runs, deadline, quiet)
