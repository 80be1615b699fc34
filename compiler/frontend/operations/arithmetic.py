"""The rules for sums, factors and constants. Names and defaults as in ATen (torch 2.13)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import scipy.sparse as sparse

from snnc.ir import Array, Scale, Shape, SparseLinear

from .call import Call, Rule, Rules, UnsupportedError, torch_shape
from .cures import MERGE, PRODUCT
from .expression import Signal, Tensor
from .gathering import gather, numbered

FLOATS = (6, 7, 8, 13)
"""half, float, double and bfloat16 of torch/_export/serde/schema.py."""


def add(call: Call) -> Tensor:
    """``add``: self + alpha * other, each a signal or a constant."""
    return summed(call, call.value("self"), call.value("other"), call.number("alpha", 1))


def sub(call: Call) -> Tensor:
    """``sub``: self - alpha * other."""
    return summed(call, call.value("self"), call.value("other"), -call.number("alpha", 1))


def rsub(call: Call) -> Tensor:
    """``rsub``: other - alpha * self."""
    return summed(call, call.value("other"), call.value("self"), -call.number("alpha", 1))


def neg(call: Call) -> Tensor:
    """``neg``: -self."""
    return scaled(call, call.value("self"), np.float64(-1))


def mul(call: Call) -> Tensor:
    """``mul``: one of the two is constant, of any shape that broadcasts to the signal."""
    left, right = call.value("self"), call.value("other")
    if isinstance(left, Signal) and isinstance(right, Signal):
        raise UnsupportedError("a product of two signals", PRODUCT)
    if isinstance(right, Signal):
        left, right = right, left
    return scaled(call, left, np.asarray(right, np.float64))


def div(call: Call) -> Tensor:
    """``div`` by a constant, of any shape that broadcasts to the signal."""
    divisor = call.constant("other")
    if not np.all(divisor):
        raise UnsupportedError("a division by zero")
    return scaled(call, call.value("self"), 1 / divisor)


def summed(call: Call, left: Any, right: Any, alpha: float) -> Tensor:
    """left + alpha * right, each a signal or a constant."""
    right = scaled(call, right, np.float64(alpha))
    if not isinstance(left, Signal) and not isinstance(right, Signal):
        call.refuse_large(math.prod(np.broadcast_shapes(np.shape(left), np.shape(right))))
        return np.asarray(left + right, np.float64)
    if isinstance(left, Signal) and isinstance(right, Signal):
        full = np.broadcast_shapes(torch_shape(left), torch_shape(right))
        call.refuse_large(math.prod(full))
        if full[0] != 1:
            raise UnsupportedError(f"a sum of signals of shapes {left.shape} and {right.shape}", MERGE)
        return _stretched(call, left, full).plus(_stretched(call, right, full))
    signal, constant = (left, right) if isinstance(left, Signal) else (right, left)
    return signal.plus_constant(_per_sample(call, signal, np.asarray(constant, np.float64)))


def _stretched(call: Call, signal: Signal, full: Shape) -> Signal:
    """The signal repeated along axes of size 1, to torch's shape ``full``."""
    if torch_shape(signal) == full:
        return signal
    return gather(call, signal, np.broadcast_to(numbered(signal.shape)[None], full)[0])


def _per_sample(call: Call, signal: Signal, constant: Array) -> Array:
    """A constant without the batch axis, broadcastable to the signal's shape."""
    full = torch_shape(signal)
    if np.broadcast_shapes(full, constant.shape) != full:
        raise UnsupportedError(
            f"{call.node.target} that stretches a signal of shape {signal.shape} "
            f"to {np.broadcast_shapes(full, constant.shape)}"
        )
    return constant[0] if constant.ndim == len(full) else constant


def scaled(call: Call, tensor: Any, factor: Any) -> Tensor:
    """A signal or a constant times constants."""
    factor = np.asarray(factor, np.float64)
    if not isinstance(tensor, Signal):
        call.refuse_large(math.prod(np.broadcast_shapes(np.shape(tensor), factor.shape)))
        return np.asarray(tensor * factor, np.float64)
    factor = _per_sample(call, tensor, factor)
    if factor.size == 1:
        factor = factor.reshape(())
        return tensor if factor == 1 else call.through(tensor, Scale(factor))
    if factor.ndim == len(tensor.shape) and factor.size == factor.shape[0]:
        return call.through(tensor, Scale(factor.ravel()))
    each = np.broadcast_to(factor, tensor.shape).ravel()
    return call.through(tensor, SparseLinear(sparse.csr_array(sparse.diags_array(each)), tensor.shape))


def same(call: Call) -> Tensor:
    """Operations that change nothing: copies, and dropout in evaluation."""
    call.flag("train", False)
    call.value("p")
    call.value("input")
    return _tensor(call, "input" if "input" in call.node.arguments else "self")


def convert(call: Call) -> Tensor:
    """``to``: between kinds of real numbers, which is no change here."""
    tensor, dtype = _tensor(call, "self"), call.value("dtype")
    call.flag("copy", False)
    if dtype is not None and dtype not in FLOATS:
        raise UnsupportedError("a conversion to whole numbers")
    return tensor


def copy(call: Call) -> Tensor:
    """``copy``: the source, stretched to the shape of what it replaces."""
    old, new = _tensor(call, "self"), _tensor(call, "src")
    if isinstance(new, Signal):
        if torch_shape(old) != torch_shape(new):
            raise UnsupportedError(f"a copy of {torch_shape(new)} into {torch_shape(old)}")
        return new
    return np.broadcast_to(new, torch_shape(old))


def filled(number: float | None) -> Rule:
    """``zeros``, ``ones`` and ``full``, also with ``_like``, ``new_`` or ``_`` around the name."""

    def rule(call: Call) -> Tensor:
        shape = call.numbers("size") if "size" in call.node.arguments else None
        if "self" in call.node.arguments:
            shape = torch_shape(_tensor(call, "self")) if shape is None else shape
        call.value("dtype")
        call.refuse_large(math.prod(shape or ()))
        argument = "fill_value" if "fill_value" in call.node.arguments else "value"
        fill = call.value(argument) if number is None else number
        return np.full(shape or (), fill, np.float64)

    return rule


def _tensor(call: Call, name: str) -> Tensor:
    found = call.value(name)
    return found if isinstance(found, Signal) else np.asarray(found, np.float64)


ARITHMETIC: Rules = {
    "_to_copy": convert,
    "add": add,
    "alias": same,
    "alpha_dropout": same,
    "clone": same,
    "contiguous": same,
    "copy": copy,
    "detach": same,
    "div": div,
    "dropout": same,
    "feature_alpha_dropout": same,
    "feature_dropout": same,
    "fill": filled(None),
    "full": filled(None),
    "full_like": filled(None),
    "lift_fresh_copy": same,
    "mul": mul,
    "neg": neg,
    "new_zeros": filled(0),
    "ones": filled(1),
    "ones_like": filled(1),
    "rsub": rsub,
    "sub": sub,
    "to": convert,
    "zero": filled(0),
    "zeros": filled(0),
    "zeros_like": filled(0),
}
