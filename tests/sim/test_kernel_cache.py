"""Compiled kernels on disk: damage is noticed and mended, and nothing of another's is run."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numba
import pytest

from snnc.sim.fast import cache
from snnc.sim.fast.cache import SUFFIX, KernelCache, cache_folder, distrusted

TINY = """
import sys
from pathlib import Path
import numba
from snnc.sim.fast.cache import KernelCache

def tiny(x):
    return 3 * x + 1

compiled = numba.njit(tiny)
compiled._cache = KernelCache("tiny", Path(sys.argv[1]))
print(compiled(4), compiled(0.5), sum(compiled.stats.cache_hits.values()))
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache home that is the user's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(KernelCache, "damaged", False)
    monkeypatch.setattr(KernelCache, "refused", False)
    tmp_path.chmod(0o700)
    return tmp_path


def tiny(folder: Path) -> int:
    """Run a small kernel that is new to this process: how many of its forms were found compiled."""

    def tiny(x: float) -> float:
        return 3 * x + 1

    KernelCache.damaged = False
    compiled: Any = numba.njit(tiny)
    compiled._cache = KernelCache("tiny", folder)
    assert (compiled(4), compiled(0.5)) == (13, 2.5)
    return sum(compiled.stats.cache_hits.values())


def test_kernels_are_kept_and_found(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert tiny(tmp_path) == 0
    assert len(list(tmp_path.glob(f"tiny-*{SUFFIX}"))) == len(list(tmp_path.iterdir())) == 2
    assert tiny(tmp_path) == 2 and not caplog.text


def _empty(content: bytes) -> bytes:
    return b""


def _cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


def _flip(content: bytes) -> bytes:
    half = len(content) // 2
    return content[:half] + bytes([content[half] ^ 255]) + content[half + 1 :]


def _flip_digest(content: bytes) -> bytes:
    return bytes([content[0] ^ 1]) + content[1:]


def _pickle_alone(content: bytes) -> bytes:
    return content[cache.DIGEST :]


def test_damage_is_noticed_and_mended(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    tiny(tmp_path)
    whole = {path: path.read_bytes() for path in tmp_path.iterdir()}
    for harm in (_empty, _cut, _flip, _flip_digest, _pickle_alone):
        for path, content in whole.items():
            path.write_bytes(harm(content))
        caplog.clear()
        assert tiny(tmp_path) == 0 and caplog.text.count("N761") == 1, harm.__name__
        assert set(tmp_path.iterdir()) == set(whole)
        caplog.clear()
        assert tiny(tmp_path) == 2 and not caplog.text, harm.__name__


def test_a_planted_pickle_does_not_run(tmp_path: Path) -> None:
    tiny(tmp_path)
    canary = tmp_path / "canary"
    planted = f"cposix\nsystem\n(S'touch {canary}'\ntR.".encode()
    for path in tmp_path.glob(f"*{SUFFIX}"):
        path.write_bytes(path.read_bytes()[: cache.DIGEST] + planted)
    assert tiny(tmp_path) == 0 and not canary.exists()


@pytest.mark.usefixtures("home")
def test_what_cannot_be_kept_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A folder that has gone since: compiled all the same, and said once."""
    assert tiny(tmp_path / "gone") == 0
    assert caplog.text.count("N762") == 1


def test_processes_at_once_do_not_meet(tmp_path: Path) -> None:
    command = [sys.executable, "-c", TINY, str(tmp_path)]
    for found in ("0", "2"):
        running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
        for process in running:
            *answer, hits = process.communicate()[0].split()
            assert answer == ["13", "2.5"] and process.returncode == 0 and hits >= found
    assert len(list(tmp_path.iterdir())) == 2


def test_a_folder_of_the_users_own_is_used(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = cache_folder("kernels-1")
    assert folder == home / "snnc" / "kernels-1"
    assert folder.stat().st_mode & 0o777 == folder.parent.stat().st_mode & 0o777 == 0o700
    assert "N760" not in caplog.text and "some seconds" in caplog.text


def test_kernels_of_old_sources_go_when_nobody_uses_them(home: Path) -> None:
    used, unused = (home / "snnc" / f"kernels-{n}" for n in ("used", "unused"))
    other = home / "snnc" / "engines"
    for folder in (used, unused, other):
        folder.mkdir(parents=True, mode=0o700)
    (unused / f"a{SUFFIX}").write_bytes(b"old")
    ago = time.time() - (cache.UNUSED_DAYS + 1) * 86400
    os.utime(unused, (ago, ago))
    os.utime(other, (ago, ago))
    assert cache_folder("kernels-new") == home / "snnc" / "kernels-new"
    assert used.is_dir() and other.is_dir() and not unused.exists()


@pytest.mark.parametrize("mode", [0o777, 0o775, 0o1777])
@pytest.mark.parametrize("place", ["", "snnc", "snnc/kernels-1"])
def test_where_others_can_write_nothing_is_loaded(
    place: str, mode: int, home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (home / "snnc" / "kernels-1").mkdir(parents=True)
    (home / "snnc").chmod(0o755)
    (home / place).chmod(mode)
    folder = cache_folder("kernels-1")
    if mode == 0o1777 and not place.endswith("kernels-1"):
        assert folder == home / "snnc" / "kernels-1"  # others cannot rename what is not theirs
        return
    assert folder.name.startswith("snnc-kernels-") and folder.stat().st_mode & 0o777 == 0o700
    assert "N760" in caplog.text and f"others can write to {home / place}" in caplog.text


def test_a_folder_of_another_owner_is_not_used(
    home: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = cache_folder("kernels-1")
    if os.geteuid() == 0:
        os.chown(folder, 54321, -1)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    assert cache_folder("kernels-1").name.startswith("snnc-kernels-")
    assert "N760" in caplog.text and f"{folder} belongs to the user" in caplog.text


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a folder of root")
def test_what_root_left_is_used(
    home: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kernels of an image, for whatever user it runs as: root could change everything anyway."""
    folder = cache_folder("kernels-1")
    monkeypatch.setattr(os, "geteuid", lambda: 54321)
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert cache_folder("kernels-1").name.startswith("snnc-kernels-")
    assert f"{folder} cannot be written" in caplog.text
    caplog.clear()
    (folder / f"a{SUFFIX}").write_bytes(b"kept")
    assert cache_folder("kernels-1") == folder and not caplog.text
    assert home in folder.parents


def test_a_way_round_through_a_link_counts(home: Path, tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    (shared / "mine").mkdir(parents=True)
    shared.chmod(0o777)
    (home / "snnc").symlink_to(shared / "mine")
    (shared / "mine" / "kernels-1").mkdir(mode=0o700)
    folder = home / "snnc" / "kernels-1"
    assert distrusted(folder, (folder, folder.parent, home)) == f"others can write to {shared}"


def test_a_home_that_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert cache_folder("kernels-1").name.startswith("snnc-kernels-")
    assert "N760" in caplog.text and str(tmp_path / "file") in caplog.text


@pytest.mark.parametrize("value", [None, "not/absolute", ""])
def test_a_user_without_a_home(
    value: str | None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """As in a container that runs under any number: ``podman run --user 12345``."""
    if value is None:
        monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    else:
        monkeypatch.setenv("XDG_CACHE_HOME", value)
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 54321)
    assert cache_folder("kernels-1").name.startswith("snnc-kernels-")
    assert "N760" in caplog.text and "the user has no home directory" in caplog.text
