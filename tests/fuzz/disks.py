"""Folders that are full or cannot be written, for one command: in a mount namespace of its own."""

from __future__ import annotations

import resource
import subprocess

FOLDER = "disk"
"""In the current folder; jobs write into it."""

SMALL = 512
"""Bytes of the largest file: less than any output has."""

MEMORY = 4 * 2**30

_THEN = f'"$@"; code=$?; ls -A {FOLDER} | sed "/^filler/d; s/^/LEFT /" >&2; exit $code'
FULL = (
    *("unshare", "-m", "sh", "-c"),
    f"mount -t tmpfs -o size=16k none {FOLDER} && head -c 16384 /dev/zero > {FOLDER}/filler && {_THEN}",
    "sh",
)
"""Something else takes all its room."""

READ_ONLY = (
    *("unshare", "-m", "sh", "-c"),
    f"mount --bind {FOLDER} {FOLDER} && mount -o remount,ro,bind {FOLDER} && {_THEN}",
    "sh",
)
"""Root may write anywhere but here."""


def may_mount() -> bool:
    """Whether this process may make such folders."""
    try:
        done = subprocess.run(
            ["unshare", "-m", "sh", "-c", "mount -t tmpfs none /mnt"], capture_output=True
        )
    except OSError:
        return False
    return done.returncode == 0


def some_memory() -> None:
    """Bound what this process may map: a test may not take the machine's memory."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def small_files() -> None:
    """Forbid this process to write files above :data:`SMALL` bytes."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (SMALL, SMALL))
