"""What the fuzzer does to files does what it says: otherwise its zeros would mean nothing."""

from __future__ import annotations

import io
import json
import os
import pickle
import subprocess
import sys
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest

from . import on_hdf5, on_json, on_npy, on_toml
from .archives import bomb, deflated, read_members, stored, write_members
from .changes import reaches_out
from .on_bundle import plant
from .on_pickle import CALLS, MARKER, payload
from .plan import Change

RUNS = [i for i, (module, *_) in enumerate(CALLS) if module in ("os", "posix", "builtins")]
LOADER = f"""
import json, os, pickle, sys
ran = []
for text in json.load(sys.stdin):
    pickle.loads(bytes.fromhex(text))
    ran.append(os.path.exists(os.environ[{MARKER!r}]))
    os.remove(os.environ[{MARKER!r}])
assert all(ran)
"""


def test_payloads_run_where_somebody_unpickles_them(tmp_path: Path) -> None:
    whole = pickle.dumps({"weight": [1.0]}, 2)
    loaded = [
        payload(whole, Change("", call, 0, where), b"").hex() for call in RUNS for where in range(3)
    ]
    environment = {**os.environ, MARKER: str(tmp_path / "ran")}
    command = [sys.executable, "-I", "-c", LOADER]
    subprocess.run(command, input=json.dumps(loaded), text=True, env=environment, check=True)
    assert len(loaded) == 12


def test_planted_bytecode_runs_where_somebody_imports_the_package(tmp_path: Path) -> None:
    package = tmp_path / "bundle" / "package"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("X = 1\n")
    plant(tmp_path / "bundle", Change("", where=1, much=0, other=8))
    assert (package / "__init__.py").read_text() == "X = 1\n"
    environment = {**os.environ, MARKER: str(tmp_path / "ran"), "PYTHONPATH": str(tmp_path / "bundle")}
    subprocess.run(
        [sys.executable, "-c", "import package; assert package.X == 1"], env=environment, check=True
    )
    assert (tmp_path / "ran").exists()


@pytest.mark.parametrize("way", range(5))
def test_links_lead_out_or_around(way: int, tmp_path: Path) -> None:
    """The first three ways lead to the file outside, whose numbers come in; the others stay inside."""
    np.full(8, 1234.5, "<f4").tofile(tmp_path / "secret.bin")
    for name in ("secret.h5", "work/model.nir"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        with h5py.File(tmp_path / name, "w") as file:
            file["w"] = np.full((2, 2), 1234.5 if name == "secret.h5" else 1.0, "f4")
            file["weight"] = np.ones((2, 2), "f4")
    path = tmp_path / "work" / "model.nir"
    # Which of the files outside: an array's values are in the first, arrays in the second.
    other = {0: 1, 1: 0, 2: 2}.get(way, 0)
    path.write_bytes(
        on_hdf5.links(path.read_bytes(), Change("", 0, way + (30 if way == 0 else 0), other), b"")
    )
    assert reaches_out(path) == (way < 3)
    if way == 1:
        with h5py.File(path) as file:
            assert (tmp_path / "work").is_dir() and file["weight"].external[0][0] == "../secret.bin"


def test_archives_are_whole_where_they_do_not_lie() -> None:
    content = write_members([stored(b"a.json", b"{}"), deflated(b"b", bytes(1000))])
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None and archive.read("b") == bytes(1000)
    assert [member.name for member in read_members(content)] == [b"a.json", b"b"]


def test_a_bomb_is_a_whole_member_that_unpacks_to_what_it_says() -> None:
    from .archives import Member

    packed, crc = bomb(40)
    content = write_members([Member(b"x", packed, 40 * 2**20, crc, method=8)])
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None and archive.getinfo("x").file_size == 40 * 2**20
    assert len(content) < 2**20


def test_every_edit_of_json_changes_something() -> None:
    document = {"a": [1, 2, {"b": "text"}], "c": 1.5, "d": {"e": [], "f": None}}
    changed = 0
    for where in range(12):
        for much in range(len(on_json.EDITS)):
            change = Change("", where, much, 7 * where + much, {"new": 1})
            changed += on_json.edit(document, change) != document
    assert changed > 0.9 * 12 * len(on_json.EDITS)
    assert json.dumps(document) == '{"a": [1, 2, {"b": "text"}], "c": 1.5, "d": {"e": [], "f": null}}'


def test_arrays_are_changed_and_stay_arrays() -> None:
    stream = io.BytesIO()
    np.save(stream, np.arange(6, dtype=np.int16).reshape(2, 3))
    found = set()
    for where in range(12):
        content = on_npy.values(stream.getvalue(), Change("", where, 3, 8 * where), b"")
        array = np.load(io.BytesIO(content))
        found.add((array.dtype.str, array.shape, array.tobytes()))
    assert len(found) > 8
    assert b"(2**40,)" in on_npy.header(stream.getvalue(), Change("", 4, 0, 0), b"")


def test_configurations_come_back_as_they_were_written() -> None:
    import tomllib

    document = {"a": 1, "b": {"c": [1, 2], "d": "x"}, "stage": [{"m": 1.5}, {"m": True, "n": {"o": 1}}]}
    assert tomllib.loads(on_toml.written(document)) == document
