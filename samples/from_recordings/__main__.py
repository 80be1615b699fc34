"""From recordings to a verified bundle: ``python -m samples.from_recordings {nmnist,fsdd} FOLDER``.

``FOLDER`` has N-MNIST's ``Train`` and ``Test``, or FSDD as ``train.npz`` and ``test.npz`` (samples,
offset, label, speaker, index), which is written as wav files first. A small rollout is trained in
between; the three commands of docs/recordings.md are run as a user types them.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from scipy.io import wavfile
from torch import nn

import snnc
from samples.nmnist.network import eight_levels

FSDD_RATE = 8000


@dataclass(frozen=True)
class Recipe:
    """How one set goes in.

    Attributes:
        options: of ``snnc frames``.
        epochs, batch, rate: of the training, Adam.
    """

    options: tuple[str, ...]
    epochs: int
    batch: int
    rate: float


RECIPES = {
    "nmnist": Recipe(("--dt", "40ms", "--frames", "12", "--largest", "7"), 8, 32, 4e-3),
    "fsdd": Recipe(("--dt", "25ms", "--frames", "40", "--label-from", "{label}_*"), 12, 64, 2e-3),
}


def spoken() -> snnc.Rollout:
    """Two layers of 128, the second of which feeds back to itself."""
    net = snnc.Rollout((32,))
    net.node("h1")
    net.node("h2")
    net.readout("answer", accumulate=True)
    net.edge("input", "h1", nn.Linear(32, 128))
    net.edge("h1", "h2", nn.Linear(128, 128))
    net.edge("h2", "h2", nn.Linear(128, 128))
    net.edge("h2", "answer", nn.Linear(128, 10))
    return net


def as_wav(arrays: Path, folder: Path) -> Path:
    """FSDD's recordings as files, named as in the set: ``7_jackson_32.wav``."""
    folder.mkdir(parents=True)
    with np.load(arrays) as file:
        found = {name: file[name] for name in file.files}
    for i in range(len(found["label"])):
        begin, end = found["offset"][i : i + 2]
        name = "_".join(str(found[key][i]) for key in ("label", "speaker", "index"))
        wavfile.write(folder / f"{name}.wav", FSDD_RATE, found["samples"][begin:end])
    return folder


def command(*arguments: object) -> None:
    """Run ``snnc`` as a user does, and show what was typed."""
    words = [str(each) for each in arguments]
    print("\n$ snnc", *words, flush=True)
    subprocess.run([sys.executable, "-m", "snnc", *words], check=True)


def train(net: snnc.Rollout, x: torch.Tensor, y: torch.Tensor, recipe: Recipe) -> None:
    """Cross-entropy of the last frame's answer; the same batches every time (seed 0)."""
    drawn = torch.Generator().manual_seed(0)
    batches = -(-len(x) // recipe.batch)
    optimizer = torch.optim.Adam(net.parameters(), recipe.rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, recipe.rate, recipe.epochs * batches)
    for _ in range(recipe.epochs):
        for chosen in torch.split(torch.randperm(len(x), generator=drawn), recipe.batch):
            answers = net.train()(x[chosen])[:, -1] / x.shape[1]
            loss = nn.functional.cross_entropy(answers, y[chosen])
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
    net.eval()


def main() -> None:
    """Frames, training, compile, verify, run."""
    parser = argparse.ArgumentParser(prog="python -m samples.from_recordings", description=__doc__)
    parser.add_argument("name", choices=RECIPES)
    parser.add_argument("folder", type=Path)
    chosen = parser.parse_args()
    recipe = RECIPES[chosen.name]
    torch.manual_seed(0)
    with tempfile.TemporaryDirectory() as made:
        place, sides = Path(made), {}
        for part in ("train", "test"):
            recordings = chosen.folder / part.capitalize()
            if chosen.name == "fsdd":
                recordings = as_wav(chosen.folder / f"{part}.npz", place / part)
            sides[part] = place / f"{part}.npz"
            command("frames", recordings, "-o", sides[part], *recipe.options)
        net = eight_levels() if chosen.name == "nmnist" else spoken()
        with np.load(sides["train"]) as file:
            counts, labels = file["x"], file["y"]
        train(net, torch.tensor(counts, dtype=torch.float32), torch.tensor(labels), recipe)
        with np.load(sides["test"]) as file, torch.no_grad():
            answers = net(torch.tensor(file["x"], dtype=torch.float32))[:, -1]
            right = float((answers.argmax(dim=1).numpy() == file["y"]).mean())
        print(f"\ntrained on {len(counts)} recordings; right in floats: {right:.1%} of {len(answers)}")
        net.export(place / "net.pt", counts[:256])
        command("compile", place / "net.pt", "--target", "loihi", "-o", place / "net.loihi")
        command("verify", place / "net.loihi", "--data", sides["test"], "--engine", "lava-inprocess")
        command("run", place / "net.loihi", "--data", sides["test"])


if __name__ == "__main__":
    main()
