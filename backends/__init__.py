"""Back ends: one folder a target. ``base`` is what they implement, ``registry`` finds them."""

from .base import Backend, Emitted, Engine, Progress
from .registry import Found, find_backend, registered_backends

__all__ = [
    "Backend",
    "Emitted",
    "Engine",
    "Found",
    "Progress",
    "find_backend",
    "registered_backends",
]
