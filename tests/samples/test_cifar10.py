"""The experiments on CIFAR-10: the network's size, what is drawn of an image, the order, the tables."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from samples.cifar10 import experiments as one
from samples.cifar10 import spiking
from samples.cifar10.data import DataMissing, augment, load, whole
from samples.cifar10.experiments import Computing
from samples.cifar10.jpeg import SHIFT, compressed
from samples.cifar10.networks import resnet20
from samples.cifar10.results import experiments, summary
from samples.cifar10.weights import write_weights
from samples.results.cifar10_page import (
    cifar10_hybrid,
    cifar10_introduction,
    cifar10_quantization,
)
from snnc.authoring.surrogate import Linear, SinceSpike
from snnc.cost.ann_operations import count_ann
from snnc.frontend import load_model
from snnc.training import thaw
from snnc.training.methods.thaw import graph_of


def test_the_network_is_as_large_as_the_one_of_the_paper() -> None:
    """He et al. 2016, table 6: 0.27 million parameters; 41 million multiply-accumulates."""
    network = resnet20()
    weights = sum(p.numel() for p in network.parameters() if p.ndim > 1)
    assert 0.265e6 < weights < 0.275e6
    graph = graph_of(network)
    assert 40.5e6 < count_ann(graph, graph).macs < 41.5e6


def test_only_one_training_sees_the_images_that_others_choose_by() -> None:
    try:
        parts, everything = load(), whole()
    except DataMissing as missing:
        pytest.skip(str(missing))
    held = len(parts.train.y)
    assert (held, len(everything.train.y)) == (45_000, 50_000)
    np.testing.assert_array_equal(everything.train.x[held:], parts.validation.x)
    np.testing.assert_array_equal(everything.train.x[:held], parts.train.x)


def test_an_image_is_moved_and_mirrored_and_no_more() -> None:
    torch.manual_seed(0)
    x = torch.arange(1.0, 1 + 12 * 6 * 5).reshape(1, 1, 12, 6, 5).expand(64, 2, 12, 6, 5)
    found = augment(x).numpy()
    padded = np.pad(x[0, 0].numpy(), ((0, 0), (4, 4), (4, 4)))
    copies = {}
    for top in range(9):
        for left in range(9):
            part = padded[:, top : top + 6, left : left + 5]
            copies[part.tobytes()] = copies[part[:, :, ::-1].tobytes()] = (top, left)
    assert all((sample[0] == sample[1]).all() for sample in found)
    places = {copies[sample[0].tobytes()] for sample in found}
    assert len(places) > 30


def test_every_experiment_comes_after_the_network_that_it_begins_with() -> None:
    names = list(experiments(Computing()))
    for number, name in enumerate(names):
        kind, *_, seed = name.split("_")
        before = {"begun": "", "float": "begun"}.get(kind, "float")
        assert not before or f"{before}_{seed}" in names[:number], name
        if kind in ("weights", "torch"):
            assert f"levels_15_{seed}" in names[:number], name


def test_a_network_that_is_shipped_is_the_one_that_was_trained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its weights are rounded before anything is measured, and take half a megabyte."""
    images = np.random.default_rng(0).integers(0, 256, (8, 3, 32, 32)).astype(np.uint8)
    parts = SimpleNamespace(train=SimpleNamespace(x=images))
    monkeypatch.setattr(one, "load", lambda: parts)
    monkeypatch.setattr(one, "PLACE", tmp_path)
    monkeypatch.setattr(one, "SHIPPED", tmp_path)
    with pytest.raises(DataMissing, match="run the experiment float_3"):
        one.float_network(3)
    torch.manual_seed(0)
    network = resnet20()
    x = torch.from_numpy(images[:, None]).float()
    network(x)  # statistics of batch normalisation, beyond half precision's largest number
    written = tmp_path / "resnet20_3.npz"
    write_weights(network, written)
    assert written.stat().st_size < 600_000
    found = thaw(load_model(one.float_network(3)).graph, norms=True)
    with torch.no_grad():
        torch.testing.assert_close(found.eval()(x), network.eval()(x))


def test_images_are_compressed_again_with_blocks_elsewhere() -> None:
    """A second time in the same blocks loses little; four pixels away it loses again."""
    generator = np.random.default_rng(0)
    patches = np.kron(generator.integers(60, 200, (3, 8, 8)), np.ones((1, 4, 4)))
    image = (patches + generator.integers(-10, 11, (3, 32, 32))).astype(np.uint8)
    once = compressed(image, 75, 0)
    apart = {s: np.square(compressed(once, 75, s).astype(float) - once).mean() for s in (0, SHIFT)}
    assert once.shape == image.shape and np.square(once.astype(float) - image).mean() > 100
    assert apart[SHIFT] > 3 * apart[0]


