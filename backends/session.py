"""Runs a command in a session of its own and leaves nothing of it behind, whatever happens.

Lava's workers outlive the process that started them when it dies, and so do their shared-memory files.
Both are found by the session here: by session id in ``/proc``, and by what its processes have mapped.
Linux only, like Lava's runtime.
"""

from __future__ import annotations

import contextlib
import os
import re
import selectors
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

POLL_SECONDS = 0.2
SHARED_MEMORY = re.compile(r"/dev/shm/psm_\w+")
"""Names that Python's ``multiprocessing.shared_memory`` gives."""


class OutOfTime(Exception):
    """The command ran longer than it may."""


def run(
    command: list[str],
    *,
    folder: Path,
    environment: dict[str, str],
    errors: Path,
    time_limit: float,
    line: Callable[[str], None],
) -> int:
    """Run a command to its end.

    Args:
        command: program and arguments.
        folder: its working directory.
        environment: of the command.
        errors: file that takes its stderr.
        time_limit: seconds.
        line: called with each line that it writes to stdout, while it runs.

    Returns:
        Its exit status; negative for a signal.

    Raises:
        OutOfTime: it was killed after ``time_limit``.
    """
    with errors.open("wb") as stderr:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            start_new_session=True,
        )
    try:
        follow(process, time.monotonic() + time_limit, line)
    finally:
        # Also after Ctrl-C. The process is not waited for before this, so its number is still taken
        # and the group that is killed is its own.
        _clear(process.pid)
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
    return process.returncode


def follow(process: subprocess.Popen[bytes], deadline: float, line: Callable[[str], None]) -> None:
    """Pass lines on until the process has ended. End of file says nothing: workers hold the pipe."""
    pipe = process.stdout
    assert pipe is not None
    os.set_blocking(pipe.fileno(), False)
    rest = b""
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        while True:
            ended = os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            if selector.select(0 if ended else POLL_SECONDS):
                data = os.read(pipe.fileno(), 65536)
                *lines, rest = (rest + data).split(b"\n")
                for text in lines:
                    line(text.decode(errors="replace"))
                if not data:
                    selector.unregister(pipe)
                    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
            elif ended:
                return
            if time.monotonic() > deadline:
                raise OutOfTime


def _clear(session: int) -> None:
    shared = {name for pid in members(session) for name in mapped(pid)}
    with contextlib.suppress(ProcessLookupError):
        os.killpg(session, signal.SIGKILL)
    for name in shared:
        Path(name).unlink(missing_ok=True)


def members(session: int) -> list[int]:
    """Processes of a session."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                if os.getsid(int(entry.name)) == session:
                    found.append(int(entry.name))
    return found


def mapped(pid: int) -> set[str]:
    """Shared-memory files that a process has mapped."""
    try:
        return set(SHARED_MEMORY.findall(Path(f"/proc/{pid}/maps").read_text()))
    except OSError:
        return set()
