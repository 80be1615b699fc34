"""The conformance suite: the definition of a correct back end, as cases that it runs or refuses.

A package that brings a target subclasses :class:`Conformance` in its tests, and registers the class in
the entry-point group ``snnc.conformance`` under the target's name, so that ``python -m
snnc.conformance`` finds it.
"""

from .cases import CASES, Built, Case
from .judge import Result, Row, judge
from .kit import Kit, basic_neuron
from .suite import Conformance

__all__ = [
    "CASES",
    "Built",
    "Case",
    "Conformance",
    "Kit",
    "Result",
    "Row",
    "basic_neuron",
    "judge",
]
