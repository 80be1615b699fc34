"""Trains the streaming-rollout networks of this sample and exports them.

    python -m samples.moving_digits.train [--epochs 24] [--levels L | --bias-free] [--output FILE]

Without ``--levels`` the network has plain ReLUs and becomes ``model.pt``; with ``--levels 8`` each is a
``QuantizedReLU`` of 8 levels, which the codes ``frame`` and ``graded`` carry without loss, and the
network becomes ``model_8_levels.pt``. With ``--bias-free`` there are no biases and every node hears one
other only, which Lava's own processes can say; the network becomes ``model_bias_free.pt``. Runs on
the CPU in a few minutes and gives the same network each time on the same machine.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from snnc.authoring import QuantizedReLU, Rollout

from .data import calibration_part
from .events import Streams, training_and_test

SEED = 0
CLASSES = 10
FIRST_RESPONSE = 2  # frames from the input to the readout along the shortest path
NODES = ("h1", "h2")

COPIES = 8  # streams of each training image
BATCH = 128
LEARNING_RATE = 4e-3
WEIGHT_DECAY = 0.05
LABEL_SMOOTHING = 0.05
# Every activation is paid for in spikes, and the largest ones set the scale of all others, because
# a spike rate has a ceiling. The fourth power leaves ordinary values alone and presses on outliers.
ACTIVITY_PENALTY = 0.05
OUTLIER_PENALTY = 1e-3
RANGE = 3.0  # of quantized activations before training
FROZEN_EPOCHS = 4  # the last ones, with the batch-norm statistics that will be folded


def build(levels: int | None = None) -> Rollout:
    """The untrained network; every edge takes one frame. With ``levels`` activations have so many."""
    net = Rollout((2, 16, 16))
    for name in NODES:
        net.node(name, activation=None if levels is None else QuantizedReLU(levels, RANGE))
    net.readout("answer", accumulate=True)
    net.edge("input", "h1", nn.Sequential(_conv(2, 12, stride=2), nn.BatchNorm2d(12)))
    net.edge("h1", "h2", nn.Sequential(_conv(12, 24, stride=2), nn.BatchNorm2d(24)))
    net.edge("h2", "h2", nn.Conv2d(24, 24, 3, padding=1))
    # Shortcuts: an early answer from young states, merged later with what took the longer path.
    net.edge("input", "h2", nn.Sequential(nn.AvgPool2d(2), nn.Conv2d(2, 24, 3, 2, 1)))
    pooled = nn.Sequential(nn.AvgPool2d(2), nn.Flatten(), nn.Linear(12 * 4 * 4, CLASSES))
    net.edge("h1", "answer", pooled)
    net.edge("h2", "answer", nn.Sequential(nn.Flatten(), nn.Linear(24 * 4 * 4, CLASSES)))
    return net


def build_bias_free() -> Rollout:
    """A chain with a shortcut into the answer, without any constant."""
    net = Rollout((2, 16, 16))
    for name in NODES:
        net.node(name)
    net.readout("answer", accumulate=True)
    net.edge("input", "h1", _conv(2, 12, stride=2))
    net.edge("h1", "h2", _conv(12, 24, stride=2))
    flat = nn.Linear(12 * 4 * 4, CLASSES, bias=False)
    net.edge("h1", "answer", nn.Sequential(nn.AvgPool2d(2), nn.Flatten(), flat))
    net.edge("h2", "answer", nn.Sequential(nn.Flatten(), nn.Linear(24 * 4 * 4, CLASSES, bias=False)))
    return net


def train(net: Rollout, streams: Streams, epochs: int) -> None:
    """Minimise the cross-entropy averaged over all frames from the first response on."""
    optimizer = torch.optim.AdamW(net.parameters(), LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    batches = len(streams.y) // BATCH
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, LEARNING_RATE, total_steps=epochs * batches
    )
    activations: list[Tensor] = []
    hooks = [
        net.get_submodule(name).register_forward_hook(
            lambda _module, _inputs, state: activations.append(state)
        )
        for name in NODES
    ]
    for epoch in range(epochs):
        net.train(epoch < epochs - FROZEN_EPOCHS)
        order = torch.randperm(len(streams.y))[: batches * BATCH].numpy()
        total = 0.0
        for chosen in order.reshape(batches, BATCH):
            activations.clear()
            answers = net(_as_tensor(streams.x[chosen]))
            loss = _loss(answers, torch.from_numpy(streams.y[chosen]))
            penalty = torch.stack([_penalty(state) for state in activations]).mean()
            optimizer.zero_grad()
            (loss + penalty).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
            total += loss.item()
        print(f"epoch {epoch + 1:2}  loss {total / batches:.4f}")
    for hook in hooks:
        hook.remove()


def accuracy_by_frame(net: Rollout, streams: Streams) -> NDArray[np.float64]:
    """Share of right answers after each frame, (frames,)."""
    net.eval()
    with torch.no_grad():
        answers: Tensor = net(_as_tensor(streams.x))
    right = answers.argmax(dim=2).numpy() == streams.y[:, None]
    return np.asarray(right.mean(axis=0))


def report_activations(net: Rollout, streams: Streams) -> None:
    """Print what decides about conversion: the largest values and how sparse the states are."""
    net.eval()
    for name in NODES:
        states: list[Tensor] = []
        hook = net.get_submodule(name).register_forward_hook(
            lambda _module, _inputs, state, kept=states: kept.append(state)
        )
        with torch.no_grad():
            net(_as_tensor(streams.x))
        hook.remove()
        values = torch.stack(states).numpy()
        top = np.quantile(values, 0.999)
        print(f"{name}: max {values.max():.2f}, 99.9 % {top:.2f}, active {np.mean(values > 0):.1%}")


def _conv(inputs: int, outputs: int, stride: int) -> nn.Conv2d:
    """A 3x3 convolution before batch norm, which makes a bias of its own useless."""
    return nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False)


def _loss(answers: Tensor, labels: Tensor) -> Tensor:
    late = answers[:, FIRST_RESPONSE:]
    repeated = labels[:, None].expand(late.shape[:2])
    return nn.functional.cross_entropy(
        late.flatten(0, 1), repeated.flatten(), label_smoothing=LABEL_SMOOTHING
    )


def _penalty(state: Tensor) -> Tensor:
    return ACTIVITY_PENALTY * state.mean() + OUTLIER_PENALTY * state.pow(4).mean()


def _as_tensor(counts: NDArray[np.uint8]) -> Tensor:
    return torch.from_numpy(counts).float()


def main() -> None:
    """Train, report and export."""
    parser = argparse.ArgumentParser(description="Train the moving-digits sample.")
    parser.add_argument("--epochs", type=int, default=24)
    parser.add_argument("--levels", type=int, default=None)
    parser.add_argument("--bias-free", action="store_true")
    parser.add_argument("--output", type=Path, default=None)
    options = parser.parse_args()
    name = "model.pt" if options.levels is None else f"model_{options.levels}_levels.pt"
    name = "model_bias_free.pt" if options.bias_free else name
    output = options.output or Path(__file__).with_name(name)

    # The number of threads is part of the seed: it decides the order of floating-point sums.
    torch.set_num_threads(2)
    torch.manual_seed(SEED)
    torch.use_deterministic_algorithms(True)

    train_streams, test_streams = training_and_test(COPIES)
    net = build_bias_free() if options.bias_free else build(options.levels)
    began = time.monotonic()
    train(net, train_streams, options.epochs)
    print(f"trained in {time.monotonic() - began:.0f} s")

    for frame, share in enumerate(accuracy_by_frame(net, test_streams)):
        print(f"frame {frame:2}  accuracy {share:.1%}")
    report_activations(net, test_streams)
    for name in NODES if options.levels else ():
        print(f"{name}: {net.get_submodule(name).activation}")
    net.export(output, calibration_part(train_streams).x)
    print(f"wrote {output}, {output.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
