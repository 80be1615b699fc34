# ruff: noqa: E501  the sentences and heads of a page, as they are to stand there
"""``docs/results.md`` from the numbers."""

from __future__ import annotations

from typing import Any

from .cifar10_page import cifar10_section
from .cifar_events_page import cifar_events_section
from .delays_page import delays_section
from .speech_page import speech_section
from .tables import spread
from .tables import table as _table

HEAD = """# Results of the training methods

Written by `make results` (`python -m samples.results`) from `docs/results.json`; do not edit. Each part alone:
`python -m samples.results --only nmnist`, and so on. Everything is measured on {machine}, torch {torch}, CPU only. Of
N-MNIST's, Fashion-MNIST's and CIFAR-10's networks each was trained once, seed {seed} where none is named: the standard error of an accuracy is given
with it, and differences within it mean nothing. The other parts have two or three seeds each. Nothing was chosen by looking at test data.

An accuracy "in integers" is that of the compiled Loihi bundle on snnc's simulator, all test samples; the bundle's first
{verified} test samples ran on Lava as well, and every spike and potential was compared.
"""


def page(found: dict[str, Any]) -> str:
    """The whole page."""
    events, images = found["nmnist"], found["fashion_mnist"]
    verified = next(iter(events["lava"].values()))["samples"]
    head = HEAD.format(
        machine=found["machine"],
        torch=found["versions"]["torch"],
        seed=events["seed"],
        verified=verified,
    )
    parts = [*_nmnist(events), *_fashion(images), *cifar10_section(found["cifar10"])]
    parts += cifar_events_section(found["cifar_events"])
    parts += [*speech_section(found["speech"]), *delays_section(found["delays"])]
    return "\n".join([head, *parts, ""])


EVENT_NETWORKS = {
    "ann": "rollout, ReLU, float",
    "quantized": "rollout, 8 levels, float",
    "exact": "integers, code `graded`, K = 1",
    "rate_k8": "integers, code `rate`, K = 8",
}
"""The networks of N-MNIST, as the page calls them."""


def _nmnist(found: dict[str, Any]) -> list[str]:
    names, frames = EVENT_NETWORKS, found["by_frame_of"]
    first = found["first_response"]
    return [
        "## N-MNIST, streaming rollout (method `streaming`)",
        "",
        f"{found['train_samples']} recordings to train, {found['test_samples']} to test; 12 frames of 40 ms, "
        f"{found['parameters']:,} parameters, {found['epochs']} epochs. {found.get('remark', '')}".rstrip(),
        "",
        *_last_frame(found),
        "Right answers after each frame, %; the shortest way to the answer takes "
        f"{first} frames, so that frame {first + 1} is the first whose answer has seen input:",
        "",
        *_table(
            ["frame", *names.values()],
            [[i + 1, *(frames[name][i] for name in names)] for i in range(len(frames["ann"]))],
        ),
        *_cost(found["cost"]),
        *_seconds(found["seconds"]),
    ]


def _last_frame(found: dict[str, Any]) -> list[str]:
    """Accuracies after the last frame, and what Lava compared."""
    rows = []
    for name, title in EVENT_NETWORKS.items():
        lava = found["lava"].get(name)
        compared = ["", ""] if lava is None else [f"{lava['values']:,}", lava["differ"]]
        rows.append([title, spread(found[name], found["test_samples"]), *compared])
    return _table(["", "right after the last frame, %", "Lava: values compared", "differ"], rows)


def _cost(costs: dict[str, Any]) -> list[str]:
    """Operations, energy and rates of the networks of integers."""
    rows = [
        [
            EVENT_NETWORKS[name],
            f"{cost['ann_macs']:,}",
            f"{cost['synaptic_operations']:,}",
            f"{cost['neuron_updates']:,}",
            memory,
            energy["ann_float"],
            energy["ann_quantized"],
            energy["snn"],
        ]
        for name, cost in costs.items()
        for memory, energy in cost["microjoules"].items()
    ]
    head = ["", "ANN: MACs", "SNN: synaptic operations", "neuron updates", "memory model"]
    rates = [
        f"{EVENT_NETWORKS[name]}: " + ", ".join(f"{p} {r:.3f}" for p, r in cost["rates"].items())
        for name, cost in costs.items()
    ]
    return [
        "Operations and modelled energy a recording, mean over the test recordings (`docs/energy.md`; the "
        "ANN executes every frame in full; an estimate, not a measurement):",
        "",
        *_table([*head, "ANN float32, µJ", "ANN same bits, µJ", "SNN, µJ"], rows),
        "Spikes a neuron and step: " + "; ".join(rates) + ".",
        "",
    ]


def _fashion(found: dict[str, Any]) -> list[str]:
    return [
        "## Fashion-MNIST",
        "",
        f"{found['train_samples']:,} images to train, {found['validation_samples']:,} to choose by, "
        f"{found['test_samples']:,} to test; 16 grey levels. A convolutional network of 0.93 million multiply-accumulates "
        f"({found['epochs']['ann']} epochs): **{spread(found['ann'], found['test_samples'])} %** as an ANN in floats.",
        "",
        *_converted(found),
        *_trained_thresholds(found),
        "### Weights of three bits (method `weights`)",
        "",
        "15 levels an activation, code `graded`:",
        "",
        *_table(
            [
                "float weights",
                "3 bits, rounded by the compiler",
                f"3 bits, {found['epochs']['qat']} epochs on the grid",
            ],
            [[found["float"], found["ptq_3bit"], found["qat_3bit"]]],
        ),
        "### On Lava",
        "",
        *_table(
            ["network", "samples", "steps", "values compared", "differ"],
            [
                [name, row["samples"], row["steps"], f"{row['values']:,}", row["differ"]]
                for name, row in found["lava"].items()
            ],
        ),
        *_seconds(found["seconds"]),
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
        *_table(
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
        *_table(
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


def _seconds(seconds: dict[str, float]) -> list[str]:
    total = sum(seconds.values())
    each = ", ".join(f"{name} {value:.0f} s" for name, value in seconds.items())
    return [f"Time, in all {total / 60:.0f} minutes of one or two cores: {each}.", ""]
