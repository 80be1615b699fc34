"""The neurons that Lava's own LIF cannot express: Processes and their fixed-point models.

They are alone in this ``__init__.py`` on purpose. When Lava looks for models it executes every other
``.py`` file in the folder of a Process again, once for each instance; here there is none.

One time step, all in integers (``docs/numerics.md`` of snnc; Lava's ``AbstractPyLifModelFixed``)::

    u = decay(u, du + 1) + (arrived << input_shift)    32 bits, then one conditional wrap
    v = decay(v, dv) + u + (bias, once step > bias_start)          saturates
    spike where v > threshold (or >=); v -= threshold (or v = 0)

The exact codes count instead, at the last step of each frame: ``n = clip(v // threshold, 0, levels)``,
and send n spikes from then on, or one spike with payload n, or with n less the last frame's. Who
receives such changes sums them over frames (``sums_changes``). ``SeveralSpikes`` counts in every step,
and takes what it sends from its potential. Of sigma-delta neurons only the bias is
not Lava's own.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from lava.magma.core.decorator import implements, requires, tag
from lava.magma.core.model.py.model import PyLoihiProcessModel
from lava.magma.core.model.py.ports import PyInPort, PyOutPort
from lava.magma.core.model.py.type import LavaPyType
from lava.magma.core.process.ports.ports import InPort, OutPort
from lava.magma.core.process.process import AbstractProcess
from lava.magma.core.process.variable import Var
from lava.magma.core.resources import CPU
from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol
from lava.proc.sdn.models import AbstractSigmaDeltaModel, PySigmaDeltaModelFixed, ReLU
from lava.proc.sdn.process import SigmaDelta
from numpy.typing import NDArray

Integers = NDArray[np.int64]

DECAY_SHIFT = 12


def decay(state: Integers, constant: int) -> Integers:
    """``state * (4096 - constant) / 4096``, rounded towards zero."""
    magnitude = (np.abs(state) * (2**DECAY_SHIFT - constant)) >> DECAY_SHIFT
    return np.asarray(np.sign(state) * magnitude)


def wrap_int32(value: Integers) -> Integers:
    """What a 32-bit register keeps."""
    return np.asarray(value.astype(np.int32), np.int64)


def wrap_current(value: Integers, bits: int) -> Integers:
    """Lava's overflow of ``u``: one conditional wrap, and ``+2**(bits-1)`` stays."""
    limit = 2 ** (bits - 1)
    once = np.where(value > limit, value - 2 * limit, value)
    return np.where(value <= -limit, value + 2 * limit, once)


class Integrator(AbstractProcess):  # type: ignore[misc]
    """State and constants that spiking and silent populations share.

    Args:
        shape: of the population; all arrays below have it, integers.
        current_decay, potential_decay: Loihi's ``du`` and ``dv``.
        input_shift: what arrives is shifted left by this.
        state_bits: width of ``u`` and ``v``, sign included.
        start_value: ``v`` before step 1.
        bias: added to ``v`` in the first step after ``bias_start`` and in every ``bias_interval``-th
            after it.
        clear_interval, clear_offset: ``u`` goes to 0 and ``v`` to its start value before the input of
            each step ``t`` with ``t % clear_interval == clear_offset % clear_interval``; interval 0
            means never.
        sums_changes: what arrives are changes. Nothing is cleared, and the bias is added once, in the
            first step after ``bias_start``. Where ``clear_interval`` is 0, ``u`` keeps all that
            arrives, and ``v`` gets that and the bias in every last step of ``bias_interval``.
    """

    def __init__(
        self, *, shape: tuple[int, ...], start_value: Integers, bias: Integers, **constants: Any
    ) -> None:
        super().__init__(shape=shape, **constants)
        self.a_in = InPort(shape=shape)
        self.u = Var(shape=shape, init=0)
        self.v = Var(shape=shape, init=start_value)
        self.start_value = Var(shape=shape, init=start_value)
        self.bias = Var(shape=shape, init=bias)


