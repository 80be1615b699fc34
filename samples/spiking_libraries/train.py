"""Trains one network of a library on the digits and records what its neurons send.

Runs in the library's own environment (:mod:`samples.spiking_libraries.environments`), without snnc.
``build/spiking_libraries/NAME`` then has

* ``weights.pt``: ``net.state_dict()``, as users save it;
* ``test.npz``, ``calibration.npz``: ``x`` (samples, steps, ...) of 0 and 1, uint8, and ``y``;
* ``recorded.npz``: of the first 50 samples of the test part ``answers``, what the decision is made of,
  and for each layer of neurons what it sent, (samples, steps, ...), under its name in the network;
* ``about.json``: versions, seed, accuracy and sample counts.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from .data import Part, digits

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "build" / "spiking_libraries"
RECORDED = 50
CALIBRATION = 200
BATCH = 64

Floats = NDArray[np.float32]
Network = torch.nn.Module


@dataclass(frozen=True)
class Task:
    """How one network is trained and run.

    Attributes:
        name: of the folder with the results.
        library: its distribution on PyPI.
        make: builds the network; what ``--module`` names.
        run: spike trains (samples, steps, ...) to answers (samples, classes), each sample from rest.
        spikes: what each layer of neurons sends for these spike trains, by its name in the network:
            (samples, steps, ...).
        steps: of one sample.
        epochs, rate: of Adam.
        shape: of one step of a sample.
        loss: answers and digits to a number; cross entropy where it is None.
    """

    name: str
    library: str
    make: Callable[[], Network]
    run: Callable[[Any, torch.Tensor], torch.Tensor]
    spikes: Callable[[Any, torch.Tensor], dict[str, torch.Tensor]]
    steps: int = 16
    epochs: int = 10
    rate: float = 2e-3
    shape: tuple[int, ...] = (64,)
    loss: Callable[[torch.Tensor, torch.Tensor], torch.Tensor] | None = None


def trained(task: Task, seed: int = 0, say: Callable[[str], None] = print) -> Path:
    """Train a network, write the files of this module's docstring.

    Args:
        task: which network.
        seed: of the weights, the order of the samples and the spikes.
        say: told what was reached.

    Returns:
        The folder with the files.
    """
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    train, test = digits(task.steps, seed)
    net = task.make()
    _fit(task, net, train)
    net.eval()
    right = {"training": correct(task, net, train), "test": correct(task, net, test)}
    folder = RESULTS / task.name
    folder.mkdir(parents=True, exist_ok=True)
    torch.save(net.state_dict(), folder / "weights.pt")
    for name, part in (("test", test), ("calibration", train.first(CALIBRATION))):
        np.savez(folder / f"{name}.npz", x=part.x.reshape(*part.x.shape[:2], *task.shape), y=part.y)
    layers, sent = recorded(task, net, test.first(RECORDED))
    np.savez(folder / "recorded.npz", **layers)
    most = max(int(values.max()) for name, values in layers.items() if name != "answers")
    about = {
        "library": f"{task.library} {version(task.library)}",
        "torch": torch.__version__,
        "seed": seed,
        "steps": task.steps,
        "training": f"{right['training']} of {len(train)}",
        "test": f"{right['test']} of {len(test)}",
        "spikes": sent,
        "most in one step": most,
    }
    (folder / "about.json").write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
    say(f"{task.name}: {json.dumps(about)}")
    return folder


def _fit(task: Task, net: Network, train: Part) -> None:
    loss = task.loss or torch.nn.functional.cross_entropy
    optimizer = torch.optim.Adam(net.parameters(), task.rate)
    for _ in range(task.epochs):
        order = torch.randperm(len(train))
        for begin in range(0, len(train), BATCH):
            batch = order[begin : begin + BATCH]
            optimizer.zero_grad()
            value = loss(
                task.run(net, inputs(task, train, batch.numpy())), torch.as_tensor(train.y)[batch]
            )
            value.backward()  # type: ignore[no-untyped-call]
            optimizer.step()


def inputs(task: Task, part: Part, which: Any = slice(None)) -> torch.Tensor:
    """Spike trains as a network takes them: (samples, steps, ...), float32."""
    x = torch.from_numpy(part.x[which].astype(np.float32))
    return x.reshape(*x.shape[:2], *task.shape)


def correct(task: Task, net: Network, part: Part) -> int:
    """How many samples of a part are decided right."""
    with torch.no_grad():
        answers = task.run(net, inputs(task, part))
    return int((answers.argmax(1).numpy() == part.y).sum())


def recorded(task: Task, net: Network, part: Part) -> tuple[dict[str, Floats], dict[str, int]]:
    """What a network answers and its layers send, in float32; and how many spikes that are."""
    with torch.no_grad():
        x = inputs(task, part)
        layers = {"answers": task.run(net, x), **task.spikes(net, x)}
    values = {name: np.ascontiguousarray(each.numpy(), np.float32) for name, each in layers.items()}
    return values, {name: int(each.sum()) for name, each in values.items() if name != "answers"}


def hooked(
    net: Network, kinds: tuple[type, ...], call: Callable[[], object]
) -> dict[str, list[torch.Tensor]]:
    """What modules of these kinds return while ``call`` runs, in order of their calls.

    Of a tuple it is the first element: snnTorch and Norse return their states with it.
    """
    found: dict[str, list[torch.Tensor]] = {}

    def keep(name: str) -> Callable[[Any, Any, Any], None]:
        def hook(_: Any, __: Any, output: Any) -> None:
            found.setdefault(name, []).append(output[0] if isinstance(output, tuple) else output)

        return hook

    modules: dict[str, Any] = dict(net.named_modules())
    chosen = [name for name, each in modules.items() if isinstance(each, kinds)]
    handles = [modules[name].register_forward_hook(keep(name)) for name in chosen]
    call()
    for handle in handles:
        handle.remove()
    return found


def main(tasks: tuple[Task, ...]) -> None:
    """Train those that the command line names, or all."""
    wanted = sys.argv[1:] or [task.name for task in tasks]
    for task in tasks:
        if task.name in wanted:
            trained(task)
