"""``docs/one-step.md`` names every implementation there is."""

from __future__ import annotations

import re

import pytest

from .dependents import DEPENDENTS, NAMES_ONLY
from .elsewhere import ELSEWHERE
from .implementation import CODE, EVERY_VALUE, MEANT
from .implementations import IMPLEMENTATIONS
from .page import PAGE, rewritten

ROOT = PAGE.parents[1]
FOLDERS = ("compiler", "passes", "backends", "samples")
SIGNS = (
    r"np\.sign\(",
    r"torch\.sign\(",
    r">> ?12\b",
    r"/ ?4096\b",
    r"\b4096 - ",
    r"DECAY_SHIFT|decay_shift",
    r"potential \* \(1 - ",
    r"potential - \w+ \* threshold",
    r"potential // |potential / threshold",
    r"\.potential = ",
    r"integrate\(|integrate_narrow\(",
    r"fire_vector",
)
"""What a neuron's step cannot do without: a decay, a reset, a level."""


NAMING = r"\bReset\.|\bin Reset\b|(?i:soft[_ ]reset|\bsubtracts?\b|\bsubtracting\b)"
"""How a file names a reset, in code or in words."""


def test_the_table_is_made_of_the_list() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert text == rewritten(text), "run: python -m tests.prove --page"


def test_every_place_is_there() -> None:
    for each in IMPLEMENTATIONS:
        for place in each.places:
            package, _, file = place.rpartition(": ")
            assert package or (ROOT / file).is_file(), place


def test_whatever_computes_a_step_is_listed() -> None:
    listed = {place for each in IMPLEMENTATIONS for place in each.places} | set(ELSEWHERE)
    found = set()
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in (".py", ".c", ".h", ".in") and re.search(
                "|".join(SIGNS), path.read_text()
            ):
                found.add(str(path.relative_to(ROOT)))
    assert not found - listed, "add it to tests/prove/implementations.py"
    idle = sorted(set(ELSEWHERE) - found)
    assert not idle, "these compute nothing of the kind any more"


def test_whatever_names_a_reset_is_listed() -> None:
    """Computes it, relies on it, or names it only: who changes the step reads the first two."""
    computing = {place for each in IMPLEMENTATIONS for place in each.places}
    relying = {place for each in DEPENDENTS for place in each.places}
    for place in (*relying, *NAMES_ONLY):
        assert (ROOT / place).is_file(), place
    found = {
        str(path.relative_to(ROOT))
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("*.py")
        if re.search(NAMING, path.read_text())
    }
    assert not found - computing - relying - set(NAMES_ONLY), "add it to tests/prove/dependents.py"
    assert not set(NAMES_ONLY) - found, "these name no reset any more"


@pytest.mark.parametrize("each", IMPLEMENTATIONS, ids=[each.name for each in IMPLEMENTATIONS])
def test_what_is_said_to_be_shown_is_shown(each: object) -> None:
    from .implementation import Implementation

    assert isinstance(each, Implementation)
    assert bool(each.claims) == (each.shown in (CODE, MEANT))
    assert bool(each.checks) == (each.shown == EVERY_VALUE)
