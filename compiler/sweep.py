"""Accuracy against weight bits: the same model compiled again and again, run on the same data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .data import Data, check_shape, read_data
from .driver import compile_model
from .errors import fail
from .evidence import run_bundle
from .files.writing import PrivateFolder
from .frontend import Given, load_model
from .ir import Graph
from .progress import Report, quiet
from .sim.analog import run_frames


@dataclass(frozen=True)
class Row:
    """One width, or the float network (``bits`` None): right answers after each frame."""

    bits: int | None
    accuracy: NDArray[np.float64]

    def as_json(self) -> dict[str, Any]:
        """Plain types."""
        return {"bits": self.bits, "accuracy": [float(a) for a in self.accuracy]}


@dataclass(frozen=True)
class Sweep:
    """Accuracy by weight bits, the float network first."""

    rows: tuple[Row, ...]
    samples: int

    def as_json(self) -> dict[str, Any]:
        """Plain types, for ``sweep --json``."""
        return {"samples": self.samples, "rows": [row.as_json() for row in self.rows]}


def sweep_bits(
    model: Path,
    target: str,
    data: Path,
    bits: Sequence[int],
    *,
    samples: int | None = None,
    calibration: Path | None = None,
    steps_per_frame: int | None = None,
    code: str | None = None,
    allow_overflow: bool = False,
    dt: float | None = None,
    discretize: str | None = None,
    input_shape: str | None = None,
    module: str | None = None,
    changes: Iterable[str] = (),
    report: Report = quiet,
) -> Sweep:
    """Compile with each number of weight bits and count right answers of the integers.

    Args:
        model, target, calibration, steps_per_frame, code, allow_overflow, dt, discretize, input_shape,
            module, changes: as for ``compile_model``.
        data: with labels.
        bits: widths to try.
        samples: the first so many of the data; all where None.
        report: progress.

    Raises:
        UserError: the model, the data or a width cannot be used; D513 the data have no labels.
    """
    read = read_data(data)
    if read.y is None:
        raise fail(
            "D513",
            "the data have no labels y, and accuracy needs them",
            where=str(data),
            help="np.savez(FILE, x=counts, y=labels)",
        )
    if not bits:
        raise fail("D305", "no widths to try", where="--weight-bits", help="--weight-bits 8,6,4")
    if twice := sorted({width for width in bits if list(bits).count(width) > 1}):
        what = f"{', '.join(map(str, twice))} more than once"
        raise fail("D305", what, where="--weight-bits", help="name each width once")
    if samples is not None:
        read = read.first(samples)
    rows = []
    changes = list(changes)
    with PrivateFolder("snnc-sweep-") as name:
        for number, width in enumerate(bits):
            report(f"{width} bits", number, len(bits))
            folder = Path(name) / f"{width}"
            compile_model(
                model,
                target,
                folder,
                calibration=calibration,
                steps_per_frame=steps_per_frame,
                weight_bits=width,
                code=code,
                allow_overflow=allow_overflow,
                dt=dt,
                discretize=discretize,
                input_shape=input_shape,
                module=module,
                changes=changes,
            )
            ran = run_bundle(folder, data, samples=samples)
            assert ran.accuracy is not None
            rows.append(Row(width, ran.accuracy))
    shape = read.x.shape[2:]
    given = Given(input_shape, module, lambda: shape)
    graph = load_model(model, dt=dt, discretize=discretize, given=given).graph
    if not graph.frame_is_step:
        check_shape(read, graph.input.shape, str(data))
        rows.insert(0, Row(None, _float_accuracy(graph, read)))
    return Sweep(tuple(rows), len(read.x))


def _float_accuracy(graph: Graph, data: Data) -> NDArray[np.float64]:
    assert data.y is not None
    name = graph.readout.name
    found = run_frames(graph, data.x, only=[name])[name]
    decided = found.reshape(*found.shape[:2], -1).argmax(-1)
    return np.asarray((decided == data.y[:, None]).mean(axis=0))
