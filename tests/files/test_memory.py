"""Limits that a process sets itself before it reads what a stranger wrote."""

from __future__ import annotations

import subprocess
import sys

import pytest

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
