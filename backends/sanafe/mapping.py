"""What each core holds, for ``mapping.json`` and for what Loihi has less of than SANA-FE asks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.errors import Diagnostic, Severity, counted
from snnc.files.memory import as_text
from snnc.ir import Encoding, Program, size

from .groups import Groups, payload_range
from .network import synapses
from .placement import Core, tiles_of
from .saturation import carried
from .target import AXONS_IN, CORES, LOADED_SYNAPSE, ROOM, SYNAPTIC_MEMORY

SHOWN = 8
"""Cores that a message lists."""


@dataclass(frozen=True)
class Load:
    """What one core has to hold beside its neurons.

    Attributes:
        synapses: that end on it.
        axons: source neurons that it hears: SANA-FE's messages come from so many.
    """

    synapses: int
    axons: int


def loads(program: Program, groups: Groups, cores: tuple[Core, ...]) -> tuple[Load, ...]:
    """The load of each core."""
    totals = np.zeros(len(cores), np.int64)
    heard: dict[str, NDArray[np.bool_]] = {}
    places = {g.name: np.zeros(g.size, np.int64) for g in groups.neurons}
    for index, core in enumerate(cores):
        for span in core.spans:
            if not span.group.fed:
                places[span.group.name][span.first : span.last + 1] = index
    for projection in program.projections:
        sources, targets, _ = synapses(program, projection)
        on = places[groups.of(projection.target).name][targets]
        count = size(program.by_name[projection.source].shape)
        for speaker in groups.speakers(projection):
            totals += np.bincount(on, minlength=len(cores))
            hears = heard.setdefault(speaker.name, np.zeros((len(cores), count), bool))
            hears[on, sources] = True
    axons = sum((hears.sum(axis=1) for hears in heard.values()), np.zeros(len(cores), np.int64))
    return tuple(Load(int(s), int(a)) for s, a in zip(totals, axons, strict=True))


def mapping(groups: Groups, cores: tuple[Core, ...], held: tuple[Load, ...]) -> dict[str, Any]:
    """The content of ``mapping.json``."""
    return {
        "cores": [
            {
                "core": core.address,
                "neurons": [_span(s) for s in core.spans if not s.group.fed],
                "echoes": [_span(s) for s in core.spans if s.group in groups.echoes],
                "inputs": [_span(s) for s in core.spans if s.group in groups.inputs],
                "places": core.used,
                "synapses": load.synapses,
                "axons in": load.axons,
            }
            for core, load in zip(cores, held, strict=True)
        ]
    }


def _span(span: Any) -> dict[str, Any]:
    return {
        "population": span.group.population,
        "group": span.group.name,
        "first": span.first,
        "last": span.last,
    }


def notes(
    program: Program, groups: Groups, cores: tuple[Core, ...], held: tuple[Load, ...], bits: int
) -> Iterator[Diagnostic]:
    """What the files stand for, with sizes."""
    payloads = payload_range(program, bits)
    chip = sum(1 for core in cores if any(not s.group.fed for s in core.spans))
    neurons = sum(g.size for g in groups.neurons)
    fed = sum(g.size for g in groups.inputs)
    yield Diagnostic(
        "N750",
        f"{neurons} neurons on {chip} of {CORES.value} cores, {fed} input neurons fed by the host; "
        f"{counted(len(cores), 'core')} and {counted(tiles_of(cores), 'tile')} in all",
        program.name,
        severity=Severity.NOTE,
    )
    if program.input.encoding is Encoding.SPREAD:
        yield Diagnostic(
            "N754",
            f"a count of n is n spikes over the {counted(program.steps_per_frame, 'step')} of a frame, "
            "larger counts are refused; spikes and answers differ from those with payloads",
            program.input.origin,
            "SANA-FE's spikes carry no payload",
            "--set 'encode-input{code=graded}' sends payloads as bits",
            Severity.NOTE,
        )
    planes = sum(g.size for g in groups.inputs if g.bit >= 0)
    if planes:
        yield Diagnostic(
            "N751",
            f"input payloads {-(2**bits)} to {2**bits - 1} are encoded in {bits} bits and a sign: each "
            "set bit is a spike with synapses of its own, and is counted in the estimate",
            program.input.origin,
            "SANA-FE's spikes carry no payload",
            "--target 'sanafe{input-bits=N}' for other payloads; --set "
            "'encode-input{code=spread}' for binary spikes",
            Severity.NOTE,
        )
    for name in sorted({g.population for g in groups.echoes}):
        echoes = groups.echoes_of(name)
        delays = ", ".join(str(g.delay) for g in echoes)
        yield Diagnostic(
            "N752",
            f"delays of {delays} steps: {sum(g.size for g in echoes)} input neurons in addition to "
            "their sources send the spikes again, fed by the host; they take "
            "places and cost nothing else",
            program.by_name[name].origin,
            "SANA-FE 2.2.9 ignores the delays of synapses",
            severity=Severity.NOTE,
        )
    named = [g.population for g in groups.neurons if carried(program, g.population, payloads)]
    if named:
        yield Diagnostic(
            "N759",
            f"the host carries the state of {', '.join(named)} from step to step; "
            "SANA-FE adds up what arrives, fires, and counts the cost",
            program.name,
            "SANA-FE truncates no current, and its potentials have no register that could be full",
            severity=Severity.NOTE,
        )
    yield from _beyond_loihi(program, cores, held)


def _listed(names: list[str]) -> str:
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {more} more" if more > 0 else "")


def _beyond_loihi(
    program: Program, cores: tuple[Core, ...], held: tuple[Load, ...]
) -> Iterator[Diagnostic]:
    taken = sum(load.synapses for load in held) * LOADED_SYNAPSE.value
    if taken > ROOM.value:
        yield Diagnostic(
            "N753",
            f"SANA-FE takes about {as_text(taken)} of memory to load "
            f"{sum(load.synapses for load in held)} synapses, {LOADED_SYNAPSE.value} bytes each",
            program.name,
            LOADED_SYNAPSE.source,
            "run it where there is as much, or make the network smaller",
            Severity.WARNING,
        )
    for what, values, limit in (
        ("synapses of a byte each", [load.synapses for load in held], SYNAPTIC_MEMORY),
        ("sources of spikes", [load.axons for load in held], AXONS_IN),
    ):
        over = [core.address for core, n in zip(cores, values, strict=True) if n > limit.value]
        if over:
            yield Diagnostic(
                "N763",
                f"{counted(len(over), 'core')} receive{'s' * (len(over) == 1)} more {what} (up to "
                f"{max(values)}) than a core of Loihi 1 "
                f"holds ({limit.value}): {_listed(over)}",
                program.name,
                f"SANA-FE does not check; {limit.source}; convolutions that share "
                "weights may need less",
                "the estimate is for a chip with larger memories",
                Severity.WARNING,
            )
