# ruff: noqa: E501  the sentences and heads of a page, as they are to stand there
"""The part of the results on N-MNIST, a streaming rollout in floats, levels and integers."""

from __future__ import annotations

from typing import Any

from .tables import seconds, spread, table

EVENT_NETWORKS = {
    "ann": "rollout, ReLU, float",
    "quantized": "rollout, 8 levels, float",
    "exact": "integers, code `graded`, K = 1",
    "rate_k8": "integers, code `rate`, K = 8",
}
"""The networks of N-MNIST, as the page calls them."""


def nmnist_section(found: dict[str, Any]) -> list[str]:
    """Sentences and tables from ``samples.nmnist.results``."""
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
        *table(
            ["frame", *names.values()],
            [[i + 1, *(frames[name][i] for name in names)] for i in range(len(frames["ann"]))],
        ),
        *_cost(found["cost"]),
        *seconds(found["seconds"]),
    ]


def _last_frame(found: dict[str, Any]) -> list[str]:
    """Accuracies after the last frame, and what Lava compared."""
    rows = []
    for name, title in EVENT_NETWORKS.items():
        lava = found["lava"].get(name)
        compared = ["", ""] if lava is None else [f"{lava['values']:,}", lava["differ"]]
        rows.append([title, spread(found[name], found["test_samples"]), *compared])
    return table(["", "right after the last frame, %", "Lava: values compared", "differ"], rows)


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
        *table([*head, "ANN float32, µJ", "ANN same bits, µJ", "SNN, µJ"], rows),
        "Spikes a neuron and step: " + "; ".join(rates) + ".",
        "",
    ]
