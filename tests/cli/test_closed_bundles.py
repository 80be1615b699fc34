"""A bundle is what its manifest lists, as regular files; a manifest says what can be."""

from __future__ import annotations

import importlib.util
import json
import marshal
import os
import random
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from snnc.bundle.folder import MANIFEST, checked_files, read_bundle
from snnc.bundle.manifest_file import manifest_text
from snnc.errors import UserError
from tests.sealing import edit_manifest, reseal

from .conftest import MODEL, Command

PACKAGE = "model_lava"
Plant = Callable[[Path], object]


def byte_code(bundle: Path) -> None:
    """Python would run it in place of ``__init__.py``, whose content it claims."""
    source = bundle / PACKAGE / "__init__.py"
    code = compile(b"print('PLANTED')\n" + source.read_bytes(), str(source), "exec")
    path = Path(importlib.util.cache_from_source(str(source)))
    path.parent.mkdir()
    digest = importlib.util.source_hash(source.read_bytes())
    # An unchecked byte code of PEP 552: flags 1, and the digest of a source that nobody compares.
    path.write_bytes(importlib.util.MAGIC_NUMBER + bytes((1, 0, 0, 0)) + digest + marshal.dumps(code))


def file(name: str) -> Plant:
    def plant(bundle: Path) -> None:
        path = bundle / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"raise SystemExit('PLANTED')\n")

    return plant


def unix_socket(bundle: Path) -> None:
    listener, here = socket.socket(socket.AF_UNIX), Path.cwd()
    os.chdir(bundle)  # names of sockets are short
    try:
        listener.bind("s")
    finally:
        os.chdir(here)
        listener.close()


PLANTED: dict[str, Plant] = {
    "byte code": byte_code,
    "shared object": file(f"{PACKAGE}/__init__.abi3.so"),
    "module": file(f"{PACKAGE}/extra.py"),
    "path": file("x.pth"),
    "site": file("sitecustomize.py"),
    "numpy": file("numpy/__init__.py"),
    "name that is no text": lambda b: Path(os.fsdecode(os.fsencode(b) + b"/\xff")).write_bytes(b""),
    "empty folder": lambda b: (b / "empty").mkdir(),
    "link": lambda b: (b / "link").symlink_to("README.md"),
    "link to a folder": lambda b: (b / "etc").symlink_to("/etc"),
    "pipe": lambda b: os.mkfifo(b / PACKAGE / "pipe"),
    "socket": unix_socket,
}


def commands(bundle: Path, data: Path) -> list[tuple[str | Path, ...]]:
    return [
        ("verify", bundle, "--samples", "1"),
        ("run", bundle, "--data", data, "-o", bundle.parent / "o.npz"),
        ("inspect", bundle),
        ("verify", bundle, "--ladder", "--samples", "1"),
    ]


def refused(snnc: Command, bundle: Path, data: Path, *parts: str) -> None:
    """By every command, with nothing written."""
    for words in commands(bundle, data):
        done = snnc(*words)
        assert done.code == 2 and done.out == "", (words, done)
        for part in parts:
            assert part in done.err, (words, part, done.err)
    assert not (bundle.parent / "o.npz").exists()


@pytest.mark.parametrize("what", PLANTED)
def test_what_is_not_listed_is_refused(snnc: Command, bundle: Path, data: Path, what: str) -> None:
    PLANTED[what](bundle)
    refused(snnc, bundle, data, "D116", "added")
    if what != "byte code":
        done = snnc("compile", MODEL, "--target", "loihi", "--steps-per-frame", "2", "-o", bundle)
        assert done.code == 2 and "error[D110]" in done.err and bundle.is_dir()


@pytest.mark.lava
def test_altered_bundles_run_without_what_was_added(snnc: Command, bundle: Path) -> None:
    for plant in PLANTED.values():
        plant(bundle)
    words = ("--allow-altered", "--samples", "1", "--engine", "lava-inprocess")
    done = snnc("verify", bundle, *words)
    assert done.code == 0 and "PLANTED" not in done.out + done.err, done.err
    assert done.err.count("warning[D116]") == len(PLANTED)


@pytest.mark.parametrize("what", ["byte code", "shared object", "module", "site", "numpy"])
def test_what_is_sealed_anew_is_no_file_of_the_target(
    snnc: Command, bundle: Path, data: Path, what: str
) -> None:
    PLANTED[what](bundle)
    reseal(bundle, whatever_is_there=True)
    for words in commands(bundle, data):
        if words[0] != "inspect":
            done = snnc(*words)
            assert done.code == 2 and "D120" in done.err and "not one of the target's" in done.err


