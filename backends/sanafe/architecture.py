"""SANA-FE's description of the chip: Loihi 1 with the figures of its paper.

Our own text; SANA-FE's file for Loihi (``examples/loihi.yaml``, GPL) has other figures, fitted to
measurements, and is what the engine ``sanafe-loihi`` takes from the installed package. Names of units
are the same in both, so that one network file serves both. All figures are from table 2 (p. 96) of
Davies et al. 2018, simulated before silicon, but for what is marked "ours".
"""

from __future__ import annotations

from dataclasses import dataclass

from .target import COMPARTMENTS, CORES_PER_TILE, TILES

WIDTH, HEIGHT = 8, 4
LIF, INPUTS, DENDRITE = "loihi_lif", "loihi_inputs", "loihi_dendrites"
CONVOLUTION, MATRIX, SPARSE = "loihi_conv_synapse", "loihi_dense_synapse", "loihi_sparse_synapse"


@dataclass(frozen=True)
class Cost:
    """One row of the paper's table: picojoules and nanoseconds."""

    picojoules: float
    nanoseconds: float

    def words(self, energy: str, latency: str) -> str:
        """As attributes of SANA-FE, in joules and seconds."""
        return f"{energy}: {self.picojoules}e-12, {latency}: {self.nanoseconds}e-9"


SYNAPSE = Cost(23.6, 3.5)
"""A synaptic operation: the least energy, the most time."""
INACTIVE = Cost(52.0, 5.3)
"""A neuron's update in a step in which nothing happens to it."""
ACTIVE_ON_TOP = Cost(29.0, 3.1)
"""81 pJ and 8.4 ns of an active update, less those of an inactive one."""
SPIKE = Cost(1.7, 2.1)
"""A spike within a tile; ours: for each core that it goes to."""
EAST_WEST = Cost(3.0, 4.1)
NORTH_SOUTH = Cost(4.0, 6.5)
NOTHING = Cost(0.0, 0.0)
"""What the paper gives no figure for, and the host's inputs."""
BARRIER = (113.0, 465.0)
"""Nanoseconds for 1 and for 32 tiles; ours: a straight line between."""
LINK_BUFFER = 16
"""Messages a router's link holds: SANA-FE's own file for Loihi."""

HEADER = """# Loihi 1, written by snnc for SANA-FE 2.2.9.
# Energies and times: M. Davies et al., Loihi, IEEE Micro 38(1), 2018, table 2 (p. 96), simulated before
# silicon. A spike's cost counts once for each core that it goes to; synchronisation is a straight line
# between the paper's 113 ns (1 tile) and 465 ns (32 tiles). What has no figure there costs nothing:
# dendrites, axons in, the input neurons (which stand for the host), idle power, the x86 cores.
"""


def architecture(tiles_used: int) -> str:
    """The file for a network on the first ``tiles_used`` tiles, the only ones that have input units."""
    used = min(tiles_used, TILES.value)
    tiles = _tile("loihi_tile_used", used, inputs=True)
    if used < TILES.value:
        tiles += _tile("loihi_tile_free", TILES.value - used, inputs=False)
    lowest, highest = BARRIER
    waits = ", ".join(
        f"{n}: {lowest + (highest - lowest) * (n - 1) / (TILES.value - 1):.1f}e-9"
        for n in range(1, TILES.value + 1)
    )
    return f"""{HEADER}architecture:
  name: loihi_1
  attributes:
    topology: mesh
    width: {WIDTH}
    height: {HEIGHT}
    link_buffer_size: {LINK_BUFFER}
    sync_model: table
    latency_sync: {{ {waits} }}
  tile:
{tiles}"""


def is_ours(text: str) -> bool:
    """Whether a file is one that :func:`architecture` writes.

    SANA-FE loads any shared library that an architecture names as a plug-in.
    """
    return any(text == architecture(n) for n in range(1, TILES.value + 1))


def _tile(name: str, count: int, *, inputs: bool) -> str:
    east, north = EAST_WEST, NORTH_SOUTH
    hops = "\n".join(
        f"        {line}"
        for way, cost in (("north", north), ("east", east), ("south", north), ("west", east))
        for line in cost.words(f"energy_{way}_hop", f"latency_{way}_hop").split(", ")
    )
    somas = [_unit(LIF, "leaky_integrate_fire", _soma(INACTIVE, ACTIVE_ON_TOP))]
    if inputs:
        each = f"{INPUTS}[0..{COMPARTMENTS.value - 1}]"
        somas.append(_unit(each, "input", _soma(NOTHING, NOTHING)))
    process = SYNAPSE.words("energy_process_spike", "latency_process_spike")
    synapses = "".join(_unit(s, "current_based", process) for s in (CONVOLUTION, MATRIX, SPARSE))
    update = NOTHING.words("energy_update", "latency_update")
    dendrites = _unit(DENDRITE, "accumulator", update)
    axon_in = NOTHING.words("energy_message_in", "latency_message_in")
    axon_out = SPIKE.words("energy_message_out", "latency_message_out")
    return f"""    - name: {name}[0..{count - 1}]
      attributes:
{hops}
      core:
        - name: loihi_core[0..{CORES_PER_TILE.value - 1}]
          attributes: {{ buffer_position: soma, buffer_inside_unit: false, \
max_neurons_supported: {COMPARTMENTS.value} }}
          axon_in:
            - name: loihi_in
              attributes: {{ {axon_in} }}
          synapse:
{synapses}          dendrite:
{dendrites}          soma:
{"".join(somas)}          axon_out:
            - name: loihi_out
              attributes: {{ {axon_out} }}
"""


def _unit(name: str, model: str, words: str) -> str:
    return f"            - name: {name}\n              attributes: {{ model: {model}, {words} }}\n"


def _soma(access: Cost, update: Cost) -> str:
    return ", ".join(
        (
            access.words("energy_access_neuron", "latency_access_neuron"),
            update.words("energy_update_neuron", "latency_update_neuron"),
            NOTHING.words("energy_spike_out", "latency_spike_out"),
        )
    )
