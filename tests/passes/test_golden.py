"""The text form of a small graph after every pass, and of its program: golden files.

``SNNC_REWRITE_GOLDEN=1`` accepts new text. Thresholds come from the data-free bound here, so that no
sum over samples, whose last digits depend on the machine, is in the files.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from snnc.backends.reference import PIPELINE
from snnc.ir import Graph, Target
from snnc.ir.text import graph_text, program_text
from snnc.lowering import lower
from snnc.passes import Context, Pass, Pipeline

from .networks import rollout

GOLDEN = Path(__file__).parent / "golden"
REWRITE = "SNNC_REWRITE_GOLDEN"
STAGES = [part.split("{")[0] for part in PIPELINE.split(",")]


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    """Text of the graph as it comes, after each pass, and of the program."""
    target = Target("test")
    found = {"front-end": graph_text(rollout())}

    def after(a_pass: Pass, graph: Graph) -> None:
        found[a_pass.name] = graph_text(graph)

    graph = Pipeline.parse(PIPELINE).run(rollout(), Context(target), after)
    return {**found, "program": program_text(lower(graph, target))}


@pytest.mark.parametrize("stage", ["front-end", *STAGES, "program"])
def test_text(texts: dict[str, str], stage: str) -> None:
    path = GOLDEN / f"{stage}.txt"
    if os.environ.get(REWRITE):
        path.parent.mkdir(exist_ok=True)
        path.write_text(texts[stage])
    assert texts[stage] == path.read_text(), f"run with {REWRITE}=1 to accept the new text"
