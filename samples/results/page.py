# ruff: noqa: E501  the sentences and heads of a page, as they are to stand there
"""``docs/results.md`` and a page for each paper, from the numbers."""

from __future__ import annotations

from typing import Any

from . import hybrid_page, quantization_page, streaming_page
from .claims import claims_table

PAPERS = {
    "results/streaming-rollouts.md": (
        streaming_page,
        streaming_page.streaming_claims,
        streaming_page.streaming_page,
    ),
    "results/hybrid-conversion.md": (
        hybrid_page,
        hybrid_page.hybrid_claims,
        hybrid_page.hybrid_page,
    ),
    "results/trainable-quantization.md": (
        quantization_page,
        quantization_page.quantization_claims,
        quantization_page.quantization_page,
    ),
}
"""By file: the module with title and paper, what the paper claims, the page."""

HEAD = """# Results of the training methods

Three papers, a page each: what they claim next to what was measured here, on data that can be had (docs/recordings.md), with what differs. Networks are smaller and trainings shorter than the papers'.

These pages are written by `make results` (`python -m samples.results`) from `docs/results.json`; do not edit. Each part alone:
`python -m samples.results --only nmnist`, and so on. What has been computed, in `build/results`, is not computed again. Everything is measured on {machine}, torch {torch}, CPU only. Of
N-MNIST's, Fashion-MNIST's and CIFAR-10's networks each was trained once, seed {seed} where none is named: the standard error of an accuracy is given
with it, and differences within it mean nothing. The other parts have one to three seeds, which they name. Nothing was chosen by looking at test data.

An accuracy "in integers" is that of the compiled Loihi bundle on snnc's simulator, all test samples; the bundle's first
{verified} test samples ran on Lava as well, and every spike and potential was compared.
"""


def pages(found: dict[str, Any]) -> dict[str, str]:
    """All pages, by file below ``docs``."""
    events = found["nmnist"]
    lines = [
        HEAD.format(
            machine=found["machine"],
            torch=found["versions"]["torch"],
            seed=events["seed"],
            verified=next(iter(events["lava"].values()))["samples"],
        )
    ]
    for file, (module, claims, _) in PAPERS.items():
        lines += [f"## [{module.TITLE}]({file})", "", f"{module.PAPER}.", ""]
        lines += claims_table(claims(found))
    return {
        "results.md": "\n".join(lines),
        **{file: whole(found) for file, (_, _, whole) in PAPERS.items()},
    }
