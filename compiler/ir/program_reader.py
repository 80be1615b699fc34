"""A program from its two files: whatever is in them, it gives a valid program or one message."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import scipy.sparse as sparse

from snnc.errors import UserError, fail
from snnc.files import Kind as FileKind
from snnc.files import parse_json, parse_npz

from .convolution import Conv2d
from .dynamics import STANDARD, Code, Comparison, Encoding, Kind, Reset
from .fixed_point import SignMode
from .json_fields import Fields
from .ops import Array, Identity, Linear, Op, SparseLinear
from .program import IntegerNeuron, Program, ProgramPopulation, ProgramProjection
from .program_file import FORMAT
from .program_ranges import WORD
from .validation import validate

PROGRAM, WEIGHTS = "program.json", "weights.npz"
CURE = "compile the model again"
DAMAGED = FileKind("D130", "a program cannot be read", CURE)


class _Arrays:
    """The arrays of ``weights.npz``: each is taken once, under the key that its place gives it."""

    def __init__(self, packed: bytes) -> None:
        self._left = parse_npz(packed, WEIGHTS, DAMAGED)

    def take(self, key: str) -> Array:
        """An array of whole numbers, as int64."""
        if key not in self._left:
            raise fail("D135", f"there is no array {key}", where=f"{WEIGHTS}, {key}")
        values = self._left.pop(key)
        if values.dtype.kind != "i":
            what = f"the array is {values.dtype}, not of whole numbers with sign"
            raise fail("D135", what, where=f"{WEIGHTS}, {key}")
        return np.asarray(values, np.int64)

    def named(self, fields: Fields, name: str, key: str) -> None:
        """Make sure that a member says under which key its array is."""
        said = fields.text(name)
        if said != key:
            raise fields.wrong(name, said, f"{key!r}, the name that its place gives it")

    def done(self) -> None:
        """Refuse arrays that nothing refers to."""
        if self._left:
            names = ", ".join(f"{name!r:.100}" for name in list(self._left)[:3])
            raise fail("D135", f"no field refers to its arrays {names}", where=WEIGHTS)


def read_program(structure: bytes, weights: bytes, *, place: str = "") -> Program:
    """The inverse of :func:`write_program`.

    Args:
        structure: ``program.json``.
        weights: ``weights.npz``.
        place: the folder that they are from, for messages.

    Raises:
        UserError: D130 the files are no program of this format: another format, a member that is
            missing, of another kind or too many; what :func:`snnc.ir.validate` refuses.
    """
    try:
        return validate(_read(structure, weights))
    except UserError as refused:
        if not place:
            raise
        found = (replace(d, where=f"{place}: {d.where}", help=CURE) for d in refused.diagnostics)
        raise UserError(*found) from None


def _read(structure: bytes, weights: bytes) -> Program:
    """What the files say, each part of its kind, not yet validated."""
    fields = Fields(parse_json(structure, PROGRAM, DAMAGED), PROGRAM)
    found = fields.integer("format")
    if found != FORMAT:
        what = f"program format {found!s:.40}, this snnc reads {FORMAT}"
        raise fail("D130", what, where=PROGRAM, help=CURE)
    arrays = _Arrays(weights)
    name, frame = fields.text("name"), fields.integer("steps_per_frame")
    seconds = fields.number_or_none("step_seconds")
    populations = fields.objects("populations")
    projections = fields.objects("projections")
    fields.done()
    program = Program(
        name,
        frame,
        tuple(_population(entry, number, arrays) for number, entry in enumerate(populations)),
        tuple(_projection(entry, number, arrays) for number, entry in enumerate(projections)),
        seconds,
    )
    arrays.done()
    return program


def _population(entry: Any, number: int, arrays: _Arrays) -> ProgramPopulation:
    fields = Fields(entry, f"population {number}")
    name = fields.text("name")
    fields.where = f"population {name:.200}"
    neuron = fields.take("neuron")
    population = ProgramPopulation(
        name=name,
        kind=fields.choice("kind", Kind),
        shape=fields.integers("shape"),
        origin=fields.text("origin"),
        start=fields.integer("start"),
        neuron=None if neuron is None else _neuron(neuron, fields.where, number, arrays),
        encoding=fields.choice("encoding", Encoding) if fields.given("encoding") else None,
        relay_of=fields.text_or_none("relay_of"),
    )
    fields.done()
    return population


def _neuron(entry: Any, where: str, number: int, arrays: _Arrays) -> IntegerNeuron:
    fields = Fields(entry, f"{where}, neuron")

    def load(name: str) -> Array:
        key = f"population.{number}.{name}"
        arrays.named(fields, name, key)
        return arrays.take(key)

    neuron = IntegerNeuron(
        current_decay=fields.integer("current_decay"),
        potential_decay=fields.integer("potential_decay"),
        input_shift=fields.integer("input_shift"),
        state_bits=fields.integer("state_bits"),
        threshold=load("threshold") if fields.given("threshold") else None,
        comparison=fields.choice("comparison", Comparison),
        reset=fields.choice("reset", Reset),
        start_value=load("start_value"),
        bias_mantissa=load("bias_mantissa"),
        bias_exponent=fields.integer("bias_exponent"),
        bias_start=fields.integer("bias_start"),
        unit=fields.integer("unit"),
        clear_interval=fields.integer("clear_interval"),
        clear_offset=fields.integer("clear_offset"),
        bias_interval=fields.integer("bias_interval"),
        code=fields.choice("code", Code),
        levels=fields.integer("levels"),
        # Left out where there is nothing to say.
        model=fields.text("model") if fields.has("model") else STANDARD,
        constants=fields.numbers_by_name("constants") if fields.has("constants") else {},
        sums_changes=fields.truth("sums_changes") if fields.has("sums_changes") else False,
    )
    fields.done()
    return neuron


def _projection(entry: Any, number: int, arrays: _Arrays) -> ProgramProjection:
    fields = Fields(entry, f"projection {number}")
    source, target = fields.text("source"), fields.text("target")
    fields.where = f"projection {number}, {source:.200} -> {target:.200}"
    projection = ProgramProjection(
        source=source,
        target=target,
        op=_op(Fields(fields.take("op"), f"{fields.where}, op"), f"projection.{number}", arrays),
        weight_bits=fields.integer("weight_bits"),
        sign_mode=fields.choice("sign_mode", SignMode),
        exponent=fields.integer("exponent"),
        delay=fields.integer("delay"),
        graded=fields.truth("graded"),
        origin=fields.text("origin"),
    )
    fields.done()
    return projection


def _op(fields: Fields, key: str, arrays: _Arrays) -> Op:
    kind = fields.text("type")
    if kind == "identity":
        op: Op = Identity()
    elif kind in ("linear", "conv2d", "sparse"):
        arrays.named(fields, "weight", key)
        make = {"linear": _linear, "conv2d": _convolution, "sparse": _matrix}[kind]
        op = make(fields, key, arrays)
    else:
        raise fields.wrong("type", kind, "one of conv2d, linear, sparse, identity")
    fields.done()
    return op


def _linear(fields: Fields, key: str, arrays: _Arrays) -> Op:
    weight, columns = arrays.take(key), None
    if fields.has("columns"):
        arrays.named(fields, "columns", f"{key}.columns")
        columns = arrays.take(f"{key}.columns")
    return Linear(weight, columns=columns)


def _convolution(fields: Fields, key: str, arrays: _Arrays) -> Op:
    (down, along), (above, left), (apart, beside) = (
        fields.integers(name, 2) for name in ("stride", "padding", "dilation")
    )
    groups = fields.integer("groups")
    return Conv2d(arrays.take(key), None, (down, along), (above, left), (apart, beside), groups)


def _matrix(fields: Fields, key: str, arrays: _Arrays) -> Op:
    rows, columns = fields.integers("matrix", 2)
    shape = fields.integers("shape")
    parts = tuple(arrays.take(f"{key}.{part}") for part in ("data", "indices", "indptr"))
    if not (1 <= rows <= WORD and 1 <= columns <= WORD):
        what = f"the matrix has {rows!s:.40} rows and {columns!s:.40} columns"
        raise fail("D134", what, where=fields.where, why=f"there are 1 to {WORD} neurons")
    try:
        # Not yet whether the indices lead into it: ``validate`` follows them all.
        matrix = sparse.csr_array(parts, shape=(rows, columns))
    except (ValueError, TypeError) as problem:
        what = f"its matrix is damaged: {problem!s:.200}"
        raise fail("D135", what, where=fields.where) from problem
    return SparseLinear(matrix, shape)
