# ruff: noqa: E501  the sentences and heads of a page, as they are to stand there
"""The part of the results on spoken digits."""

from __future__ import annotations

from statistics import mean
from typing import Any

from .delays_figures import spread
from .tables import table

NETWORKS = {
    "float": "recurrent rollout, 32 bands, ReLU, floats",
    "levels": "recurrent rollout, 32 bands, levels, floats",
    "loihi": "levels on `loihi`, code `graded`, integers",
    "xylo_float": "recurrent network of Xylo's neurons, 16 bands, floats",
    "xylo": "Xylo's neurons on `xylo`, integers",
    "chain_float": "chain, 16 bands, ReLU, floats",
    "chain": "chain on `xylo`, code `rate`, integers",
}

LOSSES = {"loihi": "levels", "xylo": "xylo_float", "chain": "chain_float"}
"""Integers, and the floats that they are of."""

MOST_LOST = 3.0
LEAST_RIGHT = 95.0


def speech_section(found: dict[str, Any]) -> list[str]:
    """Sentences and tables from ``samples.speech.results``."""
    by_seed, tests = found["by_seed"], found["test_samples"]
    seeds = [f"seed {seed}" for seed in found["seeds"]]
    share = found["float"] / 100
    error = 100 * (share * (1 - share) / tests) ** 0.5
    rows = [
        [title, *by_seed[name], spread(by_seed[name], 2), _lost(name, by_seed)]
        for name, title in NETWORKS.items()
    ]
    return [
        "## Spoken digits",
        "",
        f"FSDD, as `../shared/data/fsdd` has it, six speakers; {found['train_samples']:,} to train (a tenth held back to choose the epoch), {tests} to test, by recording number as the set's authors say. "
        "40 frames of 25 ms, energies of bands as counts (`snnc frames`). Two layers of 128, each with a loop, every connection one frame; method `streaming`, "
        f"{found['epochs']['streaming']} epochs, {found['levels_an_activation']} levels an activation where there are levels. For the networks of 32 bands the recordings to train are varied (pitch, speed, beginning, loudness by band; bounds chosen on speakers held out of them). "
        f"`python -m samples.speech.results`, {found['seconds'] / 60:.0f} minutes on a machine that others were using too.",
        "",
        "On Xylo, which has 16 channels and no delays, two networks: 128 and 64 neurons of its own kind, the 64 with a loop, a frame a step, trained in floats with that neuron (`samples/speech/xylo.py`) and handed over as NIR; "
        f"and a chain of three layers of 64 in the code `rate`, {found['rate_steps']} steps a frame, because a loop would need delays there.",
        "",
        f"By recording number, right after the last frame, % (mean and standard error over the seeds; the standard error of one figure from {tests} recordings is {error:.1f} points):",
        "",
        *table(["network", *seeds, "mean", "lost to floats"], rows),
        *_compared(found),
        *_verdict(found),
        *_speakers(found),
    ]


def _differences(name: str, by_seed: dict[str, list[float]]) -> list[float]:
    pairs = zip(by_seed[LOSSES[name]], by_seed[name], strict=True)
    return [floats - integers for floats, integers in pairs]


def _lost(name: str, by_seed: dict[str, list[float]]) -> str:
    return spread(_differences(name, by_seed), 2) if name in LOSSES else ""


def _compared(found: dict[str, Any]) -> list[str]:
    """What Lava and xylosim compared."""
    engines = {"loihi": "Lava", "xylo": "xylosim", "chain": "xylosim"}
    rows = [
        [
            NETWORKS[name],
            engines[name],
            sum(run["samples"] for run in runs),
            f"{sum(run['values'] for run in runs):,}",
            sum(run["differ"] for run in runs),
        ]
        for name, runs in found["compared"].items()
    ]
    head = ["network", "engine", "recordings, all seeds", "values compared", "differ"]
    cost = found["cost"]
    energy = ", ".join(
        f"{memory} memory {e['snn']:g} µJ (ANN of the same bits {e['ann_quantized']:g}, float32 {e['ann_float']:g})"
        for memory, e in cost["microjoules"].items()
    )
    return [
        *table(head, rows),
        f"On `loihi` a recording takes {cost['synaptic_operations']:,} synaptic operations, the ANN {cost['ann_macs']:,} MACs; modelled energy (`docs/energy.md`): {energy}.",
        "",
    ]


def _verdict(found: dict[str, Any]) -> list[str]:
    """The issue's bounds, in words."""
    differ = sum(run["differ"] for run in found["compared"]["loihi"])
    losses = {name: mean(_differences(name, found["by_seed"])) for name in ("xylo", "chain")}
    enough = "reached" if found["float"] >= LEAST_RIGHT else "not reached"
    rounded = mean(_differences("loihi", found["by_seed"]))
    said = "; ".join(
        f"{'recurrent' if name == 'xylo' else 'chain'} {lost:.2f} points, {'under' if lost < MOST_LOST else 'not under'} {MOST_LOST:g}"
        for name, lost in losses.items()
    )
    return [
        f"In words: {LEAST_RIGHT:g} % in floats is {enough} ({found['float']:g} %); on `loihi` {differ} values differ between the simulator and Lava, and the network with levels changes by {-rounded:+.2f} points, which come from weights of 8 bits alone: levels are carried exactly; loss on Xylo against the same network in floats: {said}.",
        "",
    ]


def _speakers(found: dict[str, Any]) -> list[str]:
    speakers = list(found["by_speaker"]["loihi"])
    rows = []
    for name, each in found["by_speaker"].items():
        values = list(each.values())
        rows.append([NETWORKS[name], *values, spread(values)])
    return [
        f"By speaker: one is left out of training and all {found['speaker_samples']} recordings of that one are the test; one seed, six networks, mean and standard error over the speakers:",
        "",
        *table(["network", *speakers, "mean"], rows),
    ]
