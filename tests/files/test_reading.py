"""Only regular files are read, none that is too large, and none that waits."""

from __future__ import annotations

import os
import resource
import socket
from pathlib import Path

import pytest

from snnc.errors import UserError
from snnc.files import Budget, Kind, memory, parsing, read_bytes, share_of_memory

KIND = Kind("D101", "the file cannot be read", "name another")


def refused(path: Path, *parts: str, **more: int) -> None:
    with pytest.raises(UserError) as caught:
        read_bytes(path, KIND, **more)
    for part in parts:
        assert part in str(caught.value), (part, str(caught.value))


def test_what_is_no_regular_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(tmp_path / "socket"))
    refused(tmp_path / "pipe", "D140", "a named pipe", str(tmp_path / "pipe"))
    refused(tmp_path / "socket", "D140", "a socket")
    refused(tmp_path, "D140", "a folder", "name the file inside it")
    refused(Path("/dev/zero"), "D140", "a device")
    refused(Path("/dev/stdin"), "D1")
    (tmp_path / "link").symlink_to("/dev/zero")
    refused(tmp_path / "link", "D140", "a device")


def test_what_lies_about_its_size() -> None:
    refused(Path("/proc/self/maps"), "D141", "0 bytes", "more were read")


def test_what_cannot_be_opened(tmp_path: Path) -> None:
    refused(tmp_path / "absent", "D101", "there is no such file", "name another")
    refused(Path("a\0b"), "D101", "null")
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    refused(tmp_path / "circle", "D101", "symbolic links")


def test_links_to_files_are_read(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"abc")
    (tmp_path / "link").symlink_to("file")
    assert read_bytes(tmp_path / "link", KIND) == b"abc"


def test_the_largest_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_bytes(b"abcd")
    assert read_bytes(tmp_path / "file", KIND, most=4) == b"abcd"
    refused(tmp_path / "file", "D107", "4 bytes", "the limit is 3 bytes", "files of this kind", most=3)
    monkeypatch.setattr(memory, "machine_memory", lambda: 15)
    refused(tmp_path / "file", "D107", "the limit is 3", "one quarter of the memory")
    monkeypatch.setattr(memory, "machine_memory", lambda: 16)
    assert read_bytes(tmp_path / "file", KIND) == b"abcd"


def test_limits_of_the_process_and_its_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The least limit counts: address space, and each control group from the own one up."""
    whole = memory.machine_memory()
    own, groups = tmp_path / "cgroup", tmp_path / "groups"
    monkeypatch.setattr(memory, "OWN_CGROUP", own)
    monkeypatch.setattr(memory, "CGROUPS", groups)
    own.write_text("0::/a/b\n")
    (groups / "a" / "b").mkdir(parents=True)
    (groups / "a" / "b" / "memory.max").write_text("max\n")
    (groups / "a" / "memory.max").write_text("4000\n")
    assert memory.machine_memory() == 4000 and share_of_memory() == 1000
    own.write_text("3:cpu:/x\n4:memory:/c\n")
    (groups / "memory" / "c").mkdir(parents=True)
    (groups / "memory" / "memory.limit_in_bytes").write_text("3000\n")
    assert memory.machine_memory() == 3000
    own.unlink()
    limits = {resource.RLIMIT_AS: (2000, 5000), resource.RLIMIT_DATA: (resource.RLIM_INFINITY,) * 2}
    monkeypatch.setattr(resource, "getrlimit", limits.__getitem__)
    assert memory.machine_memory() == 2000 < whole


def test_a_budget_is_the_sum() -> None:
    budget = Budget("file", 10)
    budget.take(4)
    budget.take(6)
    with pytest.raises(UserError, match=r"(?s)D107.*11 bytes, the limit is 10 bytes.*part"):
        budget.take(1, "file: part")


def test_whatever_a_parser_raises() -> None:
    import struct
    import zlib

    problems = (zlib.error, struct.error, RecursionError, MemoryError, AssertionError, SystemError)
    for problem in problems:
        with pytest.raises(UserError) as caught, parsing("a.bin: b", KIND):
            raise problem("it\nsays")
        assert f"{problem.__name__}: it says" in str(caught.value) and "a.bin: b" in str(caught.value)
    with pytest.raises(KeyboardInterrupt), parsing("a", KIND):
        raise KeyboardInterrupt
    with pytest.raises(UserError, match="D999"), parsing("a", KIND):
        raise Kind("D999", "another").wrong("b", "c")


def test_a_missing_file_that_users_name_is_looked_for(tmp_path: Path) -> None:
    kind = Kind("D501", "no archive", "save one", absent="the data file cannot be read")
    for name in ("train.npz", "test.npz", "model.pt"):
        (tmp_path / name).touch()
    for name, cure in (
        ("tran.npz", f"is it {str(tmp_path / 'train.npz')!r}?"),
        ("x", "name another file"),
    ):
        with pytest.raises(UserError) as caught:
            read_bytes(tmp_path / name, kind)
        (said,) = caught.value.diagnostics
        assert (said.what, said.why, said.help) == (kind.absent, "there is no such file", cure)
    with pytest.raises(UserError) as caught:
        read_bytes(tmp_path / "none" / "x.npz", kind)
    assert caught.value.diagnostics[0].help == "name another file"
