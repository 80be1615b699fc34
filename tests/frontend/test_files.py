"""Files that cannot be read: what each of them is told."""

from __future__ import annotations

import base64
import io
import json
import pickle
import random
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from snnc.errors import UserError
from snnc.frontend import Given, load_model

from .archives import MODEL, WEIGHTS, edit_json, members, put, remove, write

Refused = Callable[[Path, str], str]
CALIBRATION = "extra/snnc/calibration.npz.b64"


@pytest.fixture(scope="module")
def exported() -> bytes:
    """A correct model file."""
    net = nn.Sequential(nn.Linear(6, 4), nn.ReLU(), nn.Linear(4, 2)).eval()
    stream = io.BytesIO()
    torch.export.save(torch.export.export(net, (torch.zeros(1, 6),)), stream)
    return stream.getvalue()


@pytest.fixture
def model(exported: bytes, tmp_path: Path) -> Path:
    """A correct model file, to be broken."""
    path = tmp_path / "net.pt2"
    path.write_bytes(exported)
    return path


def npz(**arrays: Any) -> bytes:
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)
    return stream.getvalue()


def test_no_such_file(tmp_path: Path, refused: Refused) -> None:
    refused(tmp_path / "nothing.pt", "missing")


def test_folder(tmp_path: Path, refused: Refused) -> None:
    refused(tmp_path, "folder")


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("empty", b""),
        ("text", b"import torch\n\nnet = 1.\n"),
        ("text-with-point", b"Hello."),
        ("numpy-array", b"\x93NUMPY\x01\x00"),
        ("numpy-archive", npz(a=np.zeros(3))),
        ("binary", bytes(range(256))),
        ("broken-zip", b"PK\x05\x05 and so on"),
        ("broken-pickle", b"\x80\x04\x95"),
    ],
)
def test_other_file(name: str, data: bytes, tmp_path: Path, refused: Refused) -> None:
    path = tmp_path / "net.pt"
    path.write_bytes(data)
    refused(path, name)


class OwnModule(nn.Linear):
    """Of a class that is not torch's, in a module that tests call ``my_net``."""

    __module__ = "my_net"


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("state-dict", nn.Linear(2, 2).state_dict()),
        ("pickled-module", nn.Sequential(nn.Linear(2, 2), nn.ReLU())),
        ("pickled-own-module", OwnModule(2, 2)),
    ],
)
def test_torch_save(
    name: str,
    content: Any,
    zipped: bool,
    tmp_path: Path,
    refused: Refused,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "my_net", sys.modules[__name__])
    path = tmp_path / "net.pt"
    torch.save(content, path, _use_new_zipfile_serialization=zipped)
    old = name == "pickled-module" and not zipped
    refused(path, "pickled-module-old" if old else name)


def test_plain_pickle(tmp_path: Path, refused: Refused) -> None:
    (tmp_path / "net.pt").write_bytes(pickle.dumps({"weight": [1.0]}))
    refused(tmp_path / "net.pt", "plain-pickle")


def test_options_for_a_file_that_says_it_itself(model: Path) -> None:
    for given in (Given(input_shape="6"), Given(module="a:b")):
        with pytest.raises(UserError, match=r"^error\[D121\].*--(input-shape|module)"):
            load_model(model, given=given)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_torchscript(tmp_path: Path, refused: Refused) -> None:
    trace: Any = torch.jit.trace
    trace(nn.Linear(2, 2), torch.zeros(1, 2)).save(tmp_path / "net.pt")
    refused(tmp_path / "net.pt", "torchscript")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("some-zip", {"word/document.xml": b"<x/>"}),
        ("old-export", {"serialized_exported_program.json": b"{}", "version": b"7.3"}),
        ("compiled-library", {"data/aotinductor/model/a.so": b"\x7fELF"}),
        ("two-models", {"models/a.json": b"{}", "models/b.json": b"{}"}),
    ],
)
def test_other_archive(name: str, content: dict[str, bytes], tmp_path: Path, refused: Refused) -> None:
    refused(write(tmp_path / "net.pt2", content), name)


def test_truncated(model: Path, refused: Refused) -> None:
    model.write_bytes(model.read_bytes()[:4000])
    refused(model, "truncated")


def test_wrong_checksum(model: Path, refused: Refused) -> None:
    data, weight = model.read_bytes(), members(model)["data/weights/weight_0"]
    model.write_bytes(data.replace(weight, bytes(len(weight))))
    refused(model, "checksum")


