"""Files of others: each is called by its name, and the way in that is nearest is named."""

from __future__ import annotations

import io
import wave
import zipfile
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from snnc.errors import UserError
from snnc.frontend import load_model


def _saved_model() -> bytes:
    return b"\x08\x01\x12\x05\x0a\x03\x12\x01\x00"


def _lite() -> bytes:
    return b"\x1c\x00\x00\x00TFL3" + bytes(32)


def _keras() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in ("metadata.json", "config.json", "model.weights.h5"):
            archive.writestr(name, "{}")
    return stream.getvalue()


def _hdf5(fill: Callable[[h5py.File], object]) -> bytes:
    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        fill(file)
    return stream.getvalue()


def _old_keras(file: h5py.File) -> None:
    file.attrs["keras_version"] = "2.15.0"
    file.create_group("model_weights")


def _other(file: h5py.File) -> None:
    file.create_dataset("spikes/times", data=np.zeros(3))


def _wave() -> bytes:
    stream = io.BytesIO()
    with wave.open(stream, "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(bytes(100))
    return stream.getvalue()


FILES: dict[str, tuple[bytes, str, str]] = {
    "saved_model.pb": (_saved_model(), "a SavedModel of TensorFlow", "tf2onnx.convert"),
    "tflite": (_lite(), "a TensorFlow Lite model", "tf2onnx.convert"),
    "keras": (_keras(), "this is a Keras model", "net.export("),
    "h5": (_hdf5(_old_keras), "this is a Keras model", "net.export("),
    "hdf5": (_hdf5(_other), "not a NIR graph: it holds spikes", "torch.export"),
    "gguf": (b"GGUF" + bytes(40), "a GGUF file", "torch.export"),
    "aedat": (b"#!AER-DAT2.0\r\n", "a recording of events", "--data"),
    "raw": (b"% evt 3.0\n", "a recording of events", "--data"),
    "png": (b"\x89PNG\r\n\x1a\n" + bytes(40), "an image or a sound", "--data"),
    "wav": (_wave(), "an image or a sound", "--data"),
}


@pytest.mark.parametrize("kind", FILES)
def test_it_is_called_by_its_name(kind: str, tmp_path: Path) -> None:
    content, what, way = FILES[kind]
    (tmp_path / f"net.{kind}").write_bytes(content)
    with pytest.raises(UserError, match=what) as caught:
        load_model(tmp_path / f"net.{kind}")
    (problem,) = caught.value.diagnostics
    assert problem.code == "D102" and way in problem.help
