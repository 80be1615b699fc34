"""A program as a C project for a microcontroller's board: what the targets of all families share."""

from .backend import ProjectBackend
from .board import KIBIBYTE, Board, Tools

__all__ = ["KIBIBYTE", "Board", "ProjectBackend", "Tools"]
