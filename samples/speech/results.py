"""Spoken digits: a recurrent rollout exact on Loihi, two networks of 16 channels on Xylo, by speaker.

    python -m samples.speech.results        (needs: snnc targets install xylo)

By recording number: three seeds. By speaker: each of six is left out once, and all recordings of that
speaker are the test. One thread. Nothing was chosen by test recordings: epochs are chosen on a tenth of
the recordings to train.
"""

from __future__ import annotations

from statistics import mean
from typing import Any

from samples.results.record import Outcome, recorded

from .cases import BANDS, KINDS, LEVELS, RATE_STEPS, Case
from .data import PLACE, spoken
from .training import RECIPE, XYLO_RECIPE

SEEDS = (0, 1, 2)
SPEAKERS = ("george", "jackson", "lucas", "nicolas", "theo", "yweweler")
CHIPS = {"loihi": "levels", "xylo": "xylo_float", "chain": "chain_float"}
"""Results on a chip, and the kind of network that they are of."""

ON_CHIP = {"loihi": Case.on_loihi, "xylo": Case.on_xylo, "chain": Case.on_xylo}
SPEAKERS_ON = ("loihi",)


def _trained(case: Case) -> Outcome:
    return recorded(case.name, case.train)


def _on_chip(chip: str, case: Case) -> Outcome:
    return recorded(f"{case.name}_{chip}", lambda: ON_CHIP[chip](case))


def results() -> dict[str, Any]:
    """Everything, computed or from the files of an earlier run."""
    PLACE.mkdir(parents=True, exist_ok=True)
    runs = {kind: [_trained(Case(kind, seed)) for seed in SEEDS] for kind in KINDS}
    runs |= {chip: [_on_chip(chip, Case(kind, seed)) for seed in SEEDS] for chip, kind in CHIPS.items()}
    speakers = {
        name: [run(Case(kind, speaker=speaker)) for speaker in SPEAKERS]
        for chip in SPEAKERS_ON
        for kind in (CHIPS[chip],)
        for name, run in ((kind, _trained), (chip, lambda case, chip=chip: _on_chip(chip, case)))
    }
    every = [one for part in (runs, speakers) for each in part.values() for one in each]
    last = {name: [one["by_frame"][-1] for one in each] for name, each in runs.items()}
    return {
        **{name: round(mean(values), 2) for name, values in last.items()},
        "by_seed": last,
        "by_speaker": {
            name: dict(zip(SPEAKERS, (one["by_frame"][-1] for one in each), strict=True))
            for name, each in speakers.items()
        },
        "speaker_samples": speakers["loihi"][0]["test_samples"],
        "train_samples": len(spoken("train", BANDS).y),
        "test_samples": runs["float"][0]["test_samples"],
        "parameters": {kind: runs[kind][0]["parameters"] for kind in KINDS},
        "seeds": list(SEEDS),
        "epochs": {"streaming": RECIPE.epochs, "xylo_float": XYLO_RECIPE.epochs},
        "levels_an_activation": LEVELS,
        "rate_steps": RATE_STEPS,
        "compared": {
            "loihi": [one["lava"] for one in runs["loihi"]],
            "xylo": [one["xylosim"] for one in runs["xylo"]],
            "chain": [one["xylosim"] for one in runs["chain"]],
        },
        "cost": runs["loihi"][0]["cost"],
        "seconds": round(sum(one["seconds"] for one in every), 1),
    }


if __name__ == "__main__":
    results()
