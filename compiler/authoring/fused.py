"""All steps of a population of spiking neurons as one operation of autograd, on a CPU.

The same as the loop in ``SpikingNeuron.forward``, which is what this is compared with in the tests: the
same spikes, gradients up to rounding. For the way back it keeps what arrives and computes the rest
again; a loop over tensors keeps several of every step. That halves a network's memory (CHANGELOG.md).
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from snnc.files.memory import may_start_threads

from .surrogate import UNDERFLOW, Linear, Logistic, SinceSpike, Surrogate

LEAST = 2**20
"""Values, over steps, from which it pays to compile the loops (seconds, once a process)."""


def pays(arriving: Tensor, steps: int) -> bool:
    """Whether a compiled loop is for this, (steps or 1, batch, ...), and there is enough to do.

    It computes in float32, for a CPU; where numba does not compile, the loop over tensors goes on.
    """
    if arriving.device.type != "cpu" or arriving.dtype == torch.float64:
        return False
    return steps * arriving[0].numel() >= LEAST and _compiles()


@cache
def _compiles() -> bool:
    """Whether numba is there and allowed to compile (NUMBA_DISABLE_JIT)."""
    try:
        import numba
    except ImportError:
        return False
    return not numba.config.DISABLE_JIT  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Rule:
    """What neurons do, in numbers; ``of`` makes it of a surrogate that the compiled loops know."""

    leak: float
    hard: bool
    inclusive: bool
    relative: bool
    detached: bool
    kind: int
    height: float
    decay: float
    cut_off: float


def rule_of(
    surrogate: Surrogate, *, leak: float, hard: bool, inclusive: bool, detached: bool
) -> Rule | None:
    """What the compiled loops are told; None for a surrogate of the user's own."""
    from . import neuron_kernels as kernels  # numba takes half a second to import

    relative, decay, cut_off = True, 0.0, np.inf
    if type(surrogate) is Linear:
        kind, height = kernels.LINEAR, surrogate.height
    elif type(surrogate) is SinceSpike:
        kind, height, decay = kernels.SINCE_SPIKE, surrogate.alpha, surrogate.beta
        cut_off = UNDERFLOW if surrogate.cut_off else np.inf
    elif type(surrogate) is Logistic:
        kind, height, relative = kernels.LOGISTIC, surrogate.sharpness, surrogate.relative
    else:
        return None
    return Rule(leak, hard, inclusive, relative, detached, kind, height, decay, cut_off)


def all_steps(
    arriving: Tensor,
    threshold: Tensor,
    first: Tensor,
    since: Tensor | None,
    steps: int,
    rule: Rule,
) -> tuple[Tensor, Tensor, Tensor | None]:
    """What leaves in each step, the last potentials, and how long ago each neuron fired.

    Args:
        arriving: (steps or 1, batch, *shape), on a CPU; computed in float32.
        threshold: broadcastable to shape.
        first: potentials before, (batch, *shape).
        since: steps since the last spike, likewise, or None.
        steps: how many.
        rule: what the neurons do.

    Returns:
        (steps, batch, *shape), (batch, *shape), and since after the last step.
    """
    shape = arriving.shape[2:]
    level = threshold.expand(shape)
    sent, last, ago = _AllSteps.apply(  # type: ignore[no-untyped-call]
        arriving.float(), level, first.expand(arriving.shape[1:]), since, steps, rule
    )
    return sent, last, None if since is None else ago


