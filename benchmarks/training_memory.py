"""Memory and time of a training step over T time steps, with and without states computed again.

``python -m benchmarks.training_memory`` runs each setting in a process of its own and prints a table:
the most memory that the process had during a step (loss and gradients), above what it had before it,
and the step's seconds. What is freed goes back to the system at once, so that it is not counted.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time

import torch
from torch import nn

from snnc.authoring import FrameNetwork, SpikingNeuron
from snnc.authoring.surrogate import SinceSpike

BATCH, STEPS = 16, 64
FORMS = {"a frame of 64 steps": STEPS, "64 frames of 1 step": 1}
KEPT = (0, 16, 8, 4)
MIB = 2**20
GLIBC = {"MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "0"}
"""The C library gives freed tensors back to the system."""


def network(steps: int) -> FrameNetwork:
    """Three convolutions and a matrix on 3x32x32, the surrogate of STDB."""
    torch.manual_seed(0)
    net = FrameNetwork((3, 32, 32))
    layers = [
        nn.Conv2d(3, 16, 3, 1, 1, bias=False),
        nn.Conv2d(16, 32, 3, 2, 1, bias=False),
        nn.Conv2d(32, 64, 3, 2, 1, bias=False),
    ]
    source = "input"
    for number in range(len(layers)):
        neuron = SpikingNeuron(
            steps, 1.0, trainable=False, surrogate=SinceSpike(), detach_reset=True,
            restart_frames=steps > 1,
        )  # fmt: skip
        net.node(f"h{number + 1}", activation=neuron)
    net.readout("answer", accumulate=True)
    for number, layer in enumerate(layers):
        net.edge(source, f"h{number + 1}", layer, delay=0)
        source = f"h{number + 1}"
    net.edge(source, "answer", nn.Sequential(nn.Flatten(), nn.Linear(4096, 10)), delay=0)
    return net


def measure(steps: int, recompute: int) -> dict[str, float]:
    """Of one setting, in this process."""
    net = network(steps)
    net.recompute_steps = recompute
    x = torch.rand(BATCH, STEPS // steps, 3, 32, 32)
    y = torch.arange(BATCH) % 10
    net.finalize()
    before, began = most(), time.perf_counter()
    loss = nn.functional.cross_entropy(net(x)[:, -1], y)
    loss.backward()  # type: ignore[no-untyped-call]
    return {"mib": (most() - before) / MIB, "seconds": time.perf_counter() - began}


def most() -> int:
    """The most bytes of memory that this process had."""
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main() -> None:
    """Print the table."""
    print("| steps kept | " + " | ".join(f"{name}: MiB | s" for name in FORMS) + " |")
    print("|---|" + "---|---|" * len(FORMS))
    for recompute in KEPT:
        cells = []
        for steps in FORMS.values():
            command = [sys.executable, "-m", "benchmarks.training_memory", str(steps), str(recompute)]
            done = subprocess.run(command, capture_output=True, check=True, env={**os.environ, **GLIBC})
            found = json.loads(done.stdout)
            cells += [f"{found['mib']:.0f}", f"{found['seconds']:.2f}"]
        print(f"| {recompute or 'all'} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    if len(sys.argv) == 3:
        print(json.dumps(measure(int(sys.argv[1]), int(sys.argv[2]))))
    else:
        main()