class Spiking(Integrator):
    """Fires at its threshold, then subtracts it (``reset='subtract'``) or goes to 0 (``'zero'``).

    ``comparison`` is ``'>'`` or ``'>='``; ``threshold`` is in units of ``v``, one for each neuron.
    """

    def __init__(self, *, shape: tuple[int, ...], threshold: Integers, **rest: Any) -> None:
        super().__init__(shape=shape, **rest)
        self.threshold = Var(shape=shape, init=threshold)
        self.s_out = OutPort(shape=shape)


class SeveralSpikes(Integrator):
    """Sends as many spikes in a step as thresholds are in ``v``, at most ``most_spikes``, as a payload.

    Then it subtracts as many thresholds (``reset='subtract'``), or goes to 0 (``'zero'``).
    """

    def __init__(self, *, shape: tuple[int, ...], threshold: Integers, **rest: Any) -> None:
        super().__init__(shape=shape, **rest)
        self.threshold = Var(shape=shape, init=threshold)
        self.s_out = OutPort(shape=shape)


class Counting(Integrator):
    """Counts its thresholds at the last step of each frame and sends the count in the next.

    A frame lasts ``clear_interval`` steps. With ``code='frame'`` one spike a step from the deciding
    step on, with ``'graded'`` one spike whose payload is the count, with ``'delta'`` one with its
    difference to the last frame's. ``levels`` is the largest count.
    """

    def __init__(self, *, shape: tuple[int, ...], threshold: Integers, **rest: Any) -> None:
        super().__init__(shape=shape, **rest)
        self.threshold = Var(shape=shape, init=threshold)
        self.waiting = Var(shape=shape, init=0)
        self.s_out = OutPort(shape=shape)


class Readout(Integrator):
    """Never fires; sends ``v`` after every step."""

    def __init__(self, *, shape: tuple[int, ...], **rest: Any) -> None:
        super().__init__(shape=shape, **rest)
        self.v_out = OutPort(shape=shape)


class LateSigmaDelta(SigmaDelta):  # type: ignore[misc]
    """Lava's SigmaDelta with a bias that is 0 up to step ``bias_start``."""

    def __init__(self, *, bias_start: int, **rest: Any) -> None:
        super().__init__(bias_start=bias_start, **rest)


class AbstractPyIntegrator(PyLoihiProcessModel):  # type: ignore[misc]
    """The part of a step that both kinds share."""

    a_in: Any = LavaPyType(PyInPort.VEC_DENSE, np.int32)
    u: Any = LavaPyType(np.ndarray, np.int32, precision=24)
    v: Any = LavaPyType(np.ndarray, np.int32, precision=24)
    start_value: Any = LavaPyType(np.ndarray, np.int32, precision=24)
    bias: Any = LavaPyType(np.ndarray, np.int32)

    def integrate(self) -> Integers:
        """Receive, update ``u`` and ``v``; returns the new ``v``."""
        constants = self.proc_params
        interval, sums = constants["clear_interval"], constants["sums_changes"]
        adds = sums and not interval
        if interval and not sums and (self.time_step - constants["clear_offset"]) % interval == 0:
            self.u[:] = 0
            self.v[:] = self.start_value
        arrived = np.asarray(self.a_in.recv(), np.int64) << constants["input_shift"]
        current = decay(np.asarray(self.u, np.int64), 0 if adds else constants["current_decay"] + 1)
        current = wrap_int32(current + wrap_int32(arrived))
        current = wrap_int32(wrap_current(current, constants["state_bits"]))
        potential = decay(np.asarray(self.v, np.int64), constants["potential_decay"]) + current
        since = self.time_step - constants["bias_start"]
        if adds:
            due = since > 0 and since % constants["bias_interval"] == 0
        else:
            due = since > 0 and (since - 1) % constants["bias_interval"] == 0
            due = due and (since == 1 or not sums)
        if due:
            potential = potential + self.bias
        elif adds:  # within a frame changes are not complete
            potential = np.asarray(self.v, np.int64)
        limit = 2 ** (constants["state_bits"] - 1) - 1
        self.u[:] = current
        self.v[:] = np.clip(wrap_int32(potential), -limit, limit)
        return np.asarray(self.v, np.int64)


