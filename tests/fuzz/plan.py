"""What a case does, as data: drawn by Hypothesis from a seed, kept as JSON, played again at will.

A plan says nothing in terms of one file's bytes: positions are numbers that are taken modulo what there
is. So a plan can be drawn without looking at any file, and still means the same on the same templates.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from random import Random
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from .values import strange_values

BLOCK = 64
"""Plans that are drawn together: what has to be drawn again to play one of them."""


@dataclass(frozen=True)
class Change:
    """One thing done to a file.

    Attributes:
        name: of the function that does it, a key of :data:`tests.fuzz.changes.CHANGES`.
        where, much, other: numbers from 0 to 2^32 - 1, for positions and choices.
        value: something strange to put there; JSON, but for NaN, infinities and lone surrogates.
    """

    name: str
    where: int = 0
    much: int = 0
    other: int = 0
    value: Any = None

    def choice(self, among: int) -> int:
        """A choice that does not hang on the position: of a file, within which ``where`` is one."""
        return (self.where // 7919 + self.much // 101) % among


@dataclass(frozen=True)
class Plan:
    """One case: a template of a kind, what is done to it, and the command that reads it then."""

    kind: str
    template: int
    command: int
    changes: tuple[Change, ...]

    def as_json(self) -> str:
        """One line of JSON."""
        return json.dumps(asdict(self))


def read_plan(text: str) -> Plan:
    """The inverse of :meth:`Plan.as_json`."""
    values = json.loads(text)
    return Plan(**{**values, "changes": tuple(Change(**change) for change in values["changes"])})


def _values() -> st.SearchStrategy[list[Any]]:
    """What changes put where they put something: mostly one change, at the most three."""
    value = strange_values()
    lengths = st.sampled_from((1, 1, 1, 1, 2, 3))
    return lengths.flatmap(lambda n: st.lists(value, min_size=n, max_size=n))


def draw(kind: str, names: Sequence[str], run_seed: int, block: int) -> list[Plan]:
    """Plans of one block.

    Args:
        kind: of files.
        names: of the changes that such files can be given, those that come often several times.
        run_seed: of the whole run.
        block: which one; each is drawn independently of the others.

    Returns:
        ``BLOCK`` plans, the same for the same arguments.
    """
    drawn: list[list[Any]] = []
    digest = int(hashlib.sha256(f"{run_seed}/{kind}/{block}".encode()).hexdigest()[:16], 16)

    @seed(digest)
    @settings(
        max_examples=BLOCK + 1,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(_values())
    def collect(values: list[Any]) -> None:
        drawn.append(values)

    collect()
    # Hypothesis repeats what it had, with small differences: good for values, a waste for positions.
    dice = Random(digest)

    def number() -> int:
        return dice.getrandbits(32)

    # It begins every run with the simplest example, which would come once a block.
    return [
        Plan(
            kind,
            number(),
            number(),
            tuple(Change(dice.choice(names), number(), number(), number(), value) for value in values),
        )
        for values in drawn[1 : BLOCK + 1]
    ]
