"""The exact codes and relays."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from snnc.ir import Code, Encoding, Linear, SignMode, with_relays

from .bench import Bench
from .builder import Built, Network
from .case import Cases
from .kit import Kit

CASES = Cases()


def _coded(seed: int, code: Code, frame: int, levels: int, shift: float) -> Any:
    """Two populations of an exact code; every frame begins anew."""

    def build(kit: Kit) -> Built:
        network = Network(replace(kit, frame=frame), seed)
        network.input(6, encoding=Encoding.ONCE)
        unit = 40

        def changes(start: int) -> dict[str, Any]:
            return {
                "code": code,
                "levels": levels,
                "threshold": np.asarray(unit),
                "input_shift": 0,
                "start_value": np.asarray(int(unit * shift)),
                "clear_interval": frame,
                "clear_offset": start + 1,
                "bias_start": start,
                "bias_interval": frame,
            }

        network.neurons("first", 8, **changes(1))
        network.neurons("second", 5, **changes(frame + 1), bias_mantissa=np.asarray(7))
        network.readout(3, clear_interval=frame, clear_offset=2)
        network.connect("input", "first", Linear(network.smaller(network.drawn(8, 6), 2)))
        network.connect("first", "second", Linear(network.smaller(network.drawn(5, 8), 2)))
        network.connect("second", "readout")
        spikes = np.zeros((2, 6 * frame, 6), np.int64)
        spikes[:, ::frame] = network.rng.integers(0, 4, (2, 6, 6))
        return network.given(spikes)

    return build


CASES.exact("code/frame", "n spikes in the next frame", _coded(500, Code.FRAME, 4, 4, 0.5))
CASES.exact("code/frame-floor", "levels are rounded down", _coded(501, Code.FRAME, 8, 3, 0.0))
CASES.exact(
    "code/frame-dropped", "what a frame has no steps for is dropped", _coded(504, Code.FRAME, 4, 7, 0.5)
)
CASES.exact("code/graded", "one spike with payload n", _coded(502, Code.GRADED, 1, 15, 0.5))
CASES.exact("code/graded-frame", "one such spike in four steps", _coded(503, Code.GRADED, 4, 7, 0.0))


@CASES.case("relay/spikes", "relays pass binary spikes on")
def _relayed(bench: Bench) -> None:
    """Delays over a limit of 2 go over relay populations."""
    network = Network(bench.kit, 510)
    network.input(7)
    network.neurons("first", 6)
    network.neurons("second", 6)
    network.readout(4)
    network.connect("input", "first")
    network.connect("first", "second", delay=7)
    network.connect("second", "second", delay=4)
    network.connect("second", "readout")
    bench.exact(_with_relays(bench, network.built()))


def _with_relays(bench: Bench, built: Built) -> Built:
    mixed = SignMode.EXCITATORY not in bench.backend.target.sign_modes
    return replace(built, program=with_relays(built.program, 2, mixed=mixed))


@CASES.case("relay/payloads", "relays pass payloads on")
def _relayed_payloads(bench: Bench) -> None:
    network = Network(bench.kit, 511)
    network.input(7, encoding=Encoding.GRADED)
    network.neurons("first", 6)
    network.readout(4)
    network.connect("input", "first", Linear(network.smaller(network.drawn(6, 7), 4)), delay=6)
    network.connect("first", "readout")
    bench.exact(_with_relays(bench, network.built()))


def _random(seed: int) -> Any:
    """Up to four populations of the kit's variants, wired at random."""

    def build(kit: Kit) -> Built:
        network = Network(kit, seed)
        rng = network.rng
        network.input(int(rng.integers(2, 12)))
        names = ["input"]
        for number in range(int(rng.integers(1, 5))):
            variant = kit.variants[int(rng.integers(len(kit.variants)))]
            name = network.neurons(f"p{number}", int(rng.integers(1, 14)), **variant)
            network.connect(names[int(rng.integers(len(names)))], name, delay=_delay(kit, rng))
            names.append(name)
        network.readout(int(rng.integers(1, 6)))
        for _ in range(int(rng.integers(0, 4))):
            sender, hearer = rng.choice(names[1:], 2)
            network.connect(str(sender), str(hearer), delay=_delay(kit, rng))
        network.connect(names[-1], "readout", delay=_delay(kit, rng))
        return network.built(density=float(rng.uniform(0.1, 0.8)))

    return build


def _delay(kit: Kit, rng: np.random.Generator) -> int:
    return int(kit.delays[int(rng.integers(len(kit.delays)))])


for number in range(12):
    CASES.exact(f"random/{number:02}", "a network wired at random", _random(600 + number))
