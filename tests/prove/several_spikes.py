"""Neurons that send several spikes in a step: compared by tests, nothing is proved of their code."""

from __future__ import annotations

PLACES = (
    "compiler/ir/several_spikes.py",
    "backends/loihi/payload/neurons/__init__.py",
    "backends/loihi/payload/processes.py",
)
USED = "the neuron model `several-spikes`, and the package's own process for it"
WIDTHS = "int64 (numpy), int32 (Lava)"
ROW = ("several spikes in a step", PLACES, USED, WIDTHS)
WHY = (
    "another neuron in steps 4 and 5: integration is this page's own code; "
    "`tests/ir/test_several_spikes.py` compares the model with plain integers, "
    "`tests/backends/loihi/test_several_spikes.py` and conformance the process with the model"
)
