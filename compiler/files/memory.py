"""How much memory one file may take: a share of what this process may use.

A file says itself how much it unpacks to. What it says is added up before anything is unpacked, and
more than the share is refused: a few kilobytes must not fill the machine.
"""

from __future__ import annotations

import ctypes
import os
import re
import resource
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from snnc.errors import UserError, counted, fail

SHARE = 4
"""One file may unpack to a quarter of the memory: what reads it holds it up to three times."""

CGROUPS = Path("/sys/fs/cgroup")
OWN_CGROUP = Path("/proc/self/cgroup")
STATM = Path("/proc/self/statm")
"""Pages of memory of this process; the sixth word: its data and stack (Linux, proc_pid_statm(5))."""

UNLIMITED = (resource.RLIM_INFINITY, -1)


def own_limits() -> list[int]:
    """Bytes of address space and of data that this process may have, where it has such limits."""
    soft = (resource.getrlimit(which)[0] for which in (resource.RLIMIT_AS, resource.RLIMIT_DATA))
    return [limit for limit in soft if limit not in UNLIMITED]


def may_start_threads() -> bool:
    """Whether work may be shared out to threads: not where memory has a limit (``--memory``).

    A thread whose stack finds no room cannot be started; one that finds none in its first lines is
    waited for without end (CPython 3.11, ``Thread.start``).
    """
    return not own_limits()


def machine_memory() -> int:
    """Bytes of memory that this process may use.

    The least of the machine's memory, the limits of the control groups that the process is in
    (versions 1 and 2), and its limits on address space and data.
    """
    pages, page = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    found = [pages * page, *_cgroup_limits(), *own_limits()]
    return min(n for n in found if n > 0)


def limit_memory(more: int) -> None:
    """Let this process have ``more`` bytes of address space than it has now, and write no core file.

    Where the system does not say how much it has (no ``/proc``), only the core file is settled. A limit
    that was set from outside is never raised.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if STATM.exists():
        here = int(STATM.read_text(encoding="ascii").split()[0]) * os.sysconf("SC_PAGE_SIZE")
        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        room = here + more
        resource.setrlimit(resource.RLIMIT_AS, (room if hard < 0 else min(room, hard), hard))


def keep_within(most: int, room: int = 0) -> None:
    """Let this process have no more than ``most`` bytes of data, whatever the machine has.

    Linux, setrlimit(2), RLIMIT_DATA: memory that is private and writable. Beyond it an allocation fails
    and Python raises MemoryError. A limit that was set from outside is never raised.

    Args:
        most: bytes.
        room: bytes that are needed besides those that the process has, whatever it does.

    Raises:
        UserError: D628 there is not as much.
    """
    least = _data() + room
    if most <= least:
        needed, given = over_limit(least, most)
        raise fail(
            "D628",
            f"{given} is less than Python, its libraries and any command take, {needed}",
            where="--memory",
            help="give --memory a larger limit",
        )
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    most = min([most, *(n for n in (soft, hard) if n >= 0)])
    resource.setrlimit(resource.RLIMIT_DATA, (most, hard))


TRIM_THRESHOLD, MMAP_THRESHOLD, ARENA_MAX = -1, -3, -8
"""Parameters of mallopt(3), by their numbers in glibc's malloc.h."""

KEPT, KEPT_ARRAY = 2**28, 2**26
"""Bytes of freed memory that are kept in all, and of one array at the most."""


def keep_freed() -> None:
    """Keep memory that this process frees, for what any thread allocates next, until :func:`give_back`.

    glibc gives what has more than 32 MiB back at once and takes it again: pages that the system fills
    with zeros each time. For the rest of the process, so only where the process is ours, and not where
    memory has a limit, which counts what is kept.
    """
    if not own_limits():
        with suppress(OSError, AttributeError):  # another C library
            library = ctypes.CDLL(None)
            library.mallopt(ARENA_MAX, 1)  # what one thread freed serves another
            library.mallopt(MMAP_THRESHOLD, KEPT_ARRAY)
            library.mallopt(TRIM_THRESHOLD, KEPT)


