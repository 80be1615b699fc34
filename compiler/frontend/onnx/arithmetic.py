"""Rules for sums, factors and activations. Names, attributes and defaults as in onnx 1.23.2."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from snnc.frontend.archives.exported import Ref
from snnc.frontend.operations.call import UnsupportedError
from snnc.frontend.operations.cures import PRODUCT, SPIKES

from .node import OnnxNode
from .translation import ELEMENT_FLOATS, Cut, Rule, Rules, Translation


def _ranked(t: Translation, node: OnnxNode, name: str, rank: int) -> str:
    """The tensor with axes of size 1 in front, which broadcasting would give it."""
    shape = t.shape(name)
    if len(shape) >= rank or name in t.tensors:
        return name
    wanted = (*(1,) * (rank - len(shape)), *shape)
    return t.emit(node, "reshape", self=Ref(name), shape=wanted)


def _operands(t: Translation, node: OnnxNode) -> list[str]:
    """All inputs by the program's names, signals with as many axes as the longest."""
    names = [t.live(node, n) for n in range(len(node.inputs))]
    rank = max(len(t.shape(name)) for name in names)
    return [_ranked(t, node, name, rank) for name in names]


def _in_turn(t: Translation, node: OnnxNode, op: str, names: list[str]) -> str:
    """An operation of two, from one to the next; signals first, whose shape the result has."""
    signals = [name for name in names if name not in t.tensors]
    ordered = [*signals, *(name for name in names if name in t.tensors)]
    made = ordered[0]
    for other in ordered[1:]:
        made = t.emit(node, op, self=Ref(made), other=Ref(other))
    return made


def added(t: Translation, node: OnnxNode) -> None:
    """``Add`` and ``Sum``; ``x + (floor(y) - x)``, which lets a gradient past a floor, is the floor."""
    names = _operands(t, node)
    for given, gap in (names, names[::-1]) if len(names) == 2 else ():
        if (found := t.gaps.get(gap)) is not None and found[1] == given:
            t.give(node, found[0])
            return
    t.give(node, _in_turn(t, node, "add", names))


def mean(t: Translation, node: OnnxNode) -> None:
    """``Mean`` of several tensors."""
    total = _in_turn(t, node, "add", _operands(t, node))
    if len(node.inputs) > 1:
        total = t.emit(node, "mul", self=Ref(total), other=np.asarray(1 / len(node.inputs)))
    t.give(node, total)


def subtracted(t: Translation, node: OnnxNode) -> None:
    """``Sub``."""
    left, right = _operands(t, node)
    if left in t.tensors:
        t.give(node, t.emit(node, "rsub", self=Ref(right), other=Ref(left)))
        return
    made = t.emit(node, "sub", self=Ref(left), other=Ref(right))
    if left in t.floors:
        t.gaps[made] = (left, right)
    t.give(node, made)


def multiplied(t: Translation, node: OnnxNode) -> None:
    """``Mul`` by a constant."""
    left, right = _operands(t, node)
    if left not in t.tensors and right not in t.tensors:
        raise UnsupportedError("a product of two signals", PRODUCT)
    if left in t.tensors:
        left, right = right, left
    t.give(node, t.emit(node, "mul", self=Ref(left), other=Ref(right)))


def divided(t: Translation, node: OnnxNode) -> None:
    """``Div`` by a constant."""
    left, right = _operands(t, node)
    if right not in t.tensors:
        raise UnsupportedError("a division by what depends on data", PRODUCT)
    t.give(node, t.emit(node, "div", self=Ref(left), other=Ref(right)))


def negated(t: Translation, node: OnnxNode) -> None:
    """``Neg``."""
    t.give(node, t.emit(node, "neg", self=Ref(t.live(node))))


def unchanged(t: Translation, node: OnnxNode) -> None:
    """``Identity``."""
    name = node.inputs[0]
    if name in t.rounded:
        t.rounded[node.outputs[0]] = t.rounded[name]
        return
    source = t.live(node)
    t.same(node, source, source)


def dropout(t: Translation, node: OnnxNode) -> None:
    """``Dropout`` in inference."""
    training = t.optional(node, 2)
    node.attribute("ratio"), node.attribute("seed")
    if training is not None and bool(np.all(training)):
        raise UnsupportedError("Dropout in training", "export the network in evaluation mode")
    unchanged(t, node)


def cast(t: Translation, node: OnnxNode) -> None:
    """``Cast`` and ``CastLike`` to a kind of real numbers, which is no change here."""
    node.attribute("saturate"), node.attribute("round_mode")
    if node.op == "Cast":
        kind = node.whole("to", 0)
    else:
        other = node.inputs[1]
        known = t.constants.get(other)
        kind = t.elements.get(other, 1)
        if known is not None:
            kind = 1 if np.asarray(known).dtype.kind not in "iub" else 7
    if kind not in ELEMENT_FLOATS and kind != t.elements.get(node.inputs[0]):
        raise UnsupportedError("a conversion to whole numbers", "round by QuantizeLinear")
    t.elements[node.outputs[0]] = kind
    source = t.live(node)
    t.same(node, source, source)


