"""Where what can be made again is kept: compiled kernels, engines' environments, built simulators."""

from __future__ import annotations

import errno
import os
from pathlib import Path


def user_cache() -> Path:
    """``$XDG_CACHE_HOME``, or ``.cache`` in the user's home directory.

    A variable that is no absolute path is ignored, as the XDG base directory specification wants it.

    Raises:
        FileNotFoundError: there is no home directory: ``HOME`` is not set, and the system does not know
            the user, as in a container that runs under any number.
    """
    given = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if given.is_absolute():
        return given
    try:
        home = Path.home()
    except RuntimeError:
        home = Path()
    if not home.is_absolute():
        raise FileNotFoundError(errno.ENOENT, "the user has no home directory", "~")
    return home / ".cache"
