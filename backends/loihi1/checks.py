"""Every reason why a program does not fit Loihi 1, with both numbers, the reason and a cure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from snnc.errors import Diagnostic, UserError
from snnc.ir import Encoding, Kind, Program

from .bounds import neurons
from .limit_messages import exceeds, where_is
from .population_checks import check_population
from .projection_checks import check_projection, fits
from .split import splits
from .target import NEURONS

SMALLER = "make the network smaller; snnc does not split a network over several chips"


def check(program: Program, ways: Sequence[int]) -> Iterator[Diagnostic]:
    """Everything that does not fit, not the first only; cores are filled if nothing else is wrong.

    Args:
        program: as it would be emitted.
        ways: of cutting it into cores (``places.WAYS``), of which one has to fit.
    """
    found = [*_input(program)]
    count = neurons(program)
    if count > NEURONS.value:
        found.append(exceeds("D401", "number of neurons", count, NEURONS, program.name, SMALLER))
    for projection in program.projections:
        found += check_projection(program, projection)
    shapes_fit = all(fits(program, p) for p in program.projections)
    for population in program.populations:
        found += check_population(program, population, shapes_fit)
    if not found:
        try:
            splits(program, ways)
        except UserError as refused:
            found += refused.diagnostics
    yield from found


def _input(program: Program) -> Iterator[Diagnostic]:
    """Spikes of Loihi 1 are binary, those of the input too."""
    for population in program.populations:
        if population.kind is Kind.INPUT and population.encoding is not Encoding.SPREAD:
            encoding = "none" if population.encoding is None else population.encoding.value
            yield Diagnostic(
                "D427",
                f"input encoding {encoding}: its spikes have payloads, those of loihi1 have none",
                where_is(population),
                "a discrete axon of Loihi 1 carries no payload",
                "use the input encoding spread: --set 'encode-input{code=spread}'",
            )