def cut(low: float, high: float) -> Rule:
    """``Relu`` and what else cuts at fixed places."""

    def rule(t: Translation, node: OnnxNode) -> None:
        give_cut(t, node, t.live(node), low, high)

    return rule


def give_cut(t: Translation, node: OnnxNode, source: str, low: float, high: float) -> None:
    """Cut a signal below and above; either end may be infinite."""
    if low == 0 and math.isinf(high):
        made = t.emit(node, "relu", self=Ref(source))
    else:
        ends = [None if math.isinf(end) else end for end in (low, high)]
        made = t.emit(node, "clamp", self=Ref(source), min=ends[0], max=ends[1])
    t.cuts[made] = Cut(source, low, high)
    t.give(node, made)


def clip(t: Translation, node: OnnxNode) -> None:
    """``Clip``: ends from the attributes (before version 11) or the inputs."""
    if node.version < 11:
        ends: list[Any] = [node.attribute("min"), node.attribute("max")]
    else:
        ends = [t.optional(node, 1), t.optional(node, 2)]
    low = -math.inf if ends[0] is None else float(np.reshape(ends[0], ()))
    high = math.inf if ends[1] is None else float(np.reshape(ends[1], ()))
    # Older exporters write the ends of float32 for none.
    low, high = (math.copysign(math.inf, e) if abs(e) > 3e38 else e for e in (low, high))
    source = t.live(node)
    if math.isinf(low) and math.isinf(high):
        t.same(node, source, source)
        return
    give_cut(t, node, source, low, high)


def leaky_relu(t: Translation, node: OnnxNode) -> None:
    """``LeakyRelu``."""
    slope = float(node.attribute("alpha", 0.01))
    t.give(node, t.emit(node, "leaky_relu", self=Ref(t.live(node)), negative_slope=slope))


def prelu(t: Translation, node: OnnxNode) -> None:
    """``PRelu``: relu(x) - slope relu(-x), with a slope of any shape."""
    source, slope = t.live(node), np.asarray(t.fixed(node, 1), np.float64)
    above = t.emit(node, "relu", self=Ref(source))
    less = t.emit(node, "neg", self=Ref(source))
    below = t.emit(node, "relu", self=Ref(less))
    part = t.emit(node, "mul", self=Ref(below), other=slope)
    t.give(node, t.emit(node, "sub", self=Ref(above), other=Ref(part)))


def hard_sigmoid(t: Translation, node: OnnxNode) -> None:
    """``HardSigmoid``: alpha x + beta, between 0 and 1."""
    alpha, beta = float(node.attribute("alpha", 0.2)), float(node.attribute("beta", 0.5))
    scaled = t.emit(node, "mul", self=Ref(t.live(node)), other=np.asarray(alpha))
    moved = t.emit(node, "add", self=Ref(scaled), other=np.asarray(beta))
    give_cut(t, node, moved, 0.0, 1.0)


def thresholded_relu(t: Translation, node: OnnxNode) -> None:
    """``ThresholdedRelu``, where it is a ReLU."""
    if float(node.attribute("alpha", 1.0)) != 0:
        raise UnsupportedError(f"{node.op} with a jump", SPIKES)
    give_cut(t, node, t.live(node), 0.0, math.inf)


def floor(t: Translation, node: OnnxNode) -> None:
    """``Floor``, in front of a cut at whole levels."""
    made = t.emit(node, "floor", self=Ref(t.live(node)))
    t.floors.add(made)
    t.give(node, made)


def absolute(t: Translation, node: OnnxNode) -> None:
    """``Abs``."""
    t.give(node, t.emit(node, "abs", self=Ref(t.live(node))))


def largest(t: Translation, node: OnnxNode) -> None:
    """``Max`` of several tensors; of one and a fixed number it is a cut."""
    _extreme(t, node, "maximum")


def smallest(t: Translation, node: OnnxNode) -> None:
    """``Min`` of several tensors; of one and a fixed number it is a cut."""
    _extreme(t, node, "minimum")


def _extreme(t: Translation, node: OnnxNode, op: str) -> None:
    names = _operands(t, node)
    signals = [name for name in names if name not in t.tensors]
    fixed = [t.tensors[name] for name in names if name in t.tensors]
    if len(signals) == 1 and len(fixed) == 1 and fixed[0].size == 1:
        end = float(fixed[0].reshape(()))
        ends = (end, math.inf) if op == "maximum" else (-math.inf, end)
        give_cut(t, node, signals[0], *ends)
        return
    t.give(node, _in_turn(t, node, op, names))


ARITHMETIC: Rules = {
    "Abs": absolute,
    "Add": added,
    "Cast": cast,
    "CastLike": cast,
    "Clip": clip,
    "Div": divided,
    "Dropout": dropout,
    "Floor": floor,
    "HardSigmoid": hard_sigmoid,
    "Identity": unchanged,
    "LeakyRelu": leaky_relu,
    "Max": largest,
    "Mean": mean,
    "Min": smallest,
    "Mul": multiplied,
    "Neg": negated,
    "PRelu": prelu,
    "Relu": cut(0.0, math.inf),
    "Sub": subtracted,
    "Sum": added,
    "ThresholdedRelu": thresholded_relu,
}
