"""Kernels that come with snnc: they are used where they run, and never where they might not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numba
import pytest
from llvmlite import binding

from snnc.sim.fast import ahead, cache
from snnc.sim.fast.ahead import CHOSEN, FEATURES, ahead_folder, runs_here
from snnc.sim.fast.cache import SUFFIX, KernelCache
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


@pytest.mark.parametrize("name", ["CPU_NAME", "CPU_FEATURES"])
def test_who_chooses_the_processor_gets_it(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binding, "get_host_cpu_features", lambda: dict.fromkeys(FEATURES, True))
    monkeypatch.setattr(numba.config, name, "")
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
