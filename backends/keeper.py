"""Ends a session when its owner has died: started by ``session``, a script of its own.

    python -I -S keeper.py

On its standard input it is told the session, a line with the number, and later ``done``. The other end
is held by snnc alone. So the end of the file without ``done`` says that snnc is gone, however that came
about (nobody can act on SIGKILL), and everything of the session goes too: its processes, and the shared
memory that they have mapped. Linux only.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import sys
from pathlib import Path

SHARED_MEMORY = re.compile(r"/dev/shm/psm_\w+")
"""Names that Python's ``multiprocessing.shared_memory`` gives."""

DONE = "done"


def clear(session: int) -> None:
    """Kill the processes of a session and remove the shared memory that they have."""
    inside = members(session)
    shared = {name for pid in inside for name in mapped(pid)}
    with contextlib.suppress(ProcessLookupError):
        os.killpg(session, signal.SIGKILL)
    for pid in inside:  # those that made a group of their own
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
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


def keep() -> None:
    """Wait until snnc says that all is done, or cannot say anything any more."""
    said = sys.stdin.read().split()
    if said and DONE not in said:
        clear(int(said[0]))


if __name__ == "__main__":
    keep()
