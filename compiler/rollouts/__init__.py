"""Rollout patterns of a network: which are valid, how parallel they are, when they respond.

The definitions, Lemma 1 and Theorem 1 are those of Fischer et al. 2018, in the wording of the authors'
poster (github.com/boschresearch/statestream 3ea93b2, ``reference/poster/poster.pdf``), which has no
numbers for definitions: they are cited by name. A network is a directed graph whose every node is
reached from an input, a node that no edge enters. A pattern says of every edge how many frames it
takes, 0 or 1. In the streaming rollout every edge takes one; all nodes can then be computed at once.

    >>> chain = [("input", "h1"), ("h1", "h2"), ("h2", "answer")]
    >>> RolloutPattern.streaming(chain).inference_factor
    1
    >>> RolloutPattern.sequential(chain).inference_factor
    3

Networks with longer delays (``snnc.Rollout``) are put into this form by
:meth:`RolloutPattern.from_network`.
"""

from .counting import (
    MOST_IN_LOOPS,
    MOST_PATTERNS,
    bounds_of_valid_patterns,
    count_valid_patterns,
    valid_patterns,
)
from .pattern import MOST_COPIES, Edge, Network, Node, RolloutPattern, graph_of

__all__ = [
    "MOST_COPIES",
    "MOST_IN_LOOPS",
    "MOST_PATTERNS",
    "Edge",
    "Network",
    "Node",
    "RolloutPattern",
    "bounds_of_valid_patterns",
    "count_valid_patterns",
    "graph_of",
    "valid_patterns",
]
