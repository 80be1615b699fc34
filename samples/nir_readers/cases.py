"""Writes the networks that the readers are tried on, with real input for each.

    python -m samples.nir_readers.cases FOLDER

A case is a folder with ``net.nir``, ``input.npz`` (x: (samples, steps, *input shape)) and ``case.json``
(what it is, seconds a step). The shipped rollout network and a residual network trained here, each
compiled in several ways; and the files of other tools in ``../shared/data/nir``, where that is there.
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import snnc
from samples.moving_digits.data import write_data
from snnc.backends.nir import file_input
from snnc.bundle.data import read_data
from snnc.bundle.folder import read_bundle

from .residual import train

ROOT = Path(__file__).resolve().parents[2]
ROLLOUT = ROOT / "samples" / "moving_digits" / "model.pt"
SHARED = ROOT.parent / "shared" / "data" / "nir"
SAMPLES = 10
HARD = "set-neurons{reset=zero,start-value=0}"
SPREAD = "encode-input{code=spread}"


@dataclass(frozen=True)
class Recipe:
    """How a case is compiled."""

    name: str
    model: str
    target: str
    changes: tuple[str, ...]
    steps_per_frame: int
    description: str


RECIPES = (
    Recipe(
        "rollout-chain",
        "rollout",
        "nir{wiring=chain,weights=real}",
        (HARD,),
        4,
        "shipped rollout network, hard reset, as a chain",
    ),
    Recipe(
        "rollout-registers",
        "rollout",
        "nir{delays=registers,weights=real}",
        (HARD,),
        4,
        "shipped rollout network, hard reset, delays by registers",
    ),
    Recipe(
        "rollout-delays",
        "rollout",
        "nir{weights=real}",
        (HARD,),
        4,
        "shipped rollout network, hard reset, Delay nodes",
    ),
    Recipe(
        "rollout-composite",
        "rollout",
        "nir{unsaid=composite,weights=real}",
        (),
        4,
        "shipped rollout network, soft reset as integrator, threshold and feedback",
    ),
    Recipe(
        "residual-chain",
        "residual",
        "nir{wiring=chain,weights=real}",
        (HARD,),
        16,
        "residual network, hard reset, as a chain",
    ),
    Recipe(
        "residual",
        "residual",
        "nir{weights=real}",
        (HARD,),
        16,
        "residual network, hard reset",
    ),
    Recipe(
        "residual-composite",
        "residual",
        "nir{unsaid=composite,weights=real}",
        (),
        16,
        "residual network, soft reset as integrator, threshold and feedback",
    ),
)


def write_cases(folder: Path) -> None:
    """Write every case into ``folder``, which is emptied before."""
    shutil.rmtree(folder, ignore_errors=True)
    work = folder.parent / "work"
    shutil.rmtree(work, ignore_errors=True)
    write_data(work)
    accuracy = train(work)
    print(f"residual network: {accuracy:.1%} of 500 unseen images (seed 0, floats)")
    models = {"rollout": (ROLLOUT, None), "residual": (work / "residual.pt2", work / "seen.npz")}
    tests = {"rollout": work / "test.npz", "residual": work / "digits.npz"}
    for recipe in RECIPES:
        model, calibration = models[recipe.model]
        bundle = work / recipe.name
        snnc.compile(
            model,
            recipe.target,
            bundle,
            code=None,
            calibration=calibration,
            steps_per_frame=recipe.steps_per_frame,
            changes=recipe.changes,
        )
        frames = read_data(tests[recipe.model]).x[:SAMPLES]
        x, dt = file_input(bundle, read_bundle(bundle)[0].program, frames)
        _write(folder / recipe.name, bundle / "network.nir", x, dt, recipe.description)
    for name, x, description in _shared():
        _write(folder / name, SHARED / f"{name}.nir", x, 1e-4, description)


def _shared() -> Iterator[tuple[str, NDArray[Any], str]]:
    """Files that other tools wrote; random input, seed 0, density 0.2."""
    for name, width, description in (
        ("lif_norse", 1, "one leaky neuron, written by Norse"),
        ("braille_noDelay_bias_zero", 12, "recurrent CubaLIF network of the NIR paper"),
    ):
        if (SHARED / f"{name}.nir").is_file():
            generator = np.random.default_rng(0)
            yield name, generator.random((SAMPLES, 100, width)) < 0.2, description


def _write(folder: Path, graph: Path, x: NDArray[Any], dt: float, description: str) -> None:
    folder.mkdir(parents=True)
    shutil.copy(graph, folder / "net.nir")
    np.savez_compressed(folder / "input.npz", x=x.astype(np.float32))
    case = {"dt": dt, "description": description}
    (folder / "case.json").write_text(json.dumps(case, indent=1) + "\n")
    print(f"{folder}: {len(x)} samples of {x.shape[1]} steps")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write the networks that the readers are tried on.")
    parser.add_argument("folder", type=Path)
    write_cases(parser.parse_args().folder)
