"""Parts of a large product, shared out to this process's cores.

A BLAS library has threads of its own, which share out each single product and wait for one another
hundreds of times a convolution: two took longer than one (VGG-16 at 32x32, OpenBLAS 0.3.23, two cores).
Here each thread takes whole parts, with BLAS on one thread meanwhile, which adds up in another order
with two. Parts are the same however many threads there are, so results are the same to the last bit.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from typing import TypeVar

from threadpoolctl import ThreadpoolController

Part = TypeVar("Part")


@cache
def _blas() -> ThreadpoolController:
    """Of what numpy has loaded; looking takes milliseconds, so it is done once."""
    return ThreadpoolController().select(user_api="blas")


def threads() -> int:
    """How many threads a large product may take: this process's cores, or fewer where BLAS may not.

    ``OMP_NUM_THREADS=1`` and a worker of :mod:`snnc.distributing` thus mean one thread here too.
    """
    allowed = [int(library["num_threads"]) for library in _blas().info()]
    return min([len(os.sched_getaffinity(0)), *allowed])


def share(work: Callable[[Iterator[Part]], None], parts: Sequence[Part]) -> None:
    """Do all parts, each once, in this thread and others.

    Args:
        work: called once in each thread, with an iterator from which it takes its parts; what it writes
            must not overlap from part to part.
        parts: in any order.

    Raises:
        Exception: what ``work`` raised; other threads end the part that they have begun.
    """
    most = min(threads(), len(parts))
    left = iter(parts)  # one for all: the interpreter's lock makes each step of it whole
    others: list[Future[None]] = []
    with _blas().limit(limits=1), ThreadPoolExecutor(max(1, most - 1)) as pool:
        try:
            with suppress(RuntimeError):  # no thread to be had, as where memory is limited
                others += (pool.submit(work, left) for _ in range(1, most))
            work(left)
        except BaseException:
            for _ in left:  # nothing is left for the others
                pass
            raise
    for other in others:
        other.result()
