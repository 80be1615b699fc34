"""What each node of a NIR graph takes and puts out, and what a step of it costs, before anything runs.

The package nir checks less than it takes to run a graph: it lets texts stand for weights, kernels that
are larger than their image, and sizes that no memory holds. What passes here runs to its end in
:mod:`snnc.sim.nir_interpreter`, whatever its numbers mean.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .nir_interpreter import flat, order
from .nir_units import STATEFUL, kind_of

Shape = tuple[int, ...]

LARGEST = 2**31 - 1
"""Of a shape, a stride, a padding: what a 32-bit index holds."""

AXES = 8
"""numpy 1.26 has 32, and samples and windows need some."""

NUMBERS = {
    "Affine": ("weight", "bias"),
    "Linear": ("weight",),
    "Scale": ("scale",),
    "Threshold": ("threshold",),
    "Delay": ("delay",),
    "Conv1d": ("weight", "bias"),
    "Conv2d": ("weight", "bias"),
    "I": ("r",),
    "IF": ("r", "v_threshold", "v_reset"),
    "LI": ("tau", "r", "v_leak"),
    "LIF": ("tau", "r", "v_leak", "v_threshold", "v_reset"),
    "CubaLI": ("tau_mem", "tau_syn", "r", "v_leak", "w_in"),
    "CubaLIF": ("tau_mem", "tau_syn", "r", "v_leak", "v_threshold", "v_reset", "w_in"),
}
"""The real numbers of each primitive; those of neurons are one for each of them."""


@dataclass(frozen=True)
class Sized:
    """One node.

    Attributes:
        shape: of what it puts out in a step.
        work: multiplications, additions or comparisons that one sample takes in one step.
        room: numbers that one sample takes beside what is put out, in one step.
        kept: whether the interpreter keeps what it puts out in every step.
        waits: the longest delay in seconds, for which it keeps what arrives.
    """

    shape: Shape
    work: int
    room: int
    kept: bool = False
    waits: float = 0.0


def sizes(graph: Any) -> dict[str, Sized]:
    """Every node of a graph with its sizes, sub-graphs dissolved.

    Args:
        graph: a ``nir.NIRGraph`` whose edges join nodes that are there.

    Raises:
        ValueError: a sentence that names the node; it cannot be run.
    """
    nodes, edges = flat(graph)
    first, late = order(nodes, edges)
    found: dict[str, Sized] = {}
    given: dict[str, list[str]] = {name: [] for name in nodes}
    for source, target in edges:
        given[target].append(source)
    # What closes a loop is a neuron or a Threshold, whose shape its own numbers say.
    own = {source: _numbers_of(source, nodes[source])[0] for source, _ in late}
    for name in first:
        arriving = {s: own[s] if (s, name) in late else found[s].shape for s in given[name]}
        if len(set(arriving.values())) > 1:
            (one, left), (other, right) = next(
                (a, b) for a in arriving.items() for b in arriving.items() if a[1] != b[1]
            )
            raise ValueError(f"{name} is given {_by(left)} of {one} and {_by(right)} of {other}")
        shape = next(iter(arriving.values()), None)
        found[name] = _node(name, nodes[name], shape)
    return found


def refuse_numbers(graph: Any) -> None:
    """Make sure that every real number of a graph is one: finite, and of a type that computes.

    Raises:
        ValueError: a sentence that names the node.
    """
    for name, node in flat(graph)[0].items():
        for field in NUMBERS.get(kind_of(node), ()):
            value = getattr(node, field)
            if value is None and field == "bias":
                continue
            array = _real(f"{name}.{field}", value)
            if not np.all(np.isfinite(array)):
                raise ValueError(f"{name}.{field} holds numbers that are not finite")
        if kind_of(node) == "Delay" and np.any(np.asarray(node.delay) < 0):
            raise ValueError(f"{name}.delay holds a delay below 0")


def _node(name: str, node: Any, given: Shape | None) -> Sized:
    """One node, given what arrives in a step; None for nothing."""
    kind = kind_of(node)
    if kind == "Input":
        shape = _shape(f"{name}.shape", (node.output_type or {}).get("output"))
        _same(name, given, shape)
        return Sized(shape, math.prod(shape), 0)
    if given is None:
        raise ValueError(f"nothing leads to {name}")
    if kind == "Output":
        return Sized(given, math.prod(given), 0, kept=True)
    if kind in ("Affine", "Linear"):
        return _matrix(name, node, given)
    rule = OTHER.get(kind)
    if rule is not None:
        return rule(name, node, given)
    if kind not in NUMBERS:
        raise ValueError(f"{name} is of type {kind}, which is not run here")
    shape, waits = _numbers_of(name, node)
    _same(name, given, shape)
    size = math.prod(shape)
    return Sized(shape, 8 * size, 8 * size, kind in (*STATEFUL, "Threshold"), waits)


def _numbers_of(name: str, node: Any) -> tuple[Shape, float]:
    """The one shape of a node's numbers, and its longest delay."""
    fields = {f: _real(f"{name}.{f}", getattr(node, f)) for f in NUMBERS[kind_of(node)]}
    shapes = {field: values.shape for field, values in fields.items()}
    first = next(iter(shapes))
    for field, shape in shapes.items():
        if shape != shapes[first]:
            raise ValueError(f"{name}.{field} is {_by(shape)}, {name}.{first} is {_by(shapes[first])}")
    shape = _shape(f"the shape of {name}", np.array(shapes[first], np.int64))
    delay = fields.get("delay")
    return shape, 0.0 if delay is None else float(np.max(delay, initial=0.0))


