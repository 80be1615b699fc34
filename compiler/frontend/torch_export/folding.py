"""Operations on the file's own constants: computed once, by torch, before there is any input.

Parametrized weights (``weight_norm``, ``spectral_norm``, ``orthogonal``), fake quantization, and
whatever else a module computes from its parameters alone leave such operations in the program. Nothing
of the file is run: operations of the list below are looked up in torch by name and called on tensors
that were read from raw bytes. What they give is measured first, without memory, on torch's device
``meta``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from snnc.frontend.archives.exported import Exported, Node
from snnc.frontend.operations.call import MOST_ELEMENTS
from snnc.ir import Array
from snnc.optional import missing

from .aten import called, dtype_of

OF_WEIGHTS = frozenset(
    {
        *("_weight_norm", "_weight_norm_interface", "norm", "linalg_vector_norm", "linalg_norm"),
        *("mv", "vdot", "dot", "mm", "bmm", "matmul", "addmm", "outer", "linear"),
        *("mT", "mH", "adjoint", "conj", "resolve_conj", "scalar_tensor", "t"),
        *("transpose", "permute", "reshape", "view", "_unsafe_view", "flatten", "expand"),
        *("squeeze", "unsqueeze", "select", "slice", "index", "index_select", "gather", "flip", "roll"),
        *("cat", "stack", "chunk", "split", "split_with_sizes", "unbind", "repeat", "narrow"),
        *("tril", "triu", "diagonal", "diag", "diag_embed", "eye", "arange", "linspace", "trace"),
        *("linalg_householder_product", "linalg_matrix_exp", "matrix_exp", "linalg_qr", "qr"),
        *("linalg_solve", "linalg_solve_ex", "_linalg_solve_ex", "linalg_inv", "linalg_inv_ex"),
        *("linalg_cross", "cross", "linalg_det", "det", "inverse", "pinverse", "linalg_pinv"),
        *("add", "sub", "rsub", "mul", "div", "neg", "reciprocal", "addcmul", "addcdiv", "lerp"),
        *("pow", "square", "sqrt", "rsqrt", "exp", "exp2", "expm1", "log", "log2", "log1p", "log10"),
        *("abs", "sign", "sgn", "floor", "ceil", "round", "trunc", "frac", "remainder", "fmod"),
        *("sin", "cos", "tan", "atan", "atan2", "sinh", "cosh", "tanh", "erf", "sigmoid", "softplus"),
        *("relu", "relu6", "leaky_relu", "elu", "gelu", "silu", "hardtanh", "hardsigmoid", "softmax"),
        *("_softmax", "log_softmax", "_log_softmax", "logsumexp", "clamp", "clamp_min", "clamp_max"),
        *("maximum", "minimum", "max", "min", "amax", "amin", "aminmax", "argmax", "argmin"),
        *("sum", "mean", "prod", "cumsum", "cumprod", "var", "std", "var_mean", "std_mean"),
        *("eq", "ne", "lt", "le", "gt", "ge", "logical_not", "logical_and", "logical_or", "where"),
        *("masked_fill", "zeros", "ones", "full", "zeros_like", "ones_like", "full_like", "new_zeros"),
        *("new_ones", "new_full", "to", "_to_copy", "type_as"),
        *("clone", "detach", "alias", "contiguous"),
        *("lift_fresh_copy", "fake_quantize_per_tensor_affine", "fake_quantize_per_channel_affine"),
        *("fake_quantize_per_tensor_affine_cachemask", "fake_quantize_per_channel_affine_cachemask"),
        *("_fake_quantize_per_tensor_affine_cachemask_tensor_qparams", "isnan", "isinf", "copysign"),
    }
)
"""Operations of ATen that compute from their arguments alone: they read no file, draw no numbers, and
write nothing."""

SLOW = 2**13
"""Rows of a matrix that is not inverted, exponentiated or decomposed: time grows with their cube."""

ONE_SHAPE = ("fake_quantize", "_fake_quantize")
"""Beginnings of operations that give as many numbers as they take, and are not on the device meta."""

WEIGHT_NORM = "_weight_norm"
"""Beginning of the operations that are computed here: torch's kernel checks no shape."""

MATRICES = ("linalg_", "matrix_exp", "qr", "inverse", "pinverse", "det", "_linalg_")
"""Beginnings of operations that take time with the cube of a matrix's rows."""


def can_fold(node: Node) -> bool:
    """Whether an operation may be computed where all that it takes is constant."""
    return node.op in OF_WEIGHTS


