"""What the user is told where a network does not fit the cores of a chip."""

from __future__ import annotations

from snnc.errors import UserError, counted, fail
from snnc.ir import Program, ProgramPopulation

from .limit_messages import where_is
from .places import RESOURCES, Core
from .target import CORES

CURES = {
    "compartments": "make this layer smaller",
    "input axons": "give it fewer sources: smaller kernels, a smaller layer before it, or pooling",
    "output axons": "let it reach fewer cores: smaller layers after it",
    "synaptic memory": "use fewer --weight-bits, or fewer connections into it",
    "thresholds": "give a population one threshold: --set 'quantize-weights{per=population}'",
    "decay pairs": "give more populations the same decays",
    "synapse formats": "let fewer projections end there",
}


def too_much(population: ProgramPopulation, resource: str, asked: int) -> UserError:
    """One neuron alone asks more of a core than it has (D432)."""
    limit = RESOURCES[resource]
    return fail(
        "D432",
        f"one neuron alone needs {asked} {resource}, a core of loihi1 has {limit.value}",
        where=where_is(population),
        why=f"unit: {limit.unit}; stated by {limit.source}; snnc does not split a neuron over cores",
        help=CURES[resource],
    )


def too_many(program: Program, cores: list[Core]) -> UserError:
    """A chip has too few cores (D433): names the population on most, and what is short there."""
    taken: dict[str, int] = {}
    for core in cores:
        for part in core.parts:
            taken[part.population] = taken.get(part.population, 0) + 1
    largest = max(taken, key=lambda name: taken[name])
    fullest = max(
        (core for core in cores if any(p.population == largest for p in core.parts)),
        key=lambda core: max(n / RESOURCES[name].value for name, n in core.use),
    )
    name, amount = max(fullest.use, key=lambda item: item[1] / RESOURCES[item[0]].value)
    return fail(
        "D433",
        f"the network needs {counted(len(cores), 'core')}, a chip of loihi1 has {CORES.value}",
        where=where_is(program.by_name[largest]),
        why=f"it takes {taken[largest]} of them; the scarce resource is {name} ({amount} of "
        f"{RESOURCES[name].value}); stated by {CORES.source}",
        help=f"{CURES[name]}; snnc does not split a network over several chips",
    )
