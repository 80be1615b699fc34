"""Pieces in worker processes of this machine.

Each worker has a pipe of its own, over which it is given one piece after the other: so it is known
which piece a worker had that died, and that piece is given to another one, once.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from traceback import format_exception
from types import ModuleType
from typing import Any, TypeVar

from snnc.errors import UserError, fail
from snnc.progress import Report
from snnc.stopping import undivided

from .work import Heard, Piece, Work

Shared = TypeVar("Shared")
Value = TypeVar("Value")
Found = TypeVar("Found")

OF_THE_TERMINAL = (signal.SIGINT, signal.SIGHUP)
"""Reach the workers as well as this process, which alone answers them."""

TRIES = 2
"""How often a piece is given to a worker that dies."""

PATIENCE = 2.0
"""Seconds that a worker which was asked to end has for it."""


@dataclass(eq=False)
class Worker:
    """A process, this end of its pipe, and the piece that it has, by number."""

    process: SpawnProcess
    pipe: Connection
    has: int | None = None


class Pool:
    """Workers that share ``work``, as pickled once."""

    def __init__(self, work: Work[Any, Any, Any], processes: int) -> None:
        self._content = pickle.dumps(work, protocol=pickle.HIGHEST_PROTOCOL)
        self.workers: list[Worker] = []
        self.size = processes

    def start(self, number: int = 1) -> None:
        """Some workers more; all are on their way before the first is sent anything."""
        for worker in [self._started() for _ in range(number)]:
            with suppress(OSError):  # it is dead already: that is seen when it is waited for
                worker.pipe.send_bytes(self._content)

    def _started(self) -> Worker:
        # Not forked: what this process has loaded may have threads, which a fork would lose.
        context = get_context("spawn")
        with undivided(), _not_for_children(), _without_main():
            ours, theirs = context.Pipe()
            process = context.Process(target=_serve, args=(theirs,))
            process.start()
            theirs.close()
            self.workers.append(Worker(process, ours))
        return self.workers[-1]

    def end(self, worker: Worker) -> None:
        """End one, whatever it does."""
        self.workers.remove(worker)
        worker.pipe.close()
        worker.process.terminate()
        worker.process.join(PATIENCE)
        if worker.process.is_alive():
            worker.process.kill()
            worker.process.join()

    def close(self) -> None:
        """End all."""
        for worker in self.workers:
            worker.process.terminate()
        for worker in list(self.workers):
            self.end(worker)


def in_processes(
    work: Work[Shared, Value, Found],
    pieces: Sequence[Piece[Value]],
    processes: int,
    report: Report,
    heard: Heard,
) -> tuple[Found, ...]:
    """What comes of each piece, in their order; see :func:`snnc.distributing.carry_out`.

    Raises:
        UserError: what a piece raised; D619.
    """
    pool = Pool(work, processes)
    waiting, tries, found = deque(range(len(pieces))), [0] * len(pieces), dict[int, Found]()
    try:
        pool.start(processes)
        while len(found) < len(pieces):
            for worker in pool.workers:
                if worker.has is None and waiting:
                    worker.has = waiting.popleft()
                    with suppress(OSError):
                        worker.pipe.send(pieces[worker.has])
            for worker in _ready(pool.workers):
                number = worker.has
                try:
                    failed, result = pickle.loads(worker.pipe.recv_bytes())
                except (EOFError, OSError):
                    _died(pool, worker, pieces, tries, waiting)
                    continue
                assert number is not None
                if failed:
                    raise result
                worker.has, found[number] = None, result
                heard(number, result)
                report(f"{work.phase}: {pieces[number].name}", len(found), len(pieces))
    finally:
        with undivided():
            pool.close()
    return tuple(found[number] for number in range(len(pieces)))


def _ready(workers: Sequence[Worker]) -> list[Worker]:
    """Those that have something to say, or have ended."""
    heard = wait([worker.pipe for worker in workers])
    return [worker for worker in workers if worker.pipe in heard]


def _died(
    pool: Pool,
    worker: Worker,
    pieces: Sequence[Piece[Any]],
    tries: list[int],
    waiting: deque[int],
) -> None:
    """Give what a dead worker had to another one, first of all, unless two have died over it.

    Raises:
        UserError: D619.
    """
    pool.end(worker)
    number = worker.has
    if number is None:  # it ended before it was given anything, and so would the next
        raise ended("the first piece", pool.size)
    tries[number] += 1
    if tries[number] == TRIES:
        raise ended(pieces[number].name, pool.size)
    waiting.appendleft(number)
    pool.start()


def ended(name: str, workers: int | None = None) -> UserError:
    """D619, for a piece over which workers ended as often as they may."""
    fewer = f"use fewer than {workers} --workers, or fewer --samples"
    return fail(
        "D619",
        "a worker process ended before its work was done, and so did the one that tried again",
        where=name,
        why="most likely there was not enough memory",
        help=fewer if workers is not None else "give the workers more memory, or use fewer --samples",
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


def _serve(pipe: Connection) -> None:
    """A worker's life: take the work, then one piece after the other."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with suppress(EOFError, OSError):  # the other end is closed: nothing more is wanted
        content, work = pipe.recv_bytes(), None
        while True:
            piece = pipe.recv_bytes()
            try:
                work = work or pickle.loads(content)
                answer = _answer(work, pickle.loads(piece))
            except Exception as problem:  # what is imported for them is not here
                answer = pickle.dumps((True, RuntimeError(f"{type(problem).__name__}: {problem}")))
            pipe.send_bytes(answer)


def _answer(work: Work[Any, Any, Any], piece: Piece[Any]) -> bytes:
    """Whether it failed, and what came of it or the exception, pickled."""
    try:
        return pickle.dumps((False, work.done(piece)), protocol=pickle.HIGHEST_PROTOCOL)
    except Exception as problem:
        if not isinstance(problem, UserError):
            problem.add_note("in a worker process:\n" + "".join(format_exception(problem)))
        try:
            return pickle.dumps((True, problem))
        except Exception:  # an exception that cannot travel
            return pickle.dumps((True, RuntimeError(f"{type(problem).__name__}: {problem}")))


def _end_with_parent() -> None:
    """A killed parent cannot end its workers."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