def _matrix(name: str, node: Any, given: Shape) -> Sized:
    weight = _real(f"{name}.weight", node.weight)
    if weight.ndim != 2 or 0 in weight.shape:
        raise ValueError(f"{name}.weight is {_by(weight.shape)}, not a matrix")
    rows, columns = weight.shape
    _same(name, given, (columns,))
    if kind_of(node) == "Affine":
        _bias(name, node, rows)
    return Sized((rows,), rows * columns, rows)


def _bias(name: str, node: Any, length: int) -> None:
    bias = _real(f"{name}.bias", node.bias)
    if bias.shape != (length,):
        raise ValueError(f"{name}.bias is {_by(bias.shape)}, the weights put out {length}")


def _flatten(name: str, node: Any, given: Shape) -> Sized:
    shape = _shape(f"what {name} puts out", (node.output_type or {}).get("output"))
    if math.prod(shape) != math.prod(given):
        raise ValueError(f"{name} makes {_by(shape)} of {_by(given)}")
    return Sized(shape, math.prod(shape), 0)


def _convolution(name: str, node: Any, given: Shape) -> Sized:
    """Conv1d and Conv2d; the sums are those of :func:`snnc.sim.nir_units.unit`."""
    axes = 1 if kind_of(node) == "Conv1d" else 2
    weight = _real(f"{name}.weight", node.weight)
    if weight.ndim != 2 + axes or 0 in weight.shape:
        raise ValueError(f"{name}.weight is {_by(weight.shape)}, not kernels of {axes} axes")
    outs, ins, *kernel = weight.shape
    if node.bias is not None:
        _bias(name, node, outs)
    groups = _wholes(f"{name}.groups", node.groups, 1, 1)[0]
    if outs % groups or len(given) != 1 + axes or given[0] != ins * groups:
        taken = f"{ins * groups} channels of {axes} axes"
        raise ValueError(f"{name} is given {_by(given)} and takes {taken} in {groups} groups")
    stride = _wholes(f"{name}.stride", node.stride, axes, 1)
    dilation = _wholes(f"{name}.dilation", node.dilation, axes, 1)
    extent = [d * (k - 1) + 1 for d, k in zip(dilation, kernel, strict=True)]
    if isinstance(node.padding, str):
        if node.padding not in ("same", "valid"):
            raise ValueError(f"{name}.padding is {node.padding!r:.40}")
        padding = [e // 2 if node.padding == "same" else 0 for e in extent]
    else:
        padding = _wholes(f"{name}.padding", node.padding, axes, 0)
    if axes == 2 and given[1] == 1 and kernel[0] == 1:
        padding[0] = 0
    image = _windows(name, given[1:], extent, stride, padding)
    padded = math.prod(n + 2 * p for n, p in zip(given[1:], padding, strict=True))
    room = math.prod(image) * given[0] * math.prod(kernel) + padded * given[0]
    return Sized((outs, *image), math.prod(image) * outs * ins * math.prod(kernel) + room, room)


def _pool(name: str, node: Any, given: Shape) -> Sized:
    if len(given) != 3:
        raise ValueError(f"{name} is given {_by(given)}, not an image")
    kernel = _wholes(f"{name}.kernel_size", node.kernel_size, 2, 1)
    stride = _wholes(f"{name}.stride", node.stride, 2, 1)
    padding = _wholes(f"{name}.padding", node.padding, 2, 0)
    image = _windows(name, given[1:], kernel, stride, padding)
    room = given[0] * math.prod(n + 2 * p for n, p in zip(given[1:], padding, strict=True))
    return Sized((given[0], *image), math.prod(image) * given[0] * math.prod(kernel) + room, room)


def _windows(
    name: str, image: Shape, extent: list[int], stride: list[int], padding: list[int]
) -> list[int]:
    """How many windows there are along each axis."""
    lengths = []
    for length, window, step, pad in zip(image, extent, stride, padding, strict=True):
        if window > length + 2 * pad:
            raise ValueError(f"{name} has windows of {window} in {length} and {2 * pad} of padding")
        lengths.append((length + 2 * pad - window) // step + 1)
    return lengths


OTHER: dict[str, Callable[[str, Any, Shape], Sized]] = {
    "Flatten": _flatten,
    "Conv1d": _convolution,
    "Conv2d": _convolution,
    "SumPool2d": _pool,
    "AvgPool2d": _pool,
}


def _real(place: str, value: Any) -> Any:
    """An array of numbers that float64 computes with."""
    array = np.asarray(value)
    if array.dtype.kind not in "biuf" or array.dtype.itemsize > 8:
        raise ValueError(f"{place} is of type {array.dtype}, not of real numbers")
    return array


def _wholes(place: str, value: Any, count: int, least: int) -> list[int]:
    """One whole number for all axes, or one for each."""
    array = np.asarray(value)
    if array.dtype.kind not in "iu" or array.ndim > 1 or array.size not in (1, count):
        raise ValueError(f"{place} is {array.dtype} {_by(array.shape)}, not {count} whole numbers")
    numbers = [int(n) for n in array.ravel()]
    if not all(least <= n <= LARGEST for n in numbers):
        raise ValueError(f"{place} is {numbers}, not from {least} to {LARGEST}")
    return numbers * (count if len(numbers) == 1 else 1)


def _shape(place: str, value: Any) -> Shape:
    """A shape from an array of whole numbers."""
    array = np.asarray(value)
    if array.dtype.kind not in "iu" or array.ndim != 1 or not 1 <= array.size <= AXES:
        shown = f"{array.dtype} {_by(array.shape)}"
        raise ValueError(f"{place} is {shown}, not a shape of 1 to {AXES} axes")
    shape = tuple(int(n) for n in array)
    if not all(n >= 1 for n in shape) or math.prod(shape) > LARGEST:
        raise ValueError(f"{place} is {shape}, not of 1 to {LARGEST} elements")
    return shape


def _same(name: str, given: Shape | None, taken: Shape) -> None:
    if given is not None and given != taken:
        raise ValueError(f"{name} is given {_by(given)} and takes {_by(taken)}")


def _by(shape: Shape) -> str:
    return " x ".join(map(str, shape)) or "one number"
