"""Quantized ONNX models: weights are computed, activations become levels, inputs steps of counts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import helper
from onnx.reference import ReferenceEvaluator
from onnx.reference.op_run import OpRun

import snnc
from snnc.errors import UserError

from .onnx_files import apart, drawn, loaded, model_of, node, ours, saved, weights

QONNX = "qonnx.custom_op.general"
ROUNDING = 2e-6


class Quant(OpRun):
    """QONNX's quantizer, as its specification has it."""

    op_domain = QONNX

    def _run(self, x: Any, scale: Any, zero: Any, bits: Any, **said: Any) -> tuple[Any]:
        signed, narrow = said["signed"], said["narrow"]
        low = -(2 ** (bits - 1)) + narrow if signed else 0
        high = 2 ** (bits - 1) - 1 if signed else 2**bits - 1 - narrow
        whole = np.clip(x / scale + zero, low, high)
        rounding: dict[str, Any] = {"ROUND": np.rint, "FLOOR": np.floor, "ROUND_TO_ZERO": np.trunc}
        return (((rounding[said["rounding_mode"]](whole) - zero) * scale).astype(np.float32),)


def _scalar(value: float, kind: Any = np.float32) -> Any:
    return np.asarray(value, kind)


def _weights_qdq(opset: int) -> tuple[list[Any], dict[str, Any]]:
    rng = np.random.default_rng(3)
    inits = {
        "q": rng.integers(-127, 128, (4, 5)).astype(np.int8),
        "s": rng.uniform(0.01, 0.02, 4).astype(np.float32),
        "z": np.zeros(4, np.int8),
    }
    nodes = [
        node("DequantizeLinear", ["q", "s", "z"], ["w"], axis=0),
        node("Gemm", ["x", "w"], transB=1),
    ]
    return nodes, inits


@pytest.mark.parametrize("opset", [13, 19, 21, 23])
def test_weights_of_whole_numbers(opset: int, tmp_path: Path) -> None:
    nodes, inits = _weights_qdq(opset)
    x = drawn((5,))
    got = ours(loaded(model_of(nodes, (1, 5), inits, opset), tmp_path), x)
    want = x @ (inits["q"] * inits["s"][:, None].astype(np.float64)).T
    assert np.abs(got - want).max() < 1e-5


ACTIVATIONS: dict[str, tuple[Any, Any, tuple[int, int]]] = {
    "uint8": (0.031, np.uint8(0), (0, 255)),
    "int8 from its lowest": (0.031, np.int8(-128), (0, 255)),
    "int8 around 0": (0.017, np.int8(0), (-128, 127)),
    "uint8 around 128": (0.05, np.uint8(121), (-121, 134)),
    "uint16": (0.0005, np.uint16(0), (0, 65535)),
}


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("cut", ["Relu", "Clip", "Neg"])
def test_activations_become_levels(name: str, cut: str, tmp_path: Path) -> None:
    scale, zero, (low, high) = ACTIVATIONS[name]
    inits = {
        "w": weights(5, 6),
        "v": weights(6, 3),
        "s": _scalar(scale),
        "z": np.asarray(zero),
        "c0": _scalar(0),
        "c1": _scalar(2.0),
    }
    nodes = [
        node("MatMul", ["x", "w"], ["a"]),
        node(cut, ["a", "c0", "c1"] if cut == "Clip" else ["a"], ["r"]),
        node("QuantizeLinear", ["r", "s", "z"], ["q"]),
        node("DequantizeLinear", ["q", "s", "z"], ["d"]),
        helper.make_node("MatMul", ["d", "v"], ["y"], name="last"),
    ]
    model = model_of(nodes, (1, 5), inits, 21)
    assert apart(model, tmp_path, drawn((5,), samples=50)) < ROUNDING
    read = loaded(model, tmp_path)
    assert "N769" in [n.code for n in read.notes]
    (neurons,) = [p for p in read.graph.populations if p.levels is not None]
    least = max(low, 0) if cut != "Neg" else low
    most = high if cut != "Clip" else min(high, round(2.0 / scale))
    assert neurons.levels == most - least
    assert len(read.graph.populations) == 3, "the activation in front is part of it"


def test_a_quantizer_of_few_bits(tmp_path: Path) -> None:
    """QCDQ, as brevitas writes it: a Clip between the two halves leaves 15 levels."""
    inits = {
        "w": weights(5, 6),
        "s": _scalar(0.2),
        "z": np.asarray(0, np.uint8),
        "c0": np.asarray(0, np.uint8),
        "c1": np.asarray(15, np.uint8),
    }
    nodes = [
        node("MatMul", ["x", "w"], ["a"]),
        node("QuantizeLinear", ["a", "s", "z"], ["q"]),
        node("Clip", ["q", "c0", "c1"], ["f"]),
        node("DequantizeLinear", ["f", "s", "z"], ["d"]),
        helper.make_node("Neg", ["d"], ["y"], name="last"),
    ]
    model = model_of(nodes, (1, 5), inits, 19)
    assert apart(model, tmp_path, drawn((5,), samples=50)) < ROUNDING
    assert [p.levels for p in loaded(model, tmp_path).graph.populations] == [None, 15, None]


