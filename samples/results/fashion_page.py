# ruff: noqa: E501  the sentences and heads of a page, as they are to stand there
"""The parts of the results on Fashion-MNIST: hybrid conversion, trained thresholds, weights of few bits."""

from __future__ import annotations

from typing import Any

from .tables import seconds, spread, table


def fashion_hybrid(found: dict[str, Any]) -> list[str]:
    """Conversion alone beside hybrid training, from ``samples.fashion_mnist.results``."""
    return [*_introduction(found), *_converted(found), *_lava(found, "hybrid")]


def fashion_quantization(found: dict[str, Any]) -> list[str]:
    """Trained thresholds and weights of few bits, likewise."""
    return [
        *_introduction(found),
        *_trained_thresholds(found),
        "### Weights of three bits (method `weights`)",
        "",
        "15 levels an activation, code `graded`:",
        "",
        *table(
            [
                "float weights",
                "3 bits, rounded by the compiler",
                f"3 bits, {found['epochs']['qat']} epochs on the grid",
            ],
            [[found["float"], found["ptq_3bit"], found["qat_3bit"]]],
        ),
        *_lava(found, "trained", "fixed", "qat"),
        *seconds(found["seconds"], "with those of hybrid conversion"),
    ]


def _introduction(found: dict[str, Any]) -> list[str]:
    return [
        "## Fashion-MNIST",
        "",
        f"{found['train_samples']:,} images to train, {found['validation_samples']:,} to choose by, "
        f"{found['test_samples']:,} to test; 16 grey levels. A convolutional network of 0.93 million multiply-accumulates "
        f"({found['epochs']['ann']} epochs): **{spread(found['ann'], found['test_samples'])} %** as an ANN in floats. One seed.",
        "",
    ]


def _lava(found: dict[str, Any], *kinds: str) -> list[str]:
    """What ran on Lava of the networks whose names begin so."""
    rows = [
        [name, row["samples"], row["steps"], f"{row['values']:,}", row["differ"]]
        for name, row in found["lava"].items()
        if name.startswith(kinds)
    ]
    return [
        "On Lava:",
        "",
        *table(["network", "samples", "steps", "values compared", "differ"], rows),
    ]


def _converted(found: dict[str, Any]) -> list[str]:
    """Conversion alone beside hybrid training, by steps."""
    converted, hybrid = found["converted"], found["hybrid"]
    head = ["steps T", "converted only", "hybrid", "epochs", "converted with 10 T"]
    return [
        "### Converted only, and hybrid (method `stdb`, linear surrogate)",
        "",
        "Right answers in integers, %. Converted only is `snnc compile` with its defaults; hybrid begins with "
        "the converted network and trains its weights through the spikes. Above "
        f"{found['most_proved']} steps the worst input could leave a 24-bit potential (D319); these were compiled with "
        "`--allow-overflow`.",
        "",
        *table(
            [*head, "spikes a neuron and step"],
            [
                [
                    int(t),
                    converted[t],
                    hybrid.get(t, ""),
                    found["epochs"]["hybrid"].get(t, ""),
                    converted.get(str(10 * int(t)), "") if t in hybrid else "",
                    _rates(found, f"hybrid_{t}"),
                ]
                for t in converted
            ],
        ),
        "![Right answers by steps](./fashion_mnist_by_steps.svg)",
        "",
    ]


def _trained_thresholds(found: dict[str, Any]) -> list[str]:
    """Trained thresholds beside fixed ones, by steps."""
    head = ["steps T", "trained", "fixed", "thresholds, trained", "fixed at"]
    return [
        "### Trained thresholds (method `threshold`)",
        "",
        f"Right answers in integers, %, after {found['epochs']['thresholds']} epochs. Both begin with the same "
        "network and thresholds; `fixed` trains the weights alone.",
        "",
        *table(
            [*head, "spikes, trained", "spikes, fixed"],
            [
                [
                    t,
                    found["trained_thresholds"][t],
                    found["fixed_thresholds"][t],
                    _thresholds(found, f"trained_{t}"),
                    _thresholds(found, f"fixed_{t}"),
                    _rates(found, f"trained_{t}"),
                    _rates(found, f"fixed_{t}"),
                ]
                for t in found["trained_thresholds"]
            ],
        ),
    ]


def _rates(found: dict[str, Any], name: str) -> str:
    rates = found["rates"].get(name, {})
    return ", ".join(f"{rate:.3f}" for rate in rates.values())


def _thresholds(found: dict[str, Any], name: str) -> str:
    return ", ".join(f"{values[0]:.2f}" for values in found["thresholds"][name].values())
