"""Where a state register ends, in the units of the network: what ``quantize-weights`` says about it."""

from __future__ import annotations

from snnc.ir import Kind, Population
from snnc.passes.base import Context


def tell_room(population: Population, scale: int, state_bits: int, wanted: float, c: Context) -> None:
    """Note where the potential of a population with a memory of its own saturates: N709, N758.

    Args:
        population: of a network whose frames are time steps; real thresholds are 1.
        scale: integer units for 1.0, see :class:`snnc.ir.PopulationGrid`.
        state_bits: width of current and potential, sign included; the potential saturates at
            ``2**(state_bits - 1) - 1``, the current wraps (docs/numerics.md, "Neurons").
        wanted: thresholds that a spiking population should hold (the option ``headroom``); what is less
            is said. The proof of ranges says for which inputs nothing saturates.
        c: where it is said.
    """
    fires = population.kind is Kind.NEURONS
    room = (2 ** (state_bits - 1) - 1) / (scale * 2.0 ** (c.target.threshold_shift if fires else 0))
    if fires and room < wanted:
        c.note(
            "N709",
            f"current and potential have room for {room:.5g} thresholds ({wanted:g} are aimed at); the "
            "last line of compile says for which inputs they fit",
            where=population.origin,
            why="its weights are small compared with its threshold, and coarser ones make room; "
            f"beyond the room the potential saturates on {c.target.name}",
        )
    elif not fires and population.neuron is not None:
        c.note(
            "N758",
            f"the potential that is read out saturates at {room:.4g}",
            where=population.origin,
            why=f"{c.target.name} holds {state_bits} bits, and this population never fires",
        )
