"""Parts of a large product, shared out to this process's cores.

A BLAS library has threads of its own, which share out each single product and wait for one another
hundreds of times a convolution: two took longer than one (VGG-16 at 32x32, OpenBLAS 0.3.23, two cores).
Here each thread takes whole parts. BLAS has one thread meanwhile: with two it would add up in another
order. Parts are the same however many threads there are, so what is shared is the same to the last bit.
What a part itself shares, its own thread does.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from threading import Lock, local
from typing import Any, TypeVar

import numpy as np
from threadpoolctl import ThreadpoolController

from snnc.files.memory import may_start_threads

Part = TypeVar("Part")

MOST_THREADS = 8
"""Each has room of its own for the windows of a convolution, up to 38 MB (512 channels, float64)."""


class _Turns:
    """Callers take turns: each uses all cores, and how many threads BLAS has belongs to the process."""

    def __init__(self) -> None:
        self.lock = Lock()
        os.register_at_fork(after_in_child=self.begin_anew)  # who held it is not in the child

    def begin_anew(self) -> None:
        self.lock = Lock()


_turns = _Turns()


class _Inside(local):
    """Whether this thread is doing a part."""

    a_part = False


_inside = _Inside()


@cache
def _blas() -> ThreadpoolController:
    """Of what numpy has loaded; looking takes milliseconds, so it is done once."""
    return ThreadpoolController().select(user_api="blas")


def threads() -> int:
    """How many threads a large product may take: this process's cores, or fewer where BLAS may not.

    ``OMP_NUM_THREADS=1`` and a worker of :mod:`snnc.distributing` thus mean one thread here too. So
    does a limit of the process's memory.
    """
    if not may_start_threads():
        return 1
    allowed = [int(library["num_threads"]) for library in _blas().info()]
    return min([MOST_THREADS, len(os.sched_getaffinity(0)), *allowed])


def share(work: Callable[[Iterator[Part]], None], parts: Sequence[Part]) -> None:
    """Do all parts, each once, in this thread and others.

    Args:
        work: called once in each thread, with an iterator from which it takes its parts; what it writes
            must not overlap from part to part. numpy says of its errors what it says in the caller.
        parts: in any order.

    Raises:
        Exception: what ``work`` raised; other threads end the part that they have begun.
    """
    if _inside.a_part:
        work(iter(parts))
        return
    left = iter(parts)  # one for all: the interpreter's lock makes each step of it whole
    told: dict[str, Any] = {**np.geterr(), "call": np.geterrcall()}  # each thread has its own

    def one() -> None:
        _inside.a_part = True
        try:
            with _blas().limit(limits=1), np.errstate(**told):  # an OpenMP's limit belongs to a thread
                work(left)
        except BaseException:
            for _ in left:  # nothing is left for the others
                pass
            raise
        finally:
            _inside.a_part = False

    others: list[Future[None]] = []
    with _turns.lock:
        most = min(threads(), len(parts))
        with _blas().limit(limits=1), ThreadPoolExecutor(max(1, most - 1)) as pool:
            with suppress(RuntimeError):  # no thread to be had, as where Python is ending
                others += (pool.submit(one) for _ in range(1, most))
            one()
    for other in others:
        other.result()
