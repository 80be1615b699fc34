# ruff: noqa: E501  the sentences and heads of a page, as they are to stand there
"""VGG-16 on CIFAR-10: what has been computed of it, for the pages of two papers."""

from __future__ import annotations

from typing import Any

from .tables import spread, table

Found = dict[str, Any]

TEST = 8000
BEGINNING = "vgg16_"


def vgg_quantization(each: Found) -> list[str]:
    """In floats, and with levels and the code ``graded``; nothing where nothing has been computed."""
    floats = each.get("vgg16_float_0")
    if floats is None:
        return []
    right = spread(floats["torch_test"], TEST)
    if (same := each.get(f"{BEGINNING}counted_0")) is not None:
        samples = same["test_samples"]
        right += f"; {spread(same['torch_test'], samples)} of {samples:,}"
    rows = [["floats", floats["epochs"], right, ""]]
    for name, one in (*_of(each, "levels_"), *_of(each, "thresholds_")):
        samples = one["test_samples"]
        few = f", of {one['trained_with']:,} images" if "trained_with" in one else ""
        counted = (f"{spread(one[key], samples)} of {samples:,}" for key in ("torch_test", "test"))
        rows.append([_title(name.removeprefix(BEGINNING)), f"{one['epochs']}{few}", *counted])
    head = ["network", "epochs", "in torch, %", "in integers, %"]
    return [
        "## CIFAR-10, VGG-16",
        "",
        "The VGG-16 of Castagnetti et al. 2023 (13 convolutions, 15.2 million weights, 314 million multiply-accumulates an image) on the same images, seed 0, trained with images as they are "
        f"(flipped and shifted, not mixed). `python -m samples.cifar10.results vgg16 --precision bfloat16`; in floats counted on all {TEST:,} test images, otherwise on the first ones, as many of each class. {_time(each)}",
        "",
        *table(head, rows),
    ]


def _title(name: str) -> str:
    """``levels_15_0`` or ``thresholds_trained_4_0`` in words."""
    kind, *what = name.split("_")
    if kind == "levels":
        return f"{what[0]} levels, code `graded`"
    return f"thresholds {what[0]}, T = {what[1]}, code `rate`"


def vgg_hybrid(each: Found) -> list[str]:
    """Converted, likewise."""
    found = {int(name.split("_")[2]): one for name, one in _of(each, "converted_")}
    if not found:
        return []
    samples = next(iter(found.values()))["test_samples"]
    same = each.get(f"{BEGINNING}counted_0")
    here = "" if same is None else f", {spread(same['torch_test'], samples)} % of those below"
    return [
        "## CIFAR-10, VGG-16",
        "",
        f"15.2 million weights; in floats {spread(each['vgg16_float_0']['torch_test'], TEST)} % of {TEST:,} images{here} ([trainable quantization](trainable-quantization.md)). Converted with `snnc compile`'s defaults for four chips of Loihi 2 (`loihi{{chips=4}}`), "
        f"in integers, on the first {samples:,} test images, as many of each class; not trained through its spikes, which would take days here. The paper's VGG-16 has 91.13 % after 100 steps.",
        "",
        *table(
            ["steps T", "converted, %"],
            [[steps, spread(one["test"], samples)] for steps, one in sorted(found.items())],
        ),
    ]


def vgg_summary(each: Found) -> Found:
    """The figures that people look up: ``float``, ``levels``, ``graded``, ``converted`` by steps."""
    one: Found = {}
    for key, name, figure in (
        ("float", "vgg16_float_0", "torch_test"),
        ("levels", "vgg16_levels_15_0", "torch_test"),
        ("graded", "vgg16_levels_15_0", "test"),
    ):
        if name in each:
            one[key] = each[name][figure]
    one["converted"] = {
        name.split("_")[2]: outcome["test"] for name, outcome in _of(each, "converted_")
    }
    return one


def _of(each: Found, part: str) -> list[tuple[str, Found]]:
    beginning = BEGINNING + part
    return [(name, one) for name, one in each.items() if name.startswith(beginning)]


def _time(each: Found) -> str:
    found = [one for _, one in _of(each, "")]
    hours = sum(max(one["seconds"], one.get("train_seconds", 0.0)) for one in found) / 3600
    return f"All of it together: {hours:.1f} hours of one core that other work shared."