def test_code_that_is_sealed_anew_does_not_run(snnc: Command, bundle: Path) -> None:
    for name in ("__init__.py", "network/__init__.py"):
        path = bundle / PACKAGE / name
        path.write_text("raise SystemExit('PLANTED')\n" + path.read_text())
    reseal(bundle)
    done = snnc("verify", bundle, "--samples", "1")
    assert done.code == 2 and "D120" in done.err and "not the code that snnc emits" in done.err
    done = snnc("verify", bundle, "--samples", "1", "--allow-altered")
    assert done.code == 2 and "D602" in done.err and "PLANTED" not in done.err
    assert str(bundle / PACKAGE) in done.err  # and not the copy's place


@pytest.mark.parametrize("how", ["link", "pipe", "folder", "link above"])
def test_what_is_listed_and_no_regular_file_is_refused_whatever_is_allowed(
    snnc: Command, bundle: Path, how: str
) -> None:
    path = bundle / PACKAGE / "weights.npz"
    content = path.read_bytes()
    path.unlink()
    if how == "link":
        (bundle.parent / "outside").write_bytes(content)
        path.symlink_to(bundle.parent / "outside")
    elif how == "pipe":
        os.mkfifo(path)
    elif how == "folder":
        path.mkdir()
    else:
        path.write_bytes(content)
        shutil.move(bundle / PACKAGE, bundle.parent / "moved")
        (bundle / PACKAGE).symlink_to(bundle.parent / "moved")
    code = "D116" if how == "link above" else "D152"
    assert f"error[{code}]" in snnc("verify", bundle).err
    done = snnc("verify", bundle, "--allow-altered")
    assert done.code == 2 and "error[D" in done.err


def test_the_manifest_is_a_regular_file(snnc: Command, bundle: Path) -> None:
    path = bundle / MANIFEST
    path.rename(bundle.parent / "outside")
    path.symlink_to(bundle.parent / "outside")
    done = snnc("verify", bundle, "--allow-altered")
    assert done.code == 2 and "D114" in done.err and "symbolic link" in done.err
    path.unlink()
    os.mkfifo(path)
    assert snnc("verify", bundle).code == 2


def test_every_bit_of_a_manifest_counts(bundle: Path) -> None:
    """Of 8 bits times some thousand bytes, a sample that is another one each time."""
    path = bundle / MANIFEST
    whole, seed = path.read_bytes(), random.SystemRandom().getrandbits(32)
    draw = random.Random(seed)
    for _ in range(300):
        at, bit = draw.randrange(len(whole)), draw.randrange(8)
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << bit]) + whole[at + 1 :])
        with pytest.raises(UserError):
            read_bundle(bundle)
            pytest.fail(f"seed {seed}: bit {bit} of byte {at}")
    for same in (whole + b" ", whole.replace(b": ", b":", 1), json.dumps(json.loads(whole)).encode()):
        path.write_bytes(same)
        with pytest.raises(UserError, match="digest"):
            read_bundle(bundle)
    assert len(read_bundle(bundle, allow_altered=True)[1]) == 1


NAMES = [
    *("x/../program.json", "/program.json", "./program.json", "a//b", "a\\b", "a\x00b", "../p", "C:p"),
    *("Manifest.json", "README.MD", f"{PACKAGE}", f"{PACKAGE.upper()}/x", "a\x1b[31m"),
]


@pytest.mark.parametrize("name", NAMES)
def test_names_that_are_not_plain_or_collide(
    snnc: Command, bundle: Path, data: Path, name: str
) -> None:
    files = json.loads((bundle / MANIFEST).read_text())["files"]
    edit_manifest(bundle, files={**files, name: files["README.md"]})
    refused(snnc, bundle, data, "D114", "manifest.json")
    done = snnc("verify", bundle, "--allow-altered")
    assert done.code == 2 and "D114" in done.err


def test_a_payload_under_another_name(snnc: Command, bundle: Path) -> None:
    (bundle / PACKAGE).rename(bundle / "other_lava")
    files = json.loads((bundle / MANIFEST).read_text())["files"]
    named = {name.replace(PACKAGE, "other_lava"): sha for name, sha in files.items()}
    payload = {"program": "other_lava/program.json", "weights": "other_lava/weights.npz"}
    edit_manifest(bundle, files=named, payload=payload)
    for more in ((), ("--allow-altered",)):
        done = snnc("verify", bundle, *more)
        assert done.code == 2 and "D155" in done.err and "model_lava/program.json" in done.err


