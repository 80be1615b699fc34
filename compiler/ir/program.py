"""The program: what the chip *does*, in integers and time steps. Nothing that it computes is a float.

Steps are counted from 1. A spike that a population sends at step ``t`` over a projection with delay
``d`` arrives at step ``t + 1 + d``: every connection takes one step, ``d`` is what comes on top. What a
population does with what arrives is ``docs/numerics.md`` and, as code, ``snnc.sim.reference``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from snnc.errors import CompilerBug, counted

from .dynamics import STANDARD, Code, Comparison, Encoding, Kind, Reset
from .fixed_point import SignMode
from .ops import Array, Linear, Op, Shape


@dataclass(frozen=True, eq=False)
class IntegerNeuron:
    """Dynamics of one population in integers.

    Arrays are int64 of shape (), (channels, 1, ..., 1) or the population's. Ranges are those of
    ``program_ranges``, which has their reasons; :func:`snnc.ir.validate` refuses what is beyond.

    Attributes:
        current_decay: Loihi's ``du``, 0 to 4095; ``(du + 1) / 4096`` of the current is lost a step.
        potential_decay: Loihi's ``dv``, 0 to 4096; ``dv / 4096`` of the potential is lost a step.
        input_shift: synaptic input is shifted left by this into the state registers, 0 to 31.
        state_bits: width of current and potential, sign included, 2 to 32.
        threshold: in units of the potential, 1 to 2^31 - 1; None for a readout, which never fires.
        comparison, reset: as in the graph; without meaning for a readout.
        start_value: potential before the first step, -(2^31 - 1) to 2^31 - 1, and at most the
            register's end, ``2^(state_bits - 1) - 1``.
        bias_mantissa: ``mantissa << exponent`` is added to the potential every step; -(2^31 - 1) to
            2^31 - 1.
        bias_exponent: 0 to 31.
        bias_start: the bias is added in steps ``t > bias_start`` (0: from the first step on), 0 to
            2^16 - 1.
        unit: the potential that stands for 1.0 of the graph's units, 1 to 2^53; for information alone.
        bias_interval: of the steps after ``bias_start`` the first and every so many after it get the
            bias, 1 to 2^16.
        clear_interval: before the input of every step ``t`` with ``t % interval == offset % interval``
            the current is set to 0 and the potential to its start value; 0 to 2^16, 0 means never.
        clear_offset: see there, 0 to 2^16; in the exact codes ``bias_start + 1``, or whole intervals
            from it.
        code: RATE fires as ``comparison`` and ``reset`` say, at most once a step. The exact codes count
            the thresholds in the potential at the last step of each frame (``clear_interval`` steps
            long), at most ``levels``; FRAME sends so many spikes from this step on, one a step, GRADED
            one spike with that payload, DELTA one with its difference to the last frame's.
        levels: largest count in the exact codes, 0 to 2^23 - 1; 0 in RATE, and there alone.
        sums_changes: what arrives are changes: nothing is cleared, and the bias counts once, in the
            step after ``bias_start``. A readout with ``clear_interval`` 0 adds up its frames' sums: the
            changes are added up in the current, which keeps all of it, and that and the bias go into
            the potential at the last step of each ``bias_interval``.
        model: whose arithmetic it is: ``standard`` (``docs/numerics.md``), or the name of a neuron
            model that a plug-in brings (``neuron_models.py``), which says what the other fields mean.
        constants: whole numbers by name that such a model needs beyond these fields, -2^63 to
            2^63 - 1.
    """

    current_decay: int
    potential_decay: int
    input_shift: int
    state_bits: int
    threshold: Array | None
    comparison: Comparison
    reset: Reset
    start_value: Array
    bias_mantissa: Array
    bias_exponent: int
    bias_start: int
    unit: int = 1
    clear_interval: int = 0
    clear_offset: int = 0
    bias_interval: int = 1
    code: Code = Code.RATE
    levels: int = 0
    model: str = STANDARD
    constants: Mapping[str, int] = field(default_factory=dict)
    sums_changes: bool = False

    @property
    def adds_answers(self) -> bool:
        """Whether it is a readout that receives changes and adds up its answers over frames."""
        return self.sums_changes and self.threshold is None and not self.clear_interval

    @property
    def fires_at(self) -> Array:
        """Its threshold; of neurons that fire, which a readout's do not."""
        if self.threshold is None:
            raise CompilerBug("the caller", ["a readout has no threshold"])
        return self.threshold

    def decides(self, step: int) -> bool:
        """Whether a neuron of an exact code counts its thresholds in a step (from 1)."""
        frame, since = self.clear_interval, step - self.bias_start
        return self.code.exact and since > 0 and since % frame == 0

    def clears(self, step: int) -> bool:
        """Whether current and potential begin again before the input of a step (from 1)."""
        if not self.clear_interval or self.sums_changes:
            return False
        return (step - self.clear_offset) % self.clear_interval == 0

    def is_biased(self, step: int) -> bool:
        """Whether the bias is added in a step (from 1)."""
        since, interval = step - self.bias_start, self.bias_interval
        if self.adds_answers:
            return since > 0 and since % interval == 0
        return since == 1 if self.sums_changes else since > 0 and (since - 1) % interval == 0


