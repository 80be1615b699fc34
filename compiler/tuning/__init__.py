"""``snnc tune``: codes, steps and weight bits tried on the same data, and which are worth it."""

from .front import COSTS, DEFAULT_COSTS, Front, Row, dominates
from .measure import Judged
from .options import TuneOptions
from .settings import Grid, Setting
from .tune import tune_model

__all__ = [
    "COSTS",
    "DEFAULT_COSTS",
    "Front",
    "Grid",
    "Judged",
    "Row",
    "Setting",
    "TuneOptions",
    "dominates",
    "tune_model",
]
