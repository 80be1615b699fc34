"""Changes of what stands where a file should be, and of folders around it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from .plan import Change

SPARSE = 2**36
"""Bytes that a file claims to have without having any."""


def stand_in(path: Path, change: Change) -> None:
    """A pipe, a folder, a link, a device, a hole or nothing where the file was."""
    how = change.where % 10
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()
    if how == 0:
        os.mkfifo(path)
    elif how == 1:
        path.mkdir()
    elif how == 2:
        path.symlink_to("/dev/zero")
    elif how == 3:
        path.symlink_to(path.name)
    elif how == 4:
        path.symlink_to("nowhere")
    elif how == 5:
        path.symlink_to("/dev/tty")
    elif how == 6:
        with path.open("wb") as file:
            file.truncate(SPARSE)
    elif how == 7:
        path.write_bytes(b"")
    elif how == 8:
        path.symlink_to("..")
    elif how == 9:
        path.symlink_to("/proc/self/mem")
