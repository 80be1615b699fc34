"""Parts of a large product, shared out to this process's cores.

A BLAS library has threads of its own, which share out each single product and wait for one another
hundreds of times a convolution: two took longer than one (VGG-16 at 32x32, OpenBLAS 0.3.23, two cores).
Here each thread takes whole parts. BLAS has one thread meanwhile: with two it would add up in another
order. Parts are the same however many threads there are, so results are the same to the last bit.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from threading import Lock
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


class _OneThread:
    """BLAS with one thread for as long as any caller needs it; its own number afterwards.

    The number belongs to the process: the last of several callers gives it back.
    """

    def __init__(self) -> None:
        self._lock, self._callers, self._kept = Lock(), 0, ExitStack()

    @contextmanager
    def __call__(self) -> Iterator[None]:
        with self._lock:
            if not self._callers:
                self._kept.enter_context(_blas().limit(limits=1))
            self._callers += 1
        try:
            yield
        finally:
            with self._lock:
                self._callers -= 1
                if not self._callers:
                    self._kept.close()


one_blas_thread = _OneThread()


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
    with one_blas_thread(), ThreadPoolExecutor(max(1, most - 1)) as pool:
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
