"""What every node of a NIR file must be like before its numbers are used: real, there, of known shape.

nir reads whatever an HDF5 file says: texts for weights, one number for a matrix, edges to nowhere. The
rest of the front end may then take for granted what is checked here. Source: nir 1.0.8, nir/ir.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from snnc.errors import Diagnostic
from snnc.frontend.operations.expression import MOST_ELEMENTS
from snnc.ir import Array, Shape, size

from .file import Nodes, kind_of
from .primitives import NEURONS

MATRICES = {"Affine": 2, "Linear": 2, "Conv1d": 3, "Conv2d": 4}
"""Axes of ``weight``."""

OTHERS = {"Scale": "scale", "Delay": "delay"}

WINDOWS = {
    "Conv1d": ("stride", "dilation"),
    "Conv2d": ("stride", "dilation"),
    "AvgPool2d": ("kernel_size", "stride"),
    "SumPool2d": ("kernel_size", "stride"),
}
"""Whole numbers from 1, one for each axis or one for all."""

LARGEST_WINDOW = 2**12
"""Of a stride, a kernel or a padding: more pixels than an image here has in a row."""


def node_problems(nodes: Nodes) -> Iterator[Diagnostic]:
    """Everything about the nodes' values that no NIR file may have, all nodes at once."""
    for name, node in nodes.nodes.items():
        kind = kind_of(node)
        found = list(_shapes(kind, node))
        if not found:
            found = list(_values(kind, node))
        for what in found:
            yield Diagnostic("D211", what, name, f"no node {kind} of NIR has this form", "export again")


def _shapes(kind: str, node: Any) -> Iterator[str]:
    """What is wrong with the shapes that a node takes and gives."""
    for side in ("input_type", "output_type"):
        declared = getattr(node, side, None)
        if not isinstance(declared, Mapping) or len(declared) != 1:
            yield f"it has no {side}"
            continue
        (sizes,) = declared.values()
        if sizes is None and (kind in MATRICES or kind in WINDOWS or kind == "Flatten"):
            continue  # follows from what arrives
        numbers = _numbers(sizes)
        if numbers is None or numbers.ndim > 1 or not np.array_equal(numbers, np.rint(numbers)):
            yield f"its {side} is {_shown(sizes)}, not a shape"
        elif numbers.size and (numbers.min() < 1 or numbers.max() > MOST_ELEMENTS):
            yield f"its {side} is {_shown(sizes)}: sizes go from 1 to {MOST_ELEMENTS}"
        elif size(tuple(int(n) for n in numbers.ravel())) > MOST_ELEMENTS:
            yield f"its {side} is {_shown(sizes)}, more than {MOST_ELEMENTS} elements"


def _values(kind: str, node: Any) -> Iterator[str]:
    if kind in NEURONS:
        yield from _same(node, NEURONS[kind])
    elif kind in MATRICES:
        yield from _matrix(kind, node)
    elif kind in OTHERS:
        yield from _real(node, OTHERS[kind])
    elif kind == "Flatten":
        for field in ("start_dim", "end_dim"):
            yield from _whole(node, field, -32, 32, most_numbers=1)
    for field in WINDOWS.get(kind, ()):
        yield from _whole(node, field, 1, LARGEST_WINDOW)
    if kind in WINDOWS and not isinstance(node.padding, str | bytes):
        yield from _whole(node, "padding", 0, LARGEST_WINDOW)


def _same(node: Any, fields: tuple[str, ...]) -> Iterator[str]:
    """Parameters of a population: real numbers, one for each neuron."""
    wrong = [text for field in fields for text in _real(node, field)]
    if wrong:
        yield from wrong
        return
    shapes: dict[Shape, str] = {np.shape(getattr(node, field)): field for field in fields}
    if len(shapes) > 1:
        yield "its parameters differ in shape: " + ", ".join(f"{f} {s}" for s, f in shapes.items())


def _matrix(kind: str, node: Any) -> Iterator[str]:
    wrong = list(_real(node, "weight", MATRICES[kind]))
    if kind != "Linear" and node.bias is not None:
        wrong += _real(node, "bias")
    if not wrong and kind != "Linear" and node.bias is not None:
        outs, given = np.shape(node.weight)[0], np.size(node.bias)
        if given != outs:
            yield f"its bias has {given} numbers for {outs} rows of its weight"
    yield from wrong
    if kind.startswith("Conv"):
        groups = list(_whole(node, "groups", 1, MOST_ELEMENTS, most_numbers=1))
        yield from groups
        if not wrong and not groups and np.shape(node.weight)[0] % int(np.ravel(node.groups)[0]):
            yield f"its {np.shape(node.weight)[0]} channels do not come in {node.groups} groups"


def _numbers(value: Any) -> Array | None:
    """Real numbers as float64, or None."""
    try:
        array = np.asarray(value)
    except ValueError:  # lists within lists that are no array
        return None
    return array.astype(np.float64) if array.dtype.kind in "iuf" else None


def _real(node: Any, field: str, axes: int | None = None) -> Iterator[str]:
    value = getattr(node, field, None)
    numbers = _numbers(value)
    if numbers is None:
        yield f"{field} is of type {_type(value)}, not real numbers"
    elif not numbers.size:
        yield f"{field} is empty, shape {numbers.shape}"
    elif axes is not None and numbers.ndim != axes:
        yield f"{field} has {numbers.ndim} axes, not {axes}"


def _whole(node: Any, field: str, low: int, high: int, most_numbers: int = 2) -> Iterator[str]:
    value = getattr(node, field, None)
    numbers = _numbers(value)
    if numbers is None or not 1 <= numbers.size <= most_numbers:
        yield f"{field} is {_shown(value)}"
    elif not np.array_equal(numbers, np.rint(numbers)) or numbers.min() < low or numbers.max() > high:
        yield f"{field} is {_shown(value)}, not whole numbers from {low} to {high}"


def _type(value: Any) -> str:
    return str(value.dtype) if isinstance(value, np.ndarray | np.generic) else type(value).__name__


def _shown(value: Any) -> str:
    return " ".join(str(value).split())[:60]
