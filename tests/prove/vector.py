"""The vector kernel: the generator of its LLVM code, run on a builder that keeps one lane's numbers."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types

from snnc.sim.fast import stepping, vectors

from . import expressions as e
from .fast import AS_COMPILED
from .paths import running
from .registers import Cell, Number, numbas
from .scene import Kind, Scene
from .shims import NUMBA, borrowed, private


class Lane:
    """As much of llvmlite's builder as the kernel uses; a vector is one of its lanes.

    Every operation is the same for all lanes, and none looks at another. Sums wrap at 32 bits; a shift
    by the width or more is undefined in LLVM.
    """

    def gep(self, data: Any, places: Any) -> Any:
        return data

    def bitcast(self, value: Any, kind: Any) -> Any:
        return value

    def load(self, place: Cell, align: int) -> e.Node:
        return place.number.node

    def store(self, value: Any, place: Cell, align: int) -> None:
        if isinstance(value, ir.Constant):
            (number,) = {each.constant for each in value.constant}  # in every lane
            value = e.const(number)
        place[:] = Number(value, np.int32, numbas)

    def sext(self, value: e.Node, vector: Any) -> e.Node:
        return value

    def add(self, a: e.Node, b: e.Node) -> e.Node:
        return e.wrap(e.add(a, b), 32)

    def sub(self, a: e.Node, b: e.Node) -> e.Node:
        return e.wrap(e.sub(a, b), 32)

    def neg(self, a: e.Node) -> e.Node:
        return e.wrap(e.neg(a), 32)

    def shl(self, a: e.Node, by: Any) -> e.Node:
        if isinstance(by, ir.Constant):  # of a mask, in 64 bits
            assert by.type.width == 64
            return e.shift_left(a, e.const(by.constant))
        running().need("shift by the width or more", e.less(by, e.const(32)))
        return e.wrap(e.shift_left(a, by), 32)

    def select(self, condition: e.Node, a: e.Node, b: e.Node) -> e.Node:
        return e.ite(condition, a, b)

    def icmp_signed(self, sign: str, a: e.Node, b: e.Node) -> e.Node:
        return e.less(a, b) if sign == "<" else e.less(b, a)

    def and_(self, a: e.Node, b: e.Node) -> e.Node:
        return e.ite(e.equal(b, e.const(0)), e.const(0), a)  # b is 0 or -1: ``kept``

    def zext(self, a: e.Node, kind: Any) -> e.Node:
        assert a.truth and kind.width == 64  # lanes' bits: of this one, the lowest
        return e.ite(a, e.const(1), e.const(0))

    def or_(self, a: e.Node, b: e.Node) -> e.Node:
        running().need("bits of their own", e.equal(e.low_bits(b, a.high.bit_length()), e.const(0)))
        return e.add(a, b)

    def insert_element(self, empty: Any, number: e.Node, at: Any) -> e.Node:
        return number

    def shuffle_vector(self, one: e.Node, empty: Any, places: Any) -> e.Node:
        return one


CONTEXT = SimpleNamespace(
    get_data_type=lambda kind: ir.IntType(kind.bitwidth),
    make_array=lambda kind: lambda context, builder, value: SimpleNamespace(data=value),
)


def scene(bits: int) -> Scene:
    """Any potential, sum of so many bits, threshold, limit and shift."""
    found = Scene(Kind())
    word = 2**31
    for name, low, high in (
        ("v", -word, word - 1),
        ("sums", -(1 << (bits - 1)), (1 << (bits - 1)) - 1),
        ("threshold", -word, word - 1),
        ("state_bits", 2, 32),
        ("shift", 0, 31),
        ("strict", 0, 1),
        ("subtract", 0, 1),
    ):
        found.nodes[name] = e.variable(name, low, high)
    return found


def cells(found: Scene, bits: int) -> tuple[Cell, Cell, Cell]:
    narrow = np.int16 if bits == 16 else np.int32
    kinds = (("sums", narrow), ("v", np.int32), ("threshold", np.int32))
    sums, v, threshold = (
        Cell(Number(found.nodes[name], kind, numbas), kind, numbas) for name, kind in kinds
    )
    return sums, v, threshold


def scalar(found: Scene, bits: int) -> dict[str, Any]:
    """One neuron as ``step_narrow`` computes those behind the last whole vector."""
    sums, v, threshold = cells(found, bits)
    fired = one_step(found, sums, v, threshold)
    return {"v": v, "sent": fired, "sums": sums}


def one_step(found: Scene, sums: Cell, v: Cell, threshold: Cell) -> Number:
    """The same, of cells: whether it fired."""
    n = {name: Number(found.nodes[name], np.int64, numbas) for name in ("state_bits", "shift")}
    p = SimpleNamespace(
        state_bits=n["state_bits"],
        strict=Number(found.nodes["strict"], np.int8, numbas),
        subtract=Number(found.nodes["subtract"], np.int8, numbas),
    )
    events: dict[int, Any] = {}
    code = borrowed(stepping.step_narrow, NUMBA, **AS_COMPILED)
    fired: Number = code(
        p, sums, 0, n["shift"], v, threshold, 0, 1, events, 0, {}, 0, stepping.EVERYWHERE
    )
    return fired


def lane(found: Scene, bits: int) -> dict[str, Any]:
    """One neuron of a vector: what the generator of ``fire_vector`` builds."""
    sums, v, threshold = cells(found, bits)
    fired, again = one_lane(found, bits, sums, v, threshold)
    return {"v": v, "sent": fired, "again": again, "sums": sums}


def one_lane(found: Scene, bits: int, sums: Cell, v: Cell, threshold: Cell) -> tuple[Number, Number]:
    """The same, of cells: its bits in both halves of what it returns."""
    kinds = [types.Array(getattr(types, f"int{b}"), 1, "C") for b in (bits, 32, 32)]
    places = [part for kind in kinds for part in (kind, types.intp)]
    signature, generate = private(vectors, "_fire_vector")(None, *places, *(types.int32,) * 4)
    one, n = e.const(1), found.nodes
    limit = e.sub(e.shift_left(one, e.sub(n["state_bits"], one)), one)
    below = e.sub(one, n["strict"])
    arguments = (sums, 0, v, 0, threshold, 0, n["shift"], limit, below, e.neg(n["subtract"]))
    mask = generate(CONTEXT, Lane(), signature, arguments)
    assert mask.low >= 0 and mask.high <= 1 + (1 << vectors.LANES)
    now, then = e.low_bits(mask, vectors.LANES), e.shift_right(mask, e.const(vectors.LANES))
    return Number(now, np.int64, numbas), Number(then, np.int64, numbas)
