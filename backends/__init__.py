"""Back ends: one folder a target. ``base`` is what they implement, ``registry`` finds them."""

from .base import INTERFACE, Backend, Emitted, Engine, Progress
from .environments import Environment
from .payload_names import refuse_other_names, strange_files
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
    "refuse_other_names",
    "registered_backends",
    "strange_files",
]