@dataclass(frozen=True, eq=False)
class ProgramPopulation:
    """A population of the program; ``neuron`` is None for the input.

    ``shape`` has 1 to 8 axes, each 1 to 2^31 - 1, as all of them together.
    ``start`` is the number of steps before the population's frame 0, 0 to 2^16 - 1: its frame ``r``
    lasts from step ``start + r * K + 1`` to step ``start + (r + 1) * K``. ``relay_of`` names the
    population whose spikes this one only passes on, later (``relays.py``).
    """

    name: str
    kind: Kind
    shape: Shape
    origin: str
    start: int
    neuron: IntegerNeuron | None = None
    encoding: Encoding | None = None
    relay_of: str | None = None

    @property
    def dynamics(self) -> IntegerNeuron:
        """What its neurons do; of every population but the input."""
        if self.neuron is None:
            raise CompilerBug("the caller", [f"{self.name} is the input, which has no neurons"])
        return self.neuron

    @property
    def sends_changes(self) -> bool:
        """Whether its spikes say by how much a level or a count has changed."""
        if self.neuron is None:
            return self.encoding is Encoding.CHANGE
        return self.neuron.code is Code.DELTA

    @property
    def latency(self) -> int:
        """Steps from the beginning of its frame to the first spike for it: ``Graph.latency``."""
        if self.neuron is None or not self.neuron.code.exact:
            return 0
        return self.neuron.clear_interval - 1


@dataclass(frozen=True, eq=False)
class ProgramProjection:
    """A projection of the program: ``arriving = shift(op(spikes), exponent)``.

    ``op`` holds int64 weights on the grid of ``weight_bits`` (1 to 32; 31 with one sign) and
    ``sign_mode`` and has no bias; what it gives has the target's shape. ``exponent`` is
    -31 to 31, ``delay`` 0 to 2^16 - 1. With ``graded`` the payload is multiplied, without it every
    non-zero payload counts 1; a source without payloads cannot be ``graded``.
    """

    source: str
    target: str
    op: Op
    weight_bits: int
    sign_mode: SignMode
    exponent: int
    delay: int
    graded: bool
    origin: str

    def written_out(self) -> ProgramProjection:
        """The same without columns that inputs share (:class:`Linear`)."""
        return replace(self, op=self.op.full()) if isinstance(self.op, Linear) else self

    @property
    def label(self) -> str:
        """How messages call it."""
        return f"{self.source} -> {self.target}"


@dataclass(frozen=True, eq=False, repr=False)
class Program:
    """A network in integers, ready to be emitted or simulated.

    ``steps_per_frame`` is 1 to 2^16. ``step_seconds`` is how long a step lasts, where the model says
    so. Nothing here depends on it; formats in continuous time ask for it.
    """

    name: str
    steps_per_frame: int
    populations: tuple[ProgramPopulation, ...]
    projections: tuple[ProgramProjection, ...]
    step_seconds: float | None = None

    def __repr__(self) -> str:
        """In a line; :func:`snnc.ir.text.program_text` has all of it."""
        parts = counted(len(self.populations), "population")
        parts += f", {counted(len(self.projections), 'projection')}"
        return f"Program({self.name!r}: {parts})"

    @cached_property
    def by_name(self) -> dict[str, ProgramPopulation]:
        """Populations by name."""
        return {p.name: p for p in self.populations}

    @property
    def input(self) -> ProgramPopulation:
        """The only input population."""
        return next(p for p in self.populations if p.kind is Kind.INPUT)

    @property
    def readout(self) -> ProgramPopulation:
        """The only readout population."""
        return next(p for p in self.populations if p.kind is Kind.READOUT)

    def into(self, name: str) -> tuple[ProgramProjection, ...]:
        """The projections that end at a population."""
        return tuple(p for p in self.projections if p.target == name)

    def steps(self, frames: int) -> int:
        """Steps until the readout has finished ``frames`` frames."""
        return self.readout.start + frames * self.steps_per_frame

    def answer_step(self, frame: int) -> int:
        """The step (from 1) after which the readout's potential is the answer of a frame (from 0)."""
        return self.readout.start + (frame + 1) * self.steps_per_frame
