"""Rules for operations that move elements. Names, attributes and defaults as in onnx 1.23.2."""

from __future__ import annotations

import math

import numpy as np

from snnc.frontend.archives.exported import Ref
from snnc.frontend.operations.call import MOST_ELEMENTS, UnsupportedError
from snnc.frontend.operations.cures import BRANCH, MERGE
from snnc.ir import Shape

from .node import OnnxNode
from .translation import Rules, Translation

MODES = {"constant": "constant", "edge": "replicate", "reflect": "reflect", "wrap": "circular"}
"""Ways to pad: onnx's name and torch's."""


def _reshaped(t: Translation, node: OnnxNode, shape: Shape) -> None:
    source = t.live(node)
    if shape == t.shape(source):
        t.same(node, source, source)
        return
    if math.prod(shape) != math.prod(t.shape(source)):
        raise ValueError(f"{t.shape(source)} becomes {shape}")
    t.same(node, source, t.emit(node, "reshape", self=Ref(source), shape=shape))


def reshape(t: Translation, node: OnnxNode) -> None:
    """``Reshape``: one size may be -1, a 0 keeps the size."""
    given, old = t.numbers(node, 1), t.shape(t.live(node))
    if given is None:
        raise ValueError("the shape is missing")
    sizes = list(given)
    if not node.whole("allowzero", 0):
        sizes = [old[at] if n == 0 else n for at, n in enumerate(sizes)]
    if sizes.count(-1) == 1:
        rest = -math.prod(sizes)
        if rest <= 0 or math.prod(old) % rest:
            raise ValueError(f"{old} becomes {given}")
        sizes[sizes.index(-1)] = math.prod(old) // rest
    if min(sizes, default=1) < 0:
        raise ValueError(f"{old} becomes {given}")
    _reshaped(t, node, tuple(sizes))


def flatten(t: Translation, node: OnnxNode) -> None:
    """``Flatten``: two axes, those before ``axis`` and the others."""
    old = t.shape(t.live(node))
    axis = node.whole("axis", 1)
    if not -len(old) <= axis <= len(old):
        raise ValueError(f"axis {axis} of {len(old)}")
    axis = axis + len(old) if axis < 0 else axis
    _reshaped(t, node, (math.prod(old[:axis]), math.prod(old[axis:])))


def squeeze(t: Translation, node: OnnxNode) -> None:
    """``Squeeze``: axes of size 1 go; the batch axis only where it is named.

    Without names the file's own batch of one goes too: axes behind it have other numbers then.
    """
    old = t.shape(t.live(node))
    given = _axes(t, node, len(old))
    axes = given if given is not None else {n for n, length in enumerate(old) if length == 1 and n}
    if any(old[axis] != 1 for axis in axes):
        raise ValueError(f"axes {sorted(axes)} of {old}")
    if given is None and t.one_sample:
        t.unbatched.add(node.outputs[0])
    _reshaped(t, node, tuple(n for axis, n in enumerate(old) if axis not in axes))


def unsqueeze(t: Translation, node: OnnxNode) -> None:
    """``Unsqueeze``: more axes of size 1."""
    old = t.shape(t.live(node))
    count = len(node.attribute("axes") or ()) if node.version < 13 else len(t.numbers(node, 1) or ())
    axes = _axes(t, node, len(old) + count)
    if axes is None or len(axes) != count:
        raise ValueError("axes are missing, or named twice")
    rest = iter(old)
    _reshaped(t, node, tuple(1 if n in axes else next(rest) for n in range(len(old) + count)))


def _axes(t: Translation, node: OnnxNode, rank: int) -> set[int] | None:
    """Axes from the attribute (before version 13) or the second input, counted from the front."""
    given = node.attribute("axes") if node.version < 13 else t.numbers(node, 1)
    if given is None:
        return None
    if any(not -rank <= n < rank for n in given):
        raise ValueError(f"axes {given} of {rank}")
    return {n % rank for n in given}


def transpose(t: Translation, node: OnnxNode) -> None:
    """``Transpose``."""
    source = t.live(node)
    rank = len(t.shape(source))
    order = tuple(int(n) for n in node.attribute("perm", tuple(reversed(range(rank)))))
    if sorted(order) != list(range(rank)):
        raise ValueError(f"axes {order} of {rank}")
    if order == tuple(range(rank)):
        t.same(node, source, source)
        return
    t.same(node, source, t.emit(node, "permute", self=Ref(source), dims=order))


