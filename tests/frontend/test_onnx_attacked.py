"""ONNX files that were read as something else, or took memory or time without bound."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import helper

from snnc.errors import UserError
from snnc.files import memory
from snnc.frontend import load_model
from snnc.frontend.onnx import translation

from .onnx_files import apart, drawn, loaded, model_of, ours, reference, saved, weights

AXIS = np.asarray([1], np.int64)


def _named(op: str, inputs: list[str], output: str, **attributes: Any) -> Any:
    return helper.make_node(op, inputs, [output], name=f"make_{output}", **attributes)


def _refused(model: Any, folder: Path, code: str, *words: str) -> None:
    with pytest.raises(UserError) as caught:
        load_model(saved(model, folder))
    text = str(caught.value)
    assert code in text and all(word in text for word in words), text


@pytest.mark.parametrize(
    ("shape", "matrix"), [((1, 5), (1, 5, 3)), ((1, 4, 5), (1, 1, 5, 3)), ((1, 5), (1, 1, 5, 3))]
)
def test_a_matrix_with_more_axes_gives_the_result_as_many(
    shape: tuple[int, ...], matrix: tuple[int, ...], tmp_path: Path
) -> None:
    """What counts axes from the front behind it summed over another one."""
    nodes = [_named("MatMul", ["x", "w"], "a"), _named("ReduceSum", ["a", "axis"], "y")]
    model = model_of(nodes, shape, {"w": weights(*matrix), "axis": AXIS})
    assert apart(model, tmp_path, drawn(shape[1:])) < 1e-5


def test_axes_behind_a_squeeze_of_the_batch_are_not_guessed(tmp_path: Path) -> None:
    """Of a batch of one that the file fixes, a Squeeze without axes leaves nothing in front."""
    nodes = [_named("Squeeze", ["x"], "a"), _named("ReduceSum", ["a", "axis"], "y")]
    model = model_of(nodes, (1, 3, 1, 2), {"axis": AXIS})
    _refused(model, tmp_path, "D201", "make_y", "takes the batch axis too", "name the axes")
    open_batch = model_of(nodes, ("n", 3, 1, 2), {"axis": AXIS})
    x = drawn((3, 1, 2), samples=2)
    assert ours(loaded(open_batch, tmp_path), x).shape == (2, 1, 2)  # (n, 3, 2), summed over the 3
    last = model_of([_named("Squeeze", ["x"], "a"), _named("Relu", ["a"], "y")], (1, 3, 1, 2))
    assert np.array_equal(ours(loaded(last, tmp_path), x), np.maximum(x[:, :, 0], 0))


@pytest.mark.parametrize("opset", [7, 9, 13])
def test_a_normalisation_that_gives_its_means_is_in_training(opset: int, tmp_path: Path) -> None:
    inits = {name: np.abs(weights(3)) for name in "sbmv"}
    outputs = ["y", "m1", "v1", "m2", "v2"]
    nodes = [helper.make_node("BatchNormalization", ["x", *"sbmv"], outputs, name="norm")]
    _refused(model_of(nodes, (1, 3, 2), inits, opset), tmp_path, "D201", "norm", "in training")


def test_whole_numbers_up_to_the_answer(tmp_path: Path) -> None:
    """Models in the operator format of onnxruntime end so."""
    rng = np.random.default_rng(0)
    inits: dict[str, Any] = {
        "s": np.float32(0.05),
        "z": np.uint8(128),
        "w": rng.integers(-100, 100, (4, 3)).astype(np.int8),
        "ws": np.float32(0.01),
        "wz": np.int8(0),
        "os": np.float32(0.001),
        "oz": np.uint16(30000),
    }
    nodes = [
        _named("QuantizeLinear", ["x", "s", "z"], "q"),
        _named("QLinearMatMul", ["q", "s", "z", "w", "ws", "wz", "os", "oz"], "a"),
        _named("DequantizeLinear", ["a", "os", "oz"], "y"),
    ]
    model = model_of(nodes, (1, 4), inits, 21)
    read = loaded(model, tmp_path)
    assert [n.code for n in read.notes].count("N766") == 1
    x = np.clip(np.rint(drawn((4,)) / 0.05), -128, 127).astype(np.float32) * np.float32(0.05)
    by_hand = x @ (inits["w"].astype(np.float64) * 0.01)
    assert np.abs(ours(read, x) - by_hand).max() < 1e-5


def test_the_shape_of_whole_numbers(tmp_path: Path) -> None:
    inits = {"v": weights(4, 4), "s": np.float32(0.05), "z": np.uint8(3)}
    nodes = [
        _named("MatMul", ["x", "v"], "p"),
        _named("QuantizeLinear", ["p", "s", "z"], "q"),
        _named("Shape", ["q"], "sizes"),
        _named("DequantizeLinear", ["q", "s", "z"], "d"),
        _named("Reshape", ["d", "sizes"], "y"),
    ]
    model, x = model_of(nodes, (1, 4), inits, 21), drawn((4,))
    assert np.abs(ours(loaded(model, tmp_path), x) - reference(model, x)).max() < 0.051


def _many(op: str, count: int, sizes: list[int], **attributes: Any) -> Any:
    """A small file of large constants, whose results are small."""
    nodes = []
    for n in range(count):
        nodes.append(_named("ConstantOfShape", ["sizes"], f"c{n}"))
        nodes.append(_named(op, [f"c{n}"], f"r{n}", **attributes))
    nodes.append(_named("Sum", ["x", *(f"r{n}" for n in range(count))], "y"))
    return model_of(nodes, (1, 1), {"sizes": np.asarray(sizes, np.int64)})


def test_constants_together_have_one_budget(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """6 GB of a file of 1.7 kB before: each array had a limit, all of them had none."""
    monkeypatch.setattr(memory, "share_of_memory", lambda: 2**20)
    _refused(_many("ReduceMax", 20, [2**14], keepdims=0), tmp_path, "D107", "make_c")
    assert loaded(_many("ReduceMax", 2, [2**14], keepdims=0), tmp_path).graph.readout.shape == (1,)


def test_weights_that_many_operations_use_are_counted_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "share_of_memory", lambda: 2**20)
    nodes = [_named("MatMul", ["x", "w"], f"a{n}") for n in range(20)]
    nodes.append(_named("Sum", [f"a{n}" for n in range(20)], "y"))
    _refused(model_of(nodes, (1, 100), {"w": weights(100, 100)}), tmp_path, "D107")


@pytest.mark.parametrize("op", ["ReduceMax", "MatMul"])
def test_work_on_constants_has_a_limit(
    op: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More than a minute of a file of 370 kB before."""
    monkeypatch.setattr(translation, "MOST_WORK", 2**20)
    inits = {"c": weights(64, 64)}
    given, more = (["c"], {"keepdims": 0}) if op == "ReduceMax" else (["c", "c"], {})
    nodes = [_named(op, given, f"r{n}", **more) for n in range(300)]
    nodes += [_named("ReduceMean", [f"r{n}"], f"m{n}", keepdims=0) for n in range(300)]
    nodes.append(_named("Sum", ["x", *(f"m{n}" for n in range(300))], "y"))
    _refused(model_of(nodes, (1, 1), inits), tmp_path, "D201", f"{op} of constants", "onnxsim")


