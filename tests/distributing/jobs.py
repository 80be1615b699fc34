"""What workers do in these tests: functions of a module, which they can import."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from snnc.errors import CompilerBug, fail


def square(shared: int, value: int) -> int:
    """No surprise."""
    return shared + value * value


def refused(_shared: int, value: int) -> int:
    """The third is refused."""
    if value == 2:
        raise fail("D101", "no such thing", where="there", help="none")
    return value


def broken(_shared: int, value: int) -> int:
    """The third breaks an invariant."""
    if value == 2:
        raise CompilerBug("pass p", ["one thing"])
    return value


class Stubborn(Exception):
    """Cannot be pickled."""

    def __reduce__(self) -> str:
        raise TypeError("no")


def stubborn(_shared: int, value: int) -> int:
    """The first raises what cannot travel."""
    raise Stubborn(f"at {value}")


def dies_once(folder: str, value: int) -> int:
    """The worker of the second piece is killed when it has it for the first time."""
    mark = Path(folder) / f"tried {value}"
    first = not mark.exists()
    with mark.open("a") as file:
        file.write(f"{os.getpid()}\n")
    if value == 1 and first:
        os.kill(os.getpid(), signal.SIGKILL)
    return value + 10


def dies_always(folder: str, value: int) -> int:
    """The worker of the second piece is killed whenever it has it."""
    with (Path(folder) / f"tried {value}").open("a") as file:
        file.write("x")
    if value == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return value


def slow(folder: str, value: int) -> int:
    """Begins, and takes a minute."""
    (Path(folder) / f"begun {value}").write_text(str(os.getpid()))
    time.sleep(60)
    return value
