"""Payloads: the same bytes for the same program, every change found, nothing tied to a place."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from snnc.backends import Emitted
from snnc.errors import UserError
from snnc.ir import Linear, Program

from .bench import Bench, Wrong
from .builder import Built, single
from .case import Cases

CASES = Cases()


def _files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


def _built(bench: Bench) -> Built:
    return single(bench.kit, 800).built()


@CASES.case("bundle/deterministic", "the same program gives the same bytes, wherever it is written")
def _deterministic(bench: Bench) -> None:
    built = _built(bench)
    first, _ = bench.emit(built.program, "first")
    (bench.folder / "elsewhere").mkdir()
    second, _ = bench.emit(built.program, "elsewhere/another name")
    ours, theirs = _files(first), _files(second)
    for name in sorted(set(ours) | set(theirs)):
        if ours.get(name) != theirs.get(name):
            raise Wrong(f"{name} differs between two emits")


@CASES.case("bundle/roles", "the files that the back end reads again exist, and lie in the bundle")
def _roles(bench: Bench) -> None:
    folder, emitted = bench.emit(_built(bench).program)
    for role, name in emitted.files.items():
        path = (folder / name).resolve()
        if not (path.is_file() and path.is_relative_to(folder.resolve())):
            raise Wrong(f"{role} is {name}, which is not a file of the bundle")


@CASES.case("bundle/moved", "a bundle that was moved runs the same")
def _moved(bench: Bench) -> None:
    built = _built(bench)
    folder, emitted = bench.emit(built.program)
    moved = bench.folder / "moved"
    shutil.move(folder, moved)
    bench.exact(built, moved, emitted)


@CASES.case("bundle/untouched", "running changes nothing in the bundle")
def _untouched(bench: Bench) -> None:
    built = _built(bench)
    folder, emitted = bench.emit(built.program)
    before = _files(folder)
    bench.exact(built, folder, emitted)
    if _files(folder) != before:
        raise Wrong("the run changed files of the bundle")


@CASES.case("bundle/itself", "a payload equals the program that it was made of")
def _itself(bench: Bench) -> None:
    built = _built(bench)
    folder, emitted = bench.emit(built.program)
    different = bench.backend.differences(built.program, folder, emitted)
    if different:
        raise Wrong(f"differences in a fresh payload: {different[0]}")


def _found(bench: Bench, program: Program, folder: Path, emitted: Emitted) -> bool:
    """Whether the back end sees that a payload is not this program's; an exception counts."""
    try:
        return bool(bench.backend.differences(program, folder, emitted))
    except Exception:  # whatever a damaged payload makes a parser raise
        return True


def _weight(program: Program) -> Program:
    first, *rest = program.projections
    op = first.op
    assert isinstance(op, Linear)
    weight = op.weight.copy()
    weight[0, 0] += 2
    return replace(program, projections=(replace(first, op=Linear(weight)), *rest))


def _delay(program: Program) -> Program:
    first, *rest = program.projections
    return replace(program, projections=(replace(first, delay=first.delay + 1), *rest))


def _neuron(**changes: Any) -> Callable[[Program], Program]:
    def change(program: Program) -> Program:
        return replace(
            program,
            populations=tuple(
                replace(p, neuron=replace(p.neuron, **changes))
                if p.neuron is not None and p.neuron.threshold is not None
                else p
                for p in program.populations
            ),
        )

    return change


def _threshold(program: Program) -> Program:
    hidden = program.by_name["hidden"].neuron
    assert hidden is not None and hidden.threshold is not None
    return _neuron(threshold=hidden.threshold + (1 << hidden.input_shift))(program)


def _sees(change: Callable[[Program], Program]) -> Callable[[Bench], None]:
    """The payload of a program, held against that program with one change."""

    def run(bench: Bench) -> None:
        program = _built(bench).program
        folder, emitted = bench.emit(program)
        if not _found(bench, change(program), folder, emitted):
            raise Wrong("differences() does not see the change")

    return run


for name, what, change in (
    ("weight", "one weight", _weight),
    ("delay", "one delay", _delay),
    ("threshold", "a threshold", _threshold),
    ("bias", "a bias", _neuron(bias_mantissa=np.asarray(1))),
):
    CASES.case(f"bundle/sees-{name}", f"a payload with {what} of another program is found")(
        _sees(change)
    )


@CASES.case("bundle/damaged", "a payload file that was cut is found, and never runs as if whole")
def _damaged(bench: Bench) -> None:
    built = _built(bench)
    folder, emitted = bench.emit(built.program)
    for role, name in emitted.files.items():
        whole = (folder / name).read_bytes()
        (folder / name).write_bytes(whole[: len(whole) // 2])
        if not _found(bench, built.program, folder, emitted):
            raise Wrong(f"half of {name} ({role}) counts as the program")
        (folder / name).write_bytes(whole)


@CASES.case("bundle/refuses-nothing-silently", "a program that is refused leaves no message out")
def _model(bench: Bench) -> None:
    """A neuron model that nobody has must not be run as some other model."""
    program = _neuron(model="no-such-model")(_built(bench).program)
    try:
        bench.emit(program)
    except UserError:
        return
    raise Wrong("a neuron model that does not exist was accepted")
