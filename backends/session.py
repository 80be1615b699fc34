"""Runs a command in a session of its own and leaves nothing of it behind, whatever happens.

Lava's workers outlive the process that started them when it dies, and so do their shared-memory files.
Both are found by the session (``keeper``): by session id in ``/proc``, and by what its processes have
mapped. A second process, the keeper, does that where snnc itself is killed. Linux only, like Lava's
runtime.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from snnc.stopping import undivided

from . import keeper

POLL_SECONDS = 0.2


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
    process: subprocess.Popen[bytes] | None = None
    with errors.open("wb") as stderr, _kept() as session:
        try:
            with undivided():  # until it is known what has to be cleared away
                process = subprocess.Popen(
                    command,
                    cwd=folder,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=stderr,
                    start_new_session=True,
                )
                session(process.pid)
            follow(process, time.monotonic() + time_limit, line)
        finally:
            # Also after Ctrl-C. The process is not waited for before this, so its number is still
            # taken and the group that is killed is its own.
            with undivided():
                if process is not None:
                    keeper.clear(process.pid)
                    process.wait()
                    if process.stdout is not None:
                        process.stdout.close()
    return process.returncode


@contextlib.contextmanager
def _kept() -> Iterator[Callable[[int], None]]:
    """A keeper; what is given is called with the session that it has to clear if snnc dies."""
    script = str(Path(keeper.__file__))
    with undivided():
        started = subprocess.Popen(
            [sys.executable, "-I", "-S", script],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # the terminal's Ctrl-C is not for it
        )
    pipe = started.stdin
    assert pipe is not None

    def say(text: str) -> None:
        with contextlib.suppress(OSError):  # somebody killed the keeper: nothing depends on it
            pipe.write(f"{text}\n".encode())
            pipe.flush()

    try:
        yield lambda session: say(str(session))
    finally:
        with undivided():
            say(keeper.DONE)  # where it is not killed at once
            started.kill()
            started.wait()
            with contextlib.suppress(OSError):
                pipe.close()


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