class _Layout:
    """How the neurons of a population lie in memory: channels first, or last."""

    def __init__(self, arriving: Tensor) -> None:
        axes = arriving.ndim
        self.last = (
            axes > 3 and not arriving.is_contiguous() and arriving.movedim(2, -1).is_contiguous()
        )

    def rows(self, values: Tensor, leading: int) -> NDArray[Any]:
        """Values as numpy's, ``leading`` axes and one of the neurons; copied if they lie otherwise."""
        moved = values.detach().movedim(leading, -1) if self.last else values.detach()
        return moved.contiguous().flatten(leading).numpy()

    def given(
        self, arriving: Tensor, level: Tensor, first: Tensor, since: Tensor | None
    ) -> tuple[NDArray[Any], ...]:
        """What the compiled loops read; ``since`` (0, 0) where nobody asks."""
        past = np.empty((0, 0), np.float32) if since is None else self.rows(since, 1)
        return self.rows(arriving, 2), self.rows(level, 0), self.rows(first, 1), past

    def empty(self, leading: tuple[int, ...], shape: torch.Size) -> tuple[Tensor, NDArray[Any]]:
        """A tensor that lies so, and its numbers as ``rows`` has them."""
        order = (*shape[1:], shape[0]) if self.last else tuple(shape)
        made = torch.empty((*leading, *order))
        rows = made.flatten(len(leading)).numpy()
        return (made.movedim(-1, len(leading)) if self.last else made), rows


class _AllSteps(torch.autograd.Function):
    """The compiled loops, each over a share of the batch a thread."""

    @staticmethod
    def forward(ctx: Any, *arguments: Any) -> tuple[Tensor, Tensor, Tensor]:
        from . import neuron_kernels as kernels

        *tensors, steps, rule = arguments
        ctx.save_for_backward(*tensors)  # and not as numbers: recomputed steps shall be let go of
        ctx.rule = rule
        batch, shape = tensors[0].shape[1], tensors[0].shape[2:]
        layout = _Layout(tensors[0])
        given, levels, begin, past = layout.given(*tensors)
        sent, sent_rows = layout.empty((steps, batch), shape)
        last, last_rows = layout.empty((batch,), shape)
        ago, ago_rows = layout.empty((len(past),), shape)

        def share(samples: tuple[int, int]) -> None:
            kernels.compiled_forward(
                given,
                levels,
                begin,
                past,
                np.float32(rule.leak),
                rule.hard,
                rule.inclusive,
                rule.relative,
                sent_rows,
                last_rows,
                ago_rows,
                samples,
            )

        _in_threads(share, batch)
        ctx.mark_non_differentiable(ago)
        return sent, last, ago

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        from . import neuron_kernels as kernels

        tensors, rule = ctx.saved_tensors, ctx.rule
        shape = tensors[0].shape[2:]
        layout = _Layout(tensors[0])
        given, levels, begin, past = layout.given(*tensors)
        by_sent, by_last = layout.rows(gradients[0].float(), 2), layout.rows(gradients[1].float(), 1)
        batch = by_sent.shape[1]
        by_arriving, arriving_rows = layout.empty(given.shape[:2], shape)
        by_first, first_rows = layout.empty((batch,), shape)

        def share(samples: tuple[int, int]) -> NDArray[np.float64]:
            by_level = np.zeros(len(levels))
            kernels.compiled_backward(
                given,
                levels,
                begin,
                past,
                np.float32(rule.leak),
                rule.hard,
                rule.inclusive,
                rule.relative,
                rule.detached,
                rule.kind,
                np.float32(rule.height),
                np.float32(rule.decay),
                np.float32(rule.cut_off),
                by_sent,
                by_last,
                arriving_rows,
                first_rows,
                by_level,
                samples,
            )
            return by_level

        summed = sum(_in_threads(share, batch), np.zeros(len(levels)))
        by_level, level_rows = layout.empty((), shape)
        level_rows[:] = summed
        return by_arriving, by_level, by_first, None, None, None


def _in_threads(share: Any, batch: int) -> list[Any]:
    """Shares of a batch on as many threads as torch uses, or in this one; what each gives."""
    threads = min(torch.get_num_threads(), batch) if may_start_threads() else 1
    edges = [batch * i // threads for i in range(threads + 1)]
    if threads == 1:
        return [share((0, batch))]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(share, pairwise(edges)))
