"""What is trained and converted on CIFAR-10: every experiment is one network and one seed.

Each begins with ResNet-20 in floats (``float_0``), writes its network to
``build/results/cifar10``, goes on from its checkpoint, and gives the numbers of ``docs/results.json``.
What is kept of a training is decided by 5,000 of the training images.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch

import snnc
from samples.results.chip import compiled, on_lava
from samples.results.record import FOLDER, Outcome
from snnc.authoring import FrameNetwork, QuantizedReLU
from snnc.files.writing import write_file
from snnc.frontend import load_model
from snnc.ir import Population
from snnc.recordings.event_sets import Labelled
from snnc.training import Batches, Recipe, Streaming, Weights, fit, judge, thaw
from snnc.training.fit import Progress
from snnc.training.methods.balancing import balanced_thresholds
from snnc.training.methods.base import Task
from snnc.training.parts import Parts

from .data import DataMissing, augment, load, whole
from .networks import resnet20
from .weights import read_weights, write_weights

PLACE = FOLDER / "cifar10"
SHIPPED = Path(__file__).parent
BATCH, JUDGED = 128, 250
CALIBRATION = 128
SPIKING_TEST = 2_000
"""The first test images, as many of each class: what networks that spike are counted on."""

MOST_PROVED = 256
"""With more steps the worst input could leave a 24-bit potential; compiled with --allow-overflow."""


@dataclass(frozen=True)
class Computing:
    """Where and how a training computes: ``Recipe``'s device and precision."""

    device: str = "cpu"
    precision: str = "float32"

    def of(self, recipe: Recipe, seed: int) -> Recipe:
        """The recipe, there."""
        return replace(recipe, device=self.device, precision=self.precision, seed=seed)


FLOATS = Recipe(
    epochs=90,
    learning_rate=0.1,
    optimizer="sgd",
    schedule="onecycle",
    weight_decay=5e-4,
    clip=0.0,
)
MIXED = replace(FLOATS, epochs=48, learning_rate=0.05, schedule="cosine", mixup=0.2)
"""From the network of ``FLOATS``, which knows its training images nearly by heart."""

WHOLE = replace(MIXED, epochs=40, keep="last")
"""From the network of ``MIXED``, on all 50,000 training images, as publications train: nothing is left
to choose by, and the last epoch is kept. No other experiment begins with this network."""

LEVELS = {
    15: Recipe(epochs=5, learning_rate=1e-4),
    8: Recipe(epochs=5, learning_rate=1e-4),
    4: Recipe(epochs=15, learning_rate=2e-4),
    2: Recipe(epochs=15, learning_rate=2e-4),
}
"""From the network in floats, with its batch normalisation. SGD at 0.01 leaves no more of it than a
network from scratch has (4 levels: 20 % after 50 batches, this recipe: 84 % after 100)."""

RANGES = {15: 98.0, 8: 98.0, 4: 95.0, 2: 90.0}
"""Percentile of activations where their range ends before training, by levels. Of those tried the best
before training, or for 4 levels after 100 batches, on 1,000 validation images."""

RANGE_RATE = 100.0
"""Ranges learn at 1e-2: with 4 levels better than at a third of it, on the same images."""

FINE_TUNED = Recipe(epochs=4, learning_rate=2e-4)
"""Weights of few bits, batch normalisation folded."""


def begun(computing: Computing, seed: int) -> Outcome:
    """ResNet-20 with ReLUs and batch normalisation, from scratch."""
    torch.manual_seed(seed)
    return in_floats(f"begun_{seed}", resnet20(), computing.of(FLOATS, seed))


def floats(computing: Computing, seed: int) -> Outcome:
    """The same network, trained on with mixed images."""
    network = resnet20()
    read_weights(network, PLACE / f"begun_{seed}.npz")
    return in_floats(f"float_{seed}", network, computing.of(MIXED, seed))


