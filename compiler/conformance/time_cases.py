"""Delays and loops."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from .builder import Built, Network
from .case import Cases
from .kit import Kit

CASES = Cases()


def _chain(seed: int, *delays: int) -> Any:
    """Input, two populations, readout, with these delays between them."""

    def build(kit: Kit) -> Built:
        network = Network(kit, seed)
        network.input(7)
        network.neurons("first", 9)
        network.neurons("second", 8)
        network.readout(4)
        first, second, third = (min(delay, kit.longest) for delay in delays)
        network.connect("input", "first", delay=first)
        network.connect("first", "second", delay=second)
        network.connect("second", "readout", delay=third)
        return network.built()

    return build


CASES.exact("delay/none", "every connection takes one step", _chain(100, 0, 0, 0))
CASES.exact("delay/one", "one step on top", _chain(101, 0, 1, 0))
CASES.exact("delay/several", "seven steps on top", _chain(102, 0, 7, 0))
CASES.exact("delay/input", "the input is late", _chain(103, 3, 0, 0))
CASES.exact("delay/readout", "the readout receives late", _chain(104, 0, 0, 4))
CASES.exact("delay/all", "each connection another delay", _chain(105, 1, 2, 3))


def _parallel(kit: Kit) -> Built:
    """The same two populations, connected with three delays at once."""
    network = Network(kit, 106)
    network.input(7)
    network.neurons("first", 9)
    network.neurons("second", 8)
    network.readout(4)
    network.connect("input", "first")
    for delay in (0, min(2, kit.longest - 1), min(5, kit.longest)):
        network.connect("first", "second", delay=delay)
    network.connect("second", "readout")
    return network.built()


CASES.exact("delay/parallel", "three delays between the same two populations", _parallel)


def _loop(seed: int, back: int, members: int, shortcut: bool) -> Any:
    def build(kit: Kit) -> Built:
        network = Network(kit, seed)
        network.input(7)
        names = [network.neurons(f"loop{n}", 8) for n in range(members)]
        network.readout(4)
        network.connect("input", names[0])
        for before, after in pairwise(names):
            network.connect(before, after)
        network.connect(names[-1], names[0], delay=back)
        network.connect(names[-1], "readout")
        if shortcut:
            network.connect(names[0], "readout")
        return network.built(density=0.3)

    return build


CASES.exact("loop/self", "a population projects to itself", _loop(110, 0, 1, False))
CASES.exact(
    "loop/self-late", "a population projects to itself three steps later", _loop(111, 3, 1, False)
)
CASES.exact("loop/two", "two populations in a loop", _loop(112, 0, 2, False))
CASES.exact("loop/three", "three in a loop, and a shortcut past them", _loop(113, 0, 3, True))
CASES.exact("loop/late", "three in a loop that takes two steps more", _loop(114, 2, 3, True))


def _all_to_all(kit: Kit) -> Built:
    """Three populations, each hears all three."""
    network = Network(kit, 115)
    network.input(7)
    names = [network.neurons(f"member{n}", 6) for n in range(3)]
    network.readout(4)
    network.connect("input", names[0])
    for sender in names:
        for hearer in names:
            network.connect(sender, hearer)
    network.connect(names[2], "readout")
    return network.built(density=0.3)


CASES.exact("loop/all", "every population projects to every population", _all_to_all)
