"""Kernels that come with snnc: they are used where they run, and never where they might not."""

from __future__ import annotations

import hashlib
import os
import pickle
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numba
import pytest
from llvmlite import binding

from snnc.sim.fast import ahead, cache
from snnc.sim.fast.ahead import CHOSEN, FEATURES, ahead_folder, runs_here
from snnc.sim.fast.cache import SUFFIX, KernelCache, cache_folder
from snnc.sim.fast.compiled import FOLDER_NAME

from .test_kernel_cache import TINY

ROOT = Path(__file__).resolve().parents[2]
HERE = pytest.mark.skipif(not runs_here(), reason=f"this processor is not {ahead.LEVEL}")


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    """A folder with two forms of a small kernel, compiled as those that come with snnc."""
    folder = tmp_path / "shipped"
    folder.mkdir()
    command = [sys.executable, "-c", TINY, str(folder)]
    subprocess.run(command, env={**os.environ, **CHOSEN}, capture_output=True, check=True)
    assert len(list(folder.iterdir())) == 2
    return folder


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of the user's, empty."""
    monkeypatch.setattr(KernelCache, "damaged", False)
    monkeypatch.setattr(KernelCache, "takes_ahead", True)
    (folder := tmp_path / "own").mkdir()
    return folder


def found(folder: Path, shipped: Path | None) -> int:
    """Run the kernel, new to this process: how many of its two forms were found compiled."""

    def tiny(x: float) -> float:
        return 3 * x + 1

    compiled: Any = numba.njit(tiny)
    compiled._cache = KernelCache("tiny", folder, shipped)
    assert (compiled(4), compiled(0.5)) == (13, 2.5)
    return sum(compiled.stats.cache_hits.values())


