"""The parts of ``docs/results.json``, each computed by its sample; what a worker is given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from samples.cifar10 import results as cifar10
from samples.cifar_events import results as cifar_events
from samples.delays import results as delays
from samples.fashion_mnist import results as fashion_mnist
from samples.nmnist import results as nmnist
from samples.speech import results as speech

PARTS: dict[str, Callable[[], dict[str, Any]]] = {
    "nmnist": nmnist.results,
    "fashion_mnist": fashion_mnist.results,
    "cifar10": cifar10.results,
    "cifar_events": cifar_events.results,
    "speech": speech.results,
    "delays": delays.results,
}


def part(_shared: None, name: str) -> dict[str, Any]:
    """One part; what it has computed is in build/results, of this folder or one that machines share."""
    return PARTS[name]()
