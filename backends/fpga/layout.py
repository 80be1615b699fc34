"""What lies where: the words of every memory, and the parameters of the hardware around them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from snnc.ir import (
    Code,
    Comparison,
    Encoding,
    IntegerNeuron,
    Kind,
    Program,
    ProgramPopulation,
    Reset,
    size,
)

from .connections import walk
from .constants import Constants, constants_of, highest
from .memories import Memory
from .tables import Tables, lay_tables
from .units import Scaled, scaled
from .widths import FORGETS, WORD, Registers, Span, input_span, registers
from .words import Word, bits_for


@dataclass(frozen=True, eq=False)
class Layout:
    """A program as hardware.

    Attributes:
        parameters: of ``snnc_core``, in the order in which they are written.
        memories: with their contents.
        order: the populations as the hardware numbers them, the input first.
        input: payloads that a spike of the input can carry.
        registers: proved ranges by population.
    """

    parameters: Mapping[str, int]
    memories: tuple[Memory, ...]
    order: tuple[ProgramPopulation, ...]
    input: Span
    registers: Mapping[str, Registers]

    @property
    def neuron_bits(self) -> int:
        """Bits of a neuron's number."""
        return self.parameters["NEURON"]

    @property
    def payload_bits(self) -> int:
        """Bits of a payload; 1 where spikes carry nothing."""
        return self.parameters["PAYLOAD"]

    @property
    def input_bits(self) -> int:
        """Of a beat of the input."""
        return 2 + self.payload_bits + self.neuron_bits

    @property
    def memory_sizes(self) -> Mapping[str, tuple[int, int]]:
        """Words and their bits, by memory."""
        given = self.parameters
        event = 1 + given["NEURON"] + (given["PAYLOAD"] if given["PAYLOAD"] > 1 else 0)
        state = given["POTENTIAL"] + given["CURRENT_DECAYS"] * given["CURRENT"]
        return {
            **{m.name: (len(m.words), m.bits) for m in self.memories},
            "events": (given["EVENTS"], event),
            "sums": (given["SUMS"] * given["LANES"], given["SUM"]),
            "states": (given["STATES"], state + given["WAITS"] * given["LEVEL"]),
        }

    @property
    def output_bits(self) -> int:
        """Of a beat of the output."""
        value = max(self.parameters["POTENTIAL"], self.payload_bits)
        return 2 + (len(self.order) - 1).bit_length() + self.neuron_bits + value


def lay_out(program: Program, bits: int, spikes: bool = False, lanes: int = 1) -> Layout:
    """A program as hardware.

    Args:
        program: that ``check_numbers`` accepts.
        bits: of the input's payloads, without sign.
        spikes: whether spikes of neurons go out, too.
        lanes: connections that are added up in one cycle.

    Raises:
        ValueError: an operation does not fit the shapes around it.
    """
    found, carried = registers(program, bits), input_span(program, bits)
    order = (program.input, *(p for p in program.populations if p.kind is not Kind.INPUT))
    walks = {
        p.name: tuple(walk(q.op, program.by_name[q.source].shape) for q in program.into(p.name))
        for p in order
    }
    units = {p.name: scaled(program, p, walks[p.name], found, carried) for p in order[1:]}
    tables = lay_tables(program, order, walks, units, lanes)
    values = constants_of(order[1:])
    widths = _widths(program, order, found, units, carried)
    most = max(size(p.shape) for p in order)
    sizes = {
        "POPULATIONS": len(order),
        "PROJECTIONS": max(2, len(tables.projections)),
        "WEIGHTS": max(2, tables.count),
        "TAPS": max(2, len(tables.taps)),
        "PLACES": max(2, len(tables.places)),
        "EVENTS": max(2, tables.events + 1),
        "SUMS": 2 ** (widths["NEURON"] + 1) if tables.rounds else max(2, most),
        "STATES": max(2, sum(size(p.shape) for p in order[1:])),
        "CONSTANTS": max(2, values.count),
    }
    pixels = {name.upper(): bits for name, bits in tables.pixel.fields.items()}
    parameters = {
        "LANES": lanes,
        **sizes,
        **widths,
        **pixels,
        "TAP_SHIFT": tables.tap_shift,
        **_abilities(order, found, tables.rounds),
        "SPIKES": int(spikes),
        "FIRST_ANSWER": int(program.answer_step(0)),
        "FRAME": int(program.steps_per_frame),
    }
    address = {name: (count - 1).bit_length() for name, count in sizes.items()}
    memories = (
        *tables.memories(widths, address),
        values.memory(widths, found),
        _populations(order, found, units, tables, values, widths, address),
    )
    return Layout(parameters, memories, order, carried, found)


def _widths(
    program: Program,
    order: tuple[ProgramPopulation, ...],
    found: Mapping[str, Registers],
    units: Mapping[str, Scaled],
    carried: Span,
) -> dict[str, int]:
    """The parameters that are widths of registers."""
    neurons = [p.dynamics for p in order[1:]]
    potential = max(_potential_bits(p.dynamics, found[p.name]) for p in order[1:])
    total = WORD if any(r.potential is None for r in found.values()) else potential
    currents = [r.current for r in found.values()]
    bias = Span(0, 0)
    for neuron in neurons:
        shifted = neuron.bias_mantissa << neuron.bias_exponent
        bias |= Span(int(shifted.min()), int(shifted.max()))
    level = max(r.level for r in found.values())
    stored = [
        Span(int(p.weights.min(initial=0)), int(p.weights.max(initial=0)))
        for u in units.values()
        for p in u.parts
    ]
    weight = min(WORD, max((span.bits for span in stored), default=1))
    arrived = min(WORD, max(u.sums.bits for u in units.values()))
    payload = (carried | Span(0, level)).bits if _carries(program) else 1
    return {
        "NEURON": bits_for(max(size(p.shape) for p in order) - 1),
        "PAYLOAD": payload,
        "WEIGHT": weight,
        "PRODUCT": min(weight + payload, arrived) if payload > 1 else weight,
        "SUM": arrived,
        "CURRENT": max(WORD if span is None else span.bits for span in currents),
        "POTENTIAL": potential,
        "TOTAL": total,
        "BIAS": min(bias.bits, total),
        "LEVEL": bits_for(level),
        "TIMER": bits_for(max(max(_timers(neuron).values()) for neuron in neurons)),
    }


