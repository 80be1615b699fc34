"""One sample on several cores: populations in a pipeline over time.

A component (populations that step together) hears those before it, and they never hear it. So one
thread can run it for some steps while another one runs those before it for the steps that follow. The
integers are the same whoever computes them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from threading import Condition

from .plan import Component

LEAST = 2**20
"""Neurons times steps of a component, on average, from which it pays to find out what a step takes."""

TRIED = 16
"""The first of so many parts of the steps is run in one thread, to see how long a step takes."""

EACH, FOR_OTHERS = 35e-6, 0.5e-6
"""Seconds that a piece of a component costs more than its steps, in much of which Python lets no other
thread run; and for each component among which the next one is looked for."""

SHARE = 0.07
"""Of a piece's time, that this may take."""

LEAST_PIECES = 3
"""With fewer hardly anything is done at once."""

GAIN = 2e-3
"""Seconds that are left to be shared, at the least: threads have to be started."""

AHEAD = 1
"""Pieces more than of the component that is furthest behind, from which a thread leaves its own."""

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
    count, tried = len(components), -(-steps // TRIED)
    if min(threads, count) < 2 or steps <= tried or neurons * steps < LEAST * count:
        _in_turn(run, components, slice(0, steps))
        return
    began = time.perf_counter()
    _in_turn(run, components, slice(0, tried))
    piece = steps_of_piece((time.perf_counter() - began) / tried, steps - tried, count)
    if not piece:
        _in_turn(run, components, slice(tried, steps))
        return
    pieces = [slice(first, min(first + piece, steps)) for first in range(tried, steps, piece)]
    _in_threads(Pipeline(components, pieces, run), min(threads, count))


def steps_of_piece(seconds: float, steps: int, components: int) -> int:
    """Steps that components are run for at a time, so that it costs little; 0 where nothing is gained.

    Where spikes die out, or are yet to come, steps take next to nothing, and all of it would be cost.

    Args:
        seconds: that a step takes, of all components.
        steps: that are left.
        components: how many.
    """
    lost = components * (EACH + FOR_OTHERS * components)
    piece = max(1, -int(-lost // (SHARE * max(seconds, 1e-9))))
    return piece if piece * LEAST_PIECES <= steps and seconds * steps >= GAIN else 0


def _in_turn(run: Run, components: Sequence[Component], part: slice) -> None:
    for component in components:
        run(component, part, 0)


def _in_threads(pipeline: Pipeline, threads: int) -> None:
    """This thread and some more; this one alone where none can be started, as when Python is ending."""
    others: list[Future[None]] = []
    with ThreadPoolExecutor(threads - 1) as pool:
        try:
            with suppress(RuntimeError):
                others += (pool.submit(pipeline.work, number) for number in range(1, threads))
            pipeline.work(0)
        except BaseException:
            pipeline.stop()  # an interrupt between the threads' starts reaches none of them
            raise
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
            self.stop()
            raise

    def stop(self) -> None:
        """Nobody takes another piece."""
        with self._changed:
            self._failed = True
            self._changed.notify_all()

    def _next(self, last: int | None) -> int | None:
        """A component whose next piece can be run; None where none is left.

        The same again, whose states this core's cache has, unless it is ahead: then the one that is
        furthest behind, so that nobody is left with one alone in the end.
        """
        with self._changed:
            if last is not None:
                self._done[last] += 1
                self._taken[last] = False
                self._changed.notify_all()
            while not self._failed and (least := min(self._done)) < len(self._pieces):
                ready = [number for number in range(len(self._done)) if self._is_ready(number)]
                if ready:
                    chosen = min(ready, key=lambda number: (self._done[number], -number))
                    if last in ready and self._done[last] < least + AHEAD:
                        chosen = last
                    self._taken[chosen] = True
                    return chosen
                self._changed.wait()
            return None

    def _is_ready(self, number: int) -> bool:
        piece = self._done[number]
        return (
            piece < len(self._pieces)
            and not self._taken[number]
            and all(self._done[source] > piece for source in self._heard[number])
        )
