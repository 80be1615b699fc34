"""Makes one Lava Process for one population or projection of the program.

Weights are on the chip's grid already: Lava clips and truncates what it is given, and with the sign
mode and bit width stated here it finds nothing to change.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from lava.proc.conv.process import Conv
from lava.proc.dense.process import Dense
from lava.proc.graded.process import GradedReluVec, GradedVec
from lava.proc.lif.process import LIF, LIFReset
from lava.proc.prodneuron.process import ProdNeuron
from lava.proc.sdn.process import ActivationMode, Delta, SigmaDelta
from lava.proc.sparse.process import DelaySparse, Sparse
from lava.utils.weightutils import SignMode

from .matrices import matrix
from .model import Model
from .neurons import Counting, LateSigmaDelta, Readout, SeveralSpikes, Spiking

PAYLOAD_BITS = 24
"""Width of a graded spike's payload (signed), as in Lava's own networks."""

THRESHOLD_SHIFT = 6
"""Lava's LIF compares ``v`` with ``vth << 6``."""


def neurons(model: Model, population: dict[str, Any]) -> Any:
    """The Process of a population; all are flat, in C order of (channels, height, width)."""
    neuron = population["neuron"]
    shape = (int(np.prod(population["shape"])),)

    def flat(key: str) -> Any:
        whole = np.broadcast_to(model.array(neuron[key]), population["shape"])
        return np.ascontiguousarray(whole).reshape(shape)

    if population["process"] in ("LIF", "LIFReset"):
        constants = {
            "shape": shape,
            "v": flat("start_value"),
            "du": neuron["current_decay"],
            "dv": neuron["potential_decay"],
            "vth": int(flat("threshold")[0]) >> THRESHOLD_SHIFT,
            "bias_mant": flat("bias_mantissa"),
            "bias_exp": neuron["bias_exponent"],
            "name": population["name"],
        }
        if population["process"] == "LIF":
            return LIF(**constants)
        interval = neuron["clear_interval"]
        offset = neuron["clear_offset"] % interval
        return LIFReset(reset_interval=interval, reset_offset=offset, **constants)
    if population["process"] in ("Delta", "SigmaDelta", "LateSigmaDelta"):
        return _sigma_delta(population, flat)
    shared = {
        "shape": shape,
        "start_value": flat("start_value"),
        "bias": flat("bias_mantissa") << neuron["bias_exponent"],
        "name": population["name"],
        "sums_changes": False,  # left out where it is
        **{key: value for key, value in neuron.items() if isinstance(value, int)},
    }
    if population["process"] == "GradedReluVec":
        return GradedReluVec(shape=shape, vth=0)
    if population["process"] == "GradedVec":
        return GradedVec(shape=shape, vth=0)
    if population["process"] == "Readout":
        return Readout(**shared)
    if population["process"] == "Counting":
        return Counting(threshold=flat("threshold"), code=neuron["code"], **shared)
    if population["process"] == "SeveralSpikes":
        most = neuron["constants"]["most_spikes"]
        return SeveralSpikes(
            threshold=flat("threshold"), reset=neuron["reset"], most_spikes=most, **shared
        )
    return Spiking(
        threshold=flat("threshold"),
        comparison=neuron["comparison"],
        reset=neuron["reset"],
        **shared,
    )


def _sigma_delta(population: dict[str, Any], flat: Any) -> Any:
    """Lava shifts thresholds and biases itself, by the sum of both exponents."""
    neuron = population["neuron"]
    constants = {
        **neuron["constants"],
        "shape": (int(np.prod(population["shape"])),),
        "vth": int(flat("threshold")[0]) >> sum(neuron["constants"].values()),
    }
    if population["process"] == "Delta":
        return Delta(**constants)
    constants.update(bias=flat("bias_mantissa"), act_mode=ActivationMode.RELU)
    if population["process"] == "SigmaDelta":
        return SigmaDelta(**constants)
    return LateSigmaDelta(bias_start=neuron["bias_start"], **constants)


