"""Fashion-MNIST: converted, hybrid, trained thresholds, and weights of three bits.

    python -m samples.fashion_mnist.results

Each experiment is one network, trained with seed 0 on one thread, two at a time; what is kept of a
training is decided by 5,000 validation images, and the 10,000 test images are looked at once, in
the compiled integers. An experiment that is done is not run again (``build/results/fashion_mnist``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch

from samples.results.chip import compiled, on_lava
from samples.results.record import FOLDER, Outcome, recorded
from snnc.authoring import FrameNetwork, QuantizedReLU
from snnc.distributing import Piece, Place, Work, carry_out
from snnc.files.writing import write_file
from snnc.frontend import load_model
from snnc.ir import Population
from snnc.progress import quiet
from snnc.training import Batches, Recipe, Stdb, Streaming, Threshold, Weights, fit, judge, thaw
from snnc.training.methods.balancing import balanced_thresholds
from snnc.training.methods.base import Method

from .data import Parts, load
from .network import augment, build

PLACE = FOLDER / "fashion_mnist"
TEST = PLACE / "test.npz"
CALIBRATION = 256
WORKERS = 2

ANN = Recipe(epochs=12, learning_rate=5e-3, schedule="onecycle", weight_decay=0.02, clip=0.0)
CONVERTED = (4, 8, 16, 32, 40, 64, 80, 128, 160, 256, 320, 512)
"""Powers of two, and ten times as many steps as the hybrid networks have."""

MOST_PROVED = 256
"""With more steps the worst input could leave a 24-bit potential; compiled with --allow-overflow."""

HYBRID = {4: 3, 8: 3, 16: 3, 32: 1}
"""Steps, and epochs of fine-tuning."""

HYBRID_RATE = 5e-4
THRESHOLDS = (1, 2, 4, 8)
THRESHOLD_EPOCHS = 3
PERCENTILE = 99.9
"""Of activations, where the first thresholds are."""

THRESHOLD_RATE = 1e-3
QAT = Recipe(epochs=4, learning_rate=1e-3)
BITS, LEVELS = 3, 15


def loaders(parts: Parts) -> tuple[Batches, Batches]:
    """Training and validation data; an image is one frame."""
    train = Batches(parts.train.x[:, None], parts.train.y, 128, shuffle=True, augment=augment)
    return train, Batches(parts.validation.x[:, None], parts.validation.y, 250)


def train_ann() -> Outcome:
    """The convolutional network that everything else begins with."""
    torch.set_num_threads(1)
    torch.manual_seed(ANN.seed)
    parts = load()
    np.savez_compressed(TEST, x=parts.test.x[:, None], y=parts.test.y)
    task = Streaming(frozen=2).prepare(build(), parts.train.x[:1, None])
    return _trained("ann", task, parts, ANN)


def tune(method: Method, recipe: Recipe, name: str, start: str = "ann") -> Outcome:
    """One network from the ANN (or another start), trained by a method, on the chip and on Lava."""
    torch.set_num_threads(1)
    parts = load()
    network = thaw(load_model(PLACE / f"{start}.pt").graph)
    task = method.prepare(network, parts.train.x[:CALIBRATION, None])
    outcome = _trained(name, task, parts, recipe)
    code = getattr(method, "code", "rate")
    return {**outcome, **_on_chip(name, code=code)}


def convert(steps: int) -> Outcome:
    """The ANN, compiled for so many steps and nothing else: ``snnc compile``'s own defaults."""
    name = f"converted_{steps}"
    overflow = steps > MOST_PROVED
    done = compiled(
        PLACE / "ann.pt", PLACE / f"{name}.loihi", TEST, steps=steps, allow_overflow=overflow
    )
    return {"test": done.by_frame[-1], "test_samples": done.samples}


def with_levels() -> Outcome:
    """The ANN with 15 levels an activation, untrained: what loses nothing but to weight bits."""
    torch.set_num_threads(1)
    parts = load()
    counts = parts.train.x[:CALIBRATION, None]
    graph = load_model(PLACE / "ann.pt").graph
    ranges = balanced_thresholds(graph, counts, steps=LEVELS, percentile=99.9)

    def activation(population: Population) -> QuantizedReLU:
        return QuantizedReLU(LEVELS, ranges[population.name].tolist())

    network = thaw(graph, activation)
    network.export(PLACE / "levels.pt", counts)
    tested = judge(network, Batches(parts.test.x[:, None], parts.test.y, 250))
    return {"test": round(100 * tested.last, 2), "test_samples": tested.samples}


def plainly_rounded() -> Outcome:
    """The same with its weights rounded to three bits by the compiler alone."""
    done = compiled(PLACE / "levels.pt", PLACE / "ptq.loihi", TEST, code="graded", bits=BITS)
    return {"test": done.by_frame[-1], "test_samples": done.samples}


