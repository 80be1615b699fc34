"""Files that snnc does not read, told apart by how they begin: what each is, and the nearest way in.

Sources: onnx/onnx.proto (ModelProto: field 1 is ir_version, field 2 producer_name); tensorflow
core/protobuf/saved_model.proto (field 1 is 1, field 2 meta_graphs); flatbuffers' file identifiers
(tflite/schema.fbs: ``TFL3``); gguf (ggml, docs/gguf.md); keras/src/saving/saving_lib.py (members of a
``.keras`` file) and legacy/saving/hdf5_format.py (attributes).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from .cures import HOW_TO_EXPORT

MEMBER, GRAPH, OPSET, STRING = b"\x12", b"\x3a", b"\x42", b"\x1a"
"""Tags of protobuf fields of bytes: 2, 7, 8 and 3."""


class Foreign(NamedTuple):
    """What a file is, and what to do."""

    what: str
    help: str


TRAINED_IN_TORCH = f"if the network was trained in PyTorch, {HOW_TO_EXPORT}"
BY_WEIGHTS = (
    "build the same network in PyTorch, copy the weights into it, and compile it: "
    "torch.save(net.state_dict(), path), and --module package.module:factory"
)
AS_DATA = "give it as data, after the model: --data or --calibration takes .npz files of counts"


def foreign(data: bytes) -> Foreign | None:
    """What a file is by its first bytes, if it is one that we know and do not read."""
    start, version = data[:16], data[1:2]
    if data[:1] == b"\x08" and data[2:3] in (MEMBER, GRAPH, OPSET, STRING) and version:
        if 3 <= version[0] <= 32:
            return Foreign("this is an ONNX model", TRAINED_IN_TORCH)
        if version[0] == 1 and data[2:3] == MEMBER:
            return Foreign("this is a SavedModel of TensorFlow", BY_WEIGHTS)
    if start[4:8] == b"TFL3":
        return Foreign("this is a TensorFlow Lite model", BY_WEIGHTS)
    if start.startswith(b"GGUF"):
        return Foreign("this is a GGUF file of a language model", TRAINED_IN_TORCH)
    if start.startswith((b"#!AER-DAT", b"% ")):
        return Foreign("this is a recording of events, not a model", AS_DATA)
    if start.startswith((b"\x89PNG", b"\xff\xd8\xff", b"BM", b"RIFF")):
        return Foreign("this is an image or a sound, not a model", AS_DATA)
    return None


def foreign_zip(names: Collection[str]) -> Foreign | None:
    """What a zip archive is by its members."""
    if {"config.json", "model.weights.h5"} <= set(names):
        return Foreign("this is a Keras model", BY_WEIGHTS)
    return None


def foreign_hdf5(names: Collection[str], attributes: Collection[str]) -> Foreign | None:
    """What an HDF5 file is by what its root holds; None for a NIR graph. See ``netx`` for lava-dl's."""
    if "node" in names:
        return None
    if "keras_version" in attributes or "model_weights" in names:
        return Foreign("this is a Keras model", BY_WEIGHTS)
    shown = ", ".join(list(names)[:8]) or "nothing"
    return Foreign(f"this HDF5 file is not a NIR graph: it holds {shown}", HOW_TO_EXPORT)
