"""What a target can do: the numbers that passes and checks need to know before a back end emits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import overload

from .dynamics import STANDARD, Code, Encoding, Reset
from .fixed_point import SignMode
from .limits import Limit, LimitName

STATE_BITS = 24
"""Bits of current and potential where a target states none: Loihi's."""


@dataclass(frozen=True)
class Target:
    """A target's abilities. Every number that a chip imposes is a :class:`Limit` with its source.

    What no pass asks for is in ``own_limits``, for the target's own checks and for whoever reads.

    Attributes:
        name: as on the command line.
        hop_delay: steps that any connection takes at the least.
        limits: by name; one that is absent does not exist for this target.
        own_limits: the chip's other limits, by a name of the target's own.
        weight_bits: widths that the target can store.
        sign_modes: sign modes that a projection may use.
        plain_weights: a weight of ``b`` bits is a whole number of units of the potential, from
            ``-(2^(b-1) - 1)`` to ``2^(b-1) - 1``: of the grid of mixed signs the lowest is not there,
            and the exponent is the one at which a step of the grid is one unit.
        threshold_shift: thresholds and synaptic input are shifted left by this in the state registers.
        bias_shift: a bias mantissa may be shifted left by 0 to this.
        codes: that its neurons can emit; ``delta`` only where it is stated.
        resets: that its neurons have; of a single one, ``set-neurons`` gives it to every neuron.
        clears: its neurons can be put back to their start values between frames.
        shift_is_fixed: no neuron can shift its input by less than ``threshold_shift``.
        encodings: in which input can reach it; the first that fits is taken where nobody asks. With
            the code ``delta`` goes ``change``.
        shares_columns: its projections may hold a matrix whose inputs share columns (``Linear``); for
            others it is written out.
        neuron_models: arithmetic that its neurons can do, by name (``neuron_models.py``).
        hardware: what one buys to run it, and of whom, in a line, for a user who chooses; or why
            nothing can be bought. Empty where the target says nothing.
        overflow: what its engines do where a register would wrap or saturate, beside our simulators:
            the end of a sentence in messages about data for which no range is proved.
    """

    name: str
    hop_delay: int = 1
    limits: Mapping[LimitName, Limit] = field(default_factory=dict)
    own_limits: Mapping[str, Limit] = field(default_factory=dict)
    weight_bits: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 7, 8)
    sign_modes: tuple[SignMode, ...] = (
        SignMode.MIXED,
        SignMode.EXCITATORY,
        SignMode.INHIBITORY,
    )
    plain_weights: bool = False
    threshold_shift: int = 6
    bias_shift: int = 7
    codes: tuple[Code, ...] = (Code.RATE, Code.FRAME, Code.GRADED)
    resets: tuple[Reset, ...] = (Reset.SUBTRACT, Reset.ZERO)
    clears: bool = True
    shift_is_fixed: bool = False
    encodings: tuple[Encoding, ...] = (Encoding.GRADED, Encoding.SPREAD, Encoding.ONCE)
    shares_columns: bool = False
    neuron_models: tuple[str, ...] = (STANDARD,)
    hardware: str = ""
    overflow: str = "whether its engines do the same is not stated"

    def __post_init__(self) -> None:
        """Refuse what a target cannot mean.

        Raises:
            ValueError: a limit that is no :class:`LimitName`, or whose value makes no sense; statements
                that contradict each other, or with which no program can be: all of them.
        """
        for name, limit in self.limits.items():
            if not isinstance(name, LimitName):
                raise ValueError(f"target {self.name}: {name!r} is not a LimitName; see own_limits")
            if not name.least <= limit.value <= name.most:
                outside = f"{limit.value} is outside {name.least} to {name.most}"
                raise ValueError(f"target {self.name}: {name.text} {outside}")
        if found := "; ".join([*self._missing(), *self._contradictions()]):
            raise ValueError(f"target {self.name}: {found}")

    def _missing(self) -> Iterator[str]:
        """Abilities of which there is none."""
        for name in ("weight_bits", "sign_modes", "codes", "resets", "encodings", "neuron_models"):
            if not getattr(self, name):
                yield f"{name} is empty: nothing could be compiled"

    def _contradictions(self) -> Iterator[str]:
        """Statements of which one leaves nothing of another."""
        name = LimitName
        whose = next((n for n in (name.CURRENT_DECAY, name.DECAY) if n in self.limits), None)
        if whose is not None:
            yield from self._above(name.LEAST_CURRENT_DECAY, whose)
        if not self.plain_weights:
            yield from self._above(name.LOWEST_WEIGHT_EXPONENT, name.WEIGHT_EXPONENT, without=0)
        yield from self._above(name.LEAST_THRESHOLD, name.THRESHOLD, shift=self.threshold_shift)
        if self.limit(name.INPUT_SPIKES) == self.limit(name.LEAST_INPUT) == 0:
            yield f"{name.INPUT_SPIKES.text} and {name.LEAST_INPUT.text} are 0: no input has a count"
        widest = max(self.weight_bits, default=0)
        if widest > self.limit(name.WEIGHT_BITS, widest):
            most = self.limit(name.WEIGHT_BITS, widest)
            yield f"weight_bits has {widest}, the limit on {name.WEIGHT_BITS.text} is {most}"
        bits = self.state_bits(readout=False)
        if self.shift_is_fixed and self.threshold_shift > bits - 2:
            yield f"a threshold, shifted by {self.threshold_shift}, does not fit {bits} state bits"

    def _above(
        self, least: LimitName, most: LimitName, *, without: int | None = None, shift: int = 0
    ) -> Iterator[str]:
        """That the smallest value of something is above its largest.

        Args:
            least, most: the limits.
            without: the smallest where none is stated.
            shift: of the largest, to the left.
        """
        low, high = self.limit(least), self.limit(most)
        low, stated = (without, False) if low is None else (low, True)
        if low is None or high is None or low <= high << shift:
            return
        said = f"{least.text} {low}" + ("" if stated else ", as none is stated,")
        yield f"{said} is above {most.text} {high}" + (f", shifted left by {shift}" if shift else "")

    @overload
    def limit(self, name: LimitName) -> int | None: ...

    @overload
    def limit(self, name: LimitName, without: int) -> int: ...

    def limit(self, name: LimitName, without: int | None = None) -> int | None:
        """The value of a limit, or ``without`` where the target states none; 0 is a value."""
        found = self.limits.get(name)
        return without if found is None else found.value

    def largest_bias(self, *, readout: bool) -> int:
        """Largest mantissa of a bias, either sign; some targets have another for the readout."""
        most = self.limit(LimitName.BIAS, 2**31 - 1)
        return self.limit(LimitName.READOUT_BIAS, most) if readout else most

    def state_bits(self, *, readout: bool) -> int:
        """Bits of current and potential, sign included; some targets have others for the readout."""
        bits = self.limit(LimitName.STATE_BITS, STATE_BITS)
        return self.limit(LimitName.READOUT_STATE_BITS, bits) if readout else bits
