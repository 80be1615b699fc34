"""Operations and estimated energy of a run (docs/energy.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snnc.errors import counted

from .console import new_table, say, show_table

if TYPE_CHECKING:
    from snnc.cost.energy import Cost, NetworkEnergy


def costs(found: Cost) -> None:
    """Operations by population, and energy by network and by what it is spent on."""
    from snnc.cost.energy import ratio

    snn, ann = found.snn, found.ann
    columns = (">neurons", ">ANN MACs", ">synaptic ops", ">neuron updates", ">spikes", ">rate")
    table = new_table("population", *columns, ">delay bits")
    layers = () if ann is None else ann.layers
    for p in snn.populations:
        into = [q for q in snn.projections if q.target == p.name]
        macs = sum(layer.macs for layer in layers if layer.target == p.name) * snn.frames
        cells = (f"{macs:,}" if macs else "", f"{sum(q.operations for q in into):,.0f}" if into else "")
        sends = (f"{p.spikes:,.1f}", f"{p.rate:.4f}") if p.spike_bits else ("", "")
        held = f"{p.buffer_bits:,}" if p.buffer_bits else ""
        updates = f"{p.updates:,}" if p.updates else ""
        table.add_row(p.name, f"{p.neurons:,}", *cells, updates, *sends, held)
    table.add_section()
    whole = "" if ann is None else f"{ann.macs * snn.frames:,}"
    sums = (whole, f"{snn.synaptic:,.0f}", f"{snn.updates:,}", f"{snn.spikes:,.1f}", f"{snn.rate:.4f}")
    table.add_row("all (spikes: neurons)", "", *sums, f"{snn.buffer_bits:,}")
    show_table(table)
    say(
        f"a sample of {counted(snn.frames, 'frame')} and {counted(snn.steps, 'step')}, "
        f"mean over {counted(snn.samples, 'sample')}; rate: spikes for each neuron and step"
    )
    if ann is None:
        say("no ANN to compare with: the network spiked already")
    else:
        inside = ann.macs_inside * snn.frames
        say(f"ANN MACs: {ann.macs:,} a frame; {inside:,} a sample without those with padding")
    if snn.multiplied:
        say(f"{snn.multiplied:,.0f} of the synaptic ops multiply a payload; the others only add")
    names = ("operations", "weights", "inputs", "potentials", "biases", "outputs", "addressing")
    for memory, energies in found.energies.items():
        title = f"energy in nJ a sample, memory {memory}"
        table = new_table("", *(f">{name}" for name in names), ">total", ">SNN = 1", title=title)
        rows: list[tuple[str, NetworkEnergy | None]] = [
            ("ANN, float32", energies.float32),
            ("ANN, same bits", energies.quantized),
            ("SNN", energies.snn),
        ]
        for name, network in rows:
            if network is not None:
                total = network.total
                parts = (_nanojoules(getattr(total, part)) for part in names)
                share = ratio(network, energies.snn)
                times = "" if share is None else f"{share:.3g}"
                table.add_row(name, *parts, _nanojoules(total.total), times)
        show_table(table)
    say("estimates of a 45 nm circuit, not measurements: docs/energy.md")


def _nanojoules(picojoules: float) -> str:
    value = picojoules / 1000
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
