# ruff: noqa: E501  the sentences and heads of a page, as they are to stand there
"""The part of the results on CIFAR-10 as events: what a chain and all shortcuts answer, and when."""

from __future__ import annotations

from statistics import mean
from typing import Any

from .tables import four_fifths, spread, table

Found = dict[str, Any]

TITLES = {"chain": "chain", "dense": "densely connected"}


def cifar_events_section(found: Found) -> list[str]:
    """Sentences and tables from ``samples.cifar_events.results``."""
    recordings, networks = found["recordings"], found["networks"]
    seeds = ", ".join(str(seed) for seed in found["seeds"])
    first = networks["chain"]["float"][0]
    tuned = networks["chain"]["levels"][0]
    return [
        "## CIFAR-10 as events, streaming rollouts",
        "",
        "Kugele et al. 2020 report 66.75 % on CIFAR10-DVS for the rollout and 66.61 % for the spiking network after 48 frames (second-hand: their tables were not at hand), and that "
        "shortcuts give approximate answers early, which improve as more input is processed. CIFAR10-DVS is not on this machine. `samples/cifar_events` moves "
        f"CIFAR-10's images (the JPEG copy) in front of a model of an event camera: {_camera(recordings)}",
        "",
        f"{recordings['train']:,} recordings to train, {recordings['validation']:,} to choose the epoch by, {recordings['test']:,} to test; "
        f"{recordings['sparsity']['events']:,.0f} events a recording, {100 * recordings['sparsity']['active']:.0f} % of the counts above 0. "
        f"Three layers of 16, 32 and 64 channels; every connection takes one frame. *Densely connected*: each layer and the answer receive from all before them. {first['epochs']} epochs, "
        f"then {tuned['epochs']} with {found['levels']} levels an activation; seed{'s' if len(found['seeds']) > 1 else ''} {seeds}.",
        "",
        *_last_frame(networks, found["levels"]),
        *_by_frame(networks),
        *_cost(networks, found["counted"]),
        *_verdict(networks),
        _time(networks),
        "",
    ]


def _camera(recordings: Found) -> str:
    camera = recordings["camera"]
    frames, milliseconds = camera["frames"], 1000 * camera["window"]
    return (
        f"thresholds of {camera['threshold']:g} in log intensity with a spread of {camera['mismatch']:g} over pixels, a leak of {camera['leak_rate']:g} and noise of "
        f"{camera['noise_rate']:g} events a pixel and second, {1e6 * camera['refractory']:g} µs of dead time (numbers of v2e, Hu et al. 2021, for bright light; dead time ours); "
        f"32 x 32 pixels, a closed path of four sides of 2 x 2 pixels (after Li et al. 2017; size and speed ours), {frames} frames of {milliseconds:g} ms, one a side."
    )


def _last_frame(networks: Found, levels: int) -> list[str]:
    rows = []
    for shape, title in TITLES.items():
        ways = networks[shape]
        for one, quantized, grid in zip(ways["float"], ways["levels"], ways["grid"], strict=True):
            lava, samples = quantized["lava"], one["test_samples"]
            rows.append(
                [
                    title,
                    f"{one['parameters']:,}",
                    spread(one["by_frame"][-1], samples),
                    spread(quantized["by_frame"][-1], samples),
                    spread(grid["by_frame"][-1], samples),
                    spread(quantized["integers"][-1], samples),
                    f"{grid['differ']} of {grid['decisions']:,}",
                    lava["samples"],
                    f"{lava['values']:,}",
                    lava["differ"],
                ]
            )
    head = [
        "network",
        "parameters",
        "ReLU, floats",
        f"{levels} levels, floats",
        "and weights of 8 bits, floats",
        "integers, code `graded`",
        "decisions that differ from torch's",
        "Lava: samples",
        "values compared",
        "differ",
    ]
    return [
        "Right after the last frame, %. The network with levels and its weights on the chip's grid is computed in torch and, compiled, in integers; all decisions are compared, after every frame:",
        "",
        *table(head, rows),
    ]


def _by_frame(networks: Found) -> list[str]:
    curves = {
        (shape, way): _mean_curve(networks[shape]["float" if way == "by_frame" else "levels"], way)
        for way in ("by_frame", "integers")
        for shape in TITLES
    }
    names = {"by_frame": "floats", "integers": "integers"}
    responses = ", ".join(
        f"{title} frame {networks[shape]['float'][0]['first_response'] + 1}"
        for shape, title in TITLES.items()
    )
    frames = len(curves["chain", "by_frame"])
    return [
        f"Right after each frame, %; the first answer that has seen input: {responses}.",
        "",
        *table(
            ["frame", *(f"{TITLES[shape]}, {names[way]}" for shape, way in curves)],
            [[n + 1, *(f"{curve[n]:.1f}" for curve in curves.values())] for n in range(frames)],
        ),
        "Four fifths of the last accuracy are reached from frame: "
        + ", ".join(
            f"{four_fifths(curve):.0f} ({TITLES[shape]}, {names[way]})"
            for (shape, way), curve in curves.items()
        )
        + ".",
        "",
    ]


