"""One sample on several cores: populations in a pipeline over time.

A component (populations that step together) hears those before it, and they never hear it. So one
thread can run it for some steps while another one runs those before it for the steps that follow. The
integers are the same whoever computes them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Condition

from .plan import Component

LEAST = 2**22
"""Neurons times steps from which it pays: below, a run lasts a millisecond or two."""

PIECE = 2**21
"""Neurons times steps of a piece: a millisecond of one core. Each of its components costs 30 to 40
microseconds more, in much of which Python lets no other thread run."""

Run = Callable[[Component, slice, int], None]
"""Runs a component for some steps, in a thread (from 0)."""


def run_through(
    run: Run, components: Sequence[Component], steps: int, neurons: int, threads: int
) -> None:
    """Run all components through all steps, in one thread or in several.

    Args:
        run: of one component; a component's steps are run in order, and not before the same steps of
            those that it hears.
        components: in the order of data.
        steps: how many, from 0.
        neurons: of all components.
        threads: at the most.

    Raises:
        BaseException: what ``run`` raised; the other threads have ended.
    """
    piece = -(-PIECE // max(1, neurons))
    threads = min(threads, len(components))
    if threads < 2 or neurons * steps < LEAST or piece >= steps:
        for component in components:
            run(component, slice(0, steps), 0)
        return
    pieces = [slice(first, min(first + piece, steps)) for first in range(0, steps, piece)]
    pipeline = Pipeline(components, pieces, run)
    with ThreadPoolExecutor(threads - 1) as pool:
        others = [pool.submit(pipeline.work, number) for number in range(1, threads)]
        pipeline.work(0)
    for other in others:
        other.result()


class Pipeline:
    """Which pieces of which components are done, and who takes the next."""

    def __init__(self, components: Sequence[Component], pieces: Sequence[slice], run: Run) -> None:
        self._components, self._pieces, self._run = components, pieces, run
        self._done = [0] * len(components)
        self._taken = [False] * len(components)
        owner = {int(m): number for number, one in enumerate(components) for m in one.members}
        self._heard = [
            sorted({owner[i.source] for i in one.incoming if i.source in owner}) for one in components
        ]
        self._failed = False
        self._changed = Condition()

    def work(self, thread: int) -> None:
        """Take pieces until none is left, or a thread has failed."""
        mine: int | None = None
        try:
            while (mine := self._next(mine)) is not None:
                self._run(self._components[mine], self._pieces[self._done[mine]], thread)
        except BaseException:
            with self._changed:
                self._failed = True
                self._changed.notify_all()
            raise

    def _next(self, last: int | None) -> int | None:
        """A component whose next piece can be run: the same again, whose states this core's cache has,
        or the first one; None where none is left."""
        with self._changed:
            if last is not None:
                self._done[last] += 1
                self._taken[last] = False
                self._changed.notify_all()
            while not self._failed and min(self._done) < len(self._pieces):
                for number in (
                    range(len(self._done)) if last is None else (last, *range(len(self._done)))
                ):
                    if self._is_ready(number):
                        self._taken[number] = True
                        return number
                self._changed.wait()
            return None

    def _is_ready(self, number: int) -> bool:
        piece = self._done[number]
        return (
            piece < len(self._pieces)
            and not self._taken[number]
            and all(self._done[source] > piece for source in self._heard[number])
        )
