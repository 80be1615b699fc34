"""Quantization noise of a model's layers (docs/noise.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snnc.errors import counted

from .console import new_table, say, show_table

if TYPE_CHECKING:
    from snnc.noise.report import NoiseReport


def noise(found: NoiseReport) -> None:
    """For each population the best threshold of every T, and what real neurons make of it."""
    real = any(point.spiking for p in found.populations for point in p.points)
    for p in found.populations:
        columns = ["T", "threshold", "granular", "overload", "cut off", "SQNR dB", "theory"]
        columns += ["real", "uneven", "share", "real best"] if real else []
        title = f"{p.population}: {counted(p.neurons, 'neuron')}, {p.active:.1%} of activations above 0"
        table = new_table(*(f">{c}" for c in columns), title=f"{title}, largest {p.largest:.4g}")
        for steps in p.steps:
            best, nearest = p.best(steps), p.best_real(steps)
            for point in (best, *(q for q in p.at(steps) if q.setting == "own" and q is not best)):
                mark = " own" if point.setting == "own" else "*" if p.at_the_end(steps) else ""
                sqnr = "" if point.sqnr is None else f"{point.sqnr:.1f}"
                cells = [f"{point.threshold:.4g}{mark}", f"{point.granular:.3g}"]
                cells += [f"{point.overload:.3g}", f"{point.overloaded:.2%}", sqnr]
                cells.append(f"{point.theory:.3g}")
                if point.spiking is not None and nearest is not None:
                    share = point.spiking.explained
                    cells += [f"{point.spiking.local:.3g}", f"{point.spiking.unevenness:.3g}"]
                    cells += ["" if share is None else f"{share:.0%}", f"{nearest.threshold:.4g}"]
                table.add_row(f"{steps}", *cells)
        show_table(table)
    data = f"{counted(found.samples, 'sample')}, {counted(found.frames, 'frame')} each"
    say(f"for each T the threshold with the least error power of an ideal quantizer; {data}")
    say("errors: mean squares over all activations; cut off: share of activations above the threshold;")
    say("theory: granular error, were activations spread evenly over every level")
    if any(p.at_the_end(steps) for p in found.populations for steps in p.steps):
        say("*: smallest or largest threshold tried, a better one may lie beyond")
    if real:
        say("real: error of spiking neurons for what reaches them; uneven: against the ideal quantizer")
        say("of the same; share: of real that quantization explains; real best: the threshold with")
        say("which they come nearest to the float network, all populations at the same setting")
