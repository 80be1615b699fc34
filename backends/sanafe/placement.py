"""Which core each of SANA-FE's neurons is on.

In *order* cores are filled one after the other, in program order, inputs last, and places are all that
is asked for. Else :mod:`snnc.placement` says it, so that few messages cross, within cores' memories.

A population's neurons come with their echoes on one core, so that a delayed spike leaves from where it
was made; what says one element of the input comes together, too. All take one of the core's places.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.errors import fail
from snnc.ir import Program

from .groups import Group, Groups
from .target import COMPARTMENTS, CORES, CORES_PER_TILE


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


def in_order(groups: Groups) -> tuple[Core, ...]:
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


def key(group: Group) -> str:
    """The name of what is placed together: a population's, or an input group's own."""
    return group.name if group.input else group.population


def together(groups: Groups) -> dict[str, tuple[Group, ...]]:
    """By :func:`key` the groups whose neuron n is on one core: neurons with their echoes, or inputs."""
    found = {key(g): (g, *groups.echoes_of(g.population)) for g in groups.neurons}
    return {**found, **{key(g): (g,) for g in groups.inputs}}


def by_core(groups: Groups, where: Mapping[str, NDArray[np.int64]]) -> tuple[Core, ...]:
    """The cores where each population's neurons are on those given.

    Args:
        groups: of the program.
        where: by :func:`key`, the number of each neuron's core, int64 (neurons,).
    """
    numbers = sorted({int(n) for cores in where.values() for n in np.unique(cores)})
    cores = {n: Core(n) for n in numbers}
    for name, kinds in together(groups).items():
        places = where[name]
        ends = np.flatnonzero(np.diff(places, append=-1)) + 1
        for first, end in zip([0, *ends[:-1].tolist()], ends.tolist(), strict=True):
            for group in kinds:
                cores[int(places[first])].take(group, first, end - first)
    return tuple(cores.values())


def read_mapping(content: Any, groups: Groups) -> dict[str, NDArray[np.int64]]:
    """By :func:`key` the number of each neuron's core, of what ``mapping.json`` says.

    Raises:
        ValueError: it does not place every neuron, or some twice, or on cores that the chip has not.
    """
    sizes = {name: kinds[0].size for name, kinds in together(groups).items()}
    where = {name: np.full(size, -1, np.int64) for name, size in sizes.items()}
    keys = {kinds[0].name: name for name, kinds in together(groups).items()}
    for entry in content["cores"]:
        tile, core = map(int, entry["core"].split("."))
        number = tile * CORES_PER_TILE.value + core
        if not (0 <= core < CORES_PER_TILE.value and 0 <= number < CORES.value):
            raise ValueError(f"there is no core {entry['core']}")
        for span in (*entry["neurons"], *entry["inputs"]):
            places = where[keys[span["group"]]][span["first"] : span["last"] + 1]
            if span["first"] < 0 or len(places) != span["last"] - span["first"] + 1:
                raise ValueError(f"{span['group']} has no neurons {span['first']} to {span['last']}")
            if (places >= 0).any():
                raise ValueError(f"neurons of {span['group']} are on two cores")
            places[:] = number
    for name, places in where.items():
        if (places < 0).any():
            raise ValueError(f"neurons of {name} are on no core")
    return where


def refuse_too_many(program: Program, cores: int) -> None:
    """Refuse a split over more cores than the chip has.

    Raises:
        UserError: D433.
    """
    if cores > CORES.value:
        raise fail(
            "D433",
            f"within every limit of a core the network takes {cores} cores, the chip has {CORES.value}",
            where=program.name,
            why=f"{CORES.source}; docs/placement.md has the limits",
            help="make the network smaller, or compile for --target 'sanafe{placement=order}', which "
            "asks for places alone: the estimate is then for a chip with larger memories",
        )


def tiles_of(cores: tuple[Core, ...]) -> int:
    """How many tiles there are up to the last that has a neuron."""
    return max((core.number // CORES_PER_TILE.value for core in cores), default=-1) + 1
