"""Simulators: integers plain (normative) and fast (the same), and the floats that calibration needs."""

from .encoding import encode, spread
from .engines import FAST, REFERENCE, SIMULATORS, Tally, check_simulator, simulate, tally
from .reference import Watch, answers, run_steps

__all__ = [
    "FAST",
    "REFERENCE",
    "SIMULATORS",
    "Tally",
    "Watch",
    "answers",
    "check_simulator",
    "encode",
    "run_steps",
    "simulate",
    "spread",
    "tally",
]
