"""Random programs in which some populations send changes, for whatever takes random programs."""

from __future__ import annotations

from dataclasses import replace

import networkx as nx
import numpy as np

from snnc.ir import Code, Encoding, IntegerNeuron, Kind, Program, ProgramPopulation
from tests.backends.loihi.networks import counting_program


def groups(program: Program) -> list[set[str]]:
    """Senders that one population receives, together."""
    shared = nx.Graph()
    shared.add_nodes_from(p.name for p in program.populations if p.kind is not Kind.READOUT)
    for target in program.populations:
        nx.add_path(shared, [q.source for q in program.into(target.name)])
    return [set(members) for members in nx.connected_components(shared)]


def with_changes(program: Program, senders: set[str]) -> Program:
    """The same wiring, with changes from ``senders``; who receives them sums them.

    What a population that sums cannot have is taken out: decays, and exponents below 0. Neurons that
    were of the code ``rate`` count up to 5.
    """
    sums = {q.target for q in program.projections if q.source in senders}

    def told(p: ProgramPopulation) -> ProgramPopulation:
        if p.neuron is None:
            return replace(p, encoding=Encoding.CHANGE) if p.name in senders else p
        neuron: IntegerNeuron = p.neuron
        if p.name in sums:
            neuron = replace(neuron, current_decay=4095, potential_decay=0, sums_changes=True)
        if p.kind is Kind.NEURONS and (p.name in sums or p.name in senders):
            interval = neuron.clear_interval or 3
            code = Code.DELTA if p.name in senders else Code.GRADED
            neuron = replace(
                neuron,
                code=code,
                levels=neuron.levels or 5,
                clear_interval=interval,
                clear_offset=neuron.bias_start + 1,
            )
        return replace(p, neuron=neuron)

    projections = (
        replace(q, exponent=abs(q.exponent), graded=True)
        if q.target in sums
        else replace(q, graded=q.graded and q.source in payloads)
        for payloads in [_payloads(program, sums)]
        for q in program.projections
    )
    return replace(
        program,
        name=f"changing {program.name}",
        populations=tuple(told(p) for p in program.populations),
        projections=tuple(projections),
    )


def _payloads(program: Program, sums: set[str]) -> set[str]:
    """Populations that send payloads once those in ``sums`` count."""
    return {
        p.name
        for p in program.populations
        if p.name in sums
        or (p.neuron is None and p.encoding is not Encoding.SPREAD)
        or (p.neuron is not None and p.neuron.code is Code.GRADED)
    }


def changing_program(seed: int) -> Program:
    """A random network whose neurons count; of those received together all or none send changes."""
    rng = np.random.default_rng(seed + 20_000)
    program = counting_program(seed)
    answer = replace(program.readout.dynamics, bias_interval=int(rng.integers(1, 5)))
    program = replace(
        program,
        populations=tuple(
            replace(p, neuron=answer) if p.kind is Kind.READOUT else p for p in program.populations
        ),
    )
    chosen = [g for g in groups(program) if rng.random() < 0.8]
    return with_changes(program, set().union(*chosen))