def on_all(computing: Computing, seed: int) -> Outcome:
    """The same network, trained on with the validation images, too."""
    network = resnet20()
    read_weights(network, kept_weights(seed))
    return in_floats(f"whole_{seed}", network, computing.of(WHOLE, seed), whole())


def in_floats(name: str, network: FrameNetwork, recipe: Recipe, parts: Parts | None = None) -> Outcome:
    """Train with ReLUs and batch normalisation; keep the weights at half precision too."""
    task = Streaming(frozen=1).prepare(channels_last(network), load().train.x[:1, None])
    keep = partial(write_weights, path=PLACE / f"{name}.npz")
    return trained(name, task, recipe, finish=keep, parts=parts)


def float_network(seed: int) -> Path:
    """The archive of the network in floats: trained here, or from the weights of this folder.

    Raises:
        DataMissing: neither.
    """
    path = PLACE / f"float_{seed}.pt"
    if path.exists():
        return path
    network = resnet20()
    read_weights(network, kept_weights(seed))
    PLACE.mkdir(parents=True, exist_ok=True)
    network.export(path, np.ascontiguousarray(load().train.x[:CALIBRATION, None]))
    return path


def kept_weights(seed: int) -> Path:
    """Those of the network in floats: of the last training here, or of this folder.

    Raises:
        DataMissing: neither.
    """
    for path in (PLACE / f"float_{seed}.npz", SHIPPED / f"resnet20_{seed}.npz"):
        if path.exists():
            return path
    raise DataMissing(f"there is no network of seed {seed} yet: run the experiment float_{seed}")


def with_levels(computing: Computing, seed: int, levels: int, lava: int = 0) -> Outcome:
    """So many levels an activation, trained; exact on a chip in the code ``graded``.

    Args:
        computing: where.
        seed: of the network in floats too.
        levels: of every activation.
        lava: test images that Lava computes as well.
    """
    name = f"levels_{levels}_{seed}"
    counts = load().train.x[:CALIBRATION, None]
    graph = load_model(float_network(seed)).graph
    ranges = balanced_thresholds(graph, counts, steps=levels, percentile=RANGES[levels])

    def activation(population: Population) -> QuantizedReLU:
        return QuantizedReLU(levels, ranges[population.name].tolist())

    network = channels_last(thaw(graph, activation, norms=True))
    task = Streaming(frozen=2, rate=RANGE_RATE).prepare(network, counts)
    outcome = trained(name, task, computing.of(LEVELS[levels], seed))
    return {**outcome, **integers(name, "graded", test_file(None), lava)}


def against_torch(seed: int, levels: int, images: int) -> Outcome:
    """The network with levels and its weights on the chip's grid, in torch: decisions compared."""
    name = f"levels_{levels}_{seed}"
    counts = load().train.x[:CALIBRATION, None]
    network = thaw(load_model(PLACE / f"{name}.pt").graph)
    task = Weights(bits=8, code="graded").prepare(network, counts)
    task.finish()
    # With the grid that torch has: a compile from floats calibrates on fewer images, and may scale a
    # channel otherwise.
    on_grid = PLACE / f"grid_{levels}_{seed}.pt"
    task.network.export(on_grid, counts)
    bundle = on_grid.with_suffix(".loihi")
    compiled(on_grid, bundle, test_file(None), code="graded", bits=8)
    task.network.eval()
    test = test_images(images)
    with torch.no_grad():
        answers = [task.network(x)[:, -1] for x, _ in Batches(test.x, test.y, JUDGED)]
    decided = torch.cat(answers).argmax(-1).numpy()
    in_integers = snnc.load(bundle).run((test.x, None)).predictions[:, -1]
    return {"decisions": len(decided), "differ": int((decided != in_integers).sum())}


