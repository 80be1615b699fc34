"""What goes in: silence, payloads, encodings, samples and long runs."""

from __future__ import annotations

from typing import Any

import numpy as np

from snnc.ir import Encoding, Linear

from .bench import Bench
from .builder import Built, Network, single
from .case import Cases
from .kit import Kit

CASES = Cases()


def _graded(seed: int, encoding: Encoding, low: int, high: int) -> Any:
    """Payloads between these, with weights small enough for them."""

    def build(kit: Kit) -> Built:
        network = Network(kit, seed)
        network.input(7, encoding=encoding)
        network.neurons("hidden", 9)
        network.readout(4)
        network.connect("input", "hidden", Linear(network.smaller(network.drawn(9, 7), 4)))
        network.connect("hidden", "readout")
        active = network.rng.random((2, 24, 7)) < 0.3
        return network.given(np.asarray(active * network.rng.integers(low, high + 1, active.shape)))

    return build


CASES.exact("input/graded", "spikes with payloads up to 5", _graded(400, Encoding.GRADED, 0, 5))
CASES.exact("input/once", "one payload a frame", _graded(401, Encoding.ONCE, 0, 5))
CASES.exact("input/negative", "payloads from -5 to 5", _graded(402, Encoding.GRADED, -5, 5))
CASES.exact("input/large", "payloads up to 300", _graded(403, Encoding.GRADED, 0, 300))
CASES.exact("input/binary", "spikes without payload", lambda kit: single(kit, 404).built(density=0.5))
CASES.exact("input/dense", "every input at every step", lambda kit: single(kit, 405).built(density=1.0))
CASES.exact("input/silence", "no input at all", lambda kit: single(kit, 406).built(density=0.0))


def _one_spike(kit: Kit) -> Built:
    """A single spike at the first step, and one at the last."""
    network = single(kit, 407)
    spikes = np.zeros((2, 12, 7), np.int64)
    spikes[0, 0, 2] = spikes[1, -1, 3] = 1
    return network.given(spikes)


CASES.exact("input/one-spike", "one spike at the first or the last step", _one_spike)
CASES.exact("run/one-step", "a run of one step", lambda kit: single(kit, 408).built(steps=1))
CASES.exact("run/long", "a run of 400 steps", lambda kit: single(kit, 409).built(1, steps=400))
CASES.exact("samples/one", "a single sample", lambda kit: single(kit, 410).built(samples=1))
CASES.exact("samples/many", "40 samples", lambda kit: single(kit, 411).built(40, steps=8))


def _independent(kit: Kit) -> Built:
    """A busy sample, then silence, then the busy one again: nothing may be left of the first."""
    network = single(kit, 412)
    busy = np.asarray(network.rng.random((16, 7)) < 0.8, np.int64)
    return network.given(np.stack([busy, np.zeros_like(busy), busy]))


CASES.exact("samples/independent", "every sample starts from rest", _independent)


@CASES.case("run/time-limit", "no time at all: it ends with a message, or was done already")
def _time_limit(bench: Bench) -> None:
    from snnc.errors import UserError

    built = single(bench.kit, 413).built()
    folder, emitted = bench.emit(built.program)
    for engine in bench.chosen():
        try:
            bench.backend.run(engine, folder, emitted, built.spikes, time_limit=0.001)
        except UserError as stopped:
            if all(d.code != "D606" for d in stopped.diagnostics):
                raise


@CASES.case("run/progress", "it says how many samples are done, up to all")
def _progress(bench: Bench) -> None:
    from .bench import TIME_LIMIT, Wrong

    built = single(bench.kit, 414).built(samples=3)
    folder, emitted = bench.emit(built.program)
    for engine in bench.chosen():
        said: list[int] = []
        bench.backend.run(
            engine, folder, emitted, built.spikes, time_limit=TIME_LIMIT, progress=said.append
        )
        if said != sorted(said) or said[-1:] != [3]:
            raise Wrong(f"{engine} said {said} of 3 samples")


@CASES.case("run/potentials", "asked for hidden potentials or not, it sends the same spikes")
def _potentials(bench: Bench) -> None:
    from .bench import Wrong, first_difference

    built = single(bench.kit, 415).built()
    folder, emitted = bench.emit(built.program)
    bench.exact(built, folder, emitted)
    for engine in bench.chosen():
        plain = bench.run(engine, folder, emitted, built.spikes)
        if not bench.shows(engine):
            continue
        asked = bench.run(engine, folder, emitted, built.spikes, potentials=True)
        problem = first_difference(plain, asked)
        if problem:
            raise Wrong(f"{engine}, asked for potentials: {problem}")
        for name, reason in asked.unread.items():
            if name != "hidden" or not reason:
                raise Wrong(f"{engine} cannot show {name!r} because of {reason!r}")
