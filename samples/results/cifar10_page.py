# ruff: noqa: E501  the sentences and heads of a page, as they are to stand there
"""The parts of the results on CIFAR-10: tables with what has been computed, and what it says."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .tables import spread, table
from .vgg_page import BEGINNING as VGG
from .vgg_page import vgg_hybrid, vgg_quantization

Found = dict[str, Any]

QUALITY = 75
"""Of the JPEG copy."""


def cifar10_introduction(found: Found) -> list[str]:
    """What the experiments with ResNet-20 have in common; nothing where nothing has been computed."""
    each = {name: one for name, one in found["experiments"].items() if not name.startswith(VGG)}
    if not each:
        return []
    return [
        "## CIFAR-10, ResNet-20",
        "",
        "The ResNet-20 of He et al. 2016 (0.27 million weights, 41 million multiply-accumulates an image), 45,000 images to train, 5,000 to choose by, "
        f"8,000 to test; the JPEG copy of the set (quality {QUALITY}). An experiment is one training and one seed; `python -m samples.cifar10.results` "
        f"runs all that is not there yet. Networks that spike through many steps are counted on the first {found['spiking_test']:,} test images, "
        f"as many of each class. {_precisions(each)} {_time(each)}",
        "",
    ]


def cifar10_quantization(found: Found) -> list[str]:
    """Floats, levels, thresholds and weights of few bits; an experiment without a number is left out."""
    each = found["experiments"]
    return [
        *_floats(each, found["seeds"]),
        *_jpeg(each),
        *_thresholds(each),
        *_layers(each),
        *_bits(each),
        *vgg_quantization(each),
    ]


def cifar10_hybrid(found: Found) -> list[str]:
    """Conversion and training through the spikes, likewise."""
    each = found["experiments"]
    return [*_hybrid(each), *_gradients(each), *vgg_hybrid(each)]


def _floats(each: Found, seeds: Iterable[int]) -> list[str]:
    rows = []
    for seed in seeds:
        stages = {
            "begun": "floats, before images were mixed",
            "float": "floats",
            "whole": "floats, trained on with all 50,000 images",
        }
        for stage, title in stages.items():
            if (floats := each.get(f"{stage}_{seed}")) is not None:
                right = spread(floats["torch_test"], 8000)
                rows.append([f"{title}, seed {seed}", floats["epochs"], right, *[""] * 4])
        for name, one in _of(each, "levels_"):
            levels, of = name.split("_")[1:]
            if of == str(seed):
                lava = one.get("lava")
                compared = ["", ""] if lava is None else [f"{lava['values']:,}", lava["differ"]]
                in_torch = each.get(f"torch_{levels}_{seed}")
                decided = (
                    "" if in_torch is None else f"{in_torch['differ']} of {in_torch['decisions']:,}"
                )
                rows.append(
                    [
                        f"{levels} levels, seed {seed}",
                        one["epochs"],
                        spread(one["torch_test"], 8000),
                        spread(one["test"], one["test_samples"]),
                        decided,
                        *compared,
                    ]
                )
    if not rows:
        return []
    head = [
        "network",
        "epochs",
        "in floats, %",
        "in integers, code `graded`, %",
        "decisions that differ from torch's with the chip's weights",
        "Lava: values compared",
        "differ",
    ]
    return [
        "### In floats, and with levels (exact codes)",
        "",
        "The network in floats is trained in two stages, the second with mixed images (mixup). Levels begin with it and its batch normalisation. "
        "Trained on with all 50,000 images, as publications train, it chooses nothing by the 5,000 any more: the last epoch is kept, and nothing else begins with it.",
        "",
        *table(head, rows),
    ]


def _jpeg(each: Found) -> list[str]:
    found = each.get("jpeg_0")
    if found is None:
        return []
    lost = found["rows"][0]["right"] - next(
        r["right"] for r in found["rows"] if r["quality"] == QUALITY
    )
    rows = [
        [
            one["quality"] or "as they are",
            spread(one["right"], found["images"]),
            one.get("squared_error", ""),
        ]
        for one in found["rows"]
    ]
    return [
        "### What JPEG costs",
        "",
        "Published ResNet-20s have 91 to 92 % on the original images (He et al. 2016: 91.25). These went through JPEG once, which cannot be undone; what a second time costs can be measured: "
        f"the {found['images']:,} validation images, compressed again with the blocks 4 pixels away (libjpeg, chroma halved), and the network of seed 0, which was not trained on such images.",
        "",
        *table(["quality", "right, in floats, %", "mean squared error of a pixel"], rows),
        "",
        f"At the copy's own quality, {QUALITY}, that is {lost:.1f} points.",
    ]


def _thresholds(each: Found) -> list[str]:
    found = _of(each, "thresholds_")
    if not found:
        return []
    kinds = ("trained", "fixed", "published")
    rows = []
    for steps, seed in sorted({(int(n.split("_")[2]), int(n.split("_")[3])) for n, _ in found}):
        ones = [each.get(f"thresholds_{kind}_{steps}_{seed}") for kind in kinds]
        levels = each.get(f"levels_{steps}_{seed}")
        rows.append(
            [
                steps,
                seed,
                *("" if one is None else one["test"] for one in ones),
                "" if levels is None else levels["test"],
                *("" if one is None else _mean_rate(one) for one in ones[:2]),
                next(_epochs(one) for one in ones if one is not None),
                # Those without were computed when 99.9 was the default.
                " and ".join(
                    dict.fromkeys(f"{one.get('percentile', 99.9):g}" for one in ones if one is not None)
                ),
            ]
        )
    head = ["steps T", "seed", "trained", "fixed", "published form", "as many levels, `graded`"]
    return [
        "### Trained thresholds (method `threshold`, Castagnetti et al. 2023)",
        "",
        "Right of 8,000 test images, %, in integers. *Fixed* trains the weights alone; the published form is "
        "`threshold{recipe=castagnetti2023}`. Spikes: a neuron and step, the mean over the layers. Percentile: of activations, where the first thresholds are; 95 is a better start than 99.9 (docs/training.md).",
        "",
        *table([*head, "spikes, trained", "spikes, fixed", "epochs", "percentile"], rows),
    ]


def _layers(each: Found) -> list[str]:
    """Sparsity of every layer and the noise of its spikes, for the trained thresholds of seed 0."""
    trained = {
        int(name.split("_")[2]): one
        for name, one in _of(each, "thresholds_trained_")
        if name.endswith("_0")
    }
    noises = {int(name.split("_")[1]): one for name, one in _of(each, "noise_") if name.endswith("_0")}
    if not trained:
        return []
    layers = [node for node in next(iter(trained.values()))["rates"] if node != "answer"]
    rows = [
        [
            layer,
            *(f"{one['rates'][layer]:.3f}" for one in trained.values()),
            *(
                text
                for found in noises.values()
                for key in ("explained", "whole")
                for way in ("before", "after")
                for text in [_number(found["layers"].get(layer, {}).get(way, {}).get(key))]
            ),
        ]
        for layer in layers
    ]
    head = ["layer", *(f"spikes, T = {steps}" for steps in trained)]
    for steps in noises:
        head += [f"explained before, T = {steps}", "after", f"error before, T = {steps}", "after"]
    return [
        "Every layer, trained thresholds, seed 0: spikes a neuron and step; and, in the network before its thresholds were trained and after, the share of a layer's own error that "
        "quantization explains (the rest is unevenness) and the whole error, mean square over that of the activations (`snnc noise`, docs/noise.md; "
        f"{next((one['images'] for one in noises.values()), 0)} training images):",
        "",
        *table(head, rows),
    ]


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _hybrid(each: Found) -> list[str]:
    converted = _of(each, "converted_")
    if not converted:
        return []
    ways = {
        "paper": "maximum x 0.7, start 0 (Rathi et al. 2020)",
        "default": "`snnc compile`'s defaults",
    }
    steps = sorted({int(name.split("_")[2]) for name, _ in converted})
    trained = {
        "linear from the paper's": "stdb_paper_linear",
        "`stdb` from the paper's": "stdb_paper_stdb",
        "linear from ours": "stdb_default_linear",
        "`stdb` from ours": "stdb_default_stdb",
        "from scratch": "scratch",
    }
    rows = [
        [
            t,
            *(each.get(f"converted_{way}_{t}_0", {}).get("test", "") for way in ways),
            *(_kept(each.get(f"{name}_{t}_0")) for name in trained.values()),
            next((_epochs(each[n]) for n in (f"{b}_{t}_0" for b in trained.values()) if n in each), ""),
        ]
        for t in steps
    ]
    return [
        "### Hybrid conversion (method `stdb`, Rathi et al. 2020)",
        "",
        "Right of the test images, %, in integers. Converted in two ways, and trained from each through the spikes, with both surrogates; the same network "
        "from scratch, for comparison. *As it began*: no epoch was better on the validation images, and the network before training was kept. Above 256 steps the worst input could leave a 24-bit potential (D319); compiled with `--allow-overflow`.",
        "",
        *table(
            [
                "steps T",
                *(f"converted: {title}" for title in ways.values()),
                *(f"trained: {t}" for t in trained),
                "epochs",
            ],
            rows,
        ),
        "![Right answers by steps](./cifar10_by_steps.svg)",
        "",
    ]


def _gradients(each: Found) -> list[str]:
    found = each.get("gradients_0")
    if found is None:
        return []
    told = [
        f"with a height of {one['height']} ({name}) {one['ratios'][0]:.2g} in the first convolution and {one['ratios'][-1]:.2g} in the last"
        for name, one in ((n, found[n]) for n in ("published", "ours"))
    ]
    return [
        f"Surrogate gradients fade with depth. Norm of the gradient over norm of the weights, linear surrogate, {found['steps']} steps, before training, one batch of {found['images']}: "
        f"{', '.join(told)}. Ours is 4 / (T + 1), at which a step's input moves the count by about 1 (docs/training.md). All networks here are trained with it.",
        "",
    ]


def _bits(each: Found) -> list[str]:
    found = _of(each, "weights_")
    if not found:
        return []
    rows = [[name.split("_")[1], one["rounded"], one["test"], one["epochs"]] for name, one in found]
    return [
        "### Weights of few bits (method `weights`)",
        "",
        "15 levels an activation, code `graded`; right of 8,000 test images, %, in integers.",
        "",
        *table(["bits", "rounded by the compiler", "trained on the grid", "epochs"], rows),
    ]


def _of(each: Found, beginning: str) -> list[tuple[str, Found]]:
    return [(name, one) for name, one in each.items() if name.startswith(beginning)]


def _kept(one: Found | None) -> str:
    if one is None:
        return ""
    return f"{one['test']}, as it began" if one.get("best_epoch") == 0 else str(one["test"])


def _epochs(one: Found) -> str:
    few = f", of {one['trained_with']:,} images" if "trained_with" in one else ""
    return f"{one['epochs']}{few}"


def _mean_rate(one: Found) -> str:
    rates = [rate for node, rate in one["rates"].items() if node != "answer"]
    return f"{sum(rates) / len(rates):.3f}"


def _precisions(each: Found) -> str:
    found = sorted({one["precision"] for one in each.values() if "precision" in one})
    return f"Trained in {' and '.join(found)}; judged in float32."


def _time(each: Found) -> str:
    # A training that went on from a checkpoint has the time of all its epochs in its curve.
    hours = sum(max(one["seconds"], one.get("train_seconds", 0.0)) for one in each.values()) / 3600
    return f"All of its experiments together: {hours:.1f} hours of one core that other work shared."
