# ruff: noqa: E501  the sentences and heads of a page, as they are to stand there
"""``docs/results/trainable-quantization.md``: Castagnetti et al. 2023, thresholds and levels trained."""

from __future__ import annotations

from statistics import median
from typing import Any

from .cifar10_page import cifar10_introduction, cifar10_quantization
from .claims import CLOSE, Claim, claims_table, differences, differences_text
from .fashion_page import fashion_quantization

TITLE = "Trainable quantization"
PAPER = "Castagnetti, Pegatoquet, Miramond 2023 (method `threshold`)"

HEAD = f"""# {TITLE}: {PAPER}

A spiking neuron with T steps is a quantizer with T levels, whose range its threshold ends; so thresholds are trained with the weights. The paper's own tables were not at hand. Pages of the other papers, and how all of this is measured: [results](../results.md).
"""

DIFFERS = """What differs from the paper: weights come from a trained network and not from scratch; an epoch or a few, not hundreds; CIFAR-10 in a JPEG copy; input as counts. The published neuron (`threshold{recipe=castagnetti2023}`) starts at 0 and emits at `>=`; ours starts at half of its threshold, which rounds to the nearest level.
"""


def quantization_claims(found: dict[str, Any]) -> list[Claim]:
    """What of the paper's claims holds here."""
    fashion, cifar10 = found["fashion_mnist"], found["cifar10"]["experiments"]
    sets = [
        (
            "Fashion-MNIST",
            {
                kind: {int(t): right for t, right in fashion[f"{kind}_thresholds"].items()}
                for kind in ("trained", "fixed")
            },
            fashion["ann"],
            fashion["test_samples"],
        )
    ]
    by_steps = {
        kind: {
            int(name.split("_")[2]): one["test"]
            for name, one in cifar10.items()
            if name.startswith(f"thresholds_{kind}_") and name.endswith("_0")
        }
        for kind in ("trained", "fixed")
    }
    if by_steps["trained"] and "float_0" in cifar10:
        sets.append(("ResNet-20, CIFAR-10", by_steps, cifar10["float_0"]["torch_test"], 8000))
    return [
        *(_better(*each) for each in sets),
        *(_close(*each) for each in sets),
        *_noise(cifar10),
        Claim(
            "quantization error is the main source of the loss",
            "the moving digits' network at 4 steps (docs/noise.md): in the layer that receives spikes 83 % of the error is unevenness, in the one that receives the input all is quantization",
            "holds for a first layer only: behind it spikes that come too early or too late are most of the error; the exact codes have none of that",
        ),
    ]


def _noise(cifar10: dict[str, Any]) -> list[Claim]:
    """What `snnc noise` finds in every layer of ResNet-20, where there was time for it."""
    claims = []
    for name, found in cifar10.items():
        if not name.startswith("noise_"):
            continue
        told, behind = [], []
        for way, title in (("before", "before training"), ("after", "trained")):
            shares = [layer[way]["explained"] for layer in found["layers"].values() if way in layer]
            behind = sorted(100 * share for share in shares[1:] if share is not None)
            told.append(f"{title} {median(behind):.0f} % ({behind[0]:.0f} to {behind[-1]:.0f})")
        claims.append(
            Claim(
                "quantization error is the main source of the loss",
                f"ResNet-20, CIFAR-10, T = {name.split('_')[1]}: share of a layer's own error, median over the {len(behind)} layers behind the first: {', '.join(told)}",
                "holds for the trained network"
                if median(behind) > 50
                else "does not hold: unevenness is most of it",
            )
        )
    return claims


Kinds = dict[str, dict[int, float]]


def _better(data: str, kinds: Kinds, _floats: float, samples: int) -> Claim:
    gaps = differences(kinds["trained"], kinds["fixed"], samples)
    held = [steps for steps, (gap, error) in gaps.items() if gap > 2 * error]
    worse = [steps for steps, (gap, error) in gaps.items() if gap < -2 * error]
    if len(held) == len(gaps):
        verdict = "holds at every T"
    else:
        begin = f"holds at T = {', '.join(map(str, held))}" if held else "holds at no T"
        end = f"{'elsewhere the' if held else 'every'} difference is within two standard errors"
        if worse:
            end = f"worse than fixed at T = {', '.join(map(str, worse))}"
        verdict = f"{begin}; {end}"
    return Claim(
        "trained thresholds are better than fixed ones",
        f"{data}, points: {differences_text(gaps)}",
        verdict,
    )


def _close(data: str, kinds: Kinds, floats: float, _samples: int) -> Claim:
    lost = {steps: floats - right for steps, right in kinds["trained"].items()}
    few = [steps for steps, points in lost.items() if points <= CLOSE]
    return Claim(
        "a few steps are enough",
        f"{data}, points below floats ({floats:g} %): "
        + ", ".join(f"T = {steps}: {points:.2f}" for steps, points in lost.items()),
        f"holds from T = {min(few)} (within {CLOSE} points)"
        if few
        else f"not within {CLOSE} points at any T here",
    )


def quantization_page(found: dict[str, Any]) -> str:
    """The whole page."""
    cifar10 = found["cifar10"]
    return "\n".join(
        [
            HEAD,
            *claims_table(quantization_claims(found)),
            *fashion_quantization(found["fashion_mnist"]),
            *cifar10_introduction(cifar10),
            *cifar10_quantization(cifar10),
            DIFFERS,
        ]
    )
