"""Operations that random chains of ONNX grow by, with random attributes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from onnx import helper

from .onnx_files import model_of, weights


@dataclass
class Chain:
    """A model that grows.

    Attributes:
        rng: what draws.
        opset: of all operations.
        shape: of the input, batch of one included.
        nodes, inits: so far.
        signals: tensors with their shapes, the last one newest.
    """

    rng: np.random.Generator
    opset: int
    shape: tuple[int, ...]
    nodes: list[Any] = field(default_factory=list)
    inits: dict[str, Any] = field(default_factory=dict)
    signals: list[tuple[str, tuple[int, ...]]] = field(default_factory=list)

    @property
    def newest(self) -> tuple[str, tuple[int, ...]]:
        return self.signals[-1]

    def one(self, *options: Any) -> Any:
        return options[int(self.rng.integers(len(options)))]

    def number(self, low: int, high: int) -> int:
        return int(self.rng.integers(low, high + 1))

    def coin(self) -> bool:
        return bool(self.rng.random() < 0.5)

    def constant(self, value: Any, kind: Any = np.float32) -> str:
        name = f"c{len(self.inits)}"
        self.inits[name] = np.asarray(value, kind)
        return name

    def weights(self, *shape: int) -> str:
        return self.constant(weights(*shape, seed=self.number(1, 10**6)))

    def whole(self, *values: int) -> str:
        return self.constant(values, np.int64)

    def add(self, op: str, *inputs: str, outputs: int = 1, **attributes: Any) -> None:
        """Append an operation on the newest signal and further inputs."""
        n = len(self.nodes)
        names = [f"t{n}" if i == 0 else f"t{n}_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(op, list(inputs), names, name=f"n{n}_{op}", **attributes))
        self.signals.append((names[0], ()))

    def model(self, opset: int | None = None) -> Any:
        name = self.newest[0]
        return model_of(self.nodes, self.shape, self.inits, opset or self.opset, output=name)

    def text(self) -> str:
        shown = [f"  {helper.printable_node(n)}" for n in self.nodes]
        kept = {n: (v.shape, v.tolist() if v.size < 9 else "") for n, v in self.inits.items()}
        return "\n".join([f"opset {self.opset}, input {self.shape}", *shown, f"  {kept}"])


def _spatial(c: Chain) -> tuple[str, tuple[int, ...]]:
    name, shape = c.newest
    if len(shape) not in (3, 4):
        raise Unfit
    return name, shape


class Unfit(Exception):
    """An operation that does not fit what is there."""


def _window(c: Chain, axes: int) -> dict[str, Any]:
    """Kernel's companions: strides, dilations and one of the ways of padding."""
    found: dict[str, Any] = {}
    if c.coin():
        found["strides"] = [c.number(1, 3) for _ in range(axes)]
    way = c.number(0, 4)
    if way == 1:
        found["pads"] = [c.number(0, 2) for _ in range(2 * axes)]
    elif way > 1:
        found["auto_pad"] = ("VALID", "SAME_UPPER", "SAME_LOWER")[way - 2]
    return found


def conv(c: Chain) -> None:
    name, shape = _spatial(c)
    axes = len(shape) - 2
    group = c.one(1, shape[1]) if shape[1] % 2 or c.coin() else c.one(1, 2)
    given = _window(c, axes)
    if c.coin():
        given["dilations"] = [c.number(1, 2) for _ in range(axes)]
    matrix = c.weights(
        group * c.number(1, 2), shape[1] // group, *(c.number(1, 3) for _ in range(axes))
    )
    bias = [c.weights(c.inits[matrix].shape[0])] if c.coin() else []
    c.add("Conv", name, matrix, *bias, group=group, **given)


def transposed(c: Chain) -> None:
    name, shape = _spatial(c)
    axes = len(shape) - 2
    group = c.one(1, shape[1])
    given: dict[str, Any] = {"strides": [c.number(1, 3) for _ in range(axes)]}
    if c.coin():
        given["pads"] = [c.number(0, 1) for _ in range(2 * axes)]
    if c.coin():
        given["output_padding"] = [c.number(0, s - 1) for s in given["strides"]]
    if c.coin():
        given["dilations"] = [c.number(1, 2) for _ in range(axes)]
    matrix = c.weights(shape[1], c.number(1, 2), *(c.number(1, 3) for _ in range(axes)))
    c.add("ConvTranspose", name, matrix, group=group, **given)


def norm(c: Chain) -> None:
    name, shape = c.newest
    if len(shape) < 2:
        raise Unfit
    size = shape[1]
    variance = c.constant(np.abs(weights(size)) + 0.3)
    parts = [c.weights(size), c.weights(size), c.weights(size), variance]
    c.add("BatchNormalization", name, *parts, epsilon=c.one(1e-5, 1e-2))


