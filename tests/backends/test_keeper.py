"""What an engine started ends with snnc, however snnc ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from snnc.backends import keeper, session

OWNER = """
import os, sys
from pathlib import Path
from snnc import stopping
from snnc.backends import session
stopping.listen()
place = Path(sys.argv[1])
workers = '''
import os, sys, time
from multiprocessing import shared_memory, resource_tracker
if not os.fork():
    os.setpgid(0, 0)
memory = shared_memory.SharedMemory(create=True, size=64)
resource_tracker.unregister(memory._name, "shared_memory")
# One write: two processes share the pipe, and an unbuffered print writes in pieces.
os.write(1, f"{os.getpid()} {memory.name}\\\\n".encode())
time.sleep(600)
'''
def line(text):
    with open(place / "said", "a") as file:
        file.write(text + "\\n")
session.run([sys.executable, "-c", workers], folder=place, environment=dict(os.environ),
            errors=place / "stderr", time_limit=600, line=line)
"""


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_nothing_of_a_session_outlives_its_owner(tmp_path: Path, number: signal.Signals) -> None:
    said = tmp_path / "said"
    with subprocess.Popen(
        [sys.executable, "-c", OWNER, str(tmp_path)], stderr=subprocess.DEVNULL
    ) as owner:
        for _ in range(600):
            if said.exists() and said.read_text().count("\n") == 2:
                break
            time.sleep(0.1)
        words = [line.split() for line in said.read_text().splitlines()]
        pids, shared = [int(w[0]) for w in words], [Path("/dev/shm") / w[1] for w in words]
        assert len(pids) == 2 and all(map(alive, pids)) and all(p.exists() for p in shared)
        owner.send_signal(number)
        assert owner.wait(60) != 0
    for _ in range(300):
        if not any(map(alive, pids)) and not any(p.exists() for p in shared):
            break
        time.sleep(0.1)
    assert not any(map(alive, pids)) and not any(p.exists() for p in shared)


def test_a_keeper_that_is_told_that_all_is_done_kills_nobody(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        for said, lives in ((f"{other.pid}\n{keeper.DONE}\n", True), ("", True)):
            script = [sys.executable, "-I", "-S", keeper.__file__]
            subprocess.run(script, input=said.encode(), check=True)
            assert alive(other.pid) is lives
        other.communicate(b"\n")


def test_a_command_that_ends_by_itself_leaves_no_keeper(tmp_path: Path) -> None:
    before = set(children())
    status = session.run(
        [sys.executable, "-c", "print('x')"],
        folder=tmp_path,
        environment=dict(os.environ),
        errors=tmp_path / "stderr",
        time_limit=60,
        line=lambda text: None,
    )
    assert status == 0 and set(children()) == before
    with pytest.raises(FileNotFoundError):
        session.run(
            ["/no/such/program"],
            folder=tmp_path,
            environment={},
            errors=tmp_path / "stderr",
            time_limit=60,
            line=lambda text: None,
        )
    assert set(children()) == before


def children() -> list[int]:
    me = os.getpid()
    return [int(pid) for pid in Path(f"/proc/{me}/task/{me}/children").read_text().split()]
