"""What cores have to do and how full they are, counted by hand; files that are not what snnc writes."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from snnc.errors import UserError
from snnc.placement import core_loads, placed, read_report, report, report_text

from .networks import chain, limits, random_wiring


def told() -> dict[str, Any]:
    """A placement of three cores on two chips, written by hand: 2 of 7 messages stay on their core."""
    return {
        "method": "traffic",
        "limits": {
            "cores": {"value": 2, "unit": "cores", "source": "a test"},
            "neurons": {"value": 10, "unit": "places", "source": "a test"},
            "synaptic memory": {"value": 100, "unit": "bits", "source": "a test"},
        },
        "unknown": ["axons out"],
        "alone": {},
        "mesh": {"width": 2, "height": 1, "cores": 1, "column first": True, "source": "a test"},
        "chips": 2,
        "cores": [
            {
                "chip": 0,
                "place": 0,
                "uses": {"neurons": 5, "synaptic memory": 40, "axons out": 3},
                "neurons": {"input": [[0, 2]], "h": [[0, 1], [4, 2]]},
            },
            {
                "chip": 0,
                "place": 1,
                "uses": {"neurons": 4, "synaptic memory": 90, "axons out": 0},
                "neurons": {"h": [[1, 3]], "out": [[0, 1]]},
            },
            {
                "chip": 1,
                "place": 0,
                "uses": {"neurons": 1, "synaptic memory": 0, "axons out": 0},
                "neurons": {"out": [[1, 1]]},
            },
        ],
        "traffic": {
            "samples": 2,
            "steps": 30,
            "messages": 7,
            "between cores": 5,
            "between chips": 1,
            "hops": 4,
            "from inputs": 2,
            "in order": {
                "cores": 2,
                "messages": 9,
                "between cores": 8,
                "between chips": 0,
                "hops": 8,
            },
            "operations": [10, 60, 20],
            "matrix": [[0, 0, 2], [0, 1, 3], [1, 0, 1], [0, 2, 1]],
        },
    }


def test_loads_are_those_counted_by_hand() -> None:
    found = core_loads(told())
    assert found["fullest"] == 1 and found["busiest"] == 1
    assert found["cores"] == [
        {
            "fullest": "neurons",
            "share": 0.5,
            "sends": 4,
            "receives": 1,
            "keeps": 2,
            "operations": 10,
        },
        {
            "fullest": "synaptic memory",
            "share": 0.9,
            "sends": 1,
            "receives": 3,
            "keeps": 0,
            "operations": 60,
        },
        {
            "fullest": "neurons",
            "share": 0.1,
            "sends": 0,
            "receives": 1,
            "keeps": 0,
            "operations": 20,
        },
    ]


def test_without_traffic_nothing_is_busiest() -> None:
    found = core_loads({**told(), "traffic": None})
    assert found["busiest"] is None and found["fullest"] == 1
    assert all(core["sends"] is None and core["operations"] is None for core in found["cores"])
    silent = told()
    silent["traffic"]["operations"] = [0, 0, 0]
    assert core_loads(silent)["busiest"] is None


def test_operations_are_counted_spike_by_spike() -> None:
    for seed in range(20):
        rng = np.random.default_rng(seed)
        network = random_wiring(rng)
        core, hears = rng.integers(0, 3, network.neurons), network.hears.toarray()
        meant = [0, 0, 0]
        for sender, spikes in enumerate(network.spikes.tolist()):
            for neuron in range(network.neurons):
                meant[core[neuron]] += spikes * int(hears[sender, neuron])
        assert network.operations(core, 3).tolist() == meant


def test_what_is_written_is_read(tmp_path: Path) -> None:
    network, asked = chain(), limits(neurons=100)
    found = placed(network, asked, "traffic")
    content = report(network, asked, found, (2, 30), placed(network, asked, "order"))
    path = tmp_path / "placement.json"
    path.write_text(report_text(content))
    assert read_report(path) == content
    load = core_loads(content)
    traffic = content["traffic"]
    for each in ("sends", "receives"):
        assert sum(core[each] for core in load["cores"]) == traffic["between cores"] > 0
    assert traffic["between cores"] + sum(c["keeps"] for c in load["cores"]) == traffic["messages"]
    assert sum(traffic["operations"]) == int(network.spikes @ network.hears.sum(1))


CHANGES: dict[str, Callable[[dict[str, Any]], object]] = {
    "no mesh": lambda c: c.pop("mesh"),
    "a mesh of text": lambda c: c["mesh"].update(width="2"),
    "a mesh without order": lambda c: c["mesh"].update({"column first": 1}),
    "more places than anybody could draw": lambda c: c["mesh"].update(width=10**12),
    "more chips than anybody could draw": lambda c: c.update(chips=10**12),
    "a place that is not there": lambda c: c["cores"][0].update(place=2),
    "a chip that is not there": lambda c: c["cores"][0].update(chip=2),
    "messages of a core that is not there": lambda c: c["traffic"]["matrix"].append([0, 3, 1]),
    "fewer than no messages": lambda c: c["traffic"]["matrix"].append([0, 1, -1]),
    "operations of fewer cores": lambda c: c["traffic"]["operations"].pop(),
    "no operations": lambda c: c["traffic"].pop("operations"),
    "a truth for a count": lambda c: c["cores"][0]["uses"].update(neurons=True),
    "another entry": lambda c: c.update(more=1),
    "no list": lambda c: c.update(cores=3),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_nobody_wrote_is_refused(change: str, tmp_path: Path) -> None:
    path, content = tmp_path / "placement.json", told()
    path.write_text(json.dumps(content))
    assert read_report(path) == content
    altered = copy.deepcopy(content)
    CHANGES[change](altered)
    path.write_text(json.dumps(altered))
    with pytest.raises(UserError, match="D144"):
        read_report(path)
