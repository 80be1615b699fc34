"""Lava's true runtime: an operating-system process for every Lava Process, shared memory between.

It is started once for all samples, which takes longer than many a sample: each sample is a run of its
own on it, and in front of each the models begin anew (``start_state``). Lava reports no exception of a
worker; the others wait for its data for ever. So a thread watches the workers and ends this process
with the reason when one fails. Whatever is left over then (workers, shared memory) is removed by the
snnc process that started us: it owns the session.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from typing import Any

from .assemble import Assembly
from .start_state import restarting

POLL_SECONDS = 0.1


def run(assembly: Assembly, spikes: Any, paths: list[str]) -> Iterator[int]:
    """Run samples (samples, steps, inputs) one after the other into ``paths``; yields each number.

    This process ends where a worker raises or is killed.
    """
    from lava.magma.core.run_conditions import RunSteps

    for builder in assembly.executable.proc_builders.values():
        builder.build = restarting(builder.build, assembly.steps)
    assembly.load(spikes, paths)
    assembly.feed.create_runtime(executable=assembly.executable)
    done = threading.Event()
    actors = list(assembly.feed.runtime._messaging_infrastructure.actors)
    watch = threading.Thread(target=_watch, args=(actors, done), daemon=True)
    watch.start()
    for number in range(len(spikes)):
        assembly.feed.run(condition=RunSteps(num_steps=assembly.steps))
        yield number
    done.set()
    watch.join()
    assembly.feed.stop()


def _watch(actors: list[Any], done: threading.Event) -> None:
    while not done.wait(POLL_SECONDS):
        for actor in actors:
            failed = actor.exception
            dead = None if actor.is_alive() else f"a Lava worker died: exit code {actor.exitcode}"
            # The exception first: a worker that raised also ends.
            reason = failed[1] if failed else dead
            if reason and not done.is_set():
                print(reason, file=sys.stderr, flush=True)  # noqa: T201
                os._exit(1)