def pool(c: Chain) -> None:
    name, shape = _spatial(c)
    axes = len(shape) - 2
    given = _window(c, axes)
    if c.coin():
        given["ceil_mode"] = 1
    if c.coin():
        c.add("Relu", name)
        name = c.newest[0]
        c.add("MaxPool", name, kernel_shape=[c.number(1, 3) for _ in range(axes)], **given)
        return
    if c.coin():
        given["count_include_pad"] = 1
    c.add("AveragePool", name, kernel_shape=[c.number(1, 3) for _ in range(axes)], **given)


def matrix(c: Chain) -> None:
    name, shape = c.newest
    inner, out = shape[-1], c.number(1, 4)
    way = c.number(0, 4)
    if way == 0:
        c.add("MatMul", name, c.weights(inner))
    elif way == 1:
        c.add("MatMul", name, c.weights(*[1] * c.number(0, 2), inner, out))
    elif way == 2 and len(shape) > 2:
        c.add("MatMul", c.weights(out, shape[-2]), name)
    elif len(shape) == 2:
        given: dict[str, Any] = {"transB": 1} if c.coin() else {}
        if c.coin():
            given |= {"alpha": 0.5, "beta": c.one(0.0, 2.0)}
        weight = c.weights(*((out, inner) if given.get("transB") else (inner, out)))
        bias = [c.weights(*c.one((out,), (1, out), (1,), (1, 1), ()))] if c.coin() else []
        c.add("Gemm", name, weight, *bias, **given)
    else:
        raise Unfit


def activation(c: Chain) -> None:
    name, shape = c.newest
    way = c.number(0, 7)
    if way == 0:
        c.add("Relu", name)
    elif way == 1:
        c.add("LeakyRelu", name, alpha=c.one(0.01, 0.3, -0.5))
    elif way == 2:
        slope = c.one((1,), (shape[1], *[1] * (len(shape) - 2)), tuple(shape[1:]), (shape[-1],))
        c.add("PRelu", name, c.weights(*slope))
    elif way == 3:
        c.add("HardSigmoid", name, alpha=c.one(0.2, 1.0), beta=c.one(0.5, 0.0, -0.5))
    elif way == 4:
        low, high = sorted(c.rng.normal(0, 2, 2).round(2).tolist())
        ends = [c.constant(low) if c.coin() else "", c.constant(high) if c.coin() else ""]
        c.add("Clip", name, *ends)
    elif way == 5:
        c.add("Abs", name)
    elif way == 6:
        c.add(c.one("Max", "Min"), name, c.constant(c.rng.normal()))
    else:
        c.add("ThresholdedRelu", name, alpha=0.0)


def arithmetic(c: Chain) -> None:
    name, shape = c.newest
    kept = [1 if c.coin() else s for s in shape[1:]]
    other = c.weights(*kept[c.number(0, len(kept)) :]) if kept else c.weights(1)
    op = c.one("Add", "Sub", "Mul", "Div")
    both = (other, name) if op in ("Add", "Sub", "Mul") and c.coin() else (name, other)
    c.add(op, *both)


def join(c: Chain) -> None:
    name, shape = c.newest
    earlier = [n for n, s in c.signals[:-1] if s == shape]
    if not earlier:
        raise Unfit
    other = c.one(*earlier)
    way = c.number(0, 3)
    if way == 0:
        c.add(c.one("Add", "Sub"), name, other)
    elif way == 1:
        c.add(c.one("Sum", "Mean"), name, other, name)
    elif way == 2:
        c.add(c.one("Max", "Min"), other, name)
    elif len(shape) > 1:
        axis = c.number(1, len(shape) - 1)
        c.add("Concat", other, name, axis=c.one(axis, axis - len(shape)))


