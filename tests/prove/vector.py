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

    def store(self, value: e.Node, place: Cell, align: int) -> None:
        place[:] = Number(value, np.int32, numbas)

    def sext(self, value: e.Node, vector: Any) -> e.Node:
        return value

    def add(self, a: e.Node, b: e.Node) -> e.Node:
        return e.wrap(e.add(a, b), 32)

    def sub(self, a: e.Node, b: e.Node) -> e.Node:
        return e.wrap(e.sub(a, b), 32)

    def neg(self, a: e.Node) -> e.Node:
        return e.wrap(e.neg(a), 32)

    def shl(self, a: e.Node, by: e.Node) -> e.Node:
        running().need("shift by the width or more", e.less(by, e.const(32)))
        return e.wrap(e.shift_left(a, by), 32)

    def select(self, condition: e.Node, a: e.Node, b: e.Node) -> e.Node:
        return e.ite(condition, a, b)

    def icmp_signed(self, sign: str, a: e.Node, b: e.Node) -> e.Node:
        return e.less(a, b) if sign == "<" else e.less(b, a)

    def and_(self, a: e.Node, b: e.Node) -> e.Node:
        return e.ite(e.equal(b, e.const(0)), e.const(0), a)  # b is 0 or -1: ``kept``

    def zext(self, a: e.Node, kind: Any) -> e.Node:
        return a

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


def _cells(found: Scene, bits: int) -> tuple[Cell, Cell, Cell]:
    narrow = np.int16 if bits == 16 else np.int32
    kinds = (("sums", narrow), ("v", np.int32), ("threshold", np.int32))
    sums, v, threshold = (
        Cell(Number(found.nodes[name], kind, numbas), kind, numbas) for name, kind in kinds
    )
    return sums, v, threshold


def scalar(found: Scene, bits: int) -> dict[str, Any]:
    """One neuron as ``step_narrow`` computes those behind the last whole vector."""
    sums, v, threshold = _cells(found, bits)
    n = {name: Number(found.nodes[name], np.int64, numbas) for name in ("state_bits", "shift")}
    p = SimpleNamespace(
        state_bits=n["state_bits"],
        strict=Number(found.nodes["strict"], np.int8, numbas),
        subtract=Number(found.nodes["subtract"], np.int8, numbas),
    )
    events: dict[int, Any] = {}
    code = borrowed(stepping.step_narrow, NUMBA, **AS_COMPILED)
    fired = code(p, sums, 0, n["shift"], v, threshold, 0, 1, events, 0)
    return {"v": v, "sent": fired}


def lane(found: Scene, bits: int) -> dict[str, Any]:
    """One neuron of a vector: what the generator of ``fire_vector`` builds."""
    sums, v, threshold = _cells(found, bits)
    kinds = [types.Array(getattr(types, f"int{b}"), 1, "C") for b in (bits, 32, 32)]
    places = [part for kind in kinds for part in (kind, types.intp)]
    signature, generate = private(vectors, "_fire_vector")(None, *places, *(types.int32,) * 4)
    one, n = e.const(1), found.nodes
    limit = e.sub(e.shift_left(one, e.sub(n["state_bits"], one)), one)
    below = e.sub(one, n["strict"])
    arguments = (sums, 0, v, 0, threshold, 0, n["shift"], limit, below, e.neg(n["subtract"]))
    fired = generate(CONTEXT, Lane(), signature, arguments)
    return {"v": v, "sent": Number(fired, bool, numbas)}
