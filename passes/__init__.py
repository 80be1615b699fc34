"""Passes: one a file, the file's name is the pass's name. Each is a graph in, a graph out."""

from .base import Context, Fact, Pass
from .facts import problems
from .pipeline import (
    Pipeline,
    parse_change,
    parse_pass,
    pipeline_parts,
    print_pass,
    registered,
)

__all__ = [
    "Context",
    "Fact",
    "Pass",
    "Pipeline",
    "parse_change",
    "parse_pass",
    "pipeline_parts",
    "print_pass",
    "problems",
    "registered",
]
