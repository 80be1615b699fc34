"""What a comparison gave: the values that differ, population by population, and the verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snnc.errors import counted

from .console import new_table, say, show_table

if TYPE_CHECKING:
    from snnc.ir import Measured
    from snnc.workflows.verify import Verification


def verified(result: Verification) -> None:
    """The comparison as a table, the verdict, and the first divergence."""
    comparison = result.comparison
    table = new_table("population", ">neurons", "compared", ">values", ">spikes", ">differ")
    for row in comparison.populations:
        spikes = f"{row.spikes}" if row.quantity == "spikes" else ""
        table.add_row(
            row.population,
            f"{row.neurons}",
            row.quantity,
            f"{row.compared}",
            spikes,
            f"{row.mismatches}",
        )
    show_table(table)
    origin = "the given data"
    if result.random:
        calibrated = result.bundle.manifest.calibration.counts is not None
        density = "at the calibrated density" if calibrated else "of one event in 20 (not calibrated)"
        origin = f"random input {density}, seed 0"
    runs = f"{result.engine.name} ({result.engine.version}) against the {result.simulator} simulator"
    if result.missing is not None:
        runs = "no engine: the fast simulator against the reference, and the payload's own integers"
    say(
        f"{runs}: {counted(comparison.samples, 'sample')} of {origin}, "
        f"{counted(comparison.steps, 'step')} each"
    )
    if result.engine.name == result.simulator and result.missing is None:
        say("a simulator against itself: it shows only that the files were read back")
    say(f"{comparison.mismatches} of {comparison.compared} values differ")
    for difference in result.payload_differences:
        say(f"the payload is not the compiled program: {difference}")
    measured(result.measured)
    first = comparison.first_divergence
    if first is not None:
        name = "the fast simulator" if result.missing is not None else result.engine.name
        say(
            f"first divergence: step {first.step}, {first.population}{list(first.neuron)}, "
            f"sample {first.sample}: {first.quantity} {first.actual} on {name}, "
            f"{first.expected} expected"
        )


def measured(found: tuple[Measured, ...]) -> None:
    """What an engine reports besides spikes."""
    if not found:
        return
    table = new_table("the engine reports", ">value", "unit", "according to")
    for each in found:
        name = f"{each.name}, estimated" if each.estimated else each.name
        table.add_row(name, _figure(each), each.unit, each.source)
    show_table(table)


def _figure(each: Measured) -> str:
    """A count in full, anything else with four digits."""
    whole = each.unit in ("", "B") and each.value >= 1000
    return f"{each.value:,.0f}" if whole else f"{each.value:.4g}"
