"""A pickle that would run code, in every place where a file can hold one: refused, and not run."""

from __future__ import annotations

import copyreg
import io
import pickle
import pickletools
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from tests.frontend.archives import Payload, malicious, members, put, saved, write

from .conftest import MODEL, Command

NETS = """
from torch import nn

def build():
    return nn.Sequential(nn.Linear(4, 3), nn.ReLU())
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with the user's own code in it."""
    folder = tmp_path / "place"
    folder.mkdir()
    (folder / "my_nets_of_malice.py").write_text(NETS)
    monkeypatch.chdir(folder)
    return folder


OPTIONS: dict[str, tuple[str, ...]] = {
    "alone": (),
    "shape": ("--input-shape", "4"),
    "module": ("--module", "my_nets_of_malice:build", "--input-shape", "4"),
}


def refused(snnc: Command, place: Path, path: Path, marker: Path, *codes: str) -> None:
    """Every command that reads a model refuses the file; nothing is run and nothing is written."""
    before = sorted(place.iterdir())
    for options in OPTIONS.values():
        for command in (("compile", path, "--target", "loihi"), ("inspect", path)):
            done = snnc(*command, *options)
            assert done.code == 2, (command, options, done)
            assert "Traceback" not in done.err
            assert any(f"error[{code}]" in done.err for code in codes or ("D103",)), done.err
            assert not marker.exists(), (command, options)
    assert [p for p in sorted(place.iterdir()) if p.name != "__pycache__"] == before


def test_the_payload_works(tmp_path: Path) -> None:
    """Without it the other tests would show nothing."""
    for protocol in range(6):
        pickle.loads(malicious(tmp_path / f"ran{protocol}", protocol))
        assert (tmp_path / f"ran{protocol}").exists()


def network() -> nn.Module:
    return nn.Sequential(nn.Linear(4, 3), nn.ReLU()).eval()


def hook(net: nn.Module, payload: Payload) -> None:
    net[0]._forward_hooks[0] = payload  # type: ignore[index]


def attribute(net: nn.Module, payload: Payload) -> None:
    net[0].__dict__["notes"] = payload  # type: ignore[index]


def forward(net: nn.Module, payload: Payload) -> None:
    net.__dict__["forward"] = payload


def setting(net: nn.Module, payload: Payload) -> None:
    net[0].__dict__["in_features"] = payload  # type: ignore[index]


def parameter(net: nn.Module, payload: Payload) -> None:
    net[0]._parameters["weight"] = payload  # type: ignore[index]


def buffer(net: nn.Module, payload: Payload) -> None:
    net._buffers["more"] = payload  # type: ignore[assignment]


def submodule(net: nn.Module, payload: Payload) -> None:
    net._modules["1"] = payload  # type: ignore[assignment]


def key(net: nn.Module, payload: Payload) -> None:
    net._modules[payload] = nn.ReLU()  # type: ignore[index]


def on_a_tensor(net: nn.Module, payload: Payload) -> None:
    net[0].weight.__dict__["notes"] = payload  # type: ignore[index]


INSIDE = [hook, attribute, forward, setting, parameter, buffer, submodule, key, on_a_tensor]


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("where", INSIDE)
def test_inside_a_module(
    where: Callable[[nn.Module, Payload], None],
    zipped: bool,
    snnc: Command,
    place: Path,
    tmp_path: Path,
) -> None:
    net = network()
    where(net, Payload(tmp_path / "ran"))
    torch.save(net, tmp_path / "net.pt", _use_new_zipfile_serialization=zipped)
    refused(snnc, place, tmp_path / "net.pt", tmp_path / "ran")


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("where", ["value", "key", "metadata"])
def test_inside_a_state_dict(
    where: str, zipped: bool, snnc: Command, place: Path, tmp_path: Path
) -> None:
    state: Any = network().state_dict()
    payload = Payload(tmp_path / "ran")
    if where == "value":
        state["0.bias"] = payload
    elif where == "key":
        state[payload] = torch.zeros(1)
    else:
        state._metadata["0"] = payload
    torch.save(state, tmp_path / "net.pt", _use_new_zipfile_serialization=zipped)
    refused(snnc, place, tmp_path / "net.pt", tmp_path / "ran")


@pytest.mark.parametrize("content", ["module", "state-dict"])
@pytest.mark.parametrize("member", ["data.pkl", "more.pkl", "notes", "deep/constants.pkl"])
def test_members_of_a_zip(
    member: str, content: str, snnc: Command, place: Path, tmp_path: Path
) -> None:
    net = network()
    torch.save(net if content == "module" else net.state_dict(), tmp_path / "net.pt")
    for protocol in (2, 4):
        put(tmp_path / "net.pt", member, malicious(tmp_path / "ran", protocol))
        refused(snnc, place, tmp_path / "net.pt", tmp_path / "ran")
    put(tmp_path / "net.pt", member, saved(malicious(tmp_path / "ran", 2)))
    refused(snnc, place, tmp_path / "net.pt", tmp_path / "ran", "D103", "D106")


