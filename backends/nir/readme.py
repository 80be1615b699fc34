"""The README of a NIR bundle: how to run the file in another tool."""

from __future__ import annotations

from snnc.errors import counted
from snnc.ir import Encoding, Program

from .choices import Choices
from .graph import Written

TEXT = """# {name} for NIR

`network.nir` is a NIR graph (nir 1.0.8). Read it with any tool that reads NIR, or check it here:

    snnc verify .        # NIR's equations to the letter, against the integers that were compiled

## How it is meant

* One step is {dt:g} s; equations become steps by forward Euler.
* A connection takes no step, except that every connection inside a loop takes one.
* Input: shape {shape}, {input}. Its frame 0 begins after {input_start} without input.
* Output: {answer}. Frame 0 ends after step {first}, each further one {steps} later.
* Weights: {weights}.
{unsaid}
## Populations

| population | node | shape | what the node puts out |
|---|---|---|---|
{rows}
"""

ANSWERS = {
    "values": "what the readout is given in each step; {sum}",
    "potential": "the readout's potential",
    "spikes": "spikes",
}


def readme(program: Program, choices: Choices, written: Written) -> str:
    """The README's text."""
    layout = written.layout
    readout = layout.populations[-1]
    steps = program.steps_per_frame
    total = (
        f"add it up over the {counted(readout.clear, 'step')} of a frame"
        if readout.clear
        else "add it up"
    )
    unit = "" if readout.unit == 1 else f"; {readout.unit:g} of the program's units are 1.0"
    rows = "\n".join(
        f"| {p.name} | `{p.node}` | {' x '.join(map(str, p.shape))} | {p.quantity} |"
        for p in layout.populations
    )
    said = any(node.metadata for node in written.graph.nodes.values())
    return TEXT.format(
        name=program.name,
        dt=layout.dt,
        shape=tuple(int(n) for n in written.graph.nodes["input"].output_type["output"]),
        input=_input(program),
        input_start=counted(layout.input_start, "step"),
        answer=ANSWERS[readout.quantity].format(sum=total) + unit,
        first=layout.answer_start + steps,
        steps=counted(steps, "step"),
        weights="integers, as compiled" if choices.weights == "integer" else "real, thresholds 1",
        unsaid="* Some neurons do more than NIR has words for: see `snnc` in their metadata.\n"
        if said
        else "",
        rows=rows,
    )


def _input(program: Program) -> str:
    steps = program.steps_per_frame
    if steps == 1:
        return "one frame a step"
    each = f"{counted(steps, 'step')} a frame"
    if program.input.encoding is Encoding.SPREAD:
        return f"{each}, each count spread over them as spikes (docs/numerics.md)"
    return f"{each}, the frame's counts at each of them"
