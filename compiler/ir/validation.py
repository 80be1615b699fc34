"""Whether a program is one: what simulators and back ends take for granted, checked once.

A program comes from our lowering, from a file, or from a plug-in or a user. Kernels follow its indices
and offsets without looking, and registers hold its numbers only within ``program_ranges``; so every
door through which a program comes calls :func:`validate`, and nothing behind the doors checks again.
"""

from __future__ import annotations

import math
from weakref import WeakSet

from snnc.errors import counted, fail

from .dynamics import Encoding, Kind
from .memory import refuse_too_large
from .neuron_validation import check_neuron
from .ops import size
from .program import IntegerNeuron, Program, ProgramPopulation
from .program_ranges import DIMENSIONS, WORD
from .projection_validation import check_projection
from .ranged import in_range

LONGEST_NAME = 1000
"""Letters of a name: names become members of archives, where 65,535 bytes are the most."""

_VALID: WeakSet[Program] = WeakSet()


def validate(program: Program) -> Program:
    """The same program, if it is one; a program that was found valid is not looked at again.

    Raises:
        UserError: the first thing that is wrong. D131 a name, D132 how populations are put together,
            D133 a number out of its range, D134 shapes and operations that do not fit, D135 arrays,
            D136 weights off their grid, D137 fields that contradict each other, D138 more than fits
            this machine's memory, D333 a neuron model cannot follow a neuron's fields.
    """
    if program in _VALID:
        return program
    _check_names(program)
    _check_program(program)
    for population in program.populations:
        _check_population(population)
    _check_together(program)
    for population in program.populations:
        if population.neuron is not None:
            check_neuron(population, population.neuron)
    for number, projection in enumerate(program.projections):
        check_projection(program, number, projection)
    refuse_too_large(program)
    _VALID.add(program)
    return program


def _check_names(program: Program) -> None:
    """Names that can stand in messages, files and archives, and are there once."""
    named = [("the program", "name", program.name)]
    for number, p in enumerate(program.populations):
        named.append((f"population {number}", "name", p.name))
    for where, field, name in named:
        if not (isinstance(name, str) and name and name.isprintable() and len(name) <= LONGEST_NAME):
            shown = repr(name)[:LONGEST_NAME]
            raise fail(
                "D131",
                f"{shown} is not a valid name",
                where=f"{where}, {field}",
                why=f"names appear in messages and files: 1 to {LONGEST_NAME} printable characters",
                help="rename it where it comes from (file, layer or node)",
            )
    seen: dict[str, int] = {}
    for number, p in enumerate(program.populations):
        if p.name in seen:
            raise fail(
                "D131",
                f"the name {p.name!r} occurs twice",
                where=f"populations {seen[p.name]} and {number}, name",
                why="projections say by name where they begin and end",
            )
        seen[p.name] = number
    for where, origin in (
        *((f"population {p.name}", p.origin) for p in program.populations),
        *((f"projection {p.label}", p.origin) for p in program.projections),
    ):
        if not (isinstance(origin, str) and (origin.isprintable() or not origin)):
            what = f"{origin!r:.100} is not a place in a model"
            raise fail(
                "D131", what, where=f"{where}, origin", why="messages name it: printable characters"
            )


def _check_program(program: Program) -> None:
    in_range("Program", "steps_per_frame", program.steps_per_frame, program.name)
    seconds = program.step_seconds
    if seconds is None:
        return
    if not isinstance(seconds, float) or not math.isfinite(seconds) or seconds <= 0:
        raise fail(
            "D133",
            f"step_seconds is {seconds!r}",
            where=f"{program.name}, step_seconds",
            why="a step lasts a finite time above 0, or is unknown (null)",
        )


def _check_population(population: ProgramPopulation) -> None:
    """Kind, shape and start, and the parts that a population of its kind has."""
    where = f"population {population.name}"
    shape = population.shape
    if not isinstance(shape, tuple) or not 1 <= len(shape) <= DIMENSIONS:
        what = f"shape {shape!r:.100} does not have 1 to {DIMENSIONS} axes"
        raise fail("D134", what, where=f"{where}, shape", why="engines add axes for samples and steps")
    for length in shape:
        in_range("ProgramPopulation", "shape", length, where)
    if size(shape) > WORD:
        what = f"shape {shape} has {counted(size(shape), 'neuron')}; there can be {WORD}"
        raise fail("D134", what, where=f"{where}, shape", why="neurons are numbered in 32 bits")
    in_range("ProgramPopulation", "start", population.start, where)
    kind, neuron, encoding = population.kind, population.neuron, population.encoding
    if kind is Kind.INPUT:
        wrong = "a neuron" if neuron is not None else ""
        wrong = wrong or ("no encoding" if not isinstance(encoding, Encoding) else "")
    else:
        wrong = "no neuron" if not isinstance(neuron, IntegerNeuron) else ""
        wrong = wrong or ("an encoding" if encoding is not None else "")
    if wrong:
        raise fail(
            "D132",
            f"the kind {kind.value} has {wrong}",
            where=f"{where}, {'encoding' if 'encoding' in wrong else 'neuron'}",
            why="the input has an encoding and no neurons, everything else neurons and no encoding",
        )
    if neuron is not None and (neuron.threshold is None) != (kind is Kind.READOUT):
        has = "no threshold" if neuron.threshold is None else "a threshold"
        why = "neurons fire at a threshold, a readout never fires"
        raise fail("D132", f"the kind {kind.value} has {has}", where=f"{where}, threshold", why=why)


def _check_together(program: Program) -> None:
    """One input, one readout, projections between populations that are there, relays of others."""
    for kind in (Kind.INPUT, Kind.READOUT):
        found = [p.name for p in program.populations if p.kind is kind]
        if len(found) != 1:
            names = f": {', '.join(found)}" if found else ""
            raise fail(
                "D132",
                f"{len(found)} populations are the {kind.value}{names}",
                where=f"{program.name}, populations",
                why="a program has one input and one readout",
            )
    by_name = program.by_name
    for number, projection in enumerate(program.projections):
        where = f"projection {number}, {projection.label}"
        for end, name, never in (
            ("source", projection.source, Kind.READOUT),
            ("target", projection.target, Kind.INPUT),
        ):
            if name not in by_name:
                raise fail("D132", f"there is no population {name!r:.100}", where=f"{where}, {end}")
            if by_name[name].kind is never:
                why = "a readout never fires" if never is Kind.READOUT else "input comes from outside"
                what = f"its {end} is the {never.value}"
                raise fail("D132", what, where=f"{where}, {end}", why=why)
    for population in program.populations:
        _check_relay(program, population)


def _check_relay(program: Program, population: ProgramPopulation) -> None:
    if population.relay_of is None:
        return
    of = program.by_name.get(population.relay_of)
    if of is None or of.relay_of is not None or of is population:
        what = f"it relays {population.relay_of!r:.100}, which does not exist or is itself a relay"
    elif population.kind is not Kind.NEURONS or of.kind is Kind.READOUT:
        what = f"a {population.kind.value} relays a {of.kind.value}"
    elif of.shape != population.shape:
        what = f"its shape is {population.shape}, that of {of.name}, which it relays, {of.shape}"
    else:
        return
    why = "a relay sends again, neuron by neuron, what another population has sent"
    raise fail("D132", what, where=f"population {population.name}, relay_of", why=why)
