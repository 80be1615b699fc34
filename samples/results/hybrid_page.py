# ruff: noqa: E501  the sentences and heads of a page, as they are to stand there
"""``docs/results/hybrid-conversion.md``: Rathi et al. 2020, conversion and training through the spikes."""

from __future__ import annotations

from typing import Any

from .cifar10_page import cifar10_hybrid, cifar10_introduction
from .claims import CLOSE, Claim, claims_table, steps_claim
from .fashion_page import fashion_hybrid

TITLE = "Hybrid conversion"
PAPER = "Rathi, Srinivasan, Panda, Roy 2020 (method `stdb`)"

HEAD = f"""# {TITLE}: {PAPER}

A network in floats is converted, with thresholds from the largest input of each layer, and trained on through its spikes. The paper's own figures: ResNet-20 on CIFAR-10, 93.15 % in floats, 92.22 % after 250 steps; VGG-16, 92.81 % in floats, 91.13 % after 100 \
(second-hand: quoted from later papers). Pages of the other papers, and how all of this is measured: [results](../results.md).
"""

DIFFERS = """What differs from the paper: the ResNet-20 here is He's (0.27 million weights; the paper's has 64 to 512 channels), trained on a JPEG copy; 4 to 32 steps, not 100 to 250; batch normalisation, folded before conversion; input as counts and not as Poisson spikes; \
a surrogate gradient whose height follows the number of steps; one epoch of training where the table says 1, not 20 to 50. The paper's way of balancing thresholds (maximum, times 0.7, potentials that start at 0) was made for networks without batch normalisation and for hundreds of steps.
"""


def hybrid_claims(found: dict[str, Any]) -> list[Claim]:
    """What of the paper's claims holds here."""
    fashion, each = found["fashion_mnist"], found["cifar10"]["experiments"]
    hybrid = {int(t): right for t, right in fashion["hybrid"].items()}
    converted = {int(t): right for t, right in fashion["converted"].items()}
    claims = [
        steps_claim(
            "Fashion-MNIST", "`snnc compile`'s conversion", hybrid, converted, fashion["test_samples"]
        ),
    ]
    trained: dict[int, float] = {}
    for name, one in each.items():
        if name.startswith("stdb_"):
            steps = int(name.split("_")[3])
            trained[steps] = max(trained.get(steps, 0.0), one["test"])
    for way, title in (("paper", "the paper's conversion"), ("default", "`snnc compile`'s conversion")):
        converted = {
            int(name.split("_")[2]): one["test"]
            for name, one in each.items()
            if name.startswith(f"converted_{way}_")
        }
        if trained and converted:
            samples = found["cifar10"]["spiking_test"]
            claims.append(steps_claim("ResNet-20, CIFAR-10", title, trained, converted, samples))
    return [*claims, _epochs(found, hybrid, trained)]


def _epochs(found: dict[str, Any], hybrid: dict[int, float], deep: dict[int, float]) -> Claim:
    """Whether few epochs are enough, on both data sets."""
    fashion, each = found["fashion_mnist"], found["cifar10"]["experiments"]
    epochs = [*fashion["epochs"]["hybrid"].values()]
    epochs += [one["epochs"] for name, one in each.items() if name.startswith("stdb_")]
    lost = {"Fashion-MNIST": _lost(hybrid, fashion["ann"])}
    if deep and "float_0" in each:
        lost["ResNet-20, CIFAR-10"] = _lost(deep, each["float_0"]["torch_test"])
    told = "; ".join(
        f"{data}: " + ", ".join(f"T = {t}: {points:.2f}" for t, points in by_steps.items())
        for data, by_steps in lost.items()
    )
    held = [data for data, by_steps in lost.items() if min(by_steps.values()) <= CLOSE]
    others = [data for data in lost if data not in held]
    verdict = f"holds on {' and '.join(held)} (within {CLOSE} points)" if held else "does not hold"
    if held and others:
        verdict += f", not with so few on {' and '.join(others)}"
    return Claim(
        "under 20 epochs of training through the spikes are enough",
        f"{min(epochs)} to {max(epochs)} epochs, points below floats; {told}",
        verdict,
    )


def _lost(right: dict[int, float], floats: float) -> dict[int, float]:
    return {steps: floats - accuracy for steps, accuracy in right.items()}


def hybrid_page(found: dict[str, Any]) -> str:
    """The whole page."""
    cifar10 = found["cifar10"]
    return "\n".join(
        [
            HEAD,
            *claims_table(hybrid_claims(found)),
            *fashion_hybrid(found["fashion_mnist"]),
            *cifar10_introduction(cifar10),
            "In floats, and what the JPEG copy costs: [trainable quantization](trainable-quantization.md).",
            "",
            *cifar10_hybrid(cifar10),
            DIFFERS,
        ]
    )