@implements(proc=Spiking, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt")
class PySpikingFixed(AbstractPyIntegrator):
    """Lava finds this one by the tag ``fixed_pt``."""

    s_out: Any = LavaPyType(PyOutPort.VEC_DENSE, np.int32, precision=24)
    threshold: Any = LavaPyType(np.ndarray, np.int32, precision=24)

    def run_spk(self) -> None:
        """One time step."""
        potential = self.integrate()
        above = self.proc_params["comparison"] == ">"
        fired = potential > self.threshold if above else potential >= self.threshold
        if self.proc_params["reset"] == "subtract":
            self.v[:] = potential - fired * self.threshold
        else:
            self.v[fired] = 0
        self.s_out.send(fired)


@implements(proc=SeveralSpikes, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt")
class PySeveralSpikesFixed(AbstractPyIntegrator):
    """Lava finds this one by the tag ``fixed_pt``."""

    s_out: Any = LavaPyType(PyOutPort.VEC_DENSE, np.int32, precision=24)
    threshold: Any = LavaPyType(np.ndarray, np.int32, precision=24)

    def run_spk(self) -> None:
        """One time step."""
        potential = self.integrate()
        sent = np.clip(potential // self.threshold, 0, self.proc_params["most_spikes"])
        if self.proc_params["reset"] == "subtract":
            self.v[:] = potential - sent * self.threshold
        else:
            self.v[sent > 0] = 0
        self.s_out.send(sent)


@implements(proc=Counting, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt")
class PyCountingFixed(AbstractPyIntegrator):
    """Lava finds this one by the tag ``fixed_pt``."""

    s_out: Any = LavaPyType(PyOutPort.VEC_DENSE, np.int32, precision=24)
    threshold: Any = LavaPyType(np.ndarray, np.int32, precision=24)
    waiting: Any = LavaPyType(np.ndarray, np.int32, precision=24)

    def run_spk(self) -> None:
        """One time step."""
        constants = self.proc_params
        potential = self.integrate()
        since = self.time_step - constants["bias_start"]
        last = self.waiting.copy()
        if since > 0 and since % constants["clear_interval"] == 0:
            self.waiting[:] = np.clip(potential // self.threshold, 0, constants["levels"])
        if constants["code"] == "delta":
            self.s_out.send(self.waiting - last)
            return
        if constants["code"] == "graded":
            sent = self.waiting.copy()
        else:
            sent = (self.waiting > 0).astype(np.int32)
        self.waiting[:] = self.waiting - sent
        self.s_out.send(sent)


@implements(proc=Readout, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt")
class PyReadoutFixed(AbstractPyIntegrator):
    """Lava finds this one by the tag ``fixed_pt``."""

    v_out: Any = LavaPyType(PyOutPort.VEC_DENSE, np.int32, precision=24)

    def run_spk(self) -> None:
        """One time step."""
        self.v_out.send(np.asarray(self.integrate(), np.int32))


@implements(proc=LateSigmaDelta, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt")
class PyLateSigmaDeltaFixed(AbstractSigmaDeltaModel):  # type: ignore[misc]
    """Lava finds this one by the tag ``fixed_pt``.

    It has what Lava's own model has, which it cannot inherit: that one implements another Process.
    """

    a_in: Any = PySigmaDeltaModelFixed.a_in
    s_out: Any = PySigmaDeltaModelFixed.s_out
    vth: Any = PySigmaDeltaModelFixed.vth
    sigma: Any = PySigmaDeltaModelFixed.sigma
    act: Any = PySigmaDeltaModelFixed.act
    residue: Any = PySigmaDeltaModelFixed.residue
    error: Any = PySigmaDeltaModelFixed.error
    bias: Any = PySigmaDeltaModelFixed.bias
    spike_exp: Any = PySigmaDeltaModelFixed.spike_exp
    state_exp: Any = PySigmaDeltaModelFixed.state_exp
    cum_error: Any = PySigmaDeltaModelFixed.cum_error
    run_spk: Any = PySigmaDeltaModelFixed.run_spk

    def activation_dynamics(self, sigma_data: Any) -> Any:
        """ReLU of the sum, and of the bias once that has begun."""
        if self.time_step <= self.proc_params["bias_start"]:
            return ReLU(sigma_data)
        return super().activation_dynamics(sigma_data)
