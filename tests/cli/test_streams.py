"""What cannot be printed changes no exit code but 0 and 1, whoever prints it and on which stream."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SNNC = f"{sys.executable} -m snnc"


def shell(line: str) -> subprocess.CompletedProcess[str]:
    """Run a line of bash whose ``snnc`` is this one; the code is that of its first command."""
    text = f'snnc() {{ {SNNC} "$@"; }}; {line}; exit ${{PIPESTATUS[0]}}'
    return subprocess.run(["bash", "-c", text], capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("snnc verify nothere 2>/dev/full", 2),
        ("snnc verify nothere >/dev/full 2>&1", 2),
        ("snnc nothere 2>/dev/full", 2),
        ("snnc verify 2>/dev/full", 2),
        ("snnc passes >/dev/full 2>&1", 2),
        ("snnc targets >/dev/full", 2),
        ("snnc --help >/dev/full", 2),
        ("snnc verify --help >/dev/full", 2),
        ("snnc --version >/dev/full", 2),
        ("snnc >/dev/full", 2),
        ("snnc --version | sleep 0", 141),
        ("snnc --help | sleep 0", 141),
        ("snnc passes | sleep 0", 141),
        ("snnc targets | sleep 0", 141),
        ("snnc verify nothere 2>&1 | sleep 0", 2),
        ("snnc targets >&-", 0),
        ("snnc targets 2>/dev/full", 0),  # nothing is said there
        ("snnc verify nothere 2>&-", 2),
        ("snnc passes 1</dev/null", 2),
    ],
)
def test_the_code_is_the_commands(line: str, code: int) -> None:
    done = shell(line)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    if ">/dev/full" in line and code == 2 and "2>" not in line:
        assert "error[D150]: the output cannot be written: No space left on device" in done.stderr
        assert done.stderr.count("error") == 1


@pytest.mark.parametrize(
    ("where", "code"),
    [
        ("", 0),
        (">/dev/full", 2),
        (">/dev/full 2>&1", 2),
        ("| sleep 0", 141),
        ("--json | sleep 0", 141),
        ("2>/dev/full", 2),  # its warning is lost
    ],
)
def test_a_comparison_that_cannot_be_told(reference: Path, where: str, code: int) -> None:
    done = shell(f"snnc verify {reference} --samples 1 {where}")
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr and ("error" in done.stderr) == (where == ">/dev/full")


def test_a_bug_that_cannot_be_told_is_a_bug() -> None:
    code = (
        "from snnc.commands import main as cli_main\n"
        "def app(): raise RuntimeError('x')\n"
        "cli_main.app = app\n"
        "from snnc.commands.start import main\n"
        "main()\n"
    )
    assert shell(f'{sys.executable} -c "{code}" 2>/dev/full').returncode == 70


def test_what_cannot_be_imported_is_no_difference(tmp_path: Path) -> None:
    (tmp_path / "typer.py").write_text("raise ImportError('broken')")
    done = shell(f"PYTHONPATH={tmp_path} snnc verify nothere")
    assert done.returncode == 70 and "broken" in done.stderr


def test_a_full_pipe_that_does_not_block_is_waited_for() -> None:
    """Programs that start others may leave such a pipe as standard output."""
    code = (
        "import fcntl, os, subprocess, sys, time\n"
        "r, w = os.pipe()\n"
        "fcntl.fcntl(w, fcntl.F_SETPIPE_SZ, 4096)\n"
        "os.set_blocking(w, False)\n"
        "words = [sys.executable, '-m', 'snnc', 'passes']\n"
        "with subprocess.Popen(words, stdout=w, stderr=w) as child:\n"
        "    os.close(w)\n"
        "    time.sleep(2)\n"
        "    text = open(r).read()\n"
        "print(child.returncode, len(text), 'balance-thresholds' in text)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    code_, length, there = done.stdout.split()
    assert (code_, there) == ("0", "True") and int(length) > 8192, done.stderr