def _cost(networks: Found, counted: int) -> list[str]:
    rows = []
    for shape, title in TITLES.items():
        cost = networks[shape]["levels"][0]["cost"]
        for memory, energy in cost["microjoules"].items():
            rows.append(
                [
                    title,
                    f"{cost['ann_macs']:,}",
                    f"{cost['synaptic_operations']:,}",
                    f"{cost['neuron_updates']:,}",
                    memory,
                    energy["ann_float"],
                    energy["ann_quantized"],
                    energy["snn"],
                ]
            )
    head = ["network", "ANN: MACs", "SNN: synaptic operations", "neuron updates", "memory model"]
    return [
        f"Operations and modelled energy a recording, mean over {counted} test recordings (`docs/energy.md`; an estimate, not a measurement):",
        "",
        *table([*head, "ANN float32, µJ", "ANN same bits, µJ", "SNN, µJ"], rows),
    ]


def _verdict(networks: Found) -> list[str]:
    """What the figures say of the claims, in words."""
    lost = {
        shape: mean(one["integers"][-1] - one["by_frame"][-1] for one in networks[shape]["levels"])
        for shape in TITLES
    }
    return [
        _early(networks),
        "",
        "From levels in floats to integers accuracy changes by "
        + ", ".join(f"{value:+.2f} points ({TITLES[shape]})" for shape, value in lost.items())
        + ", all of it by weights of 8 bits: the paper's 0.1 to 0.2 points are from ReLUs to spikes in 48 frames.",
        "",
        _efficient(networks),
        "",
        "What differs from the paper: the camera is a model, with as many pixels as the images have; images of the JPEG copy, a fifth of CIFAR-10; "
        f"{len(networks['chain']['float'][0]['by_frame'])} frames, not 48; networks of some 50,000 parameters or fewer, and few epochs. These accuracies say nothing about CIFAR10-DVS. "
        "Camera, path, networks and recipe were fixed before any test recording was looked at; of the recipe, rate, clipping and the epochs in which batch normalisation rests were changed once, "
        "after a look at the validation part.",
        "",
    ]


def _efficient(networks: Found) -> str:
    """Whether the spiking network takes less energy than the ANN, by model of memory and network."""
    ratios = [
        (energy["snn"] / energy["ann_quantized"], f"{memory}, {TITLES[shape]}")
        for shape in TITLES
        for memory, energy in networks[shape]["levels"][0]["cost"]["microjoules"].items()
    ]
    listed = ", ".join(f"{ratio:.2f} ({name})" for ratio, name in ratios)
    verdict = (
        "holds in all of them" if all(ratio < 1 for ratio, _ in ratios) else "does not hold in all"
    )
    return (
        f"Energy of the spiking network over that of the ANN with the same bits, by memory model: {listed}. "
        f'The claim "consistently more efficient" {verdict}; the input is active on {100 * networks["chain"]["levels"][0]["cost"]["rates"]["input"]:.0f} % of its pixels and frames, far from sparse.'
    )


def _early(networks: Found) -> str:
    """Whether shortcuts answer earlier, and at what cost in the end."""
    curves = {shape: _mean_curve(networks[shape]["float"], "by_frame") for shape in TITLES}
    first = {shape: networks[shape]["float"][0]["first_response"] for shape in TITLES}
    before = ", ".join(f"{right:.1f}" for right in curves["dense"][first["dense"] : first["chain"]])
    approximate = curves["dense"][first["chain"] - 1] >= 0.5 * curves["dense"][-1]
    sooner = int(four_fifths(curves["chain"]) - four_fifths(curves["dense"]))
    last = {shape: curve[-1] for shape, curve in curves.items()}
    samples = networks["chain"]["float"][0]["test_samples"] * len(networks["chain"]["float"])
    gain, error = last["dense"] - last["chain"], _error(last.values(), samples)
    enough = "reached" if sooner >= 2 and gain > -2 * error else "not reached"
    return (
        f"In words: while the chain cannot have answered yet, the densely connected network is right on {before} % (frames {first['dense'] + 1} to {first['chain']}), and improves as more input comes: "
        f"early approximate answers {'hold' if approximate else 'do not hold'} here. Four fifths of the last accuracy are there {sooner} frame{'' if sooner == 1 else 's'} earlier, and the last accuracy differs by "
        f"{gain:+.1f} ± {error:.1f} points (standard error); our own mark, two frames earlier and no loss in the end, is {enough}. "
        "(A chain of four connections leaves little to gain, and the other network has to answer early and late with the same weights.)"
    )


def _error(percents: Any, samples: int) -> float:
    """The standard error of a difference of two accuracies, taken as independent, in points."""
    return float(sum(p * (100 - p) / samples for p in percents) ** 0.5)


def _mean_curve(each: list[Found], key: str) -> list[float]:
    return [mean(values) for values in zip(*(one[key] for one in each), strict=True)]


def _time(networks: Found) -> str:
    seconds = sum(
        one["seconds"] for ways in networks.values() for each in ways.values() for one in each
    )
    return f"Time, in all {seconds / 60:.0f} minutes of a core that other work shared."