def few_bits(computing: Computing, seed: int, bits: int, levels: int = 15) -> Outcome:
    """Weights of few bits, trained on the grid, from the network with levels; beside plain rounding."""
    name, start = f"weights_{bits}_{seed}", PLACE / f"levels_{levels}_{seed}.pt"
    counts = load().train.x[:CALIBRATION, None]
    rounded = compiled(
        start, PLACE / f"rounded_{bits}_{seed}.loihi", test_file(None), code="graded", bits=bits
    )
    task = Weights(bits=bits, code="graded").prepare(thaw(load_model(start).graph), counts)
    outcome = trained(name, task, computing.of(replace(FINE_TUNED, epochs=3), seed))
    return {**outcome, **integers(name, "graded", test_file(None)), "rounded": rounded.by_frame[-1]}


def channels_last(network: FrameNetwork) -> FrameNetwork:
    """Convolutions' weights as a CPU reads them fastest; the values stay."""
    for weight in network.parameters():
        if weight.ndim == 4:
            weight.data = weight.data.contiguous(memory_format=torch.channels_last)
    return network


def trained(
    name: str,
    task: Task,
    recipe: Recipe,
    tested: int | None = None,
    finish: Callable[[FrameNetwork], None] | None = None,
    parts: Parts | None = None,
) -> Outcome:
    """Train, finish, write network and curve, and count the right test answers in floats."""
    parts = parts or load()
    train, validation = _loaders(parts)

    def told(now: Progress) -> None:
        if now.row is not None:
            right, seconds = now.row.judgement.last, now.row.seconds
            print(
                f"{name}: epoch {now.epoch} of {now.epochs}, loss {now.loss:.3f}, right of the "
                f"validation images {right:.2%}, {seconds:.0f} s",
                flush=True,
            )
        elif now.batch % 100 == 0:
            print(f"{name}: batch {now.batch} of {now.batches}, mean loss {now.loss:.3f}", flush=True)

    run = fit(task, train, validation, recipe, checkpoint=PLACE / f"{name}.checkpoint", listener=told)
    write_file(PLACE / f"{name}.csv", run.curve.csv_text().encode())
    network = task.network
    if finish is not None:
        finish(network)
    network.export(PLACE / f"{name}.pt", np.ascontiguousarray(parts.train.x[:CALIBRATION, None]))
    first, best = run.curve.rows[0].judgement, run.curve.rows[run.best].judgement
    return {
        "epochs": recipe.epochs,
        "best_epoch": run.best,
        "precision": recipe.precision,
        "validation_before": round(100 * first.last, 2),
        "validation": round(100 * best.last, 2),
        "torch_test": right_of(network, tested),
        "rates": {node: round(rate, 4) for node, rate in best.rates.items()},
        "thresholds": {
            node: [round(float(v), 4) for v in neuron.threshold.detach().reshape(-1)][:1]
            for node, neuron in network.spiking().items()
        },
        "train_seconds": round(sum(row.seconds for row in run.curve.rows), 1),
    }


def _loaders(parts: Parts) -> tuple[Batches, Batches]:
    train = Batches(parts.train.x[:, None], parts.train.y, BATCH, shuffle=True, augment=augment)
    return train, Batches(parts.validation.x[:, None], parts.validation.y, JUDGED)


def right_of(network: FrameNetwork, samples: int | None) -> float:
    """Right of the (first) test images, %."""
    test = test_images(samples)
    return round(100 * judge(network, Batches(test.x, test.y, JUDGED)).last, 2)


def test_images(samples: int | None) -> Labelled:
    test = load().test
    assert test is not None
    return Labelled(test.x[:samples, None], test.y[:samples])


def test_file(samples: int | None) -> Path:
    """The (first) test images as a file for ``snnc run``."""
    path = PLACE / f"test_{samples or 'all'}.npz"
    if not path.exists():
        images = test_images(samples)
        np.savez(path, x=images.x, y=images.y)
    return path


def integers(name: str, code: str, test: Path, lava: int = 0, chips: int = 1) -> Outcome:
    bundle = PLACE / f"{name}.loihi"
    done = compiled(PLACE / f"{name}.pt", bundle, test, code=code, chips=chips)
    found: Outcome = {"test": done.by_frame[-1], "test_samples": done.samples, "notes": done.notes}
    return {**found, "lava": on_lava(bundle, test, lava)} if lava else found