def _potential_bits(neuron: IntegerNeuron, found: Registers) -> int:
    """Of a potential, and of a threshold that it does not reach."""
    high = highest(neuron, found)
    low = -high if found.potential is None else found.potential.low
    if neuron.threshold is not None:
        high = max(high, min(int(neuron.threshold.max()), high + 1))
    return max(2, min(WORD, Span(low, high).bits))


def _carries(program: Program) -> bool:
    """Whether any spike carries a number, which counts or has to be shown."""
    entry = program.input.name
    numbers = program.input.encoding is not Encoding.SPREAD
    return any(
        p.neuron is not None and p.neuron.code is Code.GRADED for p in program.populations
    ) or any(numbers and q.graded and q.source == entry for q in program.projections)


def _abilities(
    order: tuple[ProgramPopulation, ...], found: Mapping[str, Registers], rounds: bool
) -> dict[str, int]:
    """The parameters that say what the hardware does; what no neuron needs is left out of it."""
    neurons = [p.dynamics for p in order[1:]]
    return {
        "PARTS": int(rounds),
        "CURRENT_DECAYS": int(any(n.current_decay < FORGETS - 1 for n in neurons)),
        "POTENTIAL_DECAYS": int(any(n.potential_decay > 0 for n in neurons)),
        "WRAPS": int(any(r.current is None for r in found.values())),
        "SATURATES": int(any(r.potential is None for r in found.values())),
        "EXACT": int(any(n.code.exact for n in neurons)),
        "WAITS": int(any(n.code is Code.FRAME for n in neurons)),
    }


def _timers(neuron: IntegerNeuron) -> dict[str, int]:
    """After how many steps a population is cleared, gets its bias and decides: first, and every."""
    interval, bias = int(neuron.clear_interval), int(neuron.bias_start)
    clears = (int(neuron.clear_offset) - 1) % interval if interval else 0
    decides = bias + interval - 1 if neuron.code.exact else 0
    return {
        "clear_first": clears,
        "clear_every": interval - 1 if interval else 0,
        "bias_first": bias,
        "bias_every": int(neuron.bias_interval) - 1,
        "decide_first": decides,
        "decide_every": interval - 1 if neuron.code.exact else 0,
    }


def _populations(
    order: tuple[ProgramPopulation, ...],
    found: Mapping[str, Registers],
    units: Mapping[str, Scaled],
    tables: Tables,
    values: Constants,
    widths: Mapping[str, int],
    address: Mapping[str, int],
) -> Memory:
    """One word a population, the input's first."""
    timers = ("clear_first", "clear_every", "bias_first", "bias_every", "decide_first", "decide_every")
    flags = ("final", "hears", "readout", "clears", "strict", "subtracts", "exact", "waits")
    word = Word(
        last=widths["NEURON"],
        share=widths["NEURON"],
        states=address["STATES"],
        constants=address["CONSTANTS"],
        projections=address["PROJECTIONS"],
        ring=address["EVENTS"],
        ring_end=address["EVENTS"],
        slot=address["EVENTS"],
        **dict.fromkeys(timers, widths["TIMER"]),
        **dict.fromkeys(flags, 1),
        bits=6,
        shift=6,
        keep_current=13,
        keep_potential=13,
        levels=widths["LEVEL"],
    )
    words, states = [], 0
    for place, population in enumerate(order):
        name, ring = population.name, tables.rings[population.name]
        fields = {
            "last": size(population.shape) - 1,
            "ring": ring.first,
            "ring_end": ring.end,
            "slot": ring.slot,
            "final": place == len(order) - 1,
            "readout": population.kind is Kind.READOUT,
        }
        if population.neuron is not None:
            hears = tables.hears[name]
            fields |= _neuron(population.neuron, found[name].level) | {
                "share": values.shares[name] - 1,
                "states": states,
                "constants": values.first[name],
                "projections": tables.first[name] if hears else 0,
                "hears": hears,
                "shift": units[name].shift,
            }
            states += size(population.shape)
        words.append(word.pack(**{**dict.fromkeys(word.fields, 0), **fields}))
    return Memory.of("populations", word.bits, words)


def _neuron(neuron: IntegerNeuron, level: int) -> dict[str, int]:
    """The fields of a population's word that are its neurons'."""
    return {
        **_timers(neuron),
        "clears": neuron.clear_interval > 0,
        "strict": neuron.comparison is Comparison.GREATER,
        "subtracts": neuron.reset is Reset.SUBTRACT,
        "exact": neuron.code.exact,
        "waits": neuron.code is Code.FRAME,
        "bits": int(neuron.state_bits),
        "keep_current": FORGETS - 1 - int(neuron.current_decay),
        "keep_potential": FORGETS - int(neuron.potential_decay),
        "levels": level,
    }