def put(path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    """Change one place; the last key may not be there yet."""

    def change(manifest: dict[str, Any]) -> None:
        *above, last = path.split(".")
        place: Any = manifest
        for key in above:
            place = place[int(key)] if isinstance(place, list) else place[key]
        place[int(last) if isinstance(place, list) else last] = value

    return change


LIES: list[tuple[str, Any]] = [
    *(("target", 3), ("target", None), ("steps_per_frame", 2.0), ("steps_per_frame", True)),
    *(("steps_per_frame", 0), ("passes", []), ("notes", [3]), ("notes.0.code", None)),
    *(("notes.0.severity", "fatal"), ("notes", {}), ("versions", []), ("model", None)),
    *(("model.path", 5), ("model.dt", -1.0), ("model.dt", "x"), ("model.sha256", "x")),
    *(("calibration", []), ("calibration.origin", "dream"), ("calibration.counts", [])),
    *(("calibration.counts", [[0, 0]]), ("calibration.counts", [[0, -1]]), ("calibration.counts", [3])),
    *(("calibration.counts", [[0, 1], [0, 2]]), ("calibration.counts", [[0.5, 1]])),
    *(("calibration.counts", [[0, 1, 2]]), ("calibration.counts", [[2**31, 1]])),
    *(("calibration.counts", [["0", 1]]), ("calibration.counts", [[0, 2**53 + 1]])),
    *(("calibration.frames", 0), ("calibration.frames", None), ("calibration.frames", 1.5)),
    *(("calibration.used", "all"), ("calibration.samples", -1), ("ranges", None)),
    *(("ranges.status", 1), ("input.shape", [0]), ("input.shape", [1] * 33), ("input.shape", "x")),
    *(("readout.potential_of_one", 0), ("readout.potential_of_one", -1), ("readout.name", [])),
    *(("readout.accumulate", 1), ("files", []), ("files.README.md", "x"), ("payload.program", 5)),
    *(("ann.layers.0.work", "magic"), ("ann.layers.0.macs", -1), ("ann.layers.0.last", 1)),
    *(("ann.layers.0.more", 1), ("ann.populations.0.levels", "3"), ("ann.layers.0.target", "nobody")),
    *(("ann.populations.0.name", "input"), ("ann.layers", 5), ("sha256", 3), ("format", "4")),
]


@pytest.mark.parametrize(("place", "value"), LIES)
def test_lies_in_a_manifest_are_named(bundle: Path, place: str, value: Any) -> None:
    path = bundle / MANIFEST
    manifest = json.loads(path.read_text())
    if place == "files.README.md":
        manifest["files"]["README.md"] = value
    else:
        put(place, value)(manifest)
    if place in ("sha256", "format"):
        path.write_text(json.dumps(manifest))
    else:
        edit_manifest(bundle, **manifest)
    with pytest.raises(UserError) as raised:
        read_bundle(bundle)
    (found,) = raised.value.diagnostics
    assert found.code == "D114" and place.split(".")[0] in found.what + found.why, found


@pytest.mark.parametrize("key", ["target", "ann", "calibration", "ranges", "files", "model", "readout"])
def test_keys_that_are_missing_are_named(bundle: Path, key: str) -> None:
    manifest = json.loads((bundle / MANIFEST).read_text())
    del manifest[key]
    (bundle / MANIFEST).write_bytes(manifest_text(manifest))
    with pytest.raises(UserError, match=f"lacks {key}"):
        read_bundle(bundle)


def test_a_manifest_with_frames_that_no_memory_holds(snnc: Command, bundle: Path) -> None:
    manifest = json.loads((bundle / MANIFEST).read_text())
    edit_manifest(bundle, calibration={**manifest["calibration"], "frames": 2**31 - 1})
    done = snnc("verify", bundle, "--engine", "lava-inprocess")
    assert done.code == 2 and "D154" in done.err and "--samples" in done.err


def test_what_was_checked_is_what_is_used(bundle: Path) -> None:
    found, warnings = read_bundle(bundle)
    assert not warnings
    before = (bundle / "README.md").read_bytes()
    with checked_files(found) as copy:
        (bundle / "README.md").write_bytes(b"another")
        assert (copy / "README.md").read_bytes() == before
        assert {p.name for p in copy.iterdir()} == {
            PACKAGE,
            "README.md",
            "placement.json",
            "program.json",
            "weights.npz",
        }
        assert copy.stat().st_uid == os.getuid() and copy.parent.stat().st_mode & 0o77 == 0
    assert not copy.exists()
    with pytest.raises(UserError, match="changed while"), checked_files(found):
        pass


@pytest.mark.lava
def test_importing_the_package_leaves_the_bundle_as_it_was(snnc: Command, bundle: Path) -> None:
    """As its README says, with a Python that writes byte code."""
    before = set(bundle.rglob("*"))
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    code = f"import sys, {PACKAGE} as net; net.Network; assert not sys.dont_write_bytecode"
    subprocess.run([sys.executable, "-c", code], cwd=bundle, env=environment, check=True)
    assert set(bundle.rglob("*")) == before and not read_bundle(bundle)[1]


def test_a_hole_of_a_terabyte_is_no_file_of_a_bundle(snnc: Command, bundle: Path, data: Path) -> None:
    """It takes no room on a disk, and its digest would take an hour."""
    with (bundle / "README.md").open("wb") as file:
        file.truncate(2**40)
    out = bundle.parent / "out.npz"
    for command in (("inspect", bundle), ("run", bundle, "--data", data, "-o", out)):
        for more in ((), ("--allow-altered",)):
            done = snnc(*command, *more)
            assert done.code == 2 and "error[D107]" in done.err and "README.md" in done.err, done
    assert not out.exists()
