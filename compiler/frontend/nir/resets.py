"""What a spike takes away where a file does not say.

NIR's equations put the potential back to ``v_reset``. Some libraries subtract the threshold by default,
and lose that when they write: the format cannot represent it (``docs/nir.md``). So a ``v_reset`` of 0
says nothing, unless snnc wrote the file. A composite, a word of snnc's metadata and any other
``v_reset`` say it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from snnc.choices import refuse_other
from snnc.errors import Diagnostic, Severity, fail
from snnc.ir import Reset

from .composite import Composite
from .metadata import Said

MOST_NAMED = 5
"""Populations in one message."""

SAYS = {Reset.ZERO: "puts the potential back to 0", Reset.SUBTRACT: "takes the threshold away"}


@dataclass
class Resets:
    """The resets that a file leaves open.

    Attributes:
        given: what the user says; None where nothing, and NIR's equation is assumed.
        written_by_snnc: whether the file means what it says.
        spiking, unsaid: names of all nodes that were asked for, and of those that do not say.
        populations: the populations that the latter became.
    """

    given: Reset | None = None
    written_by_snnc: bool = False
    spiking: list[str] = field(default_factory=list)
    unsaid: list[str] = field(default_factory=list)
    populations: list[str] = field(default_factory=list)

    def completed(self, name: str, node: Any, said: Said, populations: list[str]) -> Said:
        """What is said of a spiking node, with the user's reset where the file has none."""
        self.spiking.append(name)
        if (
            isinstance(node, Composite)
            or said.reset_said
            or self.written_by_snnc
            or (node.v_reset is not None and np.any(node.v_reset))
        ):
            return said
        self.unsaid.append(name)
        self.populations += populations
        return said if self.given is None else replace(said, reset=self.given)

    def notes(self) -> tuple[Diagnostic, ...]:
        """N785 where something is assumed.

        Raises:
            UserError: D660 the user says what the file says already.
        """
        if self.given is not None and not self.unsaid:
            what = "every population of this file says what a spike takes away"
            raise fail(
                "D660",
                what if self.spiking else "no population of this file spikes",
                where="--reset",
                why="by its v_reset, by metadata of snnc, or as an integrator with its own feedback",
                help="leave the option out",
            )
        return (assumed(tuple(self.unsaid)),) if self.unsaid and self.given is None else ()


def assumed(names: tuple[str, ...], effect: str = "", *, changes: bool = False) -> Diagnostic:
    """N785: what was assumed of these populations, and what the other reset would change.

    Args:
        names: of populations.
        effect: how much, measured.
        changes: whether decisions are others.
    """
    shown = ", ".join(names[:MOST_NAMED]) + (", ..." if len(names) > MOST_NAMED else "")
    what = f"the file does not say what a spike does, here it {SAYS[Reset.ZERO]}"
    return Diagnostic(
        "N785",
        f"{what}; {effect}" if effect else what,
        shown,
        "NIR cannot represent a reset that takes the threshold away, so libraries that train with one "
        "lose it when they write",
        "compile with --reset subtract if the network was trained so, with --reset zero if not",
        Severity.WARNING if changes else Severity.NOTE,
    )


def reset_named(text: str | None) -> Reset | None:
    """The reset of that name; None for none.

    Raises:
        UserError: there is none of that name.
    """
    if text is None:
        return None
    refuse_other(text, "reset", [reset.value for reset in Reset], "--reset")
    return Reset(text)
