"""Lava's true runtime: an operating-system process for every Lava Process, shared memory between.

Lava reports no exception of a worker; the others wait for its data for ever. So every sample runs in
a fork of this process that watches its workers and dies with the reason when one fails. Whatever is
left over then (workers, shared memory) is removed by the snnc process that started us: it owns the
session. A fork for each sample also means that every sample starts from the start state and that the
network is compiled only once.
"""

from __future__ import annotations

import os
import sys
import threading
import traceback
from collections.abc import Iterator
from typing import Any

from .assemble import Assembly

POLL_SECONDS = 0.1


class SampleFailed(Exception):
    """A sample's process died; what it wrote to stderr says why."""


def run(assembly: Assembly, spikes: Any, paths: list[str]) -> Iterator[int]:
    """Run samples (samples, steps, inputs) one after the other into ``paths``; yields each number.

    Raises:
        SampleFailed: a worker raised, or was killed.
    """
    for number, (sample, path) in enumerate(zip(spikes, paths)):  # noqa: B905
        assembly.feed.load(sample)
        assembly.recorder.save_to(path)
        sys.stderr.flush()
        child = os.fork()
        if not child:
            _run_sample(assembly)
        _, status = os.waitpid(child, 0)
        if status:
            raise SampleFailed(f"sample {number}: exit status {status}")
        yield number


def _run_sample(assembly: Assembly) -> None:
    """One sample on one runtime; never returns. ``os._exit``, because an exit after a failure hangs."""
    from lava.magma.core.run_conditions import RunSteps

    code = 1
    try:
        assembly.feed.create_runtime(executable=assembly.executable)
        actors = list(assembly.feed.runtime._messaging_infrastructure.actors)
        done = threading.Event()
        watch = threading.Thread(target=_watch, args=(actors, done), daemon=True)
        watch.start()
        assembly.feed.run(condition=RunSteps(num_steps=assembly.steps))
        done.set()
        watch.join()
        assembly.feed.stop()
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


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
