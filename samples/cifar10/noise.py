"""How much of the error of spikes is quantization, before thresholds are trained and after."""

from __future__ import annotations

import numpy as np

from samples.results.record import Outcome
from snnc.frontend import load_model
from snnc.noise.measure import measure_noise
from snnc.noise.settings import FACTOR, OWN, Setting

from .data import load
from .experiments import PLACE, float_network

IMAGES = 64


def noise(steps: int, seed: int) -> Outcome:
    """Layer by layer, with the thresholds that training begins with, in floats, and as trained.

    ``explained``: share of a layer's own error that quantization explains; ``whole``: mean square of
    the error, those of earlier layers included, over that of the activations (docs/noise.md).

    Args:
        steps: T.
        seed: of the networks.
    """
    images = np.ascontiguousarray(load().train.x[:IMAGES, None])
    before = Setting(FACTOR, 1.0)
    found: Outcome = {"images": IMAGES, "layers": {}}
    ways = {
        "before": (float_network(seed), before),
        "after": (PLACE / f"thresholds_trained_{steps}_{seed}.pt", Setting(OWN)),
    }
    for way, (model, setting) in ways.items():
        report = measure_noise(load_model(model).graph, images, steps=[steps], settings=[setting])
        for layer in report.populations:
            (point,) = layer.points
            assert point.spiking is not None
            explained, whole = point.spiking.explained, point.spiking.whole / point.signal
            found["layers"].setdefault(layer.population, {})[way] = {
                "explained": None if explained is None else round(explained, 3),
                "whole": round(whole, 3),
                "threshold": round(point.threshold, 4),
            }
    return found