def _trained(name: str, task: Any, parts: Parts, recipe: Recipe) -> Outcome:
    train, validation = loaders(parts)
    run = fit(task, train, validation, recipe, checkpoint=PLACE / f"{name}.checkpoint")
    write_file(PLACE / f"{name}.csv", run.curve.csv_text().encode())
    network: FrameNetwork = task.network
    network.export(PLACE / f"{name}.pt", parts.train.x[:CALIBRATION, None])
    tested = judge(network, Batches(parts.test.x[:, None], parts.test.y, 250))
    first, best = run.curve.rows[0].judgement, run.curve.rows[run.best].judgement
    return {
        "epochs": recipe.epochs,
        "best_epoch": run.best,
        "validation_before": round(100 * first.last, 2),
        "validation": round(100 * best.last, 2),
        "torch_test": round(100 * tested.last, 2),
        "rates": {node: round(rate, 4) for node, rate in tested.rates.items()},
        "thresholds": {node: _numbers(neuron.threshold) for node, neuron in network.spiking().items()},
        "seed": recipe.seed,
    }


def _numbers(threshold: torch.Tensor) -> list[float]:
    return [round(float(value), 4) for value in threshold.detach().reshape(-1)]


def _on_chip(name: str, code: str) -> Outcome:
    bundle = PLACE / f"{name}.loihi"
    done = compiled(PLACE / f"{name}.pt", bundle, TEST, code=code)
    return {
        "test": done.by_frame[-1],
        "test_samples": done.samples,
        "notes": done.notes,
        "lava": on_lava(bundle, TEST),
    }


@dataclass(frozen=True)
class Experiment:
    """One that a worker runs."""

    name: str
    run: Callable[[], Outcome]

    def __call__(self) -> tuple[str, Outcome]:
        return self.name, recorded(f"fashion_mnist/{self.name}", self.run)


def hybrid(steps: int) -> Stdb:
    """Begins as ``snnc compile`` converts: a threshold a channel, the same percentile."""
    return Stdb(steps=steps, per="channel", percentile=98.0)


def experiments() -> list[Experiment]:
    """All but the ANN, the longest first."""
    found = []
    for steps, epochs in sorted(HYBRID.items(), reverse=True):
        name, recipe = f"hybrid_{steps}", Recipe(epochs=epochs, learning_rate=HYBRID_RATE)
        found.append(Experiment(name, partial(tune, hybrid(steps), recipe, name)))
    recipe = Recipe(epochs=THRESHOLD_EPOCHS, learning_rate=THRESHOLD_RATE)
    for steps in sorted(THRESHOLDS, reverse=True):
        for kind in ("trained", "fixed"):
            method = Threshold(steps=steps, trained=kind == "trained", percentile=PERCENTILE)
            name = f"{kind}_{steps}"
            found.append(Experiment(name, partial(tune, method, recipe, name)))
    weights = Weights(bits=BITS, code="graded")
    found.append(Experiment("qat", partial(tune, weights, QAT, "qat", "levels")))
    found.append(Experiment("ptq", plainly_rounded))
    return found + [Experiment(f"converted_{t}", partial(convert, t)) for t in CONVERTED]


def _done(_shared: None, experiment: Experiment) -> tuple[str, Outcome]:
    return experiment()


def results() -> dict[str, Any]:
    """Everything, computed or from the files of an earlier run."""
    PLACE.mkdir(parents=True, exist_ok=True)
    ann = recorded("fashion_mnist/ann", train_ann)
    levels = recorded("fashion_mnist/levels", with_levels)
    pieces = [Piece(each.name, each) for each in experiments()]
    found = dict(carry_out(Work(_done, None, "experiments"), pieces, Place(WORKERS), quiet))

    def by_steps(kind: str, steps: Any, key: str = "test") -> dict[str, Any]:
        return {str(t): found[f"{kind}_{t}"][key] for t in steps}

    trained = [name for name in found if "lava" in found[name]]
    return {
        "ann": ann["torch_test"],
        "converted": by_steps("converted", CONVERTED),
        "hybrid": by_steps("hybrid", HYBRID),
        "trained_thresholds": by_steps("trained", THRESHOLDS),
        "fixed_thresholds": by_steps("fixed", THRESHOLDS),
        "float": levels["test"],
        f"ptq_{BITS}bit": found["ptq"]["test"],
        f"qat_{BITS}bit": found["qat"]["test"],
        "most_proved": MOST_PROVED,
        "test_samples": found["ptq"]["test_samples"],
        "train_samples": 55_000,
        "validation_samples": 5_000,
        "seed": ANN.seed,
        "epochs": {
            "ann": ANN.epochs,
            "hybrid": {str(t): epochs for t, epochs in HYBRID.items()},
            "thresholds": THRESHOLD_EPOCHS,
            "qat": QAT.epochs,
        },
        "rates": {name: found[name]["rates"] for name in trained},
        "thresholds": {
            name: found[name]["thresholds"] for name in trained if found[name]["thresholds"]
        },
        "lava": {name: found[name]["lava"] for name in trained},
        "seconds": {
            "train ann": ann["seconds"],
            **{name: found[name]["seconds"] for name in found},
        },
    }


if __name__ == "__main__":
    results()
