"""Changes instead of levels: the code ``delta``, for targets that have it; others have to refuse it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from snnc.ir import Code, Encoding, Linear, SignMode, with_relays

from .bench import Bench
from .builder import Built, Network
from .case import Cases
from .compile_cases import compiled, rollout
from .kit import Kit

CASES = Cases()

UNIT = 40


def _neuron(start: int, frame: int, code: Code, *, sums: bool, **changes: Any) -> dict[str, Any]:
    """Counts up to 9 at the end of each frame."""
    return {
        "code": code,
        "levels": 9,
        "threshold": np.asarray(UNIT),
        "input_shift": 0,
        "start_value": np.asarray(UNIT // 2),
        "clear_interval": frame,
        "clear_offset": start + 1,
        "bias_start": start,
        "bias_interval": frame,
        "sums_changes": sums,
        **changes,
    }


def _network(
    kit: Kit,
    seed: int,
    frame: int,
    *,
    loop: bool = False,
    adds: bool = False,
    levels: bool = False,
    delay: int = 0,
) -> Built:
    """input -> first -> second -> readout.

    Args:
        frame: steps of a frame.
        loop: the second feeds back to itself, a frame later.
        adds: the readout adds up its answers.
        levels: only the connection between both carries changes.
        delay: of that connection beyond its hop, within a frame.
    """
    network = Network(replace(kit, frame=frame), seed)
    network.input(6, encoding=Encoding.ONCE if levels else Encoding.CHANGE)
    network.neurons("first", 8, **_neuron(1, frame, Code.DELTA, sums=not levels))
    sends = Code.GRADED if levels else Code.DELTA
    second = _neuron(frame + 1, frame, sends, sums=True, bias_mantissa=np.asarray(7))
    network.neurons("second", 5, **second)
    network.readout(
        3,
        clear_interval=0 if adds else frame,
        clear_offset=2,
        bias_start=2 * frame + 1,
        bias_interval=frame,
        bias_mantissa=np.asarray(3),
        sums_changes=not levels,
    )
    network.connect("input", "first", Linear(network.smaller(network.drawn(8, 6), 2)))
    network.connect("first", "second", Linear(network.smaller(network.drawn(5, 8), 2)), delay=delay)
    if loop:
        network.connect("second", "second", Linear(network.smaller(network.drawn(5, 5), 3)))
    network.connect("second", "readout", Linear(network.drawn(3, 5)))
    spikes = np.zeros((2, 8 * frame, 6), np.int64)
    counts = network.rng.integers(0, 4, (2, 8, 6))
    spikes[:, ::frame] = counts if levels else np.diff(counts, axis=1, prepend=0)
    return network.given(spikes)


CASES.exact(
    "changes/chain", "one spike by how much a level has changed", lambda kit: _network(kit, 700, 1)
)
CASES.exact(
    "changes/frame", "four steps a frame, changes in one of them", lambda kit: _network(kit, 701, 4)
)
CASES.exact(
    "changes/late", "they arrive in a frame's third step", lambda kit: _network(kit, 702, 4, delay=2)
)
CASES.exact(
    "changes/loop", "a population that receives its own", lambda kit: _network(kit, 703, 2, loop=True)
)
CASES.exact(
    "changes/answers",
    "a readout adds up its frames' sums",
    lambda kit: _network(kit, 704, 3, adds=True),
)
CASES.exact(
    "changes/levels", "levels before and behind them", lambda kit: _network(kit, 705, 1, levels=True)
)


@CASES.case("changes/relays", "relays pass changes on")
def _relayed(bench: Bench) -> None:
    built = _network(bench.kit, 706, 4, delay=3)
    mixed = SignMode.EXCITATORY not in bench.backend.target.sign_modes
    bench.exact(replace(built, program=with_relays(built.program, 1, mixed=mixed)))


CASES.case("changes/compiled", "a rollout in the code delta")(compiled(rollout, "delta"))
