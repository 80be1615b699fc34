"""Files that snnc does not read, told apart by how they begin: what each is, and the nearest way in.

Sources: tensorflow core/protobuf/saved_model.proto (field 1 is 1, field 2 meta_graphs); flatbuffers'
file identifiers (tflite/schema.fbs: ``TFL3``); gguf (ggml, docs/gguf.md);
keras/src/saving/saving_lib.py (members of a ``.keras`` file) and legacy/saving/hdf5_format.py
(attributes).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from .cures import HOW_TO_EXPORT


class Foreign(NamedTuple):
    """What a file is, and what to do."""

    what: str
    help: str


TRAINED_IN_TORCH = f"if the network was trained in PyTorch, {HOW_TO_EXPORT}"
AS_ONNX = "convert it to ONNX with tf2onnx.convert (the package tf2onnx); snnc compile net.onnx"
FROM_KERAS = 'export it as ONNX: net.export("net.onnx", format="onnx"); snnc compile net.onnx'
AS_DATA = "give it as data, after the model: --data or --calibration takes .npz files of counts"


def foreign(data: bytes) -> Foreign | None:
    """What a file is by its first bytes, if it is one that we know and do not read."""
    start = data[:16]
    if start.startswith(b"\x08\x01\x12"):
        return Foreign("this is a SavedModel of TensorFlow", AS_ONNX)
    if start[4:8] == b"TFL3":
        return Foreign("this is a TensorFlow Lite model", AS_ONNX)
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
        return Foreign("this is a Keras model", FROM_KERAS)
    return None


def foreign_hdf5(names: Collection[str], attributes: Collection[str]) -> Foreign | None:
    """What an HDF5 file is by what its root holds; None for a NIR graph. See ``netx`` for lava-dl's."""
    if "node" in names:
        return None
    if "keras_version" in attributes or "model_weights" in names:
        return Foreign("this is a Keras model", FROM_KERAS)
    shown = ", ".join(list(names)[:8]) or "nothing"
    return Foreign(f"this HDF5 file is not a NIR graph: it holds {shown}", HOW_TO_EXPORT)
