"""A compile that is ended while the network is placed leaves no folder and no process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from snnc.backends.fpga.fit import ENVIRONMENT
from snnc.errors import UserError
from tests.fuzz.jobs import processes_of

PATIENCE = 300.0
COMMAND = ("compile", "model.pt", "--target", "fpga{device=ice40-hx8k}", "--code", "rate", "-o", "out")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A small network, whose synthesis takes some seconds."""
    pytest.importorskip("torch")
    from torch import nn

    from snnc import Rollout

    try:
        ENVIRONMENT.install()
    except UserError as problem:
        pytest.skip(f"Yosys and nextpnr cannot be installed: {problem}")
    net, path = Rollout((12,)), tmp_path_factory.mktemp("model") / "model.pt"
    net.node("h")
    net.readout("answer")
    net.edge("input", "h", nn.Linear(12, 6))
    net.edge("h", "answer", nn.Linear(6, 3))
    net.export(path)
    return path.read_bytes()


@pytest.fixture
def place(tmp_path: Path, model: bytes) -> Path:
    for name in ("work", "temp"):
        (tmp_path / name).mkdir()
    (tmp_path / "work" / "model.pt").write_bytes(model)
    return tmp_path


def _listening() -> None:
    """Signals as a job in the foreground has them, wherever the tests were started."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


def started(place: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [str(Path(sys.executable).with_name("snnc")), *COMMAND],
        cwd=place / "work",
        env={**os.environ, "TMPDIR": str(place / "temp"), "OMP_NUM_THREADS": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=_listening,
    )


def children(place: Path) -> list[int]:
    """Processes that work in the folder for temporary files."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and (entry / "cwd").resolve().is_relative_to(place / "temp"):
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def wait(place: Path, process: subprocess.Popen[str], file: str) -> None:
    """Until a tool has written a file: ``netlist.json`` is what the placer begins with."""
    end = time.monotonic() + PATIENCE
    while not list((place / "temp").glob(f"snnc-fit-*/{file}")):
        assert process.poll() is None and time.monotonic() < end, "it ended before"
        time.sleep(0.02)


def left(place: Path) -> list[str]:
    names = [path.name for path in (place / "work").iterdir() if path.name != "model.pt"]
    return sorted([*names, *(path.name for path in (place / "temp").glob("snnc-*"))])


@pytest.mark.slow
@pytest.mark.parametrize("file", ["snnc_core.sv", "netlist.json"])
@pytest.mark.parametrize("which", [signal.SIGTERM, signal.SIGINT])
def test_a_request_to_stop_leaves_nothing(which: signal.Signals, file: str, place: Path) -> None:
    with started(place) as process:
        wait(place, process, file)
        assert any(name.endswith(".partial") for name in left(place))
        if which == signal.SIGINT:
            os.killpg(process.pid, which)  # as Ctrl-C does
        else:
            process.send_signal(which)
        said = process.communicate(timeout=60)[1]
    assert process.returncode == 128 + which and "Traceback" not in said and "stopped" in said
    assert left(place) == [] and children(place) == [] and processes_of(process.pid) == []


@pytest.mark.slow
def test_what_a_kill_leaves_is_removed_by_the_next_compile(place: Path) -> None:
    with started(place) as process:
        wait(place, process, "netlist.json")
        process.kill()
        process.wait()
    end = time.monotonic() + 60
    while children(place) and time.monotonic() < end:
        time.sleep(0.05)
    assert children(place) == []  # the keeper ends the tools
    (folder, job) = left(place)
    assert folder.startswith(".out.") and folder.endswith(".partial") and job.startswith("snnc-fit-")
    with started(place) as process:
        said = process.communicate(timeout=PATIENCE)[1]
    assert process.returncode == 0, said
    assert left(place) == ["out"]
