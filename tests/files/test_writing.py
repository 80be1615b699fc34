"""Results are written beside their name and renamed: the old content or the new, and nothing beside."""

from __future__ import annotations

import errno
import fcntl
import gc
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from snnc.errors import UserError
from snnc.files import writing
from snnc.files.writing import FolderBeside, PrivateFolder, abandoned_folders, write_file


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def refused(path: Path, content: bytes) -> str:
    with pytest.raises(UserError) as raised:
        write_file(path, content)
    (found,) = raised.value.diagnostics
    assert found.where == str(path)
    return f"{found.code} {found.what}"


def test_a_file_is_replaced_with_the_permissions_of_a_new_one(tmp_path: Path) -> None:
    path = tmp_path / "out"
    before = os.umask(0o027)
    try:
        write_file(path, b"one")
        path.chmod(0o600)
        write_file(path, b"two")
    finally:
        os.umask(before)
    assert path.read_bytes() == b"two" and left(tmp_path) == ["out"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_link_is_followed_and_stays(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "link").symlink_to("in/out")
    write_file(tmp_path / "link", b"x")
    assert (tmp_path / "link").is_symlink() and (tmp_path / "in" / "out").read_bytes() == b"x"
    assert left(tmp_path / "in") == ["out"]


@pytest.mark.parametrize("call", ["write", "fsync", "replace"])
@pytest.mark.parametrize("there", [True, False])
def test_a_disk_that_is_full_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, there: bool
) -> None:
    path = tmp_path / "out"
    if there:
        path.write_bytes(b"old")

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    if call == "fsync":
        monkeypatch.setattr(os, "fsync", full)
    elif call == "replace":
        monkeypatch.setattr(Path, "replace", full)
    else:
        opened = os.fdopen

        def limited(handle: int, mode: str) -> object:
            file = opened(handle, mode)
            monkeypatch.setattr(os, "fdopen", opened)
            file.close()
            return opened(os.open("/dev/full", os.O_WRONLY), mode)

        monkeypatch.setattr(os, "fdopen", limited)
    assert refused(path, b"new" * 10_000).startswith("D112 cannot write: No space left")
    assert left(tmp_path) == (["out"] if there else [])
    assert not there or path.read_bytes() == b"old"


def test_what_is_no_file_is_not_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    assert refused(tmp_path / "pipe", b"").startswith("D151")
    assert refused(tmp_path / "folder", b"").startswith("D151 the output is a folder")
    assert refused(Path("/dev/null"), b"").startswith("D151")
    assert refused(tmp_path / "no" / "out", b"").startswith("D112")
    assert left(tmp_path) == ["folder", "pipe"]


def test_a_name_as_long_as_names_can_be(tmp_path: Path) -> None:
    path = tmp_path / ("ü" * 127)
    write_file(path, b"x")
    assert left(tmp_path) == [path.name]
    with FolderBeside(path) as name:
        assert Path(name).parent == tmp_path
    assert left(tmp_path) == [path.name]


def test_what_the_dead_left_is_removed_and_what_the_living_write_is_not(tmp_path: Path) -> None:
    path = tmp_path / "out"
    dead, other = tmp_path / ".out.0123abcd.part", tmp_path / ".out.0123abcd.parts"
    for each in (dead, other, tmp_path / ".outer.0123abcd.part"):
        each.write_bytes(b"half")
    living = tmp_path / ".out.aaaaaaaa.part"
    with living.open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        write_file(path, b"x")
        assert not dead.exists() and living.exists() and other.exists()
    write_file(path, b"x")
    assert left(tmp_path) == [".out.0123abcd.parts", ".outer.0123abcd.part", "out"]


def test_folders_of_the_dead_too(tmp_path: Path) -> None:
    place = tmp_path / "b"
    with FolderBeside(place) as living:
        (tmp_path / ".b.0123abcd.partial" / "bundle").mkdir(parents=True)
        assert [p.name for p in abandoned_folders(place)] == [".b.0123abcd.partial"]
        with FolderBeside(place) as second:
            assert left(tmp_path) == sorted([Path(living).name, Path(second).name])
    assert left(tmp_path) == []


def test_while_somebody_makes_one_nothing_is_removed(tmp_path: Path) -> None:
    """Between the making of a folder and its lock it looks like one of the dead."""
    (tmp_path / ".b.0123abcd.partial").mkdir()
    with writing.nobody_removes(tmp_path):
        assert abandoned_folders(tmp_path / "b") == []
    assert len(abandoned_folders(tmp_path / "b")) == 1


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for temporary files."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def test_temporary_folders_of_the_dead_go_and_those_of_the_living_stay(temporary: Path) -> None:
    foreign = ("snnc-fit-0123abcd", "fit-0123abcd.private", "snnc-fit-0123.private", "snnc-kernels-1")
    for name in foreign:
        (temporary / name / "x").mkdir(parents=True)
    with PrivateFolder("snnc-fit-") as living:
        (temporary / "snnc-fpga-0123abcd.private" / "obj").mkdir(parents=True)
        (temporary / "snnc-fpga-aaaaaaaa.private").symlink_to(temporary / foreign[0])
        with PrivateFolder("snnc-") as second:
            there = [*foreign, "snnc-fpga-aaaaaaaa.private", Path(living).name, Path(second).name]
            assert left(temporary) == sorted(there)
    assert left(temporary) == sorted([*foreign, "snnc-fpga-aaaaaaaa.private"])
    assert (temporary / foreign[0] / "x").is_dir()


def test_while_somebody_makes_a_temporary_folder_none_is_removed(temporary: Path) -> None:
    dead = temporary / "snnc-fit-0123abcd.private"
    dead.mkdir()
    with writing.nobody_removes(temporary), PrivateFolder("snnc-"):
        assert dead.is_dir()
    with PrivateFolder("snnc-"):
        assert not dead.exists()


def test_what_a_killed_process_had_is_removed_by_the_next(temporary: Path) -> None:
    code = (
        "import os; from snnc.files.writing import PrivateFolder\n"
        "with PrivateFolder('snnc-fit-') as name: print(name, flush=True); os.kill(os.getpid(), 9)"
    )
    environment = {**os.environ, "TMPDIR": str(temporary)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == -9 and Path(done.stdout.strip()).is_dir()
    with PrivateFolder("snnc-fpga-") as name:
        assert left(temporary) == [Path(name).name]


def test_a_folder_that_nobody_cleans_up_holds_no_lock(temporary: Path) -> None:
    """As of a bundle in Python that is simply dropped: no handle may be left."""
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(20):
        with pytest.warns(ResourceWarning):
            PrivateFolder("snnc-")
            gc.collect()
    assert len(list(Path("/proc/self/fd").iterdir())) <= before
    assert left(temporary) == []