def folded(program: Exported, node: Node, lookup: Callable[[str], Array]) -> tuple[Array, ...]:
    """What an operation on constants gives, one array for each of its outputs, float64.

    Args:
        program: says of which types the tensors are.
        node: an operation for which :func:`can_fold`.
        lookup: gives the constants by their names, float64.

    Raises:
        UserError: D123 torch is not installed.
        ValueError: torch refuses the arguments, an argument or the result has more than
            ``MOST_ELEMENTS`` elements, or a matrix has more than ``SLOW`` rows.
    """
    try:
        import torch
    except ImportError as error:
        what = f"{node.target} on constants of the file is computed by torch, which is not installed"
        raise missing("torch", what, error, where=node.where) from None

    def tensor(name: str) -> torch.Tensor:
        values = np.array(lookup(name), np.float64)  # a copy: an operation may give it back
        return torch.from_numpy(values).to(dtype_of(program, name))

    def shape(name: str) -> torch.Tensor:
        return torch.empty(np.shape(lookup(name)), dtype=dtype_of(program, name), device="meta")

    _refuse_slow(node, [np.shape(lookup(name)) for name in node.taken])
    try:
        with torch.no_grad():
            if node.op.startswith(WEIGHT_NORM):
                return _as_float64(_weight_norm(node, tensor))
            if node.op.startswith(ONE_SHAPE):
                _refuse_other_channels(node, lookup)
            else:
                planned = called(node, shape, "meta")
                gives = sum(p.numel() for p in planned if isinstance(p, torch.Tensor))
                _refuse_large("gives", gives)
                _refuse_whole_divisions(node, planned)
            result = called(node, tensor, "cpu")
    except (RuntimeError, TypeError, AttributeError) as error:
        raise ValueError(str(error).split("\n")[0][:200]) from None
    return _as_float64(result)


def _as_float64(result: tuple[Any, ...]) -> tuple[Array, ...]:
    import torch

    return tuple(
        r.detach().to(torch.float64).numpy()
        if isinstance(r, torch.Tensor)
        else np.asarray(r, np.float64)
        for r in result
    )


def _weight_norm(node: Node, tensor: Callable[[str], Any]) -> tuple[Any, ...]:
    """v g / |v|, of each row along an axis; torch's kernel checks no shape and writes beyond its end.

    Source: aten/src/ATen/native/WeightNorm.cpp (torch 2.13).
    """
    v, g = (tensor(node.arguments[name].name) for name in ("v", "g"))
    axis = int(node.arguments.get("dim", 0))
    others = [n for n in range(v.ndim) if n != axis]
    norm = v.norm() if axis == -1 else v.norm(2, others, keepdim=True)
    if v.ndim < 1 or not -1 <= axis < v.ndim or g.numel() != norm.numel():
        raise ValueError(f"lengths of shape {tuple(g.shape)} for weights of shape {tuple(v.shape)}")
    return v * (g.reshape(norm.shape) / norm), norm


def _refuse_other_channels(node: Node, lookup: Callable[[str], Array]) -> None:
    """Fake quantization by channel: one scale and one zero point for each."""
    axis = node.arguments.get("axis")
    if axis is None:
        return
    shape = np.shape(lookup(node.arguments["self"].name))
    sizes = [np.size(lookup(node.arguments[name].name)) for name in ("scale", "zero_point")]
    if not -len(shape) <= axis < len(shape) or any(size != shape[axis] for size in sizes):
        raise ValueError(f"scales of {sizes} channels for weights of shape {shape}")


def _refuse_whole_divisions(node: Node, planned: tuple[Any, ...]) -> None:
    """Whole numbers are divided by the processor itself, which ends the process where it cannot."""
    divisor = node.arguments.get("other")
    if isinstance(divisor, int) and divisor > 0:
        return
    if node.op in ("div", "remainder", "fmod") and not all(p.is_floating_point() for p in planned):
        raise ValueError("a division of whole numbers")


def _refuse_slow(node: Node, shapes: Sequence[tuple[int, ...]]) -> None:
    """What is taken is copied once more: a stored row that is repeated often takes no memory before."""
    for shape in shapes:
        _refuse_large("takes", math.prod(shape))
        rows = max(shape[-2:], default=0)
        if node.op.startswith(MATRICES) and rows > SLOW:
            raise ValueError(f"of a matrix of {rows} rows, the limit is {SLOW}")


def _refuse_large(verb: str, elements: int) -> None:
    if elements > MOST_ELEMENTS:
        raise ValueError(f"{verb} {elements} elements, the limit is {MOST_ELEMENTS}")