@pytest.mark.parametrize("op", ["AveragePool", "MaxPool"])
@pytest.mark.parametrize("how", ["SAME_UPPER", "SAME_LOWER"])
def test_narrow_windows_with_automatic_padding(op: str, how: str, tmp_path: Path) -> None:
    """onnxruntime begins one element later, onnx's reference fails or does too, TensorFlow does not."""
    nodes = [_named("Relu", ["x"], "r")]
    nodes.append(_named(op, ["r"], "y", auto_pad=how, kernel_shape=[1, 2], strides=[3, 2]))
    _refused(
        model_of(nodes, (1, 2, 6, 4)), tmp_path, "D201", "make_y", how, "runtimes of ONNX disagree"
    )
    even = _named(op, ["r"], "y", auto_pad=how, kernel_shape=[1, 2], strides=[3, 2])
    wide = model_of([nodes[0], even], (1, 2, 7, 4))
    assert ours(loaded(wide, tmp_path), drawn((2, 7, 4))).shape == (4, 2, 3, 2)


def test_chains_of_operations_are_those_of_onnxruntime(tmp_path: Path) -> None:
    """Each is refused, or its answer is onnxruntime's; more: python -m tests.frontend.onnx_chains."""
    onnxruntime = pytest.importorskip("onnxruntime", reason="the judge, onnxruntime, is not installed")
    assert onnxruntime.__version__
    from .onnx_chains import checked

    found = [checked(seed, tmp_path) for seed in range(120)]
    assert not [text for text in found if "\n" in text]
    assert found.count("equal") > 90
