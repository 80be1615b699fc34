"""What a target can do: the numbers that passes and checks need to know before a back end emits."""

from __future__ import annotations

from dataclasses import dataclass, field

from .fixed_point import SignMode
from .graph import STANDARD, Code, Encoding


@dataclass(frozen=True)
class Limit:
    """One limit of a target: its value, its unit and where it is stated.

    ``cure`` is what to do about it, for messages, where the target itself has an answer (an option).
    """

    value: int
    unit: str
    source: str
    cure: str = ""


@dataclass(frozen=True)
class Target:
    """A target's abilities. Every number that a chip imposes is a :class:`Limit` with its source.

    Attributes:
        name: as on the command line.
        hop_delay: steps that any connection takes at the least.
        limits: named limits; a name that is absent means "no limit".
        weight_bits: widths that the target can store.
        sign_modes: sign modes that a projection may use.
        threshold_shift: thresholds and synaptic input are shifted left by this in the state registers.
        bias_shift: a bias mantissa may be shifted left by 0 to this.
        codes: that its neurons can speak.
        shift_is_fixed: no neuron can shift its input by less than ``threshold_shift``.
        encodings: in which input can reach it; the first that fits is taken where nobody asks.
        neuron_models: arithmetic that its neurons can do, by name (``neuron_models.py``).
        overflow: what its engines do where a register would wrap or saturate, beside our simulators:
            the end of a sentence in messages about data for which no range is proved.
    """

    name: str
    hop_delay: int = 1
    limits: dict[str, Limit] = field(default_factory=dict)
    weight_bits: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 7, 8)
    sign_modes: tuple[SignMode, ...] = (
        SignMode.MIXED,
        SignMode.EXCITATORY,
        SignMode.INHIBITORY,
    )
    threshold_shift: int = 6
    bias_shift: int = 7
    codes: tuple[Code, ...] = (Code.RATE, Code.FRAME, Code.GRADED)
    shift_is_fixed: bool = False
    encodings: tuple[Encoding, ...] = (Encoding.GRADED, Encoding.SPREAD, Encoding.ONCE)
    neuron_models: tuple[str, ...] = (STANDARD,)
    overflow: str = "whether its engines do so alike is not stated"

    def limit(self, name: str) -> int | None:
        """The value of a limit, or None where the target states none."""
        found = self.limits.get(name)
        return None if found is None else found.value
