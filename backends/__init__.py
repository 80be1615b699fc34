"""Back ends: one folder a target. ``base`` is what they implement, ``registry`` finds them."""

from .base import INTERFACE, Backend, Emitted, Engine, Progress
from .environments import Environment
from .registry import Found, called, find_backend, find_target, registered_backends

__all__ = [
    "INTERFACE",
    "Backend",
    "Emitted",
    "Engine",
    "Environment",
    "Found",
    "Progress",
    "called",
    "find_backend",
    "find_target",
    "registered_backends",
]
