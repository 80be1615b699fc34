"""Passes: one a file, the file's name is the pass's name. Each is a graph in, a graph out."""

from .base import Context, Fact, Pass
from .facts import problems
from .pipeline import (
    FoundPass,
    Pipeline,
    no_pass,
    parse_change,
    parse_pass,
    pipeline_parts,
    print_pass,
    registered,
    registered_passes,
)

__all__ = [
    "Context",
    "Fact",
    "FoundPass",
    "Pass",
    "Pipeline",
    "no_pass",
    "parse_change",
    "parse_pass",
    "pipeline_parts",
    "print_pass",
    "problems",
    "registered",
    "registered_passes",
]
