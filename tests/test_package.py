"""What is built for users: files that code reads come along; the wheel works without the sources."""

from __future__ import annotations

import fnmatch
import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import numpy as np
import pytest

import snnc
from snnc.errors import UserError
from snnc.shipped import write_samples
from snnc.sim.fast.ahead import PLACE

from .test_layout import FOLDERS, ROOT

CONFIGURATION = tomllib.loads((ROOT / "pyproject.toml").read_text())
SETUPTOOLS = CONFIGURATION["tool"]["setuptools"]
BUILT_ON_USE = {".pyc", ".nbi", ".nbc"}
"""Endings of what Python and numba keep beside sources."""


def folder_of(package: str) -> Path:
    """Where a package's files are in a clone."""
    mapped = {name: folder for folder, name in FOLDERS.items()}
    longest = max((n for n in mapped if f"{package}.".startswith(f"{n}.")), key=len)
    return ROOT.joinpath(mapped[longest], *package.removeprefix(longest).split("."))


def data_files() -> set[Path]:
    """Every file of the three folders that is no Python source."""
    return {
        path
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and path.suffix not in {".py", *BUILT_ON_USE}
    }


def listed_files() -> dict[tuple[str, str], set[Path]]:
    """What each pattern of ``package-data`` matches, by package and pattern."""
    return {
        (package, pattern): {p for p in folder_of(package).glob(pattern) if p.is_file()}
        for package, patterns in SETUPTOOLS["package-data"].items()
        for pattern in patterns
    }


def in_wheel(path: Path) -> str:
    """The name that a file of a clone has in the wheel."""
    folder, *rest = path.relative_to(ROOT).parts
    return "/".join([*FOLDERS[folder].split("."), *rest])


def test_every_data_file_is_listed() -> None:
    listed = set[Path]().union(*listed_files().values())
    assert {str(p.relative_to(ROOT)) for p in data_files() - listed} == set()


def test_every_pattern_matches_something() -> None:
    """But that of what is compiled, and is no source."""
    assert [
        key
        for key, found in listed_files().items()
        if not (found or Path(key[1]).suffix in BUILT_ON_USE)
    ] == []


def test_kernels_that_were_compiled_ahead_are_listed() -> None:
    [(found, pattern)] = [
        (f, k) for k, f in listed_files().items() if Path(k[1]).suffix in BUILT_ON_USE
    ]
    assert pattern[0] == "snnc.sim.fast"
    assert found == {path for path in PLACE.rglob("*") if path.is_file()}


def test_nothing_but_what_is_listed_is_data() -> None:
    """Else a file would be in the wheel where an sdist was unpacked, and missing elsewhere."""
    assert SETUPTOOLS["include-package-data"] is False


def test_one_version() -> None:
    version = CONFIGURATION["project"]["version"]
    assert snnc.__version__ == version
    assert f"\nversion: {version}\n" in (ROOT / "CITATION.cff").read_text()
    assert f"\n## {version} " in (ROOT / "CHANGELOG.md").read_text()


def test_shipped_models_are_those_of_the_samples(tmp_path: Path) -> None:
    written = [path for path in write_samples(tmp_path) if path.suffix == ".pt"]
    there = {p.read_bytes() for p in (ROOT / "samples").glob("*_digits/*.pt")}
    assert {p.read_bytes() for p in written} == there and len(written) == len(there)
    with pytest.raises(UserError, match="D111"):
        write_samples(tmp_path / "none")


def test_shipped_data_are_those_of_the_samples(tmp_path: Path) -> None:
    pytest.importorskip("sklearn", reason="the digits come with scikit-learn: pip install scikit-learn")
    from samples.moving_digits.events import training_and_test
    from samples.small_digits.data import pooled

    written = {path.name: path for path in write_samples(tmp_path) if path.suffix == ".npz"}
    streams = training_and_test(1)[1]
    wanted = {"moving_digits_test.npz": streams, "small_digits_test.npz": pooled(streams)}
    assert set(written) == set(wanted)
    for name, made in wanted.items():
        with np.load(written[name]) as kept:
            np.testing.assert_array_equal(kept["x"], made.x)
            np.testing.assert_array_equal(kept["y"], made.y)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from an sdist, as ``python -m build`` does, with what is installed here."""
    pytest.importorskip("build", reason="pip install build")
    place = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(place), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    [found] = place.glob("*.whl")
    return found


def run_from(wheel: Path, unpacked: Path, *words: str, cwd: Path | None = None) -> str:
    """The output of this Python, for which snnc is what the wheel has; ``cwd``: not where it is."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(unpacked)
    environment = {**os.environ, "PYTHONPATH": str(unpacked)}
    command = [sys.executable, *words]
    done = subprocess.run(
        command, cwd=cwd or unpacked, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


@pytest.mark.slow
def test_the_wheel_has_what_it_needs_and_no_more(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        there = {name for name in archive.namelist() if ".dist-info/" not in name}
        sources = {p for folder in FOLDERS for p in (ROOT / folder).rglob("*.py")}
        assert there == {in_wheel(p) for p in sources | data_files()}
        for path in data_files():
            assert archive.read(in_wheel(path)) == path.read_bytes(), path


@pytest.mark.slow
def test_entry_points_import_from_the_wheel(wheel: Path, tmp_path: Path) -> None:
    script = """
import snnc
from importlib.metadata import distribution, version
from pathlib import Path

own = Path(snnc.__file__).parent.parent
found = [e for e in distribution("snnc").entry_points if e.group.startswith(("snnc.", "console_"))]
for entry in found:
    entry.load()
print(own, version("snnc"), len(found))
"""
    own, version, count = run_from(wheel, tmp_path, "-c", script).split()
    listed = CONFIGURATION["project"]["entry-points"]
    assert Path(own) == tmp_path and version == snnc.__version__
    assert int(count) == len(CONFIGURATION["project"]["scripts"]) + sum(map(len, listed.values()))


@pytest.mark.slow
def test_shipped_models_compile_from_the_wheel_without_torch(wheel: Path, tmp_path: Path) -> None:
    run_from(wheel, tmp_path, "-m", "snnc.shipped", ".")
    (tmp_path / "torch.py").write_text("raise ImportError('no torch here')\n")
    said = run_from(
        wheel, tmp_path, "-m", "snnc", "compile", "small_digits.pt", "--target", "reference", "-o", "b"
    )
    assert "small_digits for reference" in said
    ran = run_from(wheel, tmp_path, "-m", "snnc", "run", "b", "--data", "small_digits_test.npz")
    assert "answers for 500 samples, 12 frames each" in ran
    assert "frame" in run_from(wheel, tmp_path, "-m", "snnc", "inspect", "b")


@pytest.mark.slow
def test_a_stranger_gets_along_with_the_wheel(wheel: Path, tmp_path: Path) -> None:
    (place := tmp_path / "empty").mkdir()
    said = run_from(wheel, tmp_path / "unpacked", str(ROOT / "tests" / "stranger.py"), cwd=place)
    assert "FAILED" not in said and "with_torch: ok" in said


@pytest.mark.slow
def test_the_sdist_has_what_the_makefile_needs(wheel: Path) -> None:
    import tarfile

    [sdist] = wheel.parent.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    for path in ("Makefile", "constraints.txt", "SECURITY.md", "CITATION.cff", "docs/files.md"):
        assert path in names
    assert [n for n in names if fnmatch.fnmatch(n, "*.py[co]") or n.startswith("build/")] == []
