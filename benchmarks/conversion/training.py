"""Trains the population, once: what is in ``build/conversion`` is not trained again."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from snnc.authoring import Rollout

from .networks import Member
from .sets import Part, Split, load

BATCH = 64
DECAY = 1e-4


@dataclass(frozen=True)
class Trained:
    """A network of the population after training.

    Attributes:
        member, seed: which.
        model: its archive.
        outputs: of the float network for the test part, after the last frame, (samples, outputs).
    """

    member: Member
    seed: int
    model: Path
    outputs: NDArray[np.float32]


def trained(member: Member, seed: int, folder: Path) -> Trained:
    """The trained network, from ``folder`` where it is there.

    Raises:
        SetMissing: its data are not here.
    """
    model = folder / f"{member.name.replace(' ', '_')}.{seed}.pt2"
    kept = model.with_suffix(".npy")
    if not kept.exists():
        split = load(member.data)
        torch.manual_seed(seed)
        net = member.build()
        _fit(net, member, split.train, seed)
        if member.after is not None:
            member.after(net)
        net.eval()
        folder.mkdir(parents=True, exist_ok=True)
        model.write_bytes(_archive(net, split))
        with torch.no_grad():
            np.save(kept, _last(net, _as_tensor(split.test.x)).numpy())
    return Trained(member, seed, model, np.load(kept))


def _as_tensor(x: NDArray[np.uint8]) -> Tensor:
    return torch.from_numpy(x.astype(np.float32))


def _answers(net: nn.Module, x: Tensor) -> Tensor:
    """(samples, frames, outputs); a network without frames answers each by itself."""
    if isinstance(net, Rollout):
        answers: Tensor = net(x)
        return answers
    flat: Tensor = net(x.flatten(0, 1))
    return flat.reshape(*x.shape[:2], *flat.shape[1:])


def _last(net: nn.Module, x: Tensor) -> Tensor:
    return _answers(net, x)[:, -1]


def _fit(net: nn.Module, member: Member, part: Part, seed: int) -> None:
    """Adam, the learning rate falling as a cosine; frames that can have seen input all count."""
    first = net.first_response if isinstance(net, Rollout) else 0
    x, y = _as_tensor(part.x), torch.from_numpy(part.y)
    net.train()
    _answers(net, x[:2])  # a Rollout is whole from its first run on
    optimizer = torch.optim.AdamW(net.parameters(), member.rate, weight_decay=DECAY)
    steps = member.epochs * (len(part) // BATCH)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    active: list[Tensor] = []
    hooks = [
        module.register_forward_hook(lambda _m, _i, out: active.append(out))
        for module in net.modules()
        if member.penalty and isinstance(module, nn.ReLU)
    ]
    generator = torch.Generator().manual_seed(seed)
    for _ in range(member.epochs):
        order = torch.randperm(len(part), generator=generator)
        for chosen in order[: len(part) // BATCH * BATCH].view(-1, BATCH):
            active.clear()
            answers = _answers(net, x[chosen])[:, first:]
            wanted = y[chosen][:, None].expand(answers.shape[:2] if y.ndim == 1 else answers.shape)
            loss = _loss(answers, wanted, member.regression)
            loss = loss + member.penalty * sum(values.mean() for values in active)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
    for hook in hooks:
        hook.remove()


def _loss(answers: Tensor, wanted: Tensor, regression: bool) -> Tensor:
    if regression:
        return nn.functional.mse_loss(answers, wanted)
    return nn.functional.cross_entropy(answers.flatten(0, 1), wanted.flatten())


def _archive(net: nn.Module, split: Split) -> bytes:
    if isinstance(net, Rollout):
        return net.to_bytes()
    buffer = io.BytesIO()
    example = (torch.zeros(1, *split.test.x.shape[2:]),)
    torch.export.save(torch.export.export(net, example), buffer)
    return buffer.getvalue()


def value(outputs: NDArray[np.floating[Any]], part: Part, regression: bool) -> float:
    """Accuracy in percent; for a regression the root mean square error."""
    if regression:
        return float(np.sqrt(np.mean(np.square(outputs - part.y))))
    return float(100 * np.mean(outputs.argmax(axis=1) == part.y))