@pytest.mark.parametrize("rounding", ["ROUND", "FLOOR", "ROUND_TO_ZERO"])
@pytest.mark.parametrize(("signed", "narrow", "bits"), [(0, 0, 4), (1, 0, 3), (1, 1, 4), (0, 1, 2)])
def test_quantizers_of_qonnx(
    rounding: str, signed: int, narrow: int, bits: int, tmp_path: Path
) -> None:
    said: dict[str, Any] = {
        "signed": signed,
        "narrow": narrow,
        "rounding_mode": rounding,
        "domain": QONNX,
    }
    of_weights: dict[str, Any] = {"signed": 1, "narrow": 1, "rounding_mode": "ROUND", "domain": QONNX}
    inits = {
        "w": weights(5, 6),
        "ws": _scalar(0.11),
        "v": weights(6, 3),
        "s": _scalar(0.7),
        "z": _scalar(0),
        "b": _scalar(bits),
    }
    nodes = [
        node("Quant", ["w", "ws", "z", "b"], ["u"], **of_weights),
        node("MatMul", ["x", "u"], ["a"]),
        helper.make_node("Quant", ["a", "s", "z", "b"], ["q"], name="act", **said),
        helper.make_node("MatMul", ["q", "v"], ["y"], name="last"),
    ]
    model = model_of(nodes, (1, 5), inits, 20, domains=[QONNX])
    if rounding == "ROUND_TO_ZERO" and signed:
        with pytest.raises(UserError, match="rounding_mode ROUND_TO_ZERO"):
            loaded(model, tmp_path)
        return
    x = drawn((5,), samples=50)
    run = ReferenceEvaluator(model, new_ops=[Quant])
    answers: list[Any] = [run.run(None, {"x": one[None]}) for one in x]
    want = np.concatenate([found[0] for found in answers])
    assert np.abs(ours(loaded(model, tmp_path), x) - want).max() < 1e-5


def _operators() -> tuple[list[Any], dict[str, Any]]:
    rng = np.random.default_rng(5)
    inits = {
        "xs": _scalar(0.04),
        "xz": np.asarray(128, np.uint8),
        "ys": _scalar(0.08),
        "yz": np.asarray(0, np.uint8),
        "w": rng.integers(-100, 100, (4, 2, 3, 3)).astype(np.int8),
        "ws": _scalar(0.004),
        "wz": np.asarray(0, np.int8),
        "b": rng.integers(-500, 500, 4).astype(np.int32),
    }
    nodes = [
        node("MatMul", ["x", "id"], ["m"]),
        node("QuantizeLinear", ["m", "xs", "xz"], ["q"]),
        node(
            "QLinearConv", ["q", "xs", "xz", "w", "ws", "wz", "ys", "yz", "b"], ["c"], pads=[1, 1, 1, 1]
        ),
        node("DequantizeLinear", ["c", "ys", "yz"], ["d"]),
        helper.make_node("Neg", ["d"], ["y"], name="last"),
    ]
    return nodes, {**inits, "id": np.eye(5, dtype=np.float32)[::-1].copy()}


def test_operators_of_whole_numbers(tmp_path: Path) -> None:
    nodes, inits = _operators()
    model = model_of(nodes, (1, 2, 4, 5), inits, 19)
    assert apart(model, tmp_path, drawn((2, 4, 5), samples=10)) < ROUNDING


def test_another_scale_than_the_numbers_have(tmp_path: Path) -> None:
    nodes, inits = _operators()
    nodes[3].input[1] = "xs"
    with pytest.raises(UserError, match=r"D201.*another scale"):
        loaded(model_of(nodes, (1, 2, 4, 5), inits, 19), tmp_path)


@pytest.mark.parametrize("op", ["DynamicQuantizeLinear"])
def test_scales_that_depend_on_data(op: str, tmp_path: Path) -> None:
    nodes = [node(op, ["x"], ["q", "s", "z"]), node("DequantizeLinear", ["q", "s", "z"])]
    with pytest.raises(UserError, match=r"(?s)D201.*DynamicQuantizeLinear.*QDQ"):
        loaded(model_of(nodes, (1, 5), {}, 13), tmp_path)


