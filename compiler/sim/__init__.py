"""Simulators: integers plain (normative) and fast (the same), and the floats that calibration needs."""

from .encoding import encode, spread
from .engines import (
    FAST,
    REFERENCE,
    SIMULATORS,
    Recorder,
    Tally,
    check_simulator,
    simulate,
    simulator_for,
    tally,
)
from .reference import Watch, answers, run_steps

__all__ = [
    "FAST",
    "REFERENCE",
    "SIMULATORS",
    "Recorder",
    "Tally",
    "Watch",
    "answers",
    "check_simulator",
    "encode",
    "run_steps",
    "simulate",
    "simulator_for",
    "spread",
    "tally",
]