def give_back() -> None:
    """Give the system all that was freed and is kept (glibc, malloc_trim(3)); costs milliseconds."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def _data() -> int:
    """Bytes of data and stack that this process has; 0 where the system does not say."""
    if not STATM.exists():
        return 0
    return int(STATM.read_text(encoding="ascii").split()[5]) * os.sysconf("SC_PAGE_SIZE")


def as_text(size: int) -> str:
    """Bytes for people: ``5.3 GiB``."""
    for power, unit in ((40, "TiB"), (30, "GiB"), (20, "MiB"), (10, "KiB")):
        if size >= 2**power:
            return f"{size / 2**power:.1f} {unit}"
    return counted(size, "byte")


def over_limit(size: int, limit: int) -> tuple[str, str]:
    """A size and the limit that it is above, for people; to the byte where both would look alike."""
    said = as_text(size), as_text(limit)
    return said if said[0] != said[1] else (counted(size, "byte"), counted(limit, "byte"))


UNITS = {
    "": 1,
    "b": 1,
    "kb": 10**3,
    "mb": 10**6,
    "gb": 10**9,
    "tb": 10**12,
    "kib": 2**10,
    "mib": 2**20,
    "gib": 2**30,
    "tib": 2**40,
}
"""Bytes of each unit, in lower case (IEC 80000-13)."""


def size_of(text: str) -> int:
    """Bytes: ``6GiB`` (2**30), ``500MB`` (10**6), ``4000000``.

    Raises:
        UserError: D305 it is no size.
    """
    found = re.fullmatch(r"(\d{1,15}(?:\.\d{1,6})?)\s*([A-Za-z]*)", text.strip())
    unit = UNITS.get(found[2].lower()) if found else None
    if found is None or unit is None or float(found[1]) <= 0:
        raise fail(
            "D305",
            f"{text!r:.60} names no size of memory",
            where="--memory",
            help="write a number and B, kB, MB, GB, KiB, MiB or GiB, as in --memory 6GiB",
        )
    return int(float(found[1]) * unit)


def share_of_memory() -> int:
    """Bytes that one file may take: ``machine_memory() / SHARE``."""
    return machine_memory() // SHARE


def a_quarter() -> str:
    """Why that is the limit of a file, for messages."""
    return f"a file may take one quarter of the memory, which is {as_text(machine_memory())} here"


def _cgroup_limits() -> Iterator[int]:
    """The limits of the process's control groups and of those around them.

    Source: Linux, Documentation/admin-guide/cgroup-v2.rst (memory.max) and cgroup-v1/memory.rst
    (memory.limit_in_bytes). In a container the path may be the host's; then the root is looked at.
    """
    try:
        lines = OWN_CGROUP.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = (*line.split(":", 2), "", "")[:3]
        if controllers and "memory" not in controllers.split(","):
            continue
        root = CGROUPS / "memory" if controllers else CGROUPS
        name = "memory.limit_in_bytes" if controllers else "memory.max"
        folder = root / path.lstrip("/")
        for place in (folder, *folder.parents):
            if not place.is_relative_to(root):
                break
            try:
                text = (place / name).read_text(encoding="ascii", errors="replace").strip()
            except OSError:
                continue
            if text.isdecimal():
                yield int(text)


@dataclass
class Budget:
    """Bytes that one file, with everything in it, may still unpack to.

    Attributes:
        place: the user's file, for the message.
        limit: bytes; by default a quarter of the memory.
        used: bytes that were taken.
        why: why that is the limit.
    """

    place: str
    limit: int = -1
    used: int = 0
    why: str = ""

    def __post_init__(self) -> None:
        if self.limit < 0:
            self.limit = share_of_memory()

    def take(self, size: int, what: str = "") -> None:
        """Take part of it before anything is unpacked.

        Args:
            size: bytes in memory.
            what: that needs them, for the message; empty for the file as a whole.

        Raises:
            UserError: D107 there is not so much left.
        """
        if size > self.limit - self.used:
            raise too_large(what or self.place, self.used + size, self.limit, self.why)
        self.used += size


def too_large(place: str, size: int, limit: int, why: str = "") -> UserError:
    """The message for what would take more memory than a file may."""
    needed, most = over_limit(size, limit)
    return fail(
        "D107",
        f"the file would unpack to {needed}, the limit is {most}",
        where=place,
        why=why or a_quarter(),
        help="use fewer or smaller arrays, or a machine with more memory; a file that is small on disk "
        "and large in memory may have been made to fill it",
    )
