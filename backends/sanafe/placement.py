"""Which core each of SANA-FE's neurons is on: cores are filled one after the other, in program order.

A population's neurons come with their echoes on one core, so that a delayed spike leaves from where it
was made; then come the inputs. All of them take one of the core's places.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .groups import Group, Groups
from .target import COMPARTMENTS, CORES_PER_TILE


@dataclass(frozen=True)
class Span:
    """Neurons ``first`` to ``last`` (included) of a group, on one core from its place ``place`` on."""

    group: Group
    first: int
    last: int
    place: int

    @property
    def count(self) -> int:
        """How many they are."""
        return self.last - self.first + 1


@dataclass
class Core:
    """One core, while it is filled."""

    number: int
    spans: list[Span] = field(default_factory=list)

    @property
    def address(self) -> str:
        """As the network file calls it: tile and core within it."""
        return f"{self.number // CORES_PER_TILE.value}.{self.number % CORES_PER_TILE.value}"

    @property
    def used(self) -> int:
        """Places that are taken."""
        return sum(span.count for span in self.spans)

    @property
    def room(self) -> int:
        """Places that are left."""
        return COMPARTMENTS.value - self.used

    def take(self, group: Group, first: int, count: int) -> None:
        """Put so many neurons of a group here."""
        self.spans.append(Span(group, first, first + count - 1, self.used))


def place(groups: Groups) -> tuple[Core, ...]:
    """The cores that a network takes, filled; more than the chip has where it does not fit."""
    cores = [Core(0)]
    for group in groups.neurons:
        _fill(cores, (group, *groups.echoes_of(group.population)))
    for group in groups.inputs:
        _fill(cores, (group,))
    return tuple(cores)


def _fill(cores: list[Core], together: tuple[Group, ...]) -> None:
    """Put groups of one size side by side: neuron n of each on the same core."""
    done = 0
    while done < together[0].size:
        fits = min(cores[-1].room // len(together), together[0].size - done)
        if fits == 0:
            cores.append(Core(len(cores)))
            continue
        for group in together:
            cores[-1].take(group, done, fits)
        done += fits


def tiles_of(cores: tuple[Core, ...]) -> int:
    """How many tiles have a neuron."""
    return -(-len(cores) // CORES_PER_TILE.value)
