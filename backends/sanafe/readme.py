"""The README of a bundle for SANA-FE: how to run its files without snnc."""

from __future__ import annotations

from snnc.errors import counted
from snnc.ir import Program, size

from .groups import Groups
from .placement import Core, tiles_of
from .target import SANAFE_VERSION

TEXT = """# {name} for SANA-FE

SANA-FE {version} (GPL-3, `pip install sanafe=={version} numpy`) runs this network on its model of Loihi
1 and estimates energy and time. With snnc:

    snnc targets install sanafe
    snnc verify .                            # spikes, potentials and costs
    snnc verify . --engine sanafe-loihi      # the same on SANA-FE's own figures for Loihi

| file | what |
|---|---|
| `architecture.yaml` | the chip, with the figures of Davies et al. 2018 |
| `network.yaml` | neurons, synapses and the core of each neuron |
| `play.json` | what the host does while the network runs |
| `play.py` | does it, with SANA-FE's Python interface |
| `mapping.json` | populations, places, synapses and sources core by core |

Without snnc, in this folder:

    import numpy, play
    network = play.Network("architecture.yaml", "network.yaml", "play.json")
    spikes = numpy.zeros(({steps}, {inputs}), int)      # what the input sends, one frame
    found = network.run(spikes)
    print(found["costs"], found["potentials"]["{readout}"][{answer}] * 64)

The files alone, loaded by SANA-FE, are the network with its steady biases and without input, delays,
frames that begin again and start values, and without the resets of populations that `play.json` calls
carried: those are the host's.

## Groups

A potential of SANA-FE is the program's divided by 64 (`scale` and `offset` of `play.json` where it is
not).

| population | group | neurons |
|---|---|---|
{rows}

{cores}, {tiles}.
"""


def readme(program: Program, groups: Groups, cores: tuple[Core, ...]) -> str:
    """The README's text."""
    rows = "\n".join(f"| {g.population} | `{g.name}` | {g.size} |" for g in groups.all)
    return TEXT.format(
        name=program.name,
        version=SANAFE_VERSION,
        steps=program.answer_step(0),
        inputs=size(program.input.shape),
        readout=groups.of(program.readout.name).name,
        answer=program.answer_step(0) - 1,
        rows=rows,
        cores=counted(len(cores), "core"),
        tiles=counted(tiles_of(cores), "tile"),
    )