def test_missing_weight(model: Path, refused: Refused) -> None:
    refused(remove(model, "data/weights/weight_1"), "missing-weight")


def test_not_json(model: Path, refused: Refused) -> None:
    refused(put(model, MODEL, b'{"graph_module": '), "not-json")


@pytest.mark.parametrize("major", [7, 9])
def test_schema_version(major: int, model: Path, refused: Refused) -> None:
    edit_json(model, MODEL, "torch_version", value="2.x")
    refused(
        edit_json(model, MODEL, "schema_version", value={"major": major, "minor": 1}), f"schema-{major}"
    )


def test_short_weight(model: Path, refused: Refused) -> None:
    refused(put(model, "data/weights/weight_0", b"\x00" * 20), "short-weight")


def test_weight_beyond_memory(model: Path, refused: Refused) -> None:
    keys = ("config", "0.weight", "tensor_meta")
    edit_json(model, WEIGHTS, *keys, "sizes", value=[{"as_int": 2**20}, {"as_int": 2**20}])
    edit_json(model, WEIGHTS, *keys, "strides", value=[{"as_int": 0}, {"as_int": 0}])
    refused(model, "huge-weight")


def test_complex_weight(model: Path, refused: Refused) -> None:
    keys = ("config", "0.weight", "tensor_meta", "dtype")
    refused(edit_json(model, WEIGHTS, *keys, value=10), "complex-weight")


def test_byte_order(model: Path, refused: Refused) -> None:
    refused(put(model, "byteorder", b"middle"), "byte-order")


def test_big_endian(model: Path) -> None:
    before = load_model(model).graph.projections[0].op.apply(np.eye(6))
    content = members(model)
    for name, data in content.items():
        if name.startswith("data/weights/weight_"):
            content[name] = np.frombuffer(data, "<f4").astype(">f4").tobytes()
    write(model, {**content, "byteorder": b"big"})
    assert np.array_equal(load_model(model).graph.projections[0].op.apply(np.eye(6)), before)


def test_zip_bomb(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "net.pt2", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/models/model.json", b"0" * (70 * 2**20))
    with pytest.raises(UserError, match=r"^error\[D107\]"):
        load_model(tmp_path / "net.pt2")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_member_twice(model: Path, refused: Refused) -> None:
    with zipfile.ZipFile(model, "a") as archive:
        root = archive.namelist()[0].partition("/")[0]
        archive.writestr(f"{root}/{MODEL}", b"{}")
    refused(model, "member-twice")


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("calibration-text", b"not base64!"),
        ("calibration-float", base64.b64encode(npz(x=np.zeros((2, 3, 6))))),
        ("calibration-shape", base64.b64encode(npz(x=np.zeros((2, 3, 5), np.uint8)))),
        ("calibration-below-16-bits", base64.b64encode(npz(x=np.full((2, 3, 6), -(2**15) - 1)))),
        ("calibration-name", base64.b64encode(npz(y=np.zeros((2, 3, 6), np.uint8)))),
        ("calibration-objects", base64.b64encode(npz(x=np.array([[[None] * 6]])))),
    ],
)
def test_calibration(name: str, data: bytes, model: Path, refused: Refused) -> None:
    refused(put(model, CALIBRATION, data), name)


def test_calibration_plain(model: Path) -> None:
    counts = np.asfortranarray(np.arange(36).reshape(2, 3, 6))
    put(model, "extra/snnc/calibration.npz", npz(x=counts))
    found = load_model(model).calibration
    assert found is not None
    assert np.array_equal(found, counts)


JUNK: tuple[Any, ...] = (None, True, -1, 3, 2**70, 0.5, "x", "", [], {}, [1], {"as_int": -1})


def places(document: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The keys that lead to every value of a JSON document."""
    found = [path] if path else []
    if not isinstance(document, dict | list):
        return found
    for key in document if isinstance(document, dict) else range(len(document)):
        found += places(document[key], (*path, key))
    return found


@pytest.mark.parametrize("member", [MODEL, WEIGHTS])
def test_no_traceback(member: str, model: Path) -> None:
    """Whatever stands in the file, the answer is a message or a model."""
    content = members(model)
    everywhere = places(json.loads(content[member]))
    dice = random.Random(0)
    for _ in range(150):
        keys, junk = dice.choice(everywhere), dice.choice(JUNK)
        write(model, content)
        edit_json(model, member, *keys, value=junk)
        try:
            load_model(model)
        except UserError as error:
            assert error.diagnostics
        except Exception as error:
            error.add_note(f"{keys} = {junk!r}")
            raise
