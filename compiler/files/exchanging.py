"""A folder takes the place of another in one step, so that there is never neither of them."""

from __future__ import annotations

import ctypes
import errno
import os
from pathlib import Path

AT_FDCWD = -100
RENAME_EXCHANGE = 2
"""Source: Linux, include/uapi/linux/fcntl.h and fs.h; renameat2(2)."""

UNABLE = {errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP, errno.EXDEV, errno.EPERM}
"""What file systems say that cannot exchange; an overlay says EXDEV of folders from below."""


def exchange(one: Path, other: Path) -> bool:
    """Let two things that are there change places at once.

    Returns:
        Whether the system can.

    Raises:
        OSError: it can, and something else is wrong.
    """
    try:
        call = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):
        return False
    ends = (AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(other))
    if call(*ends, ctypes.c_uint(RENAME_EXCHANGE)) == 0:
        return True
    number = ctypes.get_errno()
    if number in UNABLE:
        return False
    raise OSError(number, os.strerror(number), str(other))
