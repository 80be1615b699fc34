"""All cases, group by group."""

from __future__ import annotations

from . import (
    bundle_cases,
    change_cases,
    code_cases,
    compile_cases,
    input_cases,
    limit_cases,
    neuron_cases,
    number_cases,
    structure_cases,
    time_cases,
)
from .builder import Built
from .case import Case

__all__ = ["BY_NAME", "CASES", "Built", "Case"]

MODULES = (
    neuron_cases,
    time_cases,
    structure_cases,
    number_cases,
    input_cases,
    code_cases,
    change_cases,
    limit_cases,
    bundle_cases,
    compile_cases,
)
CASES: tuple[Case, ...] = tuple(case for module in MODULES for case in module.CASES.found)
BY_NAME = {case.name: case for case in CASES}