@HERE
def test_what_came_with_snnc_is_taken(
    own: Path, shipped: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert found(own, shipped) == 2 and not list(own.iterdir()) and not caplog.text


@HERE
def test_what_is_compiled_for_this_processor_comes_first(
    own: Path, shipped: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert found(own, None) == 0 and len(list(own.iterdir())) == 2
    for path in shipped.iterdir():
        path.write_bytes(b"damaged")
    assert found(own, shipped) == 2 and not caplog.text


@HERE
def test_damage_is_said_and_left_where_it_is(
    own: Path, shipped: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The files of a package are the package manager's."""
    for path in shipped.iterdir():
        path.write_bytes(path.read_bytes()[:-1])
    there = {path: path.read_bytes() for path in shipped.iterdir()}
    assert found(own, shipped) == 0 and caplog.text.count("N761") == 1
    assert {path: path.read_bytes() for path in shipped.iterdir()} == there
    caplog.clear()
    assert found(own, shipped) == 2 and not caplog.text


@HERE
@pytest.mark.parametrize("body", [b"", b"cposix\nno_such\n.", pickle.dumps((1, 2, 3))])
def test_what_is_whole_and_no_kernel_is_damage(
    body: bytes, own: Path, shipped: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for path in shipped.iterdir():
        path.write_bytes(hashlib.sha256(body).digest() + body)
    assert found(own, shipped) == 0 and caplog.text.count("N761") == 1
    assert cache.INSTALL in caplog.text and cache.AGAIN not in caplog.text


@HERE
def test_who_waits_after_all_is_told_why(
    own: Path, shipped: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new cache, or one that others can write to: nothing is said while all kernels are there."""
    monkeypatch.setattr(cache, "UNSAID", [])
    monkeypatch.setenv("XDG_CACHE_HOME", str(own))
    own.chmod(0o700)
    cache_folder("kernels-1", later=True)
    own.chmod(0o777)
    cache_folder("kernels-1", later=True)
    own.chmod(0o700)
    assert found(own, shipped) == 2 and not caplog.text
    next(shipped.iterdir()).unlink()
    assert found(own, shipped) == 1
    assert caplog.text.count(cache.RENEWED) == caplog.text.count("N760") == 1


def test_a_folder_that_cannot_be_entered_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Path) -> bool:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(ahead, "runs_here", lambda: True)
    monkeypatch.setattr(Path, "is_dir", refuse)
    assert ahead_folder("kernels-1") is None


def test_kernels_are_put_in_place_whole_and_for_everybody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The compiler is left out here: what it makes is put in place, or what was there stays."""
    monkeypatch.setattr(ahead, "PLACE", place := tmp_path / "ahead")
    monkeypatch.setattr(ahead, "runs_here", lambda: True)

    def made(content: str) -> Any:
        def compile_into(command: list[str], env: dict[str, str], **_: Any) -> None:
            (folder := Path(env["XDG_CACHE_HOME"], "snnc", "kernels-1")).mkdir(parents=True)
            for name in ("a", "b"):
                (folder / f"{name}{SUFFIX}").write_text(content)

        return compile_into

    mask = os.umask(0o077)
    try:
        monkeypatch.setattr(subprocess, "run", made("old"))
        folder = ahead.compile_ahead()
        assert folder is not None and [p.read_text() for p in folder.iterdir()] == ["old", "old"]
        assert {p.stat().st_mode & 0o777 for p in (place, folder)} == {0o755}
        assert {p.stat().st_mode & 0o777 for p in folder.iterdir()} == {0o644}
    finally:
        os.umask(mask)
    monkeypatch.setattr(subprocess, "run", made("new"))
    copy = shutil.copyfile

    def full(source: Path, to: Path) -> Any:
        if source.name.startswith("b"):
            raise OSError(28, "No space left on device")
        return copy(source, to)

    with monkeypatch.context() as context:
        context.setattr(shutil, "copyfile", full)
        with pytest.raises(OSError, match="No space"):
            ahead.compile_ahead()
    assert sorted(tmp_path.iterdir()) == [place]
    assert [p.read_text() for p in folder.iterdir()] == ["old", "old"]
    assert ahead.compile_ahead() == folder
    assert [p.read_text() for p in folder.iterdir()] == ["new", "new"]


@HERE
def test_other_versions_are_not_taken(
    own: Path, shipped: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Machine code reaches into objects of the Python that it was compiled with."""
    for number in range(len(ahead.VERSIONS)):
        others = tuple("other" if n == number else v for n, v in enumerate(ahead.VERSIONS))
        monkeypatch.setattr(cache, "VERSIONS", others)
        for path in own.iterdir():
            path.unlink()
        assert found(own, shipped) == 0 and len(list(own.iterdir())) == 2


@HERE
def test_warm_up_compiles_for_this_processor(
    own: Path, shipped: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(KernelCache, "takes_ahead", False)
    assert found(own, shipped) == 0 and len(list(own.iterdir())) == 2


def test_the_folder_is_of_these_sources_and_versions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ahead, "PLACE", tmp_path)
    monkeypatch.setattr(ahead, "runs_here", lambda: True)
    assert ahead_folder("kernels-1") is None
    (folder := ahead.folder_for("kernels-1")).mkdir()
    assert ahead_folder("kernels-1") == folder
    assert ahead_folder("kernels-2") is None
    monkeypatch.setattr(ahead, "VERSIONS", (*ahead.VERSIONS[:2], "cpython-399"))
    assert ahead_folder("kernels-1") is None


@pytest.mark.parametrize("lacking", sorted(FEATURES))
def test_a_processor_that_lacks_something_is_not_asked(
    lacking: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    features = dict.fromkeys(FEATURES, True)
    monkeypatch.setattr(binding, "get_host_cpu_features", lambda: features)
    assert runs_here()
    features[lacking] = False
    assert not runs_here()
    del features[lacking]
    assert not runs_here()


@pytest.mark.parametrize("name", ["CPU_NAME", "CPU_FEATURES", "ENABLE_AVX"])
def test_who_chooses_the_processor_gets_it(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binding, "get_host_cpu_features", lambda: dict.fromkeys(FEATURES, True))
    monkeypatch.setattr(numba.config, name, 0 if name == "ENABLE_AVX" else "")
    assert not runs_here()


@pytest.mark.skipif(
    ahead_folder(FOLDER_NAME) is None, reason="python -m snnc.sim.fast: none of these sources is here"
)
def test_nothing_is_compiled_on_first_use(tmp_path: Path) -> None:
    """Random networks use every feature of a program, in inputs of several widths."""
    tmp_path.chmod(0o700)
    done = subprocess.run(
        [sys.executable, "-m", "tests.sim.corpus", "--networks", "60"],
        env={**os.environ, "XDG_CACHE_HOME": str(tmp_path)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert not list(tmp_path.rglob(f"*{SUFFIX}")) and "some seconds" not in done.stderr
