"""A matrix after a pooling keeps one column for the inputs that share it, and means the same."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

import snnc
from snnc.errors import UserError
from snnc.ir import (
    AvgPool2d,
    Extent,
    Fan,
    Linear,
    Program,
    Scale,
    composition,
    read_program,
    validate,
    write_program,
)
from snnc.ir.composition import compose_chain
from snnc.ir.footprint import fan_out
from snnc.ir.ops import Flatten
from snnc.ir.scaling import scale_inputs

IMAGE = (3, 7, 6)  # the last row is in no pooling
POOLED = 3 * 3 * 3


@pytest.fixture
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    """Share columns however small the matrix."""
    monkeypatch.setattr(composition, "SHARED_FROM", 0)


def _pooled(rng: np.random.Generator, outputs: int = 5) -> Linear:
    chain = (AvgPool2d((2, 2), (2, 2)), Flatten(), Linear(rng.normal(size=(outputs, POOLED))))
    found = compose_chain(chain, IMAGE)
    assert isinstance(found, Linear)
    return found


@pytest.mark.usefixtures("always")
def test_the_matrix_is_the_one_that_is_written_out() -> None:
    rng = np.random.default_rng(0)
    shared = _pooled(rng)
    assert shared.columns is not None and shared.weight.shape == (5, POOLED)
    assert np.count_nonzero(shared.columns < 0) == 3 * 6
    full = shared.full()
    x = rng.integers(0, 9, (4, *IMAGE))
    np.testing.assert_allclose(shared.apply(x), full.apply(x))
    assert (shared.matrix(IMAGE) != full.matrix(IMAGE)).nnz == 0
    assert np.array_equal(fan_out(shared, IMAGE), fan_out(full, IMAGE))
    whole = Linear(rng.integers(-9, 9, shared.weight.shape), columns=shared.columns)
    ends = Extent(-rng.integers(0, 3, IMAGE).astype(float), rng.integers(0, 5, IMAGE).astype(float))
    for bounds in (ends, Extent.of(-1, 255, IMAGE)):
        one, two = bounds.through(whole, (5,)), bounds.through(whole.full(), (5,))
        assert np.array_equal(one.low, two.low) and np.array_equal(one.high, two.high)
    fans = [Fan.of(op, IMAGE, (5,)) for op in (whole, whole.full())]
    assert np.array_equal(fans[0].positive, fans[1].positive)
    assert np.array_equal(fans[0].negative, fans[1].negative)


@pytest.mark.usefixtures("always")
def test_factors_that_differ_within_a_column_write_it_out() -> None:
    rng = np.random.default_rng(1)
    shared = _pooled(rng)
    by_channel = scale_inputs(shared, np.array([1.0, 2.0, 3.0]), IMAGE)
    assert isinstance(by_channel, Linear) and by_channel.columns is not None
    x = rng.normal(size=(2, *IMAGE))
    scaled = x * np.array([1.0, 2.0, 3.0])[:, None, None]
    np.testing.assert_allclose(by_channel.apply(x), shared.apply(scaled))
    assert shared.columns is not None
    crossed = Linear(shared.weight, columns=np.roll(shared.columns, 20))  # over channels
    written = scale_inputs(crossed, np.array([1.0, 2.0, 3.0]), IMAGE)
    assert isinstance(written, Linear) and written.columns is None
    np.testing.assert_allclose(written.apply(x), crossed.apply(scaled))


@pytest.mark.usefixtures("always")
def test_what_is_scaled_before_it_is_no_pooling() -> None:
    """Inputs of one output with two weights share no column."""
    chain = (Scale(np.array([1.0, 2.0, 4.0])), AvgPool2d((2, 2), (1, 1)), Flatten())
    weights = Linear(np.ones((2, 3 * 6 * 5)))
    found = compose_chain((*chain, weights), IMAGE)
    assert isinstance(found, Linear) and found.columns is None


class _Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(2)
        self.features = nn.Conv2d(2, 6, 3, padding=1)
        self.pool = nn.AvgPool2d(2)
        self.head = nn.Linear(6 * 4 * 4, 10)
        self.out = nn.Linear(10, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        pooled = self.pool(torch.relu(self.features(x)))
        answer: torch.Tensor = self.out(torch.relu(self.head(pooled.flatten(1))))
        return answer


def _compiled(folder: Path, target: str, code: str, counts: NDArray[np.int64]) -> snnc.Bundle:
    return snnc.compile(_Net().eval(), target, folder, calibration=counts, code=code)


@pytest.mark.parametrize("code", ["graded", "frame", "rate"])
def test_the_program_runs_the_same(code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    counts = rng.integers(0, 4, (40, 1, 2, 8, 8))
    full = _compiled(tmp_path / "full", "reference", code, counts)
    monkeypatch.setattr(composition, "SHARED_FROM", 0)
    shared = _compiled(tmp_path / "shared", "reference", code, counts)
    ops = [q.op for q in shared.program.projections if isinstance(q.op, Linear)]
    assert [op.columns is not None for op in ops] == [True, False]
    written = next(q for q in shared.program.projections if q.op is ops[0]).written_out()
    before = next(q for q in full.program.projections if q.label == written.label)
    assert isinstance(written.op, Linear) and isinstance(before.op, Linear)
    assert np.array_equal(written.op.weight, before.op.weight)
    one, two = (bundle.run((counts, None)) for bundle in (full, shared))
    assert np.array_equal(one.answers, two.answers)
    found = shared.verify((counts, None), samples=8, engine="reference").comparison
    assert found.compared and not found.mismatches
    assert [r.as_json() for r in full.manifest.ranges.claims] == [
        r.as_json() for r in shared.manifest.ranges.claims
    ]


def test_a_chip_gets_it_written_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(composition, "SHARED_FROM", 0)
    counts = np.random.default_rng(3).integers(0, 4, (40, 1, 2, 8, 8))
    bundle = _compiled(tmp_path / "chip", "loihi", "graded", counts)
    assert all(q.op.columns is None for q in bundle.program.projections if isinstance(q.op, Linear))


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    monkeypatch.setattr(composition, "SHARED_FROM", 0)
    counts = np.random.default_rng(3).integers(0, 4, (40, 1, 2, 8, 8))
    return _compiled(tmp_path / "b", "reference", "graded", counts).program


def test_the_file_has_the_columns(program: Program) -> None:
    files = write_program(program)
    again = read_program(files["program.json"], files["weights.npz"])
    for one, two in zip(program.projections, again.projections, strict=True):
        if isinstance(one.op, Linear) and one.op.columns is not None:
            assert isinstance(two.op, Linear) and two.op.columns is not None
            assert np.array_equal(one.op.columns, two.op.columns)


@pytest.mark.parametrize("column", [-2, 96])
def test_a_column_that_is_not_there_is_refused(program: Program, column: int) -> None:
    number = next(
        i
        for i, q in enumerate(program.projections)
        if isinstance(q.op, Linear) and q.op.columns is not None
    )
    projection = program.projections[number]
    assert isinstance(projection.op, Linear) and projection.op.columns is not None
    columns = projection.op.columns.copy()
    columns[7] = column
    op = replace(projection.op, columns=columns)
    changed = list(program.projections)
    changed[number] = replace(projection, op=op)
    with pytest.raises(UserError, match=f"input 7 has column {column}; there are 96"):
        validate(replace(program, projections=tuple(changed)))