@pytest.mark.parametrize("content", ["module", "state-dict"])
@pytest.mark.parametrize("number", range(5))
def test_pickles_of_the_old_form(
    number: int, content: str, snnc: Command, place: Path, tmp_path: Path
) -> None:
    """Magic number, protocol, system, the object, and the keys of the storages."""
    stream, net = io.BytesIO(), network()
    whole = net if content == "module" else net.state_dict()
    torch.save(whole, stream, _use_new_zipfile_serialization=False)
    stream.seek(0)
    parts = []
    for _ in range(5):
        start = stream.tell()
        for _ in pickletools.genops(stream):
            continue
        parts.append(stream.getvalue()[start : stream.tell()])
    rest = stream.getvalue()[stream.tell() :]
    for protocol in (0, 2, 4):
        parts[number] = malicious(tmp_path / "ran", protocol)
        (tmp_path / "net.pt").write_bytes(b"".join(parts) + rest)
        codes = ("D103",) if number or protocol else ("D102", "D103")
        refused(snnc, place, tmp_path / "net.pt", tmp_path / "ran", *codes)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
@pytest.mark.parametrize("member", ["data.pkl", "constants.pkl", "extra/notes", "attributes.pkl"])
def test_torchscript(member: str, snnc: Command, place: Path, tmp_path: Path) -> None:
    trace: Any = torch.jit.trace
    trace(network(), torch.zeros(1, 4)).save(tmp_path / "net.pt")
    assert {"data.pkl", "constants.pkl"} <= members(tmp_path / "net.pt").keys()
    put(tmp_path / "net.pt", member, malicious(tmp_path / "ran", 2))
    refused(snnc, place, tmp_path / "net.pt", tmp_path / "ran")


@pytest.mark.parametrize("protocol", range(6))
def test_plain_pickle(protocol: int, snnc: Command, place: Path, tmp_path: Path) -> None:
    (tmp_path / "net.pt").write_bytes(malicious(tmp_path / "ran", protocol))
    refused(snnc, place, tmp_path / "net.pt", tmp_path / "ran")


def test_exported_archive(snnc: Command, place: Path, tmp_path: Path) -> None:
    for member in ("data/sample_inputs/model.pt", "extra/notes", "data/constants/custom_obj_0"):
        path = write(tmp_path / "net.pt2", members(MODEL))
        put(path, member, malicious(tmp_path / "ran", 2))
        before = snnc("inspect", path)
        assert before.code == 2 and "D103" in before.err
        assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("archive", ["data.pkl", "models/model.json"])
def test_as_if_there_were_two_kinds_of_archive(
    archive: str, snnc: Command, place: Path, tmp_path: Path
) -> None:
    """A member that makes the file look like another kind does not hide the pickle."""
    content = {archive: b"{}", "data.pkl": malicious(tmp_path / "ran", 2), "code/net.py": b""}
    refused(snnc, place, write(tmp_path / "net.pt", content), tmp_path / "ran", "D103", "D106")


@pytest.mark.parametrize("option", ["--calibration", "--data"])
@pytest.mark.parametrize("form", ["object-array", "pickle", "single-array", "member"])
def test_data_files(
    form: str, option: str, snnc: Command, place: Path, finished: Path, tmp_path: Path
) -> None:
    marker, path = tmp_path / "ran", tmp_path / "data.npz"
    objects = np.array([[[Payload(marker)]]], dtype=object)
    if form == "object-array":
        np.savez(path, x=objects)
    elif form == "single-array":
        with path.open("wb") as stream:
            np.save(stream, objects)
    elif form == "pickle":
        path.write_bytes(malicious(marker, 2))
    else:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("x", malicious(marker, 2))
    if option == "--calibration":
        done = snnc("compile", MODEL, "--target", "loihi", option, path)
    else:
        done = snnc("run", finished, option, path, "-o", tmp_path / "out.npz")
    assert done.code == 2, done
    assert "error[D50" in done.err and "Traceback" not in done.err
    assert not marker.exists()
    assert not (tmp_path / "out.npz").exists()


def test_calibration_in_an_archive(snnc: Command, place: Path, tmp_path: Path) -> None:
    stream = io.BytesIO()
    np.savez(stream, x=np.array([[[Payload(tmp_path / "ran")]]], dtype=object))
    content = {n: d for n, d in members(MODEL).items() if "calibration" not in n}
    path = write(tmp_path / "net.pt2", {**content, "extra/snnc/calibration.npz": stream.getvalue()})
    done = snnc("inspect", path)
    assert done.code == 2 and "error[D10" in done.err
    assert not (tmp_path / "ran").exists()


def test_numbers_of_the_copy_registry(snnc: Command, place: Path, tmp_path: Path) -> None:
    """A pickle may name a function by a number alone."""
    import os

    copyreg.add_extension("posix", "system", 77)
    try:
        data = pickle.dumps({"x": os.system}, 2)
    finally:
        copyreg.remove_extension("posix", "system", 77)
    assert b"system" not in data
    (tmp_path / "net.pt").write_bytes(saved(data))
    refused(snnc, place, tmp_path / "net.pt", tmp_path / "ran")
