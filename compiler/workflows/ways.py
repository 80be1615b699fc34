"""The ways to compile that ``--code auto`` may take, cheapest first; and those that cures name."""

from __future__ import annotations

from dataclasses import dataclass, replace

from snnc.ir import Code, Graph, Target

from .room import is_large


@dataclass(frozen=True)
class Candidate:
    """A way to compile.

    Attributes:
        code: None for that of a network that spikes already.
        steps_per_frame: that a frame takes in it; None leaves these to the passes.
        levels: of activations; None likewise.
        headroom: of ``quantize-weights``; None likewise.
    """

    code: str | None
    steps_per_frame: int | None
    levels: int | None = None
    headroom: int | None = None

    @property
    def options(self) -> str:
        """As the command line has them."""
        code = [] if self.code is None else [f"--code {self.code}"]
        steps = [f"--steps-per-frame {self.steps_per_frame}"] if self.steps_per_frame else []
        return " ".join([*code, *steps, *(f"--set '{change}'" for change in self.changes)])

    @property
    def changes(self) -> tuple[str, ...]:
        """Options of passes."""
        levels = () if self.levels is None else (f"quantize-activations{{levels={self.levels}}}",)
        room = () if self.headroom is None else (f"quantize-weights{{headroom={self.headroom}}}",)
        return (*levels, *room)


ORDER = (
    Candidate("graded", None, 31),
    Candidate("graded", None),
    Candidate("frame", 16),
    Candidate("rate", 16),
    Candidate("frame", 32),
    Candidate("rate", 32),
    Candidate("rate", 64),
)
"""By what a frame costs: time steps first, then synaptic operations (docs/conversion.md has both).

``delta`` is ``graded`` with other spikes: it is taken in place of it where it takes less energy.
"""

FINER = (Candidate(None, None, headroom=16),)
"""For a network that spikes already: weights are rounded less, for streams that are proved shorter."""


TELLING = 64
"""Samples to judge by from which 31 levels may be taken for enough: fewer agree by chance, where 255
levels lost nothing on the networks of docs/conversion.md."""

FEWER_LEVELS = 31
"""They leave room for more frames than 255, and are finer than the next code's 16."""


TRIED_OF_LARGE = 2
"""Ways that are tried of a network that takes long to compile."""


def candidates(
    target: Target, graph: Graph, steps_per_frame: int | None, judged: int
) -> tuple[Candidate, ...]:
    """What may be tried for a network on a target, cheapest first.

    A network that was trained with spikes has settled its code; one that spikes already has no other.
    Of a large network only the first two are.

    Args:
        steps_per_frame: what the user asks for; only codes of so many steps are tried then.
        judged: samples to judge by.
    """
    if graph.was_trained_for_spikes:
        return ()
    able = [
        c for c in ORDER if Code(c.code) in target.codes and (c.levels is None or judged >= TELLING)
    ]
    if steps_per_frame is not None:
        able = [Candidate(code, steps_per_frame) for code in dict.fromkeys(c.code for c in able)]
        able.sort(key=lambda c: c.code != Code.RATE.value)
    return tuple(able[:TRIED_OF_LARGE] if is_large(graph) else able)


def coarser(candidate: Candidate) -> Candidate | None:
    """The same with fewer levels, whose ranges are proved for more frames; None where it has none."""
    if candidate.code != Code.GRADED.value or candidate.levels is not None:
        return None
    return replace(candidate, levels=FEWER_LEVELS)