def concat(t: Translation, node: OnnxNode) -> None:
    """``Concat``."""
    parts = [t.live(node, n) for n in range(len(node.inputs))]
    axis, rank = node.whole("axis", 1), len(t.shape(parts[0]))
    if not -rank <= axis < rank:
        raise ValueError(f"axis {axis} of {rank}")
    made = parts[0]
    if len(parts) > 1:
        made = t.emit(node, "cat", tensors=tuple(map(Ref, parts)), dim=axis % rank)
        grids = [t.grids.get(part) for part in parts]
        first = grids[0]
        if first is not None and all(g is not None and g.holds(first) for g in grids):
            t.grids[made] = max((g for g in grids if g is not None), key=lambda g: g.high - g.low)
    t.give(node, made)


def split(t: Translation, node: OnnxNode) -> None:
    """``Split``: sizes from the attribute or the second input; without them equal parts."""
    source = t.live(node)
    shape, axis, count = t.shape(source), node.whole("axis", 0), len(node.outputs)
    if not -len(shape) <= axis < len(shape):
        raise ValueError(f"axis {axis} of {len(shape)}")
    axis %= len(shape)
    sizes = node.attribute("split") if node.version < 13 else t.numbers(node, 1)
    if sizes is None:
        count = node.whole("num_outputs", count)
        one = -(-shape[axis] // count)
        sizes = tuple(max(0, min(one, shape[axis] - n * one)) for n in range(count))
    if len(sizes) != len(node.outputs) or sum(sizes) != shape[axis] or min(sizes) < 0:
        raise ValueError(f"parts of {sizes} of {shape[axis]}")
    name = t.emit(
        node, "split_with_sizes", len(sizes), self=Ref(source), split_sizes=tuple(sizes), dim=axis
    )
    made = next(n for n in reversed(t.nodes) if n.outputs[0] == name)
    for number, (output, part) in enumerate(zip(node.outputs, made.outputs, strict=True)):
        if output:
            t.give(node, part, number)


def slice_(t: Translation, node: OnnxNode) -> None:
    """``Slice``: from ``starts`` to ``ends`` with ``steps`` of either sign, along some axes."""
    source = t.live(node)
    if node.version < 10:
        starts, ends = node.attribute("starts"), node.attribute("ends")
        axes, steps = node.attribute("axes"), None
    else:
        starts, ends = t.numbers(node, 1), t.numbers(node, 2)
        axes, steps = t.numbers(node, 3), t.numbers(node, 4)
    if starts is None or ends is None:
        raise ValueError("starts or ends are missing")
    axes = tuple(range(len(starts))) if axes is None else axes
    steps = (1,) * len(starts) if steps is None else steps
    made, rank = source, len(t.shape(source))
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        if step == 0 or not -rank <= axis < rank:
            raise ValueError(f"steps of {step} along axis {axis}")
        length = t.shape(made)[axis % rank]
        first, last, _ = slice(start, end, step).indices(length)
        if step < 0 and end < -length:
            last = -1
        chosen = range(first, last, step)
        if not chosen:
            raise UnsupportedError(f"{node.op} that leaves nothing")
        if len(chosen) == length and step == 1:
            continue
        if axis % rank == 0:
            raise UnsupportedError(f"{node.op} along the batch axis", MERGE)
        where = {"self": Ref(made), "dim": axis % rank}
        if step > 0:
            made = t.emit(node, "slice", **where, start=first, end=last, step=step)
        else:
            made = t.emit(node, "index_select", **where, index=np.asarray(chosen, np.int64))
    t.same(node, source, made)


def gather(t: Translation, node: OnnxNode) -> None:
    """``Gather``: a fixed list of places along an axis."""
    if len(node.inputs) > 1 and t.is_live(node.inputs[1]):
        raise UnsupportedError(f"{node.op} by what depends on data", BRANCH)
    source, index = t.live(node), np.asarray(t.fixed(node, 1), np.int64)
    shape, axis = t.shape(source), node.whole("axis", 0)
    if not -len(shape) <= axis < len(shape):
        raise ValueError(f"axis {axis} of {len(shape)}")
    axis %= len(shape)
    length = shape[axis]
    if index.size == 0 or not -length <= int(index.min()) <= int(index.max()) < length:
        raise ValueError(f"places beyond the {length} of axis {axis}")
    if axis == 0:
        raise UnsupportedError(f"{node.op} along the batch axis", MERGE)
    if math.prod(shape) // length * index.size > MOST_ELEMENTS:
        raise UnsupportedError(f"{node.op} with {index.size} places")
    places = np.ravel(index) % length
    made = t.emit(node, "index_select", self=Ref(source), dim=axis, index=places)
    wanted = (*shape[:axis], *index.shape, *shape[axis + 1 :])
    if wanted != t.shape(made):
        made = t.emit(node, "reshape", self=Ref(made), shape=wanted)
    t.same(node, source, made)


def pad(t: Translation, node: OnnxNode) -> None:
    """``Pad``: a constant or the signal's own border; negative widths cut off."""
    source = t.live(node)
    rank = len(t.shape(source))
    mode = str(node.attribute("mode", "constant"))
    if node.version < 11:
        pads, value, axes = node.attribute("pads"), node.attribute("value", 0.0), None
    else:
        pads, value, axes = t.numbers(node, 1), t.optional(node, 2), t.numbers(node, 3)
    fill = 0.0 if value is None else float(np.reshape(value, ()))
    named = tuple(range(rank)) if axes is None else tuple(n % rank for n in axes)
    if pads is None or len(pads) != 2 * len(named) or mode not in MODES:
        raise UnsupportedError(f"{node.op} with mode {mode}, {len(pads or ())} widths")
    widths = {axis: (pads[n], pads[n + len(named)]) for n, axis in enumerate(named)}
    if any(widths.get(0, ())):
        raise UnsupportedError(f"{node.op} of the batch axis", MERGE)
    both = [n for axis in range(rank - 1, 0, -1) for n in widths.get(axis, (0, 0))]
    if not any(both):
        t.same(node, source, source)
        return
    arguments = {"self": Ref(source), "pad": tuple(both)}
    if mode == "constant":
        made = t.emit(node, "constant_pad_nd", **arguments, value=fill)
    else:
        made = t.emit(node, "pad", **arguments, mode=MODES[mode])
    t.give(node, made)


def expand(t: Translation, node: OnnxNode) -> None:
    """``Expand``: axes of size 1 are repeated, in both directions."""
    source, wanted = t.live(node), t.numbers(node, 1) or ()
    full = np.broadcast_shapes(t.shape(source), wanted)
    if math.prod(full) > MOST_ELEMENTS:
        raise UnsupportedError(f"{node.op} to {full}")
    if full == t.shape(source):
        t.same(node, source, source)
        return
    t.same(node, source, t.emit(node, "expand", self=Ref(source), size=full))


def tile(t: Translation, node: OnnxNode) -> None:
    """``Tile``: whole copies along each axis."""
    source, copies = t.live(node), t.numbers(node, 1) or ()
    if len(copies) != len(t.shape(source)) or min(copies, default=1) < 1:
        raise ValueError(f"copies {copies}")
    t.same(node, source, t.emit(node, "repeat", self=Ref(source), repeats=copies))


def depth_to_space(t: Translation, node: OnnxNode) -> None:
    """``DepthToSpace``: channels become pixels, in both orders of the channels."""
    source, size = t.live(node), node.whole("blocksize", 1)
    mode = str(node.attribute("mode", "DCR"))
    batch, channels, rows, columns = _image(t, source)
    if size < 1 or channels % size**2 or mode not in ("DCR", "CRD"):
        raise ValueError(f"{channels} channels in blocks of {size}, mode {mode}")
    less = channels // size**2
    parts = (
        (batch, size, size, less, rows, columns)
        if mode == "DCR"
        else (batch, less, size, size, rows, columns)
    )
    order = (0, 3, 4, 1, 5, 2) if mode == "DCR" else (0, 1, 4, 2, 5, 3)
    _regrouped(t, node, source, parts, order, (batch, less, rows * size, columns * size))


def space_to_depth(t: Translation, node: OnnxNode) -> None:
    """``SpaceToDepth``: pixels become channels."""
    source, size = t.live(node), node.whole("blocksize", 1)
    mode = str(node.attribute("mode", "DCR"))
    batch, channels, rows, columns = _image(t, source)
    if size < 1 or rows % size or columns % size or mode not in ("DCR", "CRD"):
        raise ValueError(f"an image of {rows} x {columns} in blocks of {size}, mode {mode}")
    parts = (batch, channels, rows // size, size, columns // size, size)
    order = (0, 3, 5, 1, 2, 4) if mode == "DCR" else (0, 1, 3, 5, 2, 4)
    wanted = (batch, channels * size**2, rows // size, columns // size)
    _regrouped(t, node, source, parts, order, wanted)


def _image(t: Translation, source: str) -> Shape:
    shape = t.shape(source)
    if len(shape) != 4:
        raise ValueError(f"a signal of shape {shape}")
    return shape


def _regrouped(
    t: Translation, node: OnnxNode, source: str, parts: Shape, order: Shape, wanted: Shape
) -> None:
    apart = t.emit(node, "reshape", self=Ref(source), shape=parts)
    turned = t.emit(node, "permute", self=Ref(apart), dims=order)
    t.same(node, source, t.emit(node, "reshape", self=Ref(turned), shape=wanted))


MOVING: Rules = {
    "Concat": concat,
    "DepthToSpace": depth_to_space,
    "Expand": expand,
    "Flatten": flatten,
    "Gather": gather,
    "Pad": pad,
    "Reshape": reshape,
    "Slice": slice_,
    "SpaceToDepth": space_to_depth,
    "Split": split,
    "Squeeze": squeeze,
    "Tile": tile,
    "Transpose": transpose,
    "Unsqueeze": unsqueeze,
}