def test_gradients_neither_fade_nor_grow() -> None:
    """One step's input moves the count by about 1, averaged over potentials and steps."""
    steps = 4
    for surrogate, kind in (("linear", Linear), ("stdb", SinceSpike)):
        slope = kind(spiking.height(steps, surrogate))
        potential = torch.linspace(0, 2, 20_001)
        since = torch.full_like(potential, 1.0)
        mean = float(slope.slope(potential - 1, since).mean())
        remaining = sum(range(1, steps + 1)) / steps
        assert mean * remaining == pytest.approx(1.0, abs=0.02)


def _trained(**more: Any) -> dict[str, Any]:
    common = {"epochs": 3, "precision": "float32", "seconds": 3600.0, "rates": {"a": 0.1, "answer": 0}}
    return {**common, "torch_test": 87.5, "test": 87.25, "test_samples": 8000, **more}


def _lines(found: dict[str, Any]) -> list[str]:
    return [*cifar10_introduction(found), *cifar10_quantization(found), *cifar10_hybrid(found)]


def test_tables_show_what_has_been_computed() -> None:
    found: dict[str, Any] = {"seeds": [0, 1], "spiking_test": 2000, "experiments": {}}
    assert _lines(found) == []
    found["experiments"] = {
        "begun_0": _trained(epochs=90, torch_test=87.25),
        "float_0": _trained(),
        "gradients_0": {
            "steps": 4,
            "images": 128,
            "seconds": 0.0,
            "published": {"height": 0.3, "ratios": [2.5e-8, 0.1, 0.07]},
            "ours": {"height": 0.8, "ratios": [0.0065, 0.4, 0.18]},
        },
        "jpeg_0": {
            "images": 5000,
            "rows": [
                {"quality": 0, "right": 88.5},
                {"quality": 75, "right": 87.5, "squared_error": 39.0},
            ],
            "seconds": 0.0,
        },
        "levels_15_0": _trained(lava={"values": 1234567, "differ": 0}),
        "torch_15_0": {"decisions": 1000, "differ": 0, "seconds": 1.0},
        "thresholds_fixed_4_0": _trained(test=84.5),
        "converted_paper_16_0": {"test": 61.5, "test_samples": 2000, "seconds": 1.0},
        "stdb_paper_linear_16_0": _trained(test=80.25, epochs=1),
    }
    lines = _lines(found)
    assert "| floats, seed 0 | 3 | 87.5 ± 0.4 |  |  |  |  |" in lines
    assert "| 15 levels, seed 0 | 3 | 87.5 ± 0.4 | 87.25 ± 0.4 | 0 of 1,000 | 1,234,567 | 0 |" in lines
    assert "| 4 | 0 |  | 84.5 |  |  |  | 0.100 | 3 | 99.9 |" in lines
    assert "| 16 | 61.5 |  | 80.25 |  |  |  |  | 1 |" in lines
    assert "| floats, before images were mixed, seed 0 | 90 | 87.25 ± 0.4 |  |  |  |  |" in lines
    assert any(
        "height of 0.3 (published) 2.5e-08 in the first convolution and 0.07" in x for x in lines
    )
    assert "| as they are | 88.5 ± 0.5 |  |" in lines
    assert "| 75 | 87.5 ± 0.5 | 39.0 |" in lines
    assert any("5.0 hours" in line for line in lines)


def test_the_summary_has_the_best_of_each() -> None:
    found = {
        "float_0": _trained(torch_test=88.5),
        "levels_15_0": _trained(torch_test=88.0, test=87.75),
        "converted_default_16_0": {"test": 80.0},
        "converted_paper_16_0": {"test": 60.0},
        "stdb_paper_linear_4_0": _trained(test=70.0, epochs=1),
        "stdb_default_linear_4_0": _trained(test=75.0, epochs=2),
        "thresholds_trained_4_0": _trained(test=74.0),
        "thresholds_trained_4_1": _trained(test=1.0),
    }
    assert summary(found) == {
        "float": 88.5,
        "levels": 88.0,
        "graded": 87.75,
        "converted": {"16": 80.0},
        "converted_paper": {"16": 60.0},
        "trained_thresholds": {"4": 74.0},
        "fixed_thresholds": {},
        "stdb": {"4": {"accuracy": 75.0, "epochs": 2}},
    }
