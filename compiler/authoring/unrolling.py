"""How a finished network runs: frame by frame, and within a frame step by step.

Backpropagation needs what every layer put out in every step. Where that is more than memory holds, a
part of the steps at a time is kept, and computed again on the way back (gradient checkpointing: Chen
et al. 2016, "Training deep nets with sublinear memory cost").
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from .edges import Edge
from .neurons import Memory
from .wiring import INPUT

History: TypeAlias = dict[str, list[Tensor]]
"""By name what was sent in the frames before, the latest first."""


@dataclass(frozen=True)
class Structure:
    """A network whose structure is final.

    Attributes:
        part: a submodule by its name: nodes, the readout, operations of edges.
        edges: all.
        order: nodes and readout, so that whatever takes no frame comes after its source.
        readout: its name.
        accumulate: whether it adds its answers up over frames.
        steps: time steps of a frame where nodes spike, else None.
        restart: whether potentials begin again at every frame.
        recompute: steps (of a network without spikes: frames) whose states are kept for the way back
            at a time; 0 keeps all.
    """

    part: Callable[[str], nn.Module]
    edges: tuple[Edge, ...]
    order: tuple[str, ...]
    readout: str
    accumulate: bool
    steps: int | None
    restart: bool
    recompute: int = 0

    @property
    def nodes(self) -> tuple[str, ...]:
        """All that spikes, where something does."""
        return tuple(name for name in self.order if name != self.readout)

    def start(self) -> dict[str, Memory]:
        """Potentials before a first frame; nothing where no node spikes."""
        return {} if self.steps is None else {name: Memory() for name in self.nodes}


@dataclass(frozen=True)
class _Part:
    """Steps of a frame that are computed together; ``by_step`` keeps those of the readout apart."""

    first: int
    last: int
    by_step: bool = False

    @property
    def steps(self) -> int:
        return self.last - self.first


def unroll(net: Structure, history: History, frames: Tensor, by_step: bool = False) -> Tensor:
    """Run over whole streams.

    Args:
        net: the network.
        history: before the first frame.
        frames: (batch, frames, *shape).
        by_step: answers after each step of a frame (:meth:`FrameNetwork.by_step`).

    Returns:
        (batch, frames, classes); by step (batch, frames, steps, classes).
    """
    count = frames.shape[1]
    memories = net.start()
    again = net.recompute if torch.is_grad_enabled() else 0
    together = max(1, again // (net.steps or 1)) if again else count
    answers: list[Tensor] = []
    for begin in range(0, count, together):
        some = frames[:, begin : begin + together]
        if again and again >= (net.steps or 1):
            found, history, memories = checkpoint(
                _frames, net, history, memories, some, by_step, use_reentrant=False
            )
        else:
            found, history, memories = _frames(net, history, memories, some, by_step, again)
        answers += found
    return torch.stack(answers, dim=1)


def _frames(
    net: Structure,
    history: History,
    memories: Mapping[str, Memory],
    frames: Tensor,
    by_step: bool,
    again: int = 0,
) -> tuple[list[Tensor], History, dict[str, Memory]]:
    """Some frames: their answers, and what is left behind. Nothing that is given is changed."""
    memories = {name: replace(memory) for name, memory in memories.items()}
    answers = []
    for r in range(frames.shape[1]):
        if net.restart:
            memories = net.start()
        state, in_steps, memories = _frame(net, history, frames[:, r], memories, by_step, again)
        history = {name: [state[name], *past[:-1]] for name, past in history.items()}
        answers.append(state[net.readout] if in_steps is None else in_steps)
    return answers, history, memories


def _frame(
    net: Structure,
    history: History,
    frame: Tensor,
    memories: dict[str, Memory],
    by_step: bool,
    again: int,
) -> tuple[dict[str, Tensor], Tensor | None, dict[str, Memory]]:
    """One frame: states; where asked for the answer after each step, (batch, steps, ...); memory."""
    steps = net.steps
    if steps is None or not (by_step or 0 < again < steps):
        return advance(net, history, frame, memories), None, memories
    size = again or steps
    sent: dict[str, list[Tensor]] = {}
    for first in range(0, steps, size):
        part = _Part(first, min(first + size, steps), by_step)
        if again:
            state, memories = checkpoint(
                _part, net, history, frame, memories, part, use_reentrant=False
            )
        else:
            state, memories = _part(net, history, frame, memories, part)
        if not by_step:
            state[net.readout] = state[net.readout] * (part.steps / steps)
        for name, value in state.items():
            if name != INPUT and (name in history or name == net.readout):
                sent.setdefault(name, []).append(value)
    arrived = sent.pop(net.readout)
    whole = {name: torch.cat(values) for name, values in sent.items()}
    whole[INPUT] = frame
    before = history[net.readout][0] if net.accumulate else None
    if not by_step:
        whole[net.readout] = torch.stack(arrived if before is None else [before, *arrived]).sum(0)
        return whole, None, memories
    running = torch.cat(arrived).cumsum(0)
    mean = running[-1] / steps
    whole[net.readout] = mean if before is None else before + mean
    if before is not None:
        return whole, (before + running / steps).movedim(0, 1), memories
    so_far = torch.arange(1, steps + 1, device=running.device).view(-1, *[1] * (running.ndim - 1))
    return whole, (running / so_far).movedim(0, 1), memories


def _part(
    net: Structure, history: History, frame: Tensor, memories: Mapping[str, Memory], part: _Part
) -> tuple[dict[str, Tensor], dict[str, Memory]]:
    """Some steps of a frame; of the readout what arrives, its mean or by step. Keeps what is given."""
    left = {name: replace(memory) for name, memory in memories.items()}
    return advance(net, history, frame, left, part), left


def advance(
    net: Structure,
    history: History,
    frame: Tensor,
    memories: Mapping[str, Memory],
    part: _Part | None = None,
) -> dict[str, Tensor]:
    """New states of everything, ``history[name][k-1]`` being k frames old.

    Args:
        net: the network.
        history: what was sent before.
        frame: (batch, *shape).
        memories: of spiking nodes; changed.
        part: which steps; the readout then does not add to what it was. None for the whole frame.
    """
    state = {INPUT: frame}
    for name in net.order:
        arriving = []
        for edge in net.edges:
            if edge.target == name:
                past = history[edge.source][edge.delay - 1] if edge.delay else state[edge.source]
                if part is not None and edge.delay and edge.source != INPUT:
                    past = past[part.first : part.last]
                arriving.append(_along(net, edge, past, part is not None and part.by_step))
        if name == net.readout:
            if net.accumulate and part is None:
                arriving.insert(0, history[name][0])
            state[name] = net.part(name)(*arriving)
            if part is not None and part.by_step:
                state[name] = state[name].expand(part.steps, *state[name].shape[1:])
        elif net.steps is None:
            state[name] = net.part(name)(*arriving)
        else:
            steps = net.steps if part is None else part.steps
            state[name] = net.part(name)(*arriving, memory=memories[name], steps=steps)
    return state


def _along(net: Structure, edge: Edge, sent: Tensor, by_step: bool) -> Tensor:
    """What an edge brings: (batch, *shape), to a spiking node (steps or 1, batch, *shape)."""
    operation = net.part(edge.name)
    if net.steps is None:
        arrived: Tensor = operation(sent)
        return arrived
    in_steps = edge.target != net.readout or by_step
    if edge.source == INPUT:
        arrived = operation(sent)  # the same in every step
        return arrived.unsqueeze(0) if in_steps else arrived
    if not in_steps:
        arrived = operation(sent.mean(0))  # the mean of a linear operation is that of the mean
        return arrived
    arrived = operation(sent.flatten(0, 1)).unflatten(0, sent.shape[:2])
    return arrived


def overwrite(history: History, state: Mapping[str, Tensor]) -> None:
    """Shift the history by a frame, in place.

    Args:
        history: as for :func:`advance`, of buffers.
        state: what it gave.
    """
    for name, past in history.items():
        # Oldest first, so that each state is passed on before it is overwritten.
        for older, younger in zip(past[:0:-1], past[-2::-1], strict=True):
            older.copy_(younger)
        past[0].copy_(state[name])
