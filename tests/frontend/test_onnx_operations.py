"""Every operation of ONNX that is read, against onnx's reference implementation."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import pytest

from snnc.frontend import load_model
from snnc.frontend.torch_export.torch_run import run_torch

from .onnx_files import apart, drawn, model_of, node, ours, weights

ROUNDING = 2e-6


class Case(NamedTuple):
    """One operation, once: nodes from x to y, the shape of x without batch, constants, versions."""

    nodes: list[Any]
    shape: tuple[int, ...]
    inits: Mapping[str, Any] = MappingProxyType({})
    opsets: tuple[int, ...] = (13, 23)


def _one(
    op: str,
    shape: tuple[int, ...],
    *opsets: int,
    inits: dict[str, Any] | None = None,
    **attributes: Any,
) -> Case:
    given = inits or {}
    return Case([node(op, ["x", *given], **attributes)], shape, given, opsets or (13, 23))


def _int(*numbers: int) -> Any:
    return np.asarray(numbers, np.int64)


def _floats(numbers: list[float]) -> Any:
    return np.asarray(numbers, np.float32)


def _relu_then(op: str, shape: tuple[int, ...], *opsets: int, **attributes: Any) -> Case:
    return Case(
        [node("Relu", ["x"], ["r"]), node(op, ["r"], **attributes)], shape, {}, opsets or (12, 23)
    )


W, B = weights(4, 3, 3, 3), weights(4, seed=2)
ALL = (7, 9, 11, 13, 18, 23)

CASES: dict[str, Case] = {
    "gemm": _one("Gemm", (5,), *ALL, inits={"w": weights(3, 5), "b": weights(3)}, transB=1),
    "gemm-scaled": _one(
        "Gemm", (5,), inits={"w": weights(5, 3), "b": weights(1, 3)}, alpha=0.5, beta=2.0
    ),
    "gemm-scalar": _one("Gemm", (5,), inits={"w": weights(5, 3), "b": weights(1)}),
    "matmul": _one("MatMul", (5,), *ALL, inits={"w": weights(5, 3)}),
    "matmul-rows": _one("MatMul", (4, 5), inits={"w": weights(5, 3)}),
    "matmul-batched": _one("MatMul", (4, 5), inits={"w": weights(1, 5, 3)}),
    "matmul-vector": _one("MatMul", (4, 5), inits={"w": weights(5)}),
    "matmul-left": Case([node("MatMul", ["w", "x"])], (5, 2), {"w": weights(3, 5)}),
    "einsum": Case([node("Einsum", ["x", "w"], equation="bij,jk->bik")], (2, 3), {"w": weights(3, 4)}),
    "conv": _one("Conv", (3, 7, 8), *ALL, inits={"w": W, "b": B}),
    "conv-pads": _one("Conv", (3, 7, 8), inits={"w": W, "b": B}, pads=[0, 1, 2, 3], strides=[2, 1]),
    "conv-upper": _one("Conv", (3, 7, 8), inits={"w": W}, auto_pad="SAME_UPPER", strides=[2, 3]),
    "conv-lower": _one("Conv", (3, 7, 8), inits={"w": W}, auto_pad="SAME_LOWER", strides=[2, 2]),
    "conv-valid": _one("Conv", (3, 7, 8), inits={"w": W}, auto_pad="VALID", dilations=[2, 1]),
    "conv-groups": _one(
        "Conv", (4, 6, 6), inits={"w": weights(8, 2, 3, 3)}, group=2, pads=[1, 1, 1, 1]
    ),
    "conv-1d": _one("Conv", (3, 9), inits={"w": weights(4, 3, 3), "b": B}, pads=[2, 0], dilations=[2]),
    "conv-1d-upper": _one("Conv", (3, 9), inits={"w": weights(4, 3, 4)}, auto_pad="SAME_UPPER"),
    "transposed": _one(
        "ConvTranspose", (3, 4, 5), 11, 23, inits={"w": weights(3, 4, 3, 3), "b": B}, strides=[2, 2]
    ),
    "transposed-pads": _one(
        "ConvTranspose",
        (3, 4, 5),
        inits={"w": weights(3, 4, 3, 3)},
        strides=[2, 3],
        pads=[1, 0, 0, 2],
        output_padding=[1, 2],
    ),
    "transposed-even": _one(
        "ConvTranspose",
        (3, 4, 5),
        inits={"w": weights(3, 4, 3, 3)},
        strides=[2, 2],
        pads=[1, 1, 1, 1],
        output_padding=[1, 1],
    ),
    "transposed-1d": _one("ConvTranspose", (4, 5), inits={"w": weights(4, 1, 3)}, strides=[2], group=4),
    "batch-norm": _one(
        "BatchNormalization",
        (3, 4, 4),
        14,
        15,
        23,
        inits={
            "s": weights(3),
            "b": weights(3, seed=4),
            "m": weights(3, seed=5),
            "v": _floats([1, 2, 3]),
        },
        epsilon=1e-3,
    ),
    "relu": _one("Relu", (5,), *ALL),
    "leaky": _one("LeakyRelu", (5,), 7, 16, 23, alpha=0.2),
    "prelu": _one("PRelu", (3, 2, 2), 9, 16, 23, inits={"s": weights(3, 1, 1)}),
    "prelu-elements": _one("PRelu", (3, 2, 2), inits={"s": weights(3, 2, 2)}),
    "prelu-one": _one("PRelu", (3, 2), inits={"s": weights(1)}),
    "hard-sigmoid": _one("HardSigmoid", (5,), 7, 22, 23),
    "hard-sigmoid-of": _one("HardSigmoid", (5,), alpha=1 / 6, beta=0.4),
    "thresholded": _one("ThresholdedRelu", (5,), alpha=0.0),
    "abs": _one("Abs", (5,), 7, 23),
    "neg": _one("Neg", (5,)),
    "clip-6": _one("Clip", (5,), 7, 10, min=-0.5, max=1.5),
    "clip-6-low": _one("Clip", (5,), 7, 10, min=0.0),
    "clip": _one("Clip", (5,), 11, 12, 13, 23, inits={"low": np.float32(0), "high": np.float32(1)}),
    "clip-high": Case([node("Clip", ["x", "", "m"])], (5,), {"m": np.float32(0.5)}, (11, 23)),
    "max": _one("Max", (4,), 8, 13, 23, inits={"w": weights(4)}),
    "max-zero": _one("Max", (4,), inits={"w": np.float32(0)}),
    "min": _one("Min", (4,), 8, 13, 23, inits={"w": weights(1, 4)}),
    "min-number": _one("Min", (4,), inits={"w": _floats([0.25])}),
    "max-of-three": Case(
        [node("Neg", ["x"], ["n"]), node("Max", ["w", "n", "x"])], (4,), {"w": weights(4)}
    ),
    "add": _one("Add", (3, 4), *ALL, inits={"w": weights(4)}),
    "add-more-axes": _one("Add", (4,), inits={"w": weights(1, 3, 4)[:, :1]}),
    "add-stretched": Case(
        [node("MatMul", ["x", "w"], ["r"]), node("Add", ["x", "r"])], (4, 3), {"w": weights(3, 1)}
    ),
    "sub": _one("Sub", (3, 4), inits={"w": weights(3, 1)}),
    "sub-from": Case([node("Sub", ["w", "x"])], (3, 4), {"w": weights(3, 4)}),
    "mul": _one("Mul", (3, 4), inits={"w": weights(1, 3, 1)}),
    "div": _one("Div", (3, 4), inits={"w": _floats([1, 2, 4, 5])}),
    "sum": Case(
        [node("Relu", ["x"], ["r"]), node("Sum", ["x", "r", "x", "w"])],
        (4,),
        {"w": weights(4)},
        (8, 23),
    ),
    "mean": Case([node("Relu", ["x"], ["r"]), node("Mean", ["x", "r"])], (4,), {}, (8, 23)),
    "average": _one("AveragePool", (2, 6, 7), *ALL, kernel_shape=[2, 3], strides=[2, 2]),
    "average-pads": _one(
        "AveragePool", (2, 6, 7), 7, 11, 19, 23, kernel_shape=[3, 3], pads=[1, 1, 1, 1]
    ),
    "average-counted": _one(
        "AveragePool",
        (2, 6, 7),
        7,
        11,
        19,
        23,
        kernel_shape=[3, 2],
        pads=[1, 0, 0, 1],
        count_include_pad=1,
    ),
    "average-ceil-pads": _one(
        "AveragePool",
        (2, 6, 7),
        19,
        23,
        kernel_shape=[3, 3],
        strides=[3, 2],
        pads=[1, 1, 1, 1],
        ceil_mode=1,
        count_include_pad=1,
    ),
    "average-dilated": _one("AveragePool", (2, 7, 7), 19, 23, kernel_shape=[2, 2], dilations=[2, 3]),
    "average-same": _one(
        "AveragePool", (2, 6, 7), 11, 19, 23, kernel_shape=[2, 3], auto_pad="SAME_UPPER"
    ),
    "average-1d": _one("AveragePool", (2, 7), kernel_shape=[3], strides=[2]),
    "global-average": _one("GlobalAveragePool", (3, 4, 5), 7, 22, 23),
    "global-average-1d": _one("GlobalAveragePool", (3, 4)),
    "global-max": _relu_then("GlobalMaxPool", (3, 3, 4)),
    "max-pool": _relu_then("MaxPool", (2, 6, 6), 8, 12, 23, kernel_shape=[2, 2], strides=[2, 2]),
    "max-pool-pads": _relu_then(
        "MaxPool", (2, 6, 6), kernel_shape=[3, 2], pads=[1, 0, 2, 1], strides=[2, 1]
    ),
    "max-pool-even": _relu_then(
        "MaxPool", (2, 6, 6), kernel_shape=[3, 3], pads=[1, 1, 1, 1], strides=[2, 2]
    ),
    "max-pool-ceil": _relu_then("MaxPool", (2, 7, 6), kernel_shape=[2, 2], strides=[2, 4], ceil_mode=1),
    "max-pool-dilated": _relu_then("MaxPool", (2, 7, 6), kernel_shape=[2, 2], dilations=[3, 2]),
    "max-pool-1d": _relu_then("MaxPool", (2, 7), kernel_shape=[3], strides=[2]),
    "mean-11": _one("ReduceMean", (3, 4, 5), 7, 11, 13, axes=[-1, 2], keepdims=0),
    "mean-18": _one("ReduceMean", (3, 4, 5), 18, 23, inits={"a": _int(-1, 1)}),
    "mean-all": _one("ReduceMean", (3, 4), 13, 23),
    "mean-none": Case([node("ReduceMean", ["x"], noop_with_empty_axes=1)], (3, 4), {}, (18, 23)),
    "sum-11": _one("ReduceSum", (3, 4, 5), 7, 11, axes=[1]),
    "sum-13": _one("ReduceSum", (3, 4, 5), 13, 23, inits={"a": _int(2)}, keepdims=0),
    "flatten": _one("Flatten", (3, 4, 2), *ALL),
    "flatten-axis": _one("Flatten", (3, 4, 2), 11, 23, axis=-3),
    "reshape": _one("Reshape", (3, 4), *ALL, inits={"s": _int(0, 2, -1)}),
    "reshape-batch": _one("Reshape", (3, 4), inits={"s": _int(-1, 12)}),
    "transpose": _one("Transpose", (3, 4, 2), *ALL, perm=[0, 3, 1, 2]),
    "squeeze-11": _one("Squeeze", (3, 1, 2), 7, 11, axes=[-2]),
    "squeeze-13": _one("Squeeze", (3, 1, 1), 13, 23, inits={"a": _int(2, -1)}),
    "unsqueeze-11": _one("Unsqueeze", (3, 2), 7, 11, axes=[1, 4]),
    "unsqueeze-13": _one("Unsqueeze", (3, 2), 13, 23, inits={"a": _int(-1)}),
    "concat": Case(
        [node("Neg", ["x"], ["n"]), node("Concat", ["x", "n", "w"], axis=-1)],
        (3, 2),
        {"w": weights(1, 3, 4)},
        ALL,
    ),
    "split-11": Case(
        [node("Split", ["x"], ["a", "b"], axis=1, split=[1, 3]), node("Concat", ["b", "a"], axis=1)],
        (4, 2),
        {},
        (7, 11),
    ),
    "split-13": Case(
        [node("Split", ["x", "s"], ["a", "b"], axis=-1), node("Concat", ["b", "a"], axis=-1)],
        (2, 4),
        {"s": _int(3, 1)},
        (13, 23),
    ),
    "split-equal": Case(
        [node("Split", ["x"], ["a", "b"], axis=1), node("Sub", ["b", "a"])], (4, 2), {}, (7, 11, 13)
    ),
    "split-18": Case(
        [node("Split", ["x"], ["a", "b"], axis=1, num_outputs=2), node("Concat", ["b", "a"], axis=1)],
        (5, 2),
        {},
        (18, 23),
    ),
    "slice-9": _one("Slice", (4, 6), 7, 9, starts=[1, -5], ends=[100, -1], axes=[1, 2]),
    "slice": _one(
        "Slice",
        (4, 6),
        10,
        13,
        23,
        inits={"s": _int(-1, 0), "e": _int(-100, 5), "a": _int(-2, 2), "t": _int(-1, 2)},
    ),
    "slice-from-front": _one("Slice", (4, 6), inits={"s": _int(0, 1), "e": _int(1, 2**62)}),
    "gather": _one("Gather", (5, 3), *ALL, inits={"i": _int(0, -1, 2, 2)}, axis=1),
    "gather-one": _one("Gather", (5, 3), inits={"i": np.asarray(-2, np.int64)}, axis=-1),
    "gather-table": _one("Gather", (5, 3), inits={"i": _int(0, 1, 2, 3).reshape(2, 2)}, axis=1),
    "pad-10": _one("Pad", (2, 3, 4), 7, 10, pads=[0, 0, 1, 0, 0, 1, 0, 2], value=1.5),
    "pad-axes": _one(
        "Pad", (2, 3, 4), 18, 23, inits={"p": _int(1, 2), "v": np.float32(2), "a": _int(-1)}
    ),
    "pad-reflect": _one(
        "Pad", (2, 4, 4), 11, 23, inits={"p": _int(0, 0, 1, 2, 0, 0, 2, 1)}, mode="reflect"
    ),
    "pad-edge": _one("Pad", (2, 4, 4), 11, 23, inits={"p": _int(0, 0, 1, 2, 0, 0, 2, 1)}, mode="edge"),
    "pad-wrap": _one("Pad", (2, 4, 4), 19, 23, inits={"p": _int(0, 0, 1, 2, 0, 0, 2, 1)}, mode="wrap"),
    "expand": _one("Expand", (3, 1), 8, 13, 23, inits={"s": _int(1, 1, 4)}),
    "tile": _one("Tile", (3, 2), 7, 13, 23, inits={"r": _int(1, 2, 3)}),
    "identity": _one("Identity", (3,)),
    "dropout-7": _one("Dropout", (3,), 7, 10, 11, ratio=0.4),
    "dropout": _one("Dropout", (3,), 12, 13, 22, inits={"r": np.float32(0.4), "t": np.asarray(False)}),
    "cast": _one("Cast", (3,), 9, 13, 19, 23, to=11),
    "depth-dcr": _one("DepthToSpace", (8, 2, 3), 7, 11, 13, 23, blocksize=2),
    "depth-crd": _one("DepthToSpace", (8, 2, 3), 11, 13, 23, blocksize=2, mode="CRD"),
    "space": _one("SpaceToDepth", (2, 4, 6), 7, 13, 23, blocksize=2),
    "upsample-9": _one("Upsample", (2, 3, 4), 9, inits={"s": _floats([1, 1, 2, 3])}, mode="nearest"),
    "shape": Case(
        [
            node("Shape", ["x"], ["s"]),
            node("Gather", ["s", "zero"], ["batch"], axis=0),
            node("Unsqueeze", ["batch", "zeros"], ["one"]),
            node("Concat", ["one", "rest"], ["to"], axis=0),
            node("Cast", ["to"], ["whole"], to=7),
            node("Reshape", ["x", "whole"]),
        ],
        (3, 4),
        {"zero": np.asarray(0, np.int64), "zeros": _int(0), "rest": _int(-1)},
        (13, 18, 23),
    ),
    "constant-of-shape": Case(
        [node("ConstantOfShape", ["s"], ["w"]), node("Add", ["w", "x"])],
        (3,),
        {"s": _int(1, 3)},
        (9, 23),
    ),
    "transposed-weights": Case(
        [node("Transpose", ["w"], ["v"], perm=[1, 0]), node("MatMul", ["x", "v"])],
        (4,),
        {"w": weights(3, 4)},
        ALL,
    ),
    "normed-weights": Case(
        [
            node("ReduceL2", ["w"], ["n"], axes=[1]),
            node("Div", ["w", "n"], ["u"]),
            node("Gemm", ["x", "u"], transB=1),
        ],
        (4,),
        {"w": weights(3, 4)},
        (11, 13),
    ),
    "scaler": Case(
        [node("Scaler", ["x"], domain="ai.onnx.ml", offset=[1.0, 2.0, 3.0], scale=[0.5, 2.0, 1.0])],
        (3,),
    ),
    "channels-last": Case(
        [
            node("Transpose", ["x"], ["a"], perm=[0, 3, 1, 2]),
            node("Conv", ["a", "w"], ["b"], auto_pad="SAME_UPPER", strides=[2, 2]),
            node("Relu", ["b"], ["r"]),
            node("Transpose", ["r"], ["c"], perm=[0, 2, 3, 1]),
            node("Flatten", ["c"]),
        ],
        (6, 7, 3),
        {"w": W},
        (13, 23),
    ),
}

RESIZED = [
    (mode, places, nearest, old, scale)
    for places in (
        "half_pixel",
        "asymmetric",
        "align_corners",
        "pytorch_half_pixel",
        "half_pixel_symmetric",
    )
    for mode, nearest in (
        ("nearest", "round_prefer_floor"),
        ("nearest", "round_prefer_ceil"),
        ("nearest", "floor"),
        ("nearest", "ceil"),
        ("linear", "floor"),
    )
    for old, scale in ((3, 2.0), (5, 0.6), (4, 1.75))
    if places != "align_corners" or old != 5  # whether 2 or 1.99999, single precision decides
]


def _domains(case: Case) -> list[str]:
    return sorted({n.domain for n in case.nodes if n.domain})


@pytest.mark.parametrize(
    ("name", "opset"), [(name, opset) for name, case in CASES.items() for opset in case.opsets]
)
def test_is_the_reference(name: str, opset: int, tmp_path: Path) -> None:
    case = CASES[name]
    model = model_of(case.nodes, (1, *case.shape), case.inits, opset, domains=_domains(case))
    x = drawn(case.shape)
    assert apart(model, tmp_path, x) < ROUNDING
    read = load_model(tmp_path / "net.onnx")
    assert read.step is not None
    by_torch = run_torch(read.step, "y", x[:, None])["y"][:, 0]
    assert np.abs(by_torch - ours(read, x)).max() < ROUNDING * max(1, np.abs(by_torch).max())


@pytest.mark.parametrize(("mode", "places", "nearest", "old", "scale"), RESIZED)
def test_resize_is_the_reference(
    mode: str, places: str, nearest: str, old: int, scale: float, tmp_path: Path
) -> None:
    attributes = {"mode": mode, "coordinate_transformation_mode": places, "nearest_mode": nearest}
    scales = _floats([1, 1, 1, scale])
    model = model_of([node("Resize", ["x", "", "s"], **attributes)], (1, 2, 3, old), {"s": scales}, 19)
    assert apart(model, tmp_path, drawn((2, 3, old))) < ROUNDING


@pytest.mark.parametrize("policy", ["stretch", "not_larger", "not_smaller"])
def test_resize_to_sizes(policy: str, tmp_path: Path) -> None:
    nodes = [
        node("Resize", ["x", "", "", "s"], axes=[2, 3], keep_aspect_ratio_policy=policy, mode="linear")
    ]
    model = model_of(nodes, (1, 2, 3, 4), {"s": np.asarray([5, 9], np.int64)}, 19)
    assert apart(model, tmp_path, drawn((2, 3, 4))) < ROUNDING
