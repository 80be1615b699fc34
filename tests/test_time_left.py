"""A run that ends in time: what is left out is listed, and the order is drawn."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FILES = {f"test_{i}.py": f"def test_a():\n    pass\ndef test_b():\n    pass  # {i}\n" for i in range(6)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def run(folder: Path, *options: str, seed: int = 1) -> str:
    """A run of pytest over these files with the plug-in; what it prints."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tests.time_left", "-rs", "-v", str(folder), *options],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={"SNNC_CORPUS_SEED": str(seed), "PYTHONPATH": str(ROOT), "PATH": ""},
        timeout=120,
    )
    return done.stdout


def order(text: str) -> list[str]:
    return [line.split()[0].rsplit("/", 1)[-1] for line in text.splitlines() if "::" in line]


def test_nothing_begins_when_the_time_is_over(folder: Path) -> None:
    text = run(folder, "--begin-within", "0")
    assert "12 skipped" in text
    assert "passed" not in text
    for name in FILES:
        for test in ("test_a", "test_b"):
            assert re.search(rf"left out: 0 s were over before \S*{name}::{test}\n", text)


def test_with_time_everything_runs_in_a_drawn_order_of_files(folder: Path) -> None:
    orders = [order(run(folder, "--begin-within", "600", seed=seed)) for seed in (1, 2, 2)]
    assert all(sorted(one) == sorted(orders[0]) and len(one) == 12 for one in orders)
    assert orders[0] != orders[1] == orders[2]
    for one in orders:
        assert [name.split("::")[0] for name in one[::2]] == [n.split("::")[0] for n in one[1::2]]
        assert all(
            a.endswith("test_a") and b.endswith("test_b")
            for a, b in zip(one[::2], one[1::2], strict=True)
        )


def test_two_processes_list_what_they_left_out_and_draw_the_order(folder: Path) -> None:
    text = run(folder, "--begin-within", "0", "-n", "2", "--dist", "loadscope")
    assert "12 skipped" in text
    assert all(f"{name}::test_b\n" in text for name in FILES)
    one = ("--begin-within", "600", "-n", "1", "--dist", "loadscope", "--no-loadscope-reorder")
    first, second = (
        re.findall(r"PASSED .*(test_\d\.py)::test_a ?$", run(folder, *one, seed=seed), re.M)
        for seed in (1, 2)
    )
    assert sorted(first) == sorted(second) == sorted(FILES)
    assert first != second


def test_without_the_option_the_order_stays(folder: Path) -> None:
    named = order(run(folder))
    assert named == sorted(named)
    assert len(named) == 12
