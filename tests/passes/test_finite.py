"""Numbers that a pass takes beyond what floats hold are a message, whoever made the graph."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from snnc.errors import UserError
from snnc.ir import Graph, Linear, Target
from snnc.passes import Context, Pipeline

from .test_balance_thresholds import two_layers

FOLDED = "fold-batch-norm,fold-linear-chains"


def in_a_row(size: float) -> Graph:
    """Two matrices of such weights in front of the answer."""
    graph = two_layers()
    *others, last = graph.projections
    ops = (Linear(np.full((1, 2), size)), Linear(np.full((1, 1), size)))
    return graph.with_projections([*others, replace(last, ops=ops)])


def test_a_product_that_no_float_holds_names_projection_and_pass() -> None:
    with pytest.raises(UserError, match=r"(?s)D147.*weights beyond 1\.8e\+308.*b -> out.*fold-linear"):
        Pipeline.parse(FOLDED).run(in_a_row(1e200), Context(Target("test"), None))


def test_a_product_that_a_float_holds_goes_on() -> None:
    graph = Pipeline.parse(FOLDED).run(in_a_row(1e150), Context(Target("test"), None))
    (weights,) = (op.weight for op in graph.projections[-1].ops if isinstance(op, Linear))
    assert np.allclose(weights, 1e300)
