"""A program as C99: what the targets for microcontrollers share, and what plug-ins may use.

``lay_out`` decides what lies where and how wide it is, ``code_files`` writes it, and ``stage`` makes
sure that an engine compiles nothing but what was made here.
"""

from .files import ARITHMETIC, CODE, HEADER, code_files
from .layout import Buffer, Layout, Place, identifier, lay_out
from .staging import stage

__all__ = [
    "ARITHMETIC",
    "CODE",
    "HEADER",
    "Buffer",
    "Layout",
    "Place",
    "code_files",
    "identifier",
    "lay_out",
    "stage",
]
