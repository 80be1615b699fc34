"""Simulators: the integer reference (normative) and the float runs that calibration needs."""

from .encoding import encode, spread
from .reference import Watch, answers, run_steps, simulate

__all__ = ["Watch", "answers", "encode", "run_steps", "simulate", "spread"]
