"""Limits that a process sets itself before it reads what a stranger wrote."""

from __future__ import annotations

import subprocess
import sys

import pytest

from snnc.errors import UserError
from snnc.files import memory
from snnc.files.memory import Budget, as_text, keep_within, over_limit, size_of

CHILD = """
import resource
from snnc.files.memory import STATM, limit_memory
before = int(STATM.read_text().split()[0]) * resource.getpagesize()
{outside}
limit_memory({more})
soft, hard = resource.getrlimit(resource.RLIMIT_AS)
print(soft - before, hard, resource.getrlimit(resource.RLIMIT_CORE)[0])
try:
    bytearray(2**30)
except MemoryError:
    print("refused")
"""


def limited(more: int, outside: str = "") -> list[str]:
    code = CHILD.format(more=more, outside=outside)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.split()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says how much a process has")
def test_room_is_what_the_process_has_and_more() -> None:
    room, hard, core, *refused = limited(2**28)
    assert abs(int(room) - 2**28) < 2**24 and hard == "-1" and core == "0" and refused == ["refused"]
    assert limited(2**31)[3:] == []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says how much a process has")
def test_a_limit_from_outside_stays() -> None:
    outside = "end = before + 2**27; resource.setrlimit(resource.RLIMIT_AS, (end, end))"
    room, hard, *_ = limited(2**40, outside)
    assert int(room) == 2**27 and int(hard) > 2**27


FREED = """
import resource
import numpy as np
from snnc.files.memory import STATM, give_back, keep_freed
{limit}
def held():
    return int(STATM.read_text().split()[1]) * resource.getpagesize() >> 20
keep_freed()
np.empty(1)
before = held()
several = [np.ones(2**22) for _ in range(6)]  # 32 MiB each, and more than glibc keeps
behind = np.ones(2**10)
full = held() - before
del several
kept = held() - before
give_back()
print(full, kept, held() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="what glibc does, and Linux says")
@pytest.mark.parametrize("limit", ["", "resource.setrlimit(resource.RLIMIT_DATA, (2**34, 2**34))"])
def test_what_is_freed_is_kept_until_it_is_given_back(limit: str) -> None:
    code = FREED.format(limit=limit)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    full, kept, left = map(int, done.stdout.split())
    assert full >= 190 and left < 20
    assert kept < 20 if limit else kept >= 190, "under a limit nothing is kept"


@pytest.mark.parametrize(
    ("text", "bytes_"),
    [("6GiB", 6 * 2**30), ("1.5 kb", 1500), ("500MB", 500 * 10**6), ("42", 42), ("2 tib", 2**41)],
)
def test_sizes_as_people_write_them(text: str, bytes_: int) -> None:
    assert size_of(text) == bytes_


@pytest.mark.parametrize("text", ["", "GiB", "-3", "1e9", "3 GiBs", "0", "0 GB", "nan", "9" * 40])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(UserError, match=r"D305[\s\S]*--memory"):
        size_of(text)


def test_sizes_for_people() -> None:
    assert [as_text(n) for n in (7, 2048, 3 * 2**29, 2**42)] == [
        "7 bytes",
        "2.0 KiB",
        "1.5 GiB",
        "4.0 TiB",
    ]


def test_a_size_beside_the_limit_that_it_is_above() -> None:
    assert over_limit(3 * 2**30, 2**30) == ("3.0 GiB", "1.0 GiB")
    assert over_limit(2**30 + 1, 2**30) == ("1073741825 bytes", "1073741824 bytes")
    assert over_limit(1, 0) == ("1 byte", "0 bytes")


def test_what_does_not_fit_is_said_in_units(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "machine_memory", lambda: 2**32)
    with pytest.raises(UserError) as refused:
        Budget("file").take(3 * 2**29)
    (told,) = refused.value.diagnostics
    assert told.what == "the file would unpack to 1.5 GiB, the limit is 1.0 GiB"
    assert told.why == "a file may take one quarter of the memory, which is 4.0 GiB here"


def test_no_more_than_the_limit_can_be_taken() -> None:
    """In a process of its own, which the limit stays with."""
    code = (
        "import numpy as np; from snnc.files.memory import *; keep_within(2**30);"
        "a = np.ones(2**26, np.uint8); print(machine_memory() == 2**30)\n"
        "try: np.ones(2**30, np.uint8)\nexcept MemoryError: print('no more')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["True", "no more"]


def test_less_than_the_process_has_is_refused() -> None:
    with pytest.raises(UserError, match="D628"):
        keep_within(10**6)
