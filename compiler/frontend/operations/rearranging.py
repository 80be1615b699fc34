"""The rules for operations that move elements. Names and defaults as in ATen (torch 2.13)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np

from snnc.ir import Array, Conv2d, Place, Shape

from .call import Call, Rules, UnsupportedError
from .cures import BRANCH, MERGE
from .expression import Signal, Tensor
from .gathering import gather, numbered, rearranging

MOST_PARTS = 2**12
"""Of a tensor that is split."""

NUMPY_PADDING = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}
"""Ways to pad other than with a constant: torch's name and numpy's."""


def view(call: Call, x: Array) -> Array:
    """``view`` and ``reshape``: one size may be -1."""
    return x.reshape(call.numbers("shape" if call.node.op == "reshape" else "size"))


def flatten(call: Call, x: Array) -> Array:
    """``flatten``: the axes from ``start_dim`` to ``end_dim`` become one."""
    first, last = _axis(x, call.value("start_dim", 0)), _axis(x, call.value("end_dim", -1))
    inside = math.prod(x.shape[first : last + 1])
    return x.reshape(*x.shape[:first], inside, *x.shape[last + 1 :])


def unflatten(call: Call, x: Array) -> Array:
    """``unflatten``: one axis becomes several."""
    axis = _axis(x, call.value("dim"))
    sizes = list(call.numbers("sizes"))
    if -1 in sizes:
        sizes[sizes.index(-1)] = x.shape[axis] // -math.prod(sizes)
    return x.reshape(*x.shape[:axis], *sizes, *x.shape[axis + 1 :])


def squeeze(call: Call, x: Array) -> Array:
    """``squeeze``: of the named axes those of size 1 go; without names all of them."""
    given = call.value("dim")
    axes = range(x.ndim) if given is None else [_axis(x, n) for n in call.numbers("dim")]
    return np.squeeze(x, tuple(axis for axis in axes if x.shape[axis] == 1))


def unsqueeze(call: Call, x: Array) -> Array:
    """``unsqueeze``: one more axis of size 1."""
    return np.expand_dims(x, call.value("dim"))


def transpose(call: Call, x: Array) -> Array:
    """``transpose``: two axes change places."""
    return np.swapaxes(x, call.value("dim0"), call.value("dim1"))


def turn(call: Call, x: Array) -> Array:
    """``t`` and ``mT``: the last two axes change places."""
    return x if x.ndim < 2 else np.swapaxes(x, -1, -2)


def permute(call: Call, x: Array) -> Array:
    """``permute``: all axes in another order."""
    return x.transpose(call.numbers("dims"))


def movedim(call: Call, x: Array) -> Array:
    """``movedim``: some axes to other places."""
    return np.moveaxis(x, call.numbers("source"), call.numbers("destination"))


def expand(call: Call, x: Array) -> Array:
    """``expand``: axes of size 1 are repeated; new ones come in front."""
    wanted = call.numbers("size")
    old = (*(1,) * (len(wanted) - x.ndim), *x.shape)
    sizes = [have if n == -1 else n for n, have in zip(wanted, old, strict=True)]
    return np.broadcast_to(x, sizes)


def repeat(call: Call, x: Array) -> Array:
    """``repeat``: whole copies along each axis."""
    copies = call.numbers("repeats")
    call.refuse_large(x.size * math.prod(copies))
    return np.tile(x, copies)


def part(call: Call, x: Array) -> Array:
    """``slice``: from ``start`` to ``end`` with steps, along one axis."""
    axis, step = _axis(x, call.value("dim", 0)), call.value("step", 1)
    where = slice(call.value("start"), call.value("end"), step)
    return x[(slice(None),) * axis + (where,)]


def narrow(call: Call, x: Array) -> Array:
    """``narrow``: ``length`` elements from ``start`` on, along one axis."""
    axis, start = _axis(x, call.value("dim")), call.value("start") % max(1, x.shape[call.value("dim")])
    return x[(slice(None),) * axis + (slice(start, start + call.value("length")),)]


def select(call: Call, x: Array) -> Array:
    """``select``: one element along an axis, which goes."""
    return np.asarray(np.take(x, call.value("index"), axis=call.value("dim")))


def index_select(call: Call, x: Array) -> Array:
    """``index_select``: the elements of a fixed list along an axis."""
    return np.take(x, _whole(call.constant("index")), axis=call.value("dim"))


def index(call: Call, x: Array) -> Array:
    """``index``: fixed lists along some axes."""
    call.asked.add("indices")
    given = call.node.arguments["indices"]
    lists = [None if part is None else call.lookup(part.name) for part in given]
    if any(isinstance(part, Signal) for part in lists):
        raise UnsupportedError(f"{call.node.target} by what depends on the input", BRANCH)
    places = [slice(None) if part is None else _whole(np.asarray(part)) for part in lists]
    return np.asarray(x[tuple(places)])


def _whole(values: Array) -> Array:
    return np.asarray(values, np.int64)


def roll(call: Call, x: Array) -> Array:
    """``roll``: along some axes, around the end."""
    shifts, axes = call.numbers("shifts"), call.numbers("dims")
    if not axes:  # torch rolls all elements in a row
        return np.roll(x.ravel(), shifts).reshape(x.shape)
    return np.roll(x, shifts, axes)


def pieces(call: Call) -> tuple[Tensor, ...]:
    """``split``, ``split_with_sizes``, ``chunk`` and ``unbind``: parts along one axis."""
    tensor, axis = call.value("self"), int(call.value("dim", 0))
    is_signal = isinstance(tensor, Signal)
    x = numbered(tensor.shape)[None] if is_signal else np.asarray(tensor, np.float64)
    axis = _axis(x, axis)
    length = x.shape[axis]
    if call.node.op == "unbind":
        if length > MOST_PARTS:
            raise ValueError(f"{length} parts")
        parts = [np.take(x, n, axis=axis) for n in range(length)]
    else:
        parts = np.split(x, np.cumsum(_lengths(call, length))[:-1].tolist(), axis=axis)
    if not is_signal:
        return tuple(parts)
    if axis == 0:
        raise UnsupportedError(f"{call.node.target} along the batch axis", MERGE)
    return tuple(gather(call, tensor, part[0]) for part in parts)


def _lengths(call: Call, length: int) -> list[int]:
    if call.node.op == "chunk":
        one = -(-length // int(call.value("chunks")))
    elif call.node.op == "split" and isinstance(call.value("split_size"), int):
        one = int(call.value("split_size"))
    else:
        return list(call.numbers("split_sizes" if call.node.op != "split" else "split_size"))
    if one < 1 or length > MOST_PARTS * one:
        raise ValueError(f"parts of {one} elements, of {length}")
    return [min(one, length - first) for first in range(0, length, one)]


def flip(call: Call, x: Array) -> Array:
    """``flip``: some axes backwards."""
    return np.flip(x, call.numbers("dims"))


def _axis(x: Array, axis: int) -> int:
    return axis % x.ndim


def cat(call: Call) -> Signal:
    """``cat``: every part placed among zeros, then summed. Channels are placed without a matrix."""
    parts, axis = call.signals("tensors"), int(call.value("dim", 0))
    axes = len(parts[0].shape) + 1
    if axis % axes == 0:
        raise UnsupportedError(f"{call.node.target} along the batch axis", MERGE)
    return _joined(call, parts, axis % axes - 1)


def stack(call: Call) -> Signal:
    """``stack``: the same along a new axis."""
    parts, axis = call.signals("tensors"), int(call.value("dim", 0))
    axes = len(parts[0].shape) + 2
    if axis % axes == 0:
        raise UnsupportedError(f"{call.node.target} along the batch axis", MERGE)
    place = axis % axes - 1
    raised = [gather(call, p, np.expand_dims(numbered(p.shape), place)) for p in parts]
    return _joined(call, tuple(raised), place)


def _joined(call: Call, parts: tuple[Signal, ...], axis: int) -> Signal:
    shapes = {(*p.shape[:axis], *p.shape[axis + 1 :]) for p in parts}
    shown = [p.shape for p in parts]
    if len(shapes) != 1 or len({len(p.shape) for p in parts}) != 1:
        raise UnsupportedError(
            f"{call.node.target} along axis {axis + 1} of shapes {', '.join(map(str, shown))}"
        )
    whole, offset = sum(p.shape[axis] for p in parts), 0
    shape = parts[0].shape
    total = Signal((*shape[:axis], whole, *shape[axis + 1 :]))
    for one in parts:
        after = whole - offset - one.shape[axis]
        total = total.plus(_placed(call, one, axis, offset, after))
        offset += one.shape[axis]
    return total


def _placed(call: Call, signal: Signal, axis: int, before: int, after: int) -> Signal:
    if axis == 0:
        return call.through(signal, Place(before, before + signal.shape[0] + after))
    widths = [(0, 0)] * len(signal.shape)
    widths[axis] = (before, after)
    return gather(call, signal, np.pad(numbered(signal.shape), widths))


def pad(call: Call) -> Tensor:
    """``pad`` and ``constant_pad_nd``: zeros or another constant, or the signal's own border.

    Negative widths cut off.
    """
    tensor, given = call.value("self"), call.numbers("pad")
    mode = call.value("mode", "constant")
    fill = call.value("value")
    fill = 0.0 if fill is None else float(fill)
    if mode != "constant" and mode not in NUMPY_PADDING:
        raise UnsupportedError(f"{call.node.target} with mode {mode}")
    is_signal = isinstance(tensor, Signal)
    x = numbered(tensor.shape)[None] if is_signal else np.asarray(tensor, np.float64)
    pairs = [(given[n], given[n + 1]) for n in range(0, len(given), 2)]
    widths = [*[(0, 0)] * (x.ndim - len(pairs)), *reversed(pairs)]
    call.refuse_large(
        math.prod(n + max(0, a) + max(0, b) for n, (a, b) in zip(x.shape, widths, strict=True))
    )
    if not is_signal:
        return _padded(x, widths, mode, fill)
    if widths[0] != (0, 0):
        raise UnsupportedError(f"{call.node.target} of the batch axis", MERGE)
    if mode != "constant":
        return gather(call, tensor, _padded(x, widths, mode, 0)[0])
    if _is_border(widths):
        padded = call.through(tensor, _border(tensor.shape, widths[2], widths[3]))
    else:
        padded = gather(call, tensor, _padded(x, widths, mode, 0)[0])
    frame = _padded(np.zeros((1, *tensor.shape)), widths, mode, fill)[0]
    return padded.plus_constant(frame) if fill else padded


def _padded(x: Array, widths: list[tuple[int, int]], mode: str, fill: float) -> Array:
    cut = tuple(
        slice(max(0, -left), n - max(0, -right))
        for n, (left, right) in zip(x.shape, widths, strict=True)
    )
    wide = [(max(0, left), max(0, right)) for left, right in widths]
    if mode == "constant":
        return np.pad(x[cut], wide, constant_values=fill)
    padded: Array = np.pad(x[cut], wide, mode=NUMPY_PADDING[mode])  # type: ignore[call-overload]
    return padded


def _is_border(widths: list[tuple[int, int]]) -> bool:
    """Whether zeros come around an image, which a convolution can do and merge with the next."""
    return len(widths) == 4 and widths[1] == (0, 0) and min(min(w) for w in widths) >= 0


def _border(shape: Shape, rows: tuple[int, int], columns: tuple[int, int]) -> Conv2d:
    """Each channel copied into a larger image, as a convolution with one 1 in each kernel.

    A convolution pads both sides alike. Where the sides differ, the kernel is longer by the difference,
    and its 1 stands where it takes the surplus away.
    """
    kernel = np.zeros((1 + abs(rows[0] - rows[1]), 1 + abs(columns[0] - columns[1])))
    kernel[-1 if rows[1] > rows[0] else 0, -1 if columns[1] > columns[0] else 0] = 1
    weight = np.repeat(kernel[None, None], shape[0], axis=0)
    return Conv2d(weight, None, (1, 1), (max(rows), max(columns)), groups=shape[0])


PIECES: Mapping[str, Callable[[Call], tuple[Tensor, ...]]] = dict.fromkeys(
    ("chunk", "split", "split_with_sizes", "unbind"), pieces
)
"""Operations that give several tensors."""

REARRANGING: Rules = {
    "_unsafe_view": rearranging(view),
    "cat": cat,
    "constant_pad_nd": pad,
    "expand": rearranging(expand),
    "flatten": rearranging(flatten),
    "flip": rearranging(flip),
    "index": rearranging(index),
    "index_select": rearranging(index_select),
    "mT": rearranging(turn),
    "movedim": rearranging(movedim),
    "narrow": rearranging(narrow),
    "pad": pad,
    "permute": rearranging(permute),
    "repeat": rearranging(repeat),
    "reshape": rearranging(view),
    "roll": rearranging(roll),
    "select": rearranging(select),
    "slice": rearranging(part),
    "squeeze": rearranging(squeeze),
    "stack": stack,
    "t": rearranging(turn),
    "transpose": rearranging(transpose),
    "unflatten": rearranging(unflatten),
    "unsqueeze": rearranging(unsqueeze),
    "view": rearranging(view),
}