class Memory:
    """What gives a GradedVec ``v`` a memory: Lava's own processes beside it, and their connections.

    ``keep`` brings back what ``v`` was one step ago. Where frames begin again, ``last``, a product of
    ``v``'s own input and a clock, is ``v`` at the last step of each frame and 0 at all others;
    ``forget`` takes that away one step later, when ``keep`` brings it back.

    Attributes:
        processes: by what they are for.
        hearing: ports that hear what arrives at ``v``, beside its own.
    """

    def __init__(self, population: dict[str, Any], process: Any) -> None:
        neuron, size = population["neuron"], int(np.prod(population["shape"]))
        one = np.eye(size, dtype=np.int64)
        self.hearing: list[Any] = []
        keep = _payloads(one, SignMode.EXCITATORY, f"{population['name']}: keep")
        self.processes: dict[str, Any] = {"keep": keep}
        process.s_out.connect(keep.s_in)
        if neuron["clear_interval"]:
            last = ProdNeuron(shape=(size,), vth=0)
            forget = _payloads(-one, SignMode.INHIBITORY, f"{population['name']}: forget")
            clock = _clock(neuron["clear_interval"], neuron["clear_offset"] - 2)
            strike = _payloads(np.ones((size, 1), np.int64), SignMode.EXCITATORY, "strike")
            self.processes.update(last=last, forget=forget, clock=clock, strike=strike)
            self.hearing = [last.a_in1]
            clock.s_out.connect(strike.s_in)
            strike.a_out.connect(last.a_in2)
            last.s_out.connect(forget.s_in)
            forget.a_out.connect(process.a_in)
            forget.a_out.connect(last.a_in1)
            keep.a_out.connect(last.a_in1)
        keep.a_out.connect(process.a_in)


def memory(population: dict[str, Any], process: Any) -> Memory | None:
    """The memory of a population's Process, connected to it; None where it needs none."""
    if population["process"] != "GradedVec" or population["neuron"]["clear_interval"] == 1:
        return None
    return Memory(population, process)


def _payloads(weights: Any, sign_mode: SignMode, name: str) -> Dense:
    return Dense(
        weights=weights,
        num_weight_bits=8,
        sign_mode=sign_mode,
        num_message_bits=PAYLOAD_BITS,
        name=name,
    )


def _clock(interval: int, step: int) -> LIF:
    """One neuron that fires at every step ``t`` (from 1) with ``t % interval == step % interval``."""
    first = (step - 1) % interval + 1
    unit = 2**THRESHOLD_SHIFT
    return LIF(shape=(1,), v=unit * (interval - first), du=4095, dv=0, vth=interval - 1, bias_mant=unit)


def synapses(model: Model, projection: dict[str, Any]) -> Any:
    """The Process of a projection: Conv, Dense, Sparse or DelaySparse, as ``layout.json`` says."""
    kind = projection["process"]
    name = f"{projection['source']} -> {projection['target']}"
    if kind == "Conv":
        return _conv(model, projection, name)
    options = {
        "weight_exp": projection["exponent"],
        "num_weight_bits": projection["weight_bits"],
        "sign_mode": SignMode[projection["sign_mode"].upper()],
        "num_message_bits": PAYLOAD_BITS if projection["graded"] else 0,
        "name": name,
    }
    if kind == "Dense":
        return Dense(weights=model.array(projection["op"]["weight"]), **options)
    weights = matrix(model, projection)
    if kind == "Sparse":
        return Sparse(weights=weights, **options)
    # Lava wants the delays as int64 in the weights' own sparsity pattern: anything dense would make
    # it multiply full matrices in every step.
    delays = weights.astype(np.int64)
    delays.data[:] = projection["delay"]
    return DelaySparse(weights=weights, delays=delays, max_delay=projection["delay"], **options)


def _conv(model: Model, projection: dict[str, Any], name: str) -> Any:
    # Lava convolves (torch correlates: hence the flip) and counts (width, height, channels).
    op = projection["op"]
    kernel = model.array(op["weight"])[:, :, ::-1, ::-1].transpose(0, 3, 2, 1)
    channels, height, width = model.population(projection["source"])["shape"]
    return Conv(
        weight=np.ascontiguousarray(kernel),
        input_shape=(width, height, channels),
        stride=tuple(reversed(op["stride"])),
        padding=tuple(reversed(op["padding"])),
        dilation=tuple(reversed(op["dilation"])),
        groups=op["groups"],
        num_weight_bits=projection["weight_bits"],
        num_message_bits=0,
        name=name,
    )