def _quantized_input() -> Any:
    inits = {"s": _scalar(1 / 16), "z": np.asarray(0, np.uint8), "w": weights(6, 8), "v": weights(8, 3)}
    nodes = [
        node("QuantizeLinear", ["x", "s", "z"], ["q"]),
        node("DequantizeLinear", ["q", "s", "z"], ["d"]),
        node("MatMul", ["d", "w"], ["a"]),
        node("Relu", ["a"], ["r"]),
        helper.make_node("MatMul", ["r", "v"], ["y"], name="last"),
    ]
    return model_of(nodes, (1, 6), inits, 21)


def test_the_steps_of_a_quantized_input_are_those_of_its_counts(tmp_path: Path) -> None:
    path = saved(_quantized_input(), tmp_path)
    x = np.random.default_rng(1).uniform(0, 1, (64, 1, 6)).astype(np.float32)
    bundle = snnc.compile(path, "loihi", tmp_path / "out", calibration=x)
    grid = bundle.manifest.input.grid
    assert grid is not None and grid.scale == (1 / 16,) and not grid.shifted
    assert grid.high == 16 and "N768" in [n.code for n in bundle.notes]
    wide = snnc.compile(
        path, "loihi", tmp_path / "wide", calibration=x, input_scale=0.25
    ).manifest.input.grid
    assert wide is not None and wide.scale == (0.25,)


def test_a_quantizer_behind_the_answer_is_taken_off(tmp_path: Path) -> None:
    model = _quantized_input()
    model.graph.node[-1].output[0] = "e"
    for one in (
        node("QuantizeLinear", ["e", "s", "z"], ["f"]),
        node("DequantizeLinear", ["f", "s", "z"]),
    ):
        model.graph.node.append(one)
    assert [n.code for n in loaded(model, tmp_path).notes].count("N766") == 2


def _two_branches(first: list[Any], second: list[Any]) -> Any:
    inits = {"s": _scalar(0.5), "s2": _scalar(0.25), "z": np.asarray(0, np.int8)}
    nodes = [
        *first,
        *second,
        node("MatMul", ["a", "w"], ["p"]),
        node("MatMul", ["b", "v"], ["q"]),
        node("Add", ["p", "q"]),
    ]
    more = {"w": weights(5, 3), "v": weights(5, 3, seed=2)}
    return model_of(nodes, (1, 5), {**inits, **more}, 21)


def _rounded_to(source: str, made: str, scale: str) -> list[Any]:
    return [
        node("QuantizeLinear", [source, scale, "z"], [f"{made}.q"]),
        node("DequantizeLinear", [f"{made}.q", scale, "z"], [made]),
    ]


def test_an_input_with_two_grids_is_refused(tmp_path: Path) -> None:
    model = _two_branches(_rounded_to("x", "a", "s"), _rounded_to("x", "b", "s2"))
    with pytest.raises(UserError, match=r"D201.*other steps"):
        loaded(model, tmp_path)


def test_a_quantizer_behind_relu_of_the_input_leaves_other_branches_alone(tmp_path: Path) -> None:
    first = [node("Relu", ["x"], ["r"]), *_rounded_to("r", "a", "s")]
    model = _two_branches(first, [node("Identity", ["x"], ["b"])])
    assert loaded(model, tmp_path).input_grid is None
    assert apart(model, tmp_path, drawn((5,), samples=32)) < ROUNDING


def test_several_scales_behind_the_answer_are_refused(tmp_path: Path) -> None:
    inits = {
        "w": weights(6, 3),
        "s": np.asarray([0.1, 0.5, 2], np.float32),
        "z": np.zeros(3, np.int8),
    }
    nodes = [node("MatMul", ["x", "w"], ["h"]), *_rounded_to("h", "y", "s")]
    with pytest.raises(UserError, match=r"D201.*several scales"):
        loaded(model_of(nodes, (1, 6), inits, 21), tmp_path)


def test_scales_of_another_axis_are_refused(tmp_path: Path) -> None:
    inits = {"s": np.asarray([0.1, 0.5, 1, 2], np.float32), "z": np.zeros(4, np.int8)}
    nodes = [
        node("QuantizeLinear", ["x", "s", "z"], ["q"], axis=1),
        node("DequantizeLinear", ["q", "s", "z"], ["d"], axis=2),
        node("Relu", ["d"]),
    ]
    with pytest.raises(UserError, match=r"D201.*another scale"):
        loaded(model_of(nodes, (1, 4, 4), inits, 21), tmp_path)


@pytest.mark.parametrize("moved", [False, True])
def test_an_input_that_is_used_as_it_is_too_is_refused(moved: bool, tmp_path: Path) -> None:
    second = [node("Identity", ["x"], ["b"])] if moved else [node("Neg", ["x"], ["b"])]
    model = _two_branches(_rounded_to("x", "a", "s"), second)
    with pytest.raises(UserError, match=r"D201.*quantized for another use"):
        loaded(model, tmp_path)
