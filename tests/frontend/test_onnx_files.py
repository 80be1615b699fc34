"""ONNX files that were made to harm, or are damaged, and what is refused by name."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper

from snnc.errors import UserError
from snnc.frontend import Given, load_model

from .onnx_files import loaded, model_of, node, ours, reference, saved, weights


def _mlp(**more: Any) -> Any:
    nodes = [
        node("Gemm", ["x", "w", "b"], ["a"]),
        node("Relu", ["a"], ["r"]),
        helper.make_node("Gemm", ["r", "v"], ["y"], name="last"),
    ]
    shape = more.pop("shape", (1, 5))
    return model_of(nodes, shape, {"w": weights(5, 4), "b": weights(4), "v": weights(4, 3)}, **more)


def _refused(model: Any, folder: Path, code: str, *words: str) -> str:
    path = model if isinstance(model, Path) else saved(model, folder)
    with pytest.raises(UserError) as caught:
        load_model(path)
    text = str(caught.value)
    assert code in text and all(word in text for word in words), text
    return text


def test_truncated_files(tmp_path: Path) -> None:
    data = _mlp().SerializeToString()
    for length in range(12, len(data), 17):
        path = tmp_path / "net.onnx"
        path.write_bytes(data[:length])
        with pytest.raises(UserError, match=r"D166|D167"):
            load_model(path)


def _outside(location: str, folder: Path, **more: str) -> Any:
    model = _mlp()
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in {"location": location, **more}.items():
        entry = tensor.external_data.add()
        entry.key, entry.value = key, value
    return model


@pytest.mark.parametrize(
    "location", ["../../etc/passwd", "/etc/passwd", "", "a/../../b", "C:\\weights", "..\\x", "."]
)
def test_weights_outside_the_folder(location: str, tmp_path: Path) -> None:
    _refused(_outside(location, tmp_path), tmp_path, "D168")


def test_weights_behind_a_link(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(bytes(80))
    inside = tmp_path / "in"
    inside.mkdir()
    (inside / "w.bin").symlink_to(tmp_path / "secret")
    _refused(_outside("w.bin", inside), inside, "D168", "a link")
    (inside / "folder").symlink_to(tmp_path)
    _refused(_outside("folder/secret", inside), inside, "D168", "a link")


def test_weights_that_are_no_file(tmp_path: Path) -> None:
    _refused(_outside("gone.bin", tmp_path), tmp_path, "D168", "there is no such file")
    os.mkfifo(tmp_path / "pipe")
    _refused(_outside("pipe", tmp_path), tmp_path, "D168", "regular")


@pytest.mark.parametrize(
    "said", [{"offset": "-8"}, {"length": "81"}, {"offset": "x"}, {"offset": str(10**30)}]
)
def test_weights_beyond_their_file(said: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "w.bin").write_bytes(bytes(80))
    _refused(_outside("w.bin", tmp_path, **said), tmp_path, "D168", "80 bytes")


def test_weights_beside_the_model(tmp_path: Path) -> None:
    content = b"1234" + weights(5, 4).tobytes()
    (tmp_path / "w.bin").write_bytes(content)
    model = _outside("w.bin", tmp_path, offset="4", length="80")
    x = weights(3, 5, seed=7)
    got = ours(loaded(model, tmp_path), x)
    assert np.abs(got - reference(_mlp(), x)).max() < 1e-5


def test_a_tensor_with_other_numbers_than_its_shape(tmp_path: Path) -> None:
    model = _mlp()
    model.graph.initializer[0].dims[0] = 10**6
    _refused(model, tmp_path, "D166")
    model.graph.initializer[0].dims[0] = 2**62
    _refused(model, tmp_path, "D166", "has shape")
    model.graph.initializer[0].dims[0] = -5
    _refused(model, tmp_path, "D166", "has shape")


@pytest.mark.parametrize("name", ["a\nb", "a\x1b[31mb", "x" * 501])
def test_names_that_are_no_names(name: str, tmp_path: Path) -> None:
    model = _mlp()
    model.graph.node[1].name = name
    _refused(model, tmp_path, "D166", "is not a name")


def test_two_tensors_of_one_name(tmp_path: Path) -> None:
    model = _mlp()
    model.graph.node[1].output[0] = "a"
    model.graph.node[2].input[0] = "a"
    _refused(model, tmp_path, "D166", "SSA")


def test_two_nodes_of_one_name_are_told_apart(tmp_path: Path) -> None:
    nodes = [
        node("Gemm", ["x", "w"], ["a"]),
        helper.make_node("Relu", ["a"], ["b"], name="same"),
        helper.make_node("Neg", ["b"], ["c"], name="same"),
        helper.make_node("Relu", ["c"], ["y"], name="same"),
    ]
    read = loaded(model_of(nodes, (1, 5), {"w": weights(5, 4)}), tmp_path)
    assert len({p.name for p in read.graph.populations}) == len(read.graph.populations)


def test_a_graph_that_runs_in_a_circle(tmp_path: Path) -> None:
    nodes = [node("Add", ["x", "b"], ["a"]), node("Relu", ["a"], ["b"]), node("Neg", ["b"], ["y"])]
    _refused(model_of(nodes, (1, 5)), tmp_path, "D166", "topologically sorted")


HUGE: dict[str, list[Any]] = {
    "ConstantOfShape": [node("ConstantOfShape", ["s"], ["h"])],
    "Expand": [node("Expand", ["one", "s"], ["h"])],
    "Tile": [node("Tile", ["ones", "s"], ["h"])],
    "Range": [node("Range", ["zero", "end", "step"], ["h"])],
    "OneHot": [node("OneHot", ["i", "end", "values"], ["h"])],
    "Pad": [node("Pad", ["one", "s"], ["h"])],
}


@pytest.mark.parametrize("name", HUGE)
def test_constants_without_bound(name: str, tmp_path: Path) -> None:
    many = np.asarray(10**12, np.int64)
    inits = {
        "s": np.asarray([10**9, 10**9], np.int64),
        "one": np.ones(1, np.float32),
        "i": np.asarray([3], np.int64),
        "zero": np.asarray(0, np.int64),
        "step": np.asarray(1, np.int64),
        "end": many,
        "ones": np.ones((1, 1), np.float32),
        "values": np.asarray([0, 1], np.float32),
    }
    nodes = [*HUGE[name], node("ReduceSum", ["h"], ["k"], keepdims=0), node("Cast", ["k"], ["c"], to=1)]
    model = model_of([*nodes, node("Add", ["x", "c"])], (1, 5), inits, 13)
    _refused(model, tmp_path, "D201", name, "elements")


def test_signals_without_bound(tmp_path: Path) -> None:
    s = np.asarray([1, 10**6, 10**6], np.int64)
    _refused(model_of([node("Expand", ["x", "s"])], (1, 1, 1), {"s": s}), tmp_path, "D201", "Expand")
    f = np.asarray([1, 1, 1e9], np.float32)
    _refused(
        model_of([node("Resize", ["x", "", "f"])], (1, 1, 4), {"f": f}), tmp_path, "D201", "Resize"
    )
    _refused(model_of([node("Relu", ["x"])], (1, 2**40)), tmp_path, "D203")


def test_files_that_unpack_to_much_more(tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    nodes = b"\x0a\x00" * (2**21 + 1)  # GraphProto.node, empty, two bytes each
    path.write_bytes(b"\x08\x0a\x3a" + _varint(len(nodes)) + nodes)
    _refused(path, tmp_path, "D166", "fields")
    deep = b""
    for _ in range(40):
        deep = b"\x32" + _varint(len(deep)) + deep  # AttributeProto.g
        deep = b"\x2a" + _varint(len(deep)) + deep  # NodeProto.attribute
        deep = b"\x0a" + _varint(len(deep)) + deep  # GraphProto.node
    path.write_bytes(b"\x08\x0a\x3a" + _varint(len(deep)) + deep)
    _refused(path, tmp_path, "D166", "deep")


def _varint(number: int) -> bytes:
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def test_versions_of_the_operations(tmp_path: Path) -> None:
    _refused(_mlp(opset=6), tmp_path, "D167", "version 6")
    _refused(_mlp(opset=99), tmp_path, "D167", "version 99")


def test_every_operation_that_is_not_read_is_named_at_once(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Sigmoid", ["x"], ["a"], name="gate"),
        helper.make_node("Relu", ["a"], ["b"], name="fine"),
        helper.make_node("Conv", ["b", "w"], ["c"], name="volume"),
        helper.make_node("HardSwish", ["c"], ["d"], name="swish"),
        helper.make_node("Relu", ["d"], ["y"], name="end"),
    ]
    model = model_of(nodes, (1, 1, 4, 4, 4), {"w": weights(2, 1, 3, 3, 3)}, 14)
    text = _refused(model, tmp_path, "D201", "gate (Sigmoid)", "swish (HardSwish)")
    assert text.count("D201") == 2  # what is wrong with the others follows from the first
    model.graph.node[0].op_type = "Relu"
    _refused(model, tmp_path, "D201", "volume (Conv)", "along 3 axes")


REFUSED: dict[str, tuple[list[Any], tuple[str, ...]]] = {
    "product": ([node("Relu", ["x"], ["r"]), node("Mul", ["r", "x"])], ("product of two signals",)),
    "cubic": ([node("Resize", ["x", "", "s"], mode="cubic")], ("cubic", "nearest or linear")),
    "gather": ([node("Gather", ["x", "x"], axis=1)], ("Gather", "depends on data")),
    "to-whole": ([node("Cast", ["x"], to=7)], ("whole numbers",)),
    "negative": ([node("MaxPool", ["x"], kernel_shape=[2, 2])], ("may be negative",)),
    "unknown": ([node("Foo", ["x"], domain="a.b")], ("a.b.Foo",)),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_no_chip_computes(name: str, tmp_path: Path) -> None:
    nodes, words = REFUSED[name]
    scales = np.asarray([1, 1, 2, 2], np.float32)
    domains = [n.domain for n in nodes if n.domain]
    model = model_of(nodes, (1, 2, 4, 4), {"s": scales}, 13, domains=domains)
    with pytest.raises(UserError) as caught:
        loaded(model, tmp_path)
    text = str(caught.value)
    assert ("D201" in text or "D166" in text) and all(word in text for word in words), text


@pytest.mark.parametrize("batch", ["N", None, 0, -1, 1])
def test_a_batch_of_any_size_is_one(batch: Any, tmp_path: Path) -> None:
    model = _mlp()
    dim = model.graph.input[0].type.tensor_type.shape.dim[0]
    dim.Clear()
    if isinstance(batch, str):
        dim.dim_param = batch
    elif batch is not None:
        dim.dim_value = batch
    assert loaded(model, tmp_path).graph.input.shape == (5,)


def test_other_open_sizes_are_given(tmp_path: Path) -> None:
    nodes = [node("GlobalAveragePool", ["x"], ["a"]), node("Flatten", ["a"])]
    path = saved(model_of(nodes, ("N", 3, "H", "W")), tmp_path)
    with pytest.raises(UserError, match="D122"):
        load_model(path)
    assert load_model(path, given=Given("3,4,6")).graph.input.shape == (3, 4, 6)
    with pytest.raises(UserError, match="D203"):
        load_model(path, given=Given("2,4,6"))
    with pytest.raises(UserError, match="D121"):
        load_model(saved(_mlp(), tmp_path), given=Given("5"))


def test_several_inputs_and_answers(tmp_path: Path) -> None:
    model = _mlp()
    model.graph.output.append(helper.make_tensor_value_info("r", TensorProto.FLOAT, [1, 4]))
    _refused(model, tmp_path, "D228", "2 outputs")
    assert load_model(saved(model, tmp_path), given=Given(answer="y")).graph.readout
    model = _mlp()
    model.graph.input.append(helper.make_tensor_value_info("b2", TensorProto.FLOAT, [1, 4]))
    _refused(model, tmp_path, "D219", "extra inputs 1")


def test_a_state_goes_in_and_comes_back(tmp_path: Path) -> None:
    nodes = [
        node("Gemm", ["x", "w"], ["a"]),
        helper.make_node("Add", ["a", "h"], ["b"], name="sum"),
        node("Relu", ["b"], ["h2"]),
        helper.make_node("Gemm", ["h", "v"], ["y"], name="last"),
    ]
    model = model_of(nodes, (1, 5), {"w": weights(5, 4), "v": weights(4, 3)})
    model.graph.input.append(helper.make_tensor_value_info("h", TensorProto.FLOAT, [1, 4]))
    model.graph.output.append(helper.make_tensor_value_info("h2", TensorProto.FLOAT, [1, 4]))
    graph = loaded(model, tmp_path).graph
    assert any(p.frames == 1 for p in graph.projections)


def test_classes_are_left_out_and_softmax_is_taken_off(tmp_path: Path) -> None:
    model = _mlp()
    model.graph.node.append(helper.make_node("Softmax", ["y"], ["p"], name="softmax"))
    model.graph.node.append(helper.make_node("ArgMax", ["p"], ["label"], axis=1))
    del model.graph.output[:]
    model.graph.output.append(helper.make_tensor_value_info("label", TensorProto.INT64, [1, 1]))
    model.graph.output.append(helper.make_tensor_value_info("p", TensorProto.FLOAT, [1, 3]))
    read = loaded(model, tmp_path)
    assert [n.code for n in read.notes] == ["N767", "N766"]
    x = weights(4, 5, seed=9)
    assert np.abs(ours(read, x) - reference(_mlp(), x)).max() < 1e-5


def test_without_onnx_the_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    _refused_bytes(tmp_path, onnx_bytes=_MLP, words=("D123", "pip install 'onnx"))


_MLP = _mlp().SerializeToString()


def _refused_bytes(folder: Path, onnx_bytes: bytes, words: tuple[str, ...]) -> None:
    path = folder / "net.onnx"
    path.write_bytes(onnx_bytes)
    with pytest.raises(UserError) as caught:
        load_model(path)
    assert all(word in str(caught.value) for word in words)


def test_functions_of_the_model_are_named(tmp_path: Path) -> None:
    model = _mlp()
    body = helper.make_function(
        "own", "Twice", ["a"], ["b"], [helper.make_node("Add", ["a", "a"], ["b"])], []
    )
    body.opset_import.append(helper.make_opsetid("", 23))
    model.functions.append(body)
    model.opset_import.append(helper.make_opsetid("own", 1))
    model.graph.node[1].op_type, model.graph.node[1].domain = "Twice", "own"
    _refused(model, tmp_path, "D201", "own.Twice", "inline_local_functions")


def test_a_tensor_of_a_type_that_numpy_lacks(tmp_path: Path) -> None:
    """Found by the fuzzer: onnx's checker accepts it, its conversion does not."""
    for kind in range(1, 30):
        model = _mlp()
        model.graph.initializer[0].data_type = kind
        with contextlib.suppress(UserError):  # and nothing else
            loaded(model, tmp_path)
