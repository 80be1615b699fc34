"""What can go wrong while a bundle runs is a message, never a hang, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import threading
import time
from dataclasses import replace
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest

from snnc.backends import keeper, session
from snnc.backends.base import Emitted
from snnc.backends.loihi import LoihiBackend
from snnc.errors import UserError
from snnc.ir import Integers, Program
from tests.emitting import emitted_into

from .networks import edge_program, edge_spikes


def run(
    folder: Path,
    program: Program,
    *,
    engine: str = "lava",
    spikes: Integers | None = None,
    time_limit: float = 60,
) -> list[str]:
    """Emit and run; returns code and rendered text of what was raised."""
    return rerun(folder, emitted_into(folder, LoihiBackend(), program), engine, spikes, time_limit)


def rerun(
    folder: Path,
    emitted: Emitted,
    engine: str = "lava",
    spikes: Integers | None = None,
    time_limit: float = 60,
) -> list[str]:
    """Run what is on disk."""
    given = edge_spikes() if spikes is None else spikes
    with pytest.raises(UserError) as raised:
        LoihiBackend().run(engine, folder, emitted, given, time_limit=time_limit)
    return [d.render() for d in raised.value.diagnostics]


@pytest.fixture
def shared_memory(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Shared-memory files that were cleared after the runs of this test (others may run Lava too)."""
    found: set[str] = set()
    mapped = keeper.mapped

    def recorded(pid: int) -> set[str]:
        names = mapped(pid)
        found.update(names)
        return names

    monkeypatch.setattr(keeper, "mapped", recorded)
    return found


def too_long_delay() -> Program:
    """Lava's DelaySparse raises in its worker for it, and its runtime would hang."""
    program = edge_program()
    first, *rest = program.projections
    return replace(program, projections=(replace(first, delay=64), *rest))


@pytest.mark.lava
def test_worker_error_is_reported(tmp_path: Path, shared_memory: set[str]) -> None:
    start = time.monotonic()
    (text,) = run(tmp_path, too_long_delay())
    assert text.startswith("error[D608]: engine lava failed with exit status 1 after 0 of 1")
    assert "expects values between 0 and 63" in text
    assert time.monotonic() - start < 20
    assert shared_memory and not [name for name in shared_memory if Path(name).exists()]


@pytest.mark.lava
def test_in_process_error_is_reported(tmp_path: Path) -> None:
    (text,) = run(tmp_path, too_long_delay(), engine="lava-inprocess")
    assert text.startswith("error[D608]: engine lava-inprocess failed")
    assert "expects values between 0 and 63" in text


@pytest.mark.lava
def test_out_of_time(tmp_path: Path, shared_memory: set[str]) -> None:
    spikes = np.zeros((1, 500_000, 1), np.int64)
    (text,) = run(tmp_path, edge_program(), spikes=spikes, time_limit=10)
    assert text.startswith("error[D606]: engine lava was stopped after 10 s with 0 of 1 sample")
    assert shared_memory and not [name for name in shared_memory if Path(name).exists()]


@pytest.mark.lava
def test_killed_worker_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[int] = []
    follow = session.follow

    def watched(process, deadline, line):  # type: ignore[no-untyped-def]
        started.append(process.pid)
        follow(process, deadline, line)

    def kill_one() -> None:
        # Workers come late and are the only ones with shared memory: wait for them, kill the last.
        for _ in range(200):
            time.sleep(0.1)
            workers = [pid for s in started for pid in keeper.members(s) if keeper.mapped(pid)]
            if len(workers) > 5:
                time.sleep(0.5)
                os.kill(max(workers), signal.SIGKILL)
                return

    monkeypatch.setattr(session, "follow", watched)
    thread = threading.Thread(target=kill_one)
    thread.start()
    (text,) = run(tmp_path, edge_program(), spikes=np.zeros((1, 500_000, 1), np.int64))
    thread.join()
    assert text.startswith("error[D608]")
    assert "a Lava worker died: exit code -9" in text


def test_foreign_code_is_not_executed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata, "version", lambda name: "0.10.0")
    emitted = emitted_into(tmp_path, LoihiBackend(), edge_program())
    package = tmp_path / Path(emitted.files["program"]).parent
    original = (package / "encoding.py").read_bytes()
    (package / "encoding.py").write_bytes(original + b"\n")
    (package / "model.py").unlink()
    (package / "extra.py").write_text("raise SystemExit")
    texts = rerun(tmp_path, emitted)
    assert [text.splitlines()[0] for text in texts] == [
        "error[D602]: encoding.py differs from the code that snnc emits",
        "error[D602]: extra.py is not a file that snnc emits",
        "error[D602]: model.py is missing",
    ]


def test_foreign_data_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata, "version", lambda name: "0.10.0")
    emitted = emitted_into(tmp_path, LoihiBackend(), edge_program())
    layout = tmp_path / Path(emitted.files["program"]).parent / "layout.json"
    layout.write_bytes(layout.read_bytes().replace(b"LIF", b"Spiking"))
    (text,) = rerun(tmp_path, emitted)
    assert text.startswith("error[D602]: layout.json does not belong to this program")
    (tmp_path / emitted.files["weights"]).write_bytes(b"nothing")
    (text,) = rerun(tmp_path, emitted)
    assert text.startswith("error[D130]: a program cannot be read") and "weights.npz" in text


def test_lava_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", missing)
    monkeypatch.setenv("SNNC_ENGINES", str(tmp_path / "engines"))
    engines = LoihiBackend().engines()
    assert [(e.name, e.version, e.installed) for e in engines] == [
        ("lava", "", False),
        ("lava-inprocess", "", False),
    ]
    (text,) = run(tmp_path, edge_program())
    assert text.startswith("error[D601]: Lava is not installed")
    assert "help snnc targets install loihi" in text


def test_other_interpreter_without_lava(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SNNC_LAVA_PYTHON", str(tmp_path / "python"))
    (text,) = run(tmp_path, edge_program())
    assert text.startswith("error[D601]: Lava is not installed")
    assert str(tmp_path / "python") in text


def test_unknown_engine_and_payload(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata, "version", lambda name: "0.10.0")
    emitted = emitted_into(tmp_path, LoihiBackend(), edge_program())
    (text,) = rerun(tmp_path, emitted, engine="chip")
    assert text.startswith("error[D604]: target loihi has no engine 'chip'")
    (text,) = rerun(tmp_path, emitted, spikes=np.full((1, 2, 1), -(2**23)))
    assert text.startswith("error[D520]: input payload 8388608 exceeds 8388607")