def shapes(c: Chain) -> None:
    name, shape = c.newest
    way, rank = c.number(0, 5), len(shape)
    if way == 0:
        c.add("Flatten", name, axis=c.one(1, 1 - rank))
    elif way == 1:
        c.add("Transpose", name, perm=[0, *(1 + c.rng.permutation(rank - 1)).tolist()])
    elif way == 2 and rank < 5:
        axis = c.number(1, rank)
        _with_axes(c, "Unsqueeze", name, [c.one(axis, axis - rank - 1)])
    elif way == 3:
        single = [i for i in range(1, rank) if shape[i] == 1]
        if not single:
            raise Unfit
        axis = c.one(*single)
        _with_axes(c, "Squeeze", name, [c.one(axis, axis - rank)])
    elif way == 4:
        target = c.one((1, -1), (0, -1), (-1, *shape[1:]), (0, 0, -1), (*shape[:1], -1, shape[-1]))
        c.add("Reshape", name, c.whole(*target))
    else:
        rest = int(np.prod(shape[1:]))
        divisors = [d for d in range(1, rest + 1) if rest % d == 0]
        first = c.one(*divisors)
        c.add("Reshape", name, c.whole(1, first, rest // first))


def _with_axes(c: Chain, op: str, name: str, axes: list[int], **attributes: Any) -> None:
    """Axes are an attribute before version 13 (of means 18), and an input from there on."""
    since = 18 if op == "ReduceMean" else 13
    if c.opset >= since:
        c.add(op, name, c.whole(*axes), **attributes)
    else:
        c.add(op, name, axes=axes, **attributes)


def reduced(c: Chain) -> None:
    name, shape = c.newest
    rank = len(shape)
    if rank < 2:
        raise Unfit
    if rank > 2 and c.number(0, 3) == 0:
        c.add("GlobalAveragePool", name)
        return
    axes = sorted({c.number(1, rank - 1) for _ in range(2)})
    axes = [c.one(a, a - rank) for a in axes]
    _with_axes(c, c.one("ReduceMean", "ReduceSum"), name, axes, keepdims=c.number(0, 1))


def pieces(c: Chain) -> None:
    name, shape = c.newest
    rank = len(shape)
    if rank < 2:
        raise Unfit
    axis = c.number(1, rank - 1)
    size, said = shape[axis], c.one(axis, axis - rank)
    way = c.number(0, 3)
    if way == 0 and size > 1:
        begin, end = c.number(-size, size), c.number(-size - 2, size + 2)
        step = c.one(1, 1, 2, -1, -2)
        c.add("Slice", name, *(c.whole(v) for v in (begin, end, said, step)))
    elif way == 1:
        places = [c.number(-size, size - 1) for _ in range(c.number(1, 4))]
        index = c.constant(places[0], np.int64) if c.coin() else c.whole(*places)
        c.add("Gather", name, index, axis=said)
    elif way == 2 and size > 1:
        first = c.number(1, size - 1)
        if c.opset >= 13:
            c.add("Split", name, c.whole(first, size - first), outputs=2, axis=said)
        else:
            c.add("Split", name, outputs=2, axis=said, split=[first, size - first])
        if c.coin():
            c.signals[-1] = (f"{c.newest[0]}_1", ())
    else:
        c.add("Concat", *c.one((name, name), (name, c.weights(1, *shape[1:]))), axis=said)


def copies(c: Chain) -> None:
    name, shape = c.newest
    way, rank = c.number(0, 4), len(shape)
    if way == 0:
        pads = [0, *(c.number(-1, 2) for _ in range(rank - 1))]
        pads += [0, *(c.number(-1, 2) for _ in range(rank - 1))]
        mode = c.one("constant", "constant", "reflect", "edge", "wrap")
        value = [c.constant(c.one(0.0, 0.0, 1.5))] if mode == "constant" and c.coin() else []
        c.add("Pad", name, c.whole(*pads), *value, mode=mode)
    elif way == 1:
        c.add("Expand", name, c.whole(*(1 if s > 1 else c.number(1, 2) for s in shape[1:])))
    elif way == 2:
        c.add("Tile", name, c.whole(1, *(c.number(1, 2) for _ in shape[1:])))
    elif rank == 4 and way == 3:
        c.add("SpaceToDepth", name, blocksize=2)
    elif rank == 4:
        c.add("DepthToSpace", name, blocksize=2, mode=c.one("DCR", "CRD"))
    else:
        raise Unfit


def resized(c: Chain) -> None:
    name, shape = _spatial(c)
    mode = c.one("nearest", "linear")
    given: dict[str, Any] = {
        "mode": mode,
        "coordinate_transformation_mode": c.one(
            "half_pixel", "align_corners", "asymmetric", "pytorch_half_pixel"
        ),
    }
    if mode == "nearest":
        given["nearest_mode"] = c.one("round_prefer_floor", "round_prefer_ceil", "floor", "ceil")
    if mode == "nearest" or c.coin():  # sizes may divide evenly where float32 does not
        scales = [1.0, 1.0, *(c.one(1.0, 2.0, 0.5, 1.5, 3.0) for _ in shape[2:])]
        c.add("Resize", name, "", c.constant(scales), **given)
    else:
        sizes = [1, shape[1], *(c.number(1, 2 * s) for s in shape[2:])]
        c.add("Resize", name, "", "", c.whole(*sizes), **given)


GROWTHS: tuple[Callable[[Chain], None], ...] = (
    *(conv, conv, transposed, norm, pool, pool, matrix, matrix, activation, activation),
    *(arithmetic, arithmetic, join, join, shapes, shapes, reduced, pieces, pieces, copies, resized),
)
"""Some twice: drawn twice as often."""
