"""Messages that other packages bring: shown, or left out with the reason."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from snnc.messages import catalogue
from snnc.messages.text import explanation, listing
from tests.plugin_packages import install

CODE = """
from snnc.messages import read_group

RECORD = "title='t'\\nmeaning='Too hot.'\\ncauses=['c']\\ncures=['wait']\\n"
def fine():
    return read_group("group = 'Target oven'\\n[V401]\\n" + RECORD)
def clash():
    return read_group("group = 'g'\\n[D402]\\n" + RECORD)
def broken():
    return read_group("group = 'g'\\n[V402]\\n")
strange = 3
"""


@pytest.fixture
def oven(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    entries = {name: f"oven_messages:{name}" for name in ("fine", "clash", "broken", "strange")}
    entries["missing"] = "nowhere_at_all:messages"
    install(tmp_path, "oven-messages", {"snnc.messages": entries}, CODE)
    monkeypatch.syspath_prepend(str(tmp_path))
    catalogue.cache_clear()
    yield
    catalogue.cache_clear()


@pytest.mark.usefixtures("oven")
def test_a_packages_messages_are_shown() -> None:
    found = catalogue()
    assert "Too hot." in explanation(found.find("v401"))
    assert "\nTarget oven\n  V401  t\n" in listing(found)


@pytest.mark.usefixtures("oven")
def test_what_cannot_be_used_is_named_and_harms_nothing() -> None:
    found = catalogue()
    assert found.by_code["D402"].title == "Too many synapses"
    told = {problem.split()[1]: problem for problem in found.problems}
    assert set(told) == {"clash", "broken", "strange", "missing"}
    assert all("oven-messages 1.0 cannot be used" in problem for problem in told.values())
    assert "D402" in told["clash"] and "V402 lacks" in told["broken"]
    assert "int" in told["strange"] and "ModuleNotFoundError" in told["missing"]
    assert all(problem in listing(found) for problem in found.problems)
