"""The server sees each way in which a case may go wrong."""

from __future__ import annotations

import ctypes
import faulthandler
import os
import signal
import subprocess
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from snnc.files import memory

from . import case
from .judge import judge
from .plan import Plan
from .server import Limits, Ran, Server

LIMITS = Limits(seconds=60.0, patience=1.0, room=600)
SHORT = Limits(seconds=2.0, patience=1.0)
PLAN = Plan("data", 0, 0, ())


def _say(text: str) -> None:
    """To the process's own standard error: pytest has replaced Python's."""
    os.write(2, text.encode())


def _well(room: case.Room) -> int:
    _say("error[D501]: not readable\n")
    return 2


def _raises(room: case.Room) -> int:
    raise KeyError("x")


def _silent(room: case.Room) -> int:
    return 2


def _aborted(room: case.Room) -> int:
    _say("Aborted.\n")
    return 1


def _hangs(room: case.Room) -> int:
    subprocess.Popen(["sleep", "100"])
    time.sleep(100)
    return 0


def _takes_memory(room: case.Room) -> int:
    taken = bytearray(560 * 2**20)
    return len(taken[:0])


def _executes(room: case.Room) -> int:
    room.marker.touch()
    return _well(room)


def _leaves(room: case.Room) -> int:
    Path("x.part").touch()
    return _well(room)


def _leaves_temporary(room: case.Room) -> int:
    (room.root / "temp" / "x").mkdir()
    return 0


def _overwrites(room: case.Room) -> int:
    Path("input").write_text("other")
    return _well(room)


def _leaves_a_process(room: case.Room) -> int:
    subprocess.Popen(["sleep", "100"], start_new_session=True)
    return 0


def _crashes(room: case.Room) -> int:
    faulthandler.disable()  # pytest's, which tells at length
    os.kill(os.getpid(), signal.SIGSEGV)
    return 0


WRONG: dict[Callable[[case.Room], int], str] = {
    _raises: "tracebacks",
    _silent: "tracebacks",
    _aborted: "tracebacks",
    _crashes: "tracebacks",
    _hangs: "hangs",
    _takes_memory: "over_memory",
    _executes: "executed",
    _leaves: "left_behind",
    _leaves_temporary: "left_behind",
    _overwrites: "left_behind",
    _leaves_a_process: "left_behind",
}


def _ran(behave: Callable[[case.Room], int], templates: Path, monkeypatch: pytest.MonkeyPatch) -> Ran:
    def prepare(plan: Plan, room: case.Room, templates: Path) -> dict[str, Any]:
        (room.work / "input").write_text("as it was")
        return {"command": ["run"]}

    def command(arguments: list[str]) -> int:
        room = case.Room(Path.cwd().parent)
        try:
            return behave(room)
        except KeyError:
            _say(traceback.format_exc())
            return 70

    monkeypatch.setattr(case, "prepare", prepare)
    monkeypatch.setattr(case, "command", command)
    server = Server.__new__(Server)
    server.templates, server.limits = templates, SHORT if behave is _hangs else LIMITS
    return server.run(PLAN)


@pytest.fixture
def templates(tmp_path: Path) -> Path:
    folder = tmp_path / "templates" / "outside"
    folder.mkdir(parents=True)
    for name in ("secret.bin", "secret.h5"):
        (folder / name).write_bytes(b"")
    ctypes.CDLL(None).prctl(36, 1)  # as the server does: orphans come to this process
    return tmp_path / "templates"


@pytest.mark.parametrize("behave", WRONG, ids=lambda behave: behave.__name__)
def test_what_is_wrong_is_seen(
    behave: Callable[[case.Room], int], templates: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = _ran(behave, templates, monkeypatch)
    assert WRONG[behave] in judge(PLAN, ran, LIMITS).faults, ran
    assert not list(Path("/tmp").glob("snnc-fuzz-*/work/input"))


def _reports_its_machine(room: case.Room) -> int:
    _say(str(memory.machine_memory()))
    return 0


def test_what_reads_files_goes_by_a_machine_of_one_size(
    templates: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not by the limit on what is mapped, which counts what the server has and grows with it."""
    ran = _ran(_reports_its_machine, templates, monkeypatch)
    assert int(ran.err) == LIMITS.room * 2**20
    assert LIMITS.memory == LIMITS.room * 3 // memory.SHARE


def test_a_message_is_well(templates: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = _ran(_well, templates, monkeypatch)
    assert judge(PLAN, ran, LIMITS).ending == "refused" and ran.code == 2, ran
