"""Pickles that would run code are refused wherever they hide, and are not run."""

from __future__ import annotations

import io
import pickle
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

from snnc.errors import UserError
from snnc.frontend import load_model
from snnc.frontend.torch_save.pickles import COMPUTED, calls, is_harmless

from .archives import MODEL, SAMPLE, WEIGHTS, edit_json, malicious, put, saved, write

Refused = Callable[[Path, str], str]


@pytest.fixture(scope="module")
def exported() -> bytes:
    stream = io.BytesIO()
    net = nn.Sequential(nn.Linear(6, 4), nn.ReLU()).eval()
    torch.export.save(torch.export.export(net, (torch.zeros(1, 6),)), stream)
    return stream.getvalue()


@pytest.fixture
def model(exported: bytes, tmp_path: Path) -> Path:
    path = tmp_path / "net.pt2"
    path.write_bytes(exported)
    return path


def refuse_all(path: Path, marker: Path) -> str:
    with pytest.raises(UserError) as caught:
        load_model(path)
    assert not marker.exists()
    (problem,) = caught.value.diagnostics
    assert problem.code == "D103"
    assert "os.system" in problem.what or "posix.system" in problem.what
    return problem.where


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize(
    "member",
    [
        SAMPLE,
        "data/constants/custom_obj_0",
        "data/constants/opaque_obj_0",
        "extra/notes.pkl",
        "extra/deep/weights.pth",
    ],
)
def test_hidden_in_an_archive(member: str, protocol: int, model: Path, tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    put(model, member, malicious(marker, protocol))
    assert refuse_all(model, marker) == f"{model}: {member}"


@pytest.mark.parametrize("protocol", range(2, 6))
def test_hidden_without_a_name(protocol: int, model: Path, tmp_path: Path) -> None:
    put(model, "extra/notes", malicious(tmp_path / "ran", protocol))
    refuse_all(model, tmp_path / "ran")


@pytest.mark.parametrize("protocol", range(6))
def test_hidden_in_an_archive_within(protocol: int, model: Path, tmp_path: Path) -> None:
    put(model, SAMPLE, saved(saved(malicious(tmp_path / "ran", protocol))))
    put(model, SAMPLE, saved(malicious(tmp_path / "ran", protocol)))
    assert refuse_all(model, tmp_path / "ran") == f"{model}: {SAMPLE}: data.pkl"


@pytest.mark.parametrize("protocol", range(6))
def test_pickled_weight(protocol: int, model: Path, tmp_path: Path) -> None:
    edit_json(model, WEIGHTS, "config", "0.weight", "use_pickle", value=True)
    put(model, "data/weights/weight_0", saved(malicious(tmp_path / "ran", protocol)))
    refuse_all(model, tmp_path / "ran")


def test_clean_pickled_weight(model: Path, refused: Refused) -> None:
    edit_json(model, WEIGHTS, "config", "0.weight", "use_pickle", value=True)
    stream = io.BytesIO()
    torch.save(torch.zeros(4, 6), stream)
    refused(put(model, "data/weights/weight_0", stream.getvalue()), "pickled-weight")


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("wrapped", [True, False])
def test_whole_file(wrapped: bool, protocol: int, tmp_path: Path) -> None:
    path, data = tmp_path / "net.pt", malicious(tmp_path / "ran", protocol)
    path.write_bytes(saved(data) if wrapped else data)
    assert refuse_all(path, tmp_path / "ran") == str(path)


def test_archive_of_another_kind(tmp_path: Path) -> None:
    data = malicious(tmp_path / "ran", 2)
    path = write(tmp_path / "net.pt", {"serialized_example_inputs.pt": data, "version": b"7"})
    refuse_all(path, tmp_path / "ran")


def test_message(model: Path, tmp_path: Path, refused: Refused) -> None:
    put(model, SAMPLE, pickle.dumps(print, 2))
    refused(model, "pickle-in-archive")
    (tmp_path / "net.pt").write_bytes(pickle.dumps(print, 2))
    refused(tmp_path / "net.pt", "pickle")


def test_not_a_pickle(model: Path, refused: Refused) -> None:
    refused(put(model, SAMPLE, b"\x80\x02never"), "sample-no-pickle")


def test_raw_numbers_may_look_like_anything(model: Path) -> None:
    """Weights whose first bytes are those of a pickle or of an archive are still numbers."""
    for start in (b"\x80\x02cos\nx\n.", b"PK\x03\x04"):
        put(model, "data/weights/weight_0", start.ljust(96, b"\x00"))
        load_model(model)


def test_calls() -> None:
    assert calls(pickle.dumps([OrderedDict(a=1), 2.5])) == ("collections.OrderedDict",)
    assert calls(b"(S'rm -rf /'\nios\nsystem\n.") == ("os.system",)
    assert calls(b"\x80\x02\x82\x07.") == ("number 7 of the copyreg registry",)
    # The name comes out of a dictionary, where it cannot be followed.
    assert calls(b"\x80\x04\x8c\x02os\x8c\x01x2\x93.") == (COMPUTED,)
    # The name is put into the memo and taken out again.
    assert calls(b"\x80\x04\x8c\x02os\x94\x8c\x06system\x940h\x010h\x00h\x01\x93.") == ("os.system",)
    # Marks and pops around it change nothing.
    assert calls(b"\x80\x04(K\x01K\x02t0\x8c\x02os(K\x031\x8c\x06system\x93.") == ("os.system",)


@pytest.mark.parametrize("data", [b"", b"\x80\x04", b"\x80\x04\x95\xff\xff\xff\xff", b"hello"])
def test_no_pickle(data: bytes) -> None:
    with pytest.raises(ValueError):
        calls(data)


def test_harmless() -> None:
    assert is_harmless("torch.FloatStorage")
    assert is_harmless("torch.bfloat16")
    assert not is_harmless("torch.load")
    assert not is_harmless("torch.storage._load_from_bytes")
    assert not is_harmless("torch.FloatStorage.__init__")


def test_program_names_are_only_text(model: Path, tmp_path: Path) -> None:
    """An operation's name in the program is looked up in a table and never imported."""
    edit_json(model, MODEL, "graph_module", "graph", "nodes", 0, "target", value="os.system")
    with pytest.raises(UserError, match=r"os\.system is not supported"):
        load_model(model)
