"""The memories of connections: weights, taps, places, a word a projection; and the rings of spikes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import product

import numpy as np

from snnc.ir import Integers, Kind, Program, ProgramPopulation, ProgramProjection, size

from .connections import CONVOLUTION, DENSE, NONE, Tap, Walk
from .memories import Memory
from .units import Part, Scaled
from .words import Word, bits_for, two_complement


@dataclass(frozen=True)
class Ring:
    """Where a population's spikes are kept: ``depth`` slots of ``slot`` words from ``first`` on."""

    first: int
    slot: int
    depth: int

    @property
    def end(self) -> int:
        """The word after its last."""
        return self.first + self.span

    @property
    def span(self) -> int:
        """Words."""
        return self.slot * self.depth


@dataclass(eq=False)
class Tables:
    """The memories of connections, in the making or done.

    Attributes:
        rings: by population.
        pixel: the word of a source that is a pixel: channel, row, column.
        tap_shift: a row or a column of pixels has 2^tap_shift taps.
        lanes: weights in a word; the last word of a run is filled up with zeros.
        weights, taps, places: contents; places are words already.
        projections: the fields of each, but those that all share.
        first: of each population the number of its first projection.
        hears: whether a population hears anything.
    """

    rings: Mapping[str, Ring]
    pixel: Word
    tap_shift: int
    lanes: int
    weights: list[Integers] = field(default_factory=list)
    taps: list[Tap] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    projections: list[dict[str, int]] = field(default_factory=list)
    first: dict[str, int] = field(default_factory=dict)
    hears: dict[str, bool] = field(default_factory=dict)
    count: int = 0

    @property
    def events(self) -> int:
        """Words of all rings."""
        return max(ring.end for ring in self.rings.values())

    @property
    def rounds(self) -> bool:
        """Whether any projection's sum is rounded by itself."""
        return any(each["part"] for each in self.projections)

    def add(self, q: ProgramProjection, walked: Walk, part: Part, source: int, final: bool) -> None:
        """A projection, after all before it."""
        first, taps, places = self.count, len(self.taps), len(self.places)
        words = -(-walked.outputs // self.lanes)
        runs = part.weights.reshape(-1, walked.outputs)
        filled = np.pad(runs, ((0, 0), (0, words * self.lanes - walked.outputs)))
        self.weights.append(filled.reshape(-1, self.lanes))
        self.count += len(self.weights[-1])

        def in_words(tap: Tap, after: int = 0) -> Tap:
            """A tap's weight is the first of a run; counted in words, behind so many."""
            return (
                tap if tap.none else replace(tap, weight=tap.weight // walked.outputs * words + after)
            )

        channels = [in_words(tap, first) for tap in walked.channels]
        self.taps += channels
        rows = columns = len(self.taps)
        if walked.kind == CONVOLUTION:
            self._add_lists([[in_words(tap) for tap in taps] for taps in walked.rows])
            columns = len(self.taps)
            self._add_lists([[in_words(tap) for tap in taps] for taps in walked.columns])
            self.places += [
                self.pixel.pack(channel=c, row=y, column=x)
                for c, y, x in product(*map(range, walked.shape))
            ]
        elif walked.kind != DENSE:
            for taps_of_source in walked.columns:
                self.places.append(len(self.taps))
                self.taps += [in_words(tap, first) for tap in taps_of_source]
        ring = self.rings[q.source]
        self.projections.append(
            {
                "final": final,
                "carries": q.graded,
                "part": part.right is not None,
                "kind": walked.kind,
                "source": source,
                "back": (1 + q.delay) * ring.slot,
                "ring": ring.first,
                "span": ring.span,
                "places": places,
                "channels": taps,
                "rows": rows,
                "columns": columns,
                "outputs": words - 1,
                # With a single target in a run the distance to the next one means nothing.
                "stride": walked.stride if walked.outputs > 1 else 0,
                "lanes": (walked.outputs - 1) % self.lanes,
                "right": part.right or 0,
            }
        )

    def _words_of_weights(self, bits: int) -> list[int]:
        """A word for each cycle of a run, the first weight lowest."""
        rows = np.concatenate([*self.weights, np.zeros((0, self.lanes), np.int64)])
        columns = [two_complement(column, bits) for column in rows.T]
        return [
            sum(value << place * bits for place, value in enumerate(word))
            for word in zip(*columns, strict=True)
        ]

    def _add_lists(self, lists: list[list[Tap]]) -> None:
        for taps in lists:
            self.taps += [*taps, *[NONE] * (2**self.tap_shift - len(taps))]

    def memories(self, widths: Mapping[str, int], address: Mapping[str, int]) -> tuple[Memory, ...]:
        """Their contents.

        Args:
            widths: of ``snnc_core``'s parameters.
            address: bits of an address, by memory.
        """
        neuron, events, taps = widths["NEURON"], address["EVENTS"], address["TAPS"]
        tap = Word(none=1, last=1, weight=address["WEIGHTS"], target=neuron)
        word = Word(
            final=1,
            carries=1,
            part=1,
            kind=2,
            source=address["POPULATIONS"],
            back=events,
            ring=events,
            span=events,
            places=address["PLACES"],
            channels=taps,
            rows=taps,
            columns=taps,
            outputs=neuron,
            stride=neuron,
            lanes=bits_for(self.lanes - 1),
            right=6,
        )
        fields = [{**f, "places": f["places"] if f["kind"] else 0} for f in self.projections]
        tapped = [
            tap.pack(none=t.none, last=t.last, weight=t.weight, target=t.target) for t in self.taps
        ]
        mask = 2**taps - 1  # a table of another kind of connection may be empty and begin at the end
        words = [
            word.pack(**{**f, **{n: f[n] & mask for n in ("channels", "rows", "columns")}})
            for f in fields
        ]
        return (
            Memory.of(
                "weights", widths["WEIGHT"] * self.lanes, self._words_of_weights(widths["WEIGHT"])
            ),
            Memory.of("taps", tap.bits, tapped),
            Memory.of("places", max(self.pixel.bits, taps), self.places),
            Memory.of("projections", word.bits, words),
        )


def lay_tables(
    program: Program,
    order: tuple[ProgramPopulation, ...],
    walks: Mapping[str, tuple[Walk, ...]],
    units: Mapping[str, Scaled],
    lanes: int,
) -> Tables:
    """The memories of all projections.

    Args:
        program: the network.
        order: its populations as the hardware numbers them, the input first.
        walks, units: of the projections into each population.
        lanes: weights in a word.
    """
    number = {p.name: n for n, p in enumerate(order)}
    images = [w for each in walks.values() for w in each if w.kind == CONVOLUTION]
    most = [max((w.shape[axis] for w in images), default=1) for axis in range(3)]
    pixel = Word(channel=bits_for(most[0] - 1), row=bits_for(most[1] - 1), column=bits_for(most[2] - 1))
    shift = (max((w.longest for w in images), default=1) - 1).bit_length()
    tables = Tables(_rings(program, order), pixel, shift, lanes)
    for population in order[1:]:
        into = program.into(population.name)
        tables.first[population.name] = len(tables.projections)
        tables.hears[population.name] = bool(into)
        parts = zip(into, walks[population.name], units[population.name].parts, strict=True)
        for place, (q, walked, part) in enumerate(parts):
            tables.add(q, walked, part, number[q.source], place == len(into) - 1)
    return tables


def _rings(program: Program, order: tuple[ProgramPopulation, ...]) -> dict[str, Ring]:
    found, first = dict[str, Ring](), 0
    for population in order:
        delays = [q.delay for q in program.projections if q.source == population.name]
        if population.kind is Kind.READOUT:
            found[population.name] = Ring(0, 0, 0)
            continue
        ring = Ring(first, size(population.shape) + 1, max((d + 2 for d in delays), default=1))
        found[population.name] = ring
        first = ring.end
    return found
