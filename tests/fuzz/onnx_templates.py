"""Valid ONNX files for the fuzzer: an image, what moves elements, quantizers."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.frontend import onnx_files


# Long: three small networks, node by node.
def write_onnx(folder: Path) -> None:
    """One folder for each."""
    dice = np.random.default_rng(6)

    def floats(*shape: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        return dice.normal(size=shape).astype(np.float32)

    node = onnx_files.node
    ends = {"v": floats(18, 3), "b": floats(3), "w": floats(2, 1, 3, 3)}
    image = [
        node("Conv", ["x", "w"], ["c"], strides=[2, 2], pads=[1, 1, 1, 1]),
        node("Relu", ["c"], ["r"]),
        node("Flatten", ["r"], ["f"]),
        node("Gemm", ["f", "v", "b"]),
    ]
    whole = np.asarray([0, -1], np.int64)
    moved = [
        node("Transpose", ["x"], ["t"], perm=[0, 2, 3, 1]),
        node("Transpose", ["t"], ["u"], perm=[0, 3, 1, 2]),
        node("Conv", ["u", "w"], ["c"], auto_pad="SAME_UPPER", strides=[2, 2]),
        node("Clip", ["c", "low", "high"], ["r"]),
        node("MaxPool", ["r"], ["p"], kernel_shape=[2, 2], strides=[1, 1], pads=[0, 0, 1, 1]),
        node("Resize", ["p", "", "scales"], ["s"], mode="nearest"),
        node("AveragePool", ["s"], ["a"], kernel_shape=[2, 2], strides=[2, 2]),
        node("Slice", ["a", "zero", "end", "axes"], ["l"]),
        node("Pad", ["l", "widths"], ["d"]),
        node("Reshape", ["d", "whole"], ["f"]),
        node("MatMul", ["f", "v"], ["m"]),
        node("Softmax", ["m"], axis=1),
    ]
    more = {
        "low": np.asarray(0, np.float32),
        "high": np.asarray(2, np.float32),
        "whole": whole,
        "scales": np.asarray([1, 1, 2, 2], np.float32),
        "zero": np.asarray([0], np.int64),
        "end": np.asarray([2], np.int64),
        "axes": np.asarray([2], np.int64),
        "widths": np.asarray([0, 0, 1, 0, 0, 0, 0, 0], np.int64),
    }
    levels = [
        node("QuantizeLinear", ["x", "one", "z"], ["q"]),
        node("DequantizeLinear", ["q", "one", "z"], ["d"]),
        node("DequantizeLinear", ["k", "step", "zs"], ["w8"], axis=0),
        node("Conv", ["d", "w8"], ["c"], strides=[2, 2], pads=[1, 1, 1, 1]),
        node("Relu", ["c"], ["r"]),
        node("QuantizeLinear", ["r", "step", "z"], ["rq"]),
        node("DequantizeLinear", ["rq", "step", "z"], ["rd"]),
        node("Flatten", ["rd"], ["f"]),
        node("MatMul", ["f", "v"]),
    ]
    quantized = {
        "one": np.asarray(1, np.float32),
        "z": np.asarray(0, np.uint8),
        "zs": np.asarray(0, np.int8),
        "step": np.asarray(0.1, np.float32),
        "k": dice.integers(-9, 9, (2, 1, 3, 3)).astype(np.int8),
    }
    for name, nodes, inits in (
        ("image", image, ends),
        ("moved", moved, {**ends, **more}),
        ("levels", levels, {"v": ends["v"], **quantized}),
    ):
        place = folder / f"onnx-{name}"
        place.mkdir(parents=True, exist_ok=True)
        onnx_files.saved(onnx_files.model_of(nodes, (1, 1, 6, 6), inits, 21), place, "model.onnx")
        np.savez(place / "data.npz", x=np.ones((3, 3, 1, 6, 6), np.uint8))
