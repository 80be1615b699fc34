"""``snnc inspect``: cores, how full they are, and what is sent between them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from snnc.commands.output.placed import MOST_CORES, MOST_PAIRS, placement
from snnc.placement import core_loads
from tests.placement.test_load import told

from .conftest import MODEL, Command


def shown(content: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Lines of the output, with single spaces."""
    placement(content, core_loads(content))
    return [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]


def test_the_tables_say_what_the_file_says(capsys: pytest.CaptureFixture[str]) -> None:
    lines = shown(told(), capsys)
    assert lines[0] == "placement by traffic: 3 cores on 2 chips, 2 on a chip"
    assert "no public source states axons out" in lines
    assert "core chip place neurons synaptic memory axons out sends receives holds" in lines
    assert "0 0 0 5 (50 %) 40 (40 %) 3 4 1 input 2, h 3" in lines
    assert "1 0 1 4 (40 %) 90 (90 %) 0 1 3 h 3, out 1" in lines
    assert "2 1 0 1 (10 %) 0 (0 %) 0 0 1 out 1" in lines
    assert "fullest 5 (50 %) 90 (90 %) 3" in lines
    sent = "5 of 7 messages go to another core, 2 of these from inputs; 4 hops; 2 samples of 30 steps"
    assert f"traffic {sent}" in lines
    assert "1 of them go to another chip" in lines
    assert "in order: 8 to another core, 8 hops" in lines
    assert "busiest core 1: 60 synaptic operations, 2.0 times the mean" in lines
    matrix = lines[lines.index("from \\ to 0 1 2") :]
    assert {"0 2 3 1", "1 1 0 0", "2 0 0 0"} <= set(matrix)


def test_a_neuron_that_no_core_holds_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    content = told()
    content["alone"] = {"synaptic memory": 120}
    assert "a neuron alone takes 120 synaptic memory, a core has 100" in shown(content, capsys)


def test_without_spikes_there_is_no_traffic(capsys: pytest.CaptureFixture[str]) -> None:
    lines = shown({**told(), "traffic": None}, capsys)
    assert "0 0 0 5 (50 %) 40 (40 %) 3 input 2, h 3" in lines
    assert not any(line.startswith(("traffic", "busiest", "from")) for line in lines)


def test_many_cores_are_cut_short_and_pairs_take_the_place_of_the_matrix(
    capsys: pytest.CaptureFixture[str],
) -> None:
    content = told()
    count = MOST_CORES + 3
    content["mesh"]["width"], content["chips"] = count, 1
    one = content["cores"][1]
    content["cores"] = [{**one, "chip": 0, "place": k} for k in range(count)]
    content["traffic"]["operations"] = [1] * count
    content["traffic"]["matrix"] = [[k, k, 999] for k in range(count)]
    content["traffic"]["matrix"] += [[k, k + 1, 100 + k] for k in range(count - 1)]
    lines = shown(content, capsys)
    assert "and 3 more cores; --json has all" in lines
    table = lines[lines.index("from to messages") :]
    pairs = [line for line in table if re.fullmatch(r"\d+ \d+ \d+", line)]
    heaviest = range(count - 2, count - 2 - MOST_PAIRS, -1)
    assert pairs == [f"{k} {k + 1} {100 + k}" for k in heaviest]


def test_a_bundle_of_a_target_with_cores(snnc: Command, tmp_path: Path) -> None:
    folder = tmp_path / "digits.sanafe"
    done = snnc("compile", MODEL, "--target", "sanafe", "-o", folder)
    assert done.code == 0, done.err
    content = json.loads((folder / "placement.json").read_text())
    found = json.loads(snnc("inspect", folder, "--json").out)
    assert found["placement"] == content
    assert found["core_load"] == json.loads(json.dumps(core_loads(content)))
    out = snnc("inspect", folder).out
    traffic = content["traffic"]
    assert f"by traffic: {len(content['cores'])} cores on 1 chip" in out
    assert f"{traffic['between cores']} of {traffic['messages']} messages" in out


def test_a_target_without_cores_says_nothing_of_them(snnc: Command, reference: Path) -> None:
    assert "placement" not in snnc("inspect", reference).out
    found = json.loads(snnc("inspect", reference, "--json").out)
    assert found["placement"] is None and found["core_load"] is None
