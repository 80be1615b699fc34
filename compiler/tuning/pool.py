"""Settings measured on all cores. What comes of a setting does not depend on how many there are.

BLAS has one thread everywhere: with more, its sums may be added up in another order.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import active_children, get_context, parent_process
from types import ModuleType

from threadpoolctl import threadpool_limits

from snnc.errors import UserError, fail
from snnc.progress import Report
from snnc.stopping import undivided

from .front import Row
from .measure import Bench
from .settings import Setting

OF_THE_TERMINAL = (signal.SIGINT, signal.SIGHUP)
"""Reach the workers as well as this process, which alone answers them."""


TRYING = "try settings"
"""The phase that progress is reported of."""


def cores() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0))


def measure_all(
    bench: Bench, settings: Sequence[Setting], workers: int, report: Report
) -> tuple[Row, ...]:
    """A row for each setting, in their order.

    Args:
        bench: what they share.
        settings: at least one.
        workers: processes; with 1, this one does it.
        report: progress.

    Raises:
        UserError: D619 a worker process ended before its work was done.
    """
    if workers == 1:
        rows = []
        for number, setting in enumerate(settings):
            report(f"{TRYING}: {' '.join(setting.options)}", number, len(settings))
            with threadpool_limits(1):
                rows.append(bench.row(setting))
        return tuple(rows)
    others = set(active_children())
    with _not_for_children():  # the process that keeps Python's semaphores
        # Not forked: what this process has loaded may have threads, which a fork would lose.
        pool = ProcessPoolExecutor(workers, get_context("spawn"), _begin, (bench,))
    try:
        with undivided(), _not_for_children(), _without_main():  # half a worker would complain
            futures = [pool.submit(_row, setting) for setting in settings]
        return _collected(futures, settings, report)
    except BaseException as problem:
        for child in set(active_children()) - others:
            child.terminate()
        if isinstance(problem, BrokenProcessPool):
            raise _broken(workers) from None
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _broken(workers: int) -> UserError:
    return fail(
        "D619",
        "a worker process ended before its work was done",
        where="--workers",
        why="most likely there was not enough memory for all of them",
        help=f"use fewer than {workers}, or fewer --samples",
    )


@contextmanager
def _not_for_children() -> Iterator[None]:
    """What is started inside never hears the terminal's signals: a mask is inherited."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, OF_THE_TERMINAL)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _without_main() -> Iterator[None]:
    """What is started inside does not run the caller's script again: it needs snnc alone.

    A script without ``if __name__ == "__main__"`` would start workers in its workers.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def _collected(
    futures: Sequence[Future[Row]], settings: Sequence[Setting], report: Report
) -> tuple[Row, ...]:
    names = {future: " ".join(s.options) for future, s in zip(futures, settings, strict=True)}
    for done, future in enumerate(as_completed(futures), start=1):
        future.result()
        report(f"{TRYING}: {names[future]}", done, len(futures))
    return tuple(future.result() for future in futures)


_shared: list[Bench] = []


def _begin(bench: Bench) -> None:
    """The first that a worker does."""
    _shared[:] = [bench]
    threadpool_limits(1)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A killed parent cannot end its workers."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _row(setting: Setting) -> Row:
    return _shared[0].row(setting)
