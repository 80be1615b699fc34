"""Archives that torch would not write: edited member by member."""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from pathlib import Path
from typing import Any

MODEL = "models/model.json"
WEIGHTS = "data/weights/model_weights_config.json"
SAMPLE = "data/sample_inputs/model.pt"


def members(path: Path) -> dict[str, bytes]:
    """All members, without the root folder."""
    with zipfile.ZipFile(path) as archive:
        return {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}


def write(path: Path, content: dict[str, bytes], root: str = "archive/") -> Path:
    """Write an archive as torch lays it out."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in content.items():
            archive.writestr(root + name, data)
    return path


def remove(path: Path, member: str) -> Path:
    """Remove one member."""
    return write(path, {name: data for name, data in members(path).items() if name != member})


def put(path: Path, member: str, data: bytes) -> Path:
    """Replace or add one member."""
    return write(path, {**members(path), member: data})


def edit_json(path: Path, member: str, *keys: Any, value: Any) -> Path:
    """Replace one value deep in a JSON member."""
    document = json.loads(members(path)[member])
    place = document
    for key in keys[:-1]:
        place = place[key]
    place[keys[-1]] = value
    return put(path, member, json.dumps(document).encode())


class Payload:
    """Pickled, this calls ``os.system`` and so writes a file as soon as anybody loads it."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        import os

        return os.system, (f"touch {self.marker}",)


def malicious(marker: Path, protocol: int) -> bytes:
    """A pickle that creates ``marker`` when it is loaded, hidden behind harmless content."""
    return pickle.dumps({"weight": [1.0, 2.0], "x": Payload(marker)}, protocol)


def saved(data: bytes) -> bytes:
    """The pickle wrapped as ``torch.save`` does it."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("archive/data.pkl", data)
        archive.writestr("archive/byteorder", b"little")
        archive.writestr("archive/version", b"3\n")
    return stream.getvalue()


def as_protocol_2(path: Path, content: Any) -> Path:
    """What ``torch.save`` would write for an object without tensors."""
    path.write_bytes(saved(pickle.dumps(content, 2)))
    return path
