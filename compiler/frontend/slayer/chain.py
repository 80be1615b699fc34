"""The order in which a network calls its blocks, found by running it once with answers of our own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from snnc.errors import UserError, fail
from snnc.frontend.torch_save.own_folder import folder_on_path
from snnc.frontend.torch_save.through_torch import quiet_torch, reason
from snnc.ir import Shape

if TYPE_CHECKING:
    import torch
    from torch import nn

SAMPLES, STEPS = 2, 5

CHAIN = (
    "call each block once, with what the block before it returns; lava-dl's export_hdf5 has no other "
    "order"
)


def chain_of(net: nn.Module, blocks: Mapping[str, nn.Module], shape: Shape) -> list[str]:
    """The paths of the blocks, in the order in which each takes what the one before it gives.

    The network is run once on random spikes (samples, \\*shape, steps). In the place of what a block
    gives, random spikes are passed on, so that nothing else can be taken for them.

    Args:
        net: in evaluation; blocks get their shapes from this run.
        blocks: by path.
        shape: of one frame.

    Raises:
        UserError: D683 the network fails on such frames, or calls no block; D681 blocks are no chain;
            D685 one is called twice; D684 the answer is not what the last block gives.
    """
    import torch

    noise = torch.Generator().manual_seed(0)
    x = _spikes((SAMPLES, *shape, STEPS), noise)
    calls: list[tuple[str, torch.Tensor, torch.Tensor]] = []

    def keeping(name: str) -> Any:
        def hook(_: nn.Module, given: Any, result: Any) -> Any:
            real = result[0] if isinstance(result, tuple) else result
            passed = _spikes(tuple(real.shape), noise)
            calls.append((name, given[0].clone(), passed.clone()))
            return (passed, *result[1:]) if isinstance(result, tuple) else passed

        return hook

    hooks = [block.register_forward_hook(keeping(name)) for name, block in blocks.items()]
    kind = type(net).__name__
    try:
        with folder_on_path(Path.cwd()), quiet_torch(), torch.no_grad():
            answer = net(x)
    except Exception as error:  # the user's own code, which may raise anything
        raise _unknown(kind, shape, reason(error)) from None
    finally:
        for hook in hooks:
            hook.remove()
    if not calls:
        raise _unknown(kind, shape, "it calls none of its blocks")
    _refuse_other_order(calls, x)
    _refuse_other_answer(answer, calls[-1])
    return [name for name, _, _ in calls]


def _refuse_other_order(calls: list[tuple[str, torch.Tensor, torch.Tensor]], x: torch.Tensor) -> None:
    """What a block takes has to be what the one before it gave; the first takes the frames."""
    before, name_before = x.reshape(SAMPLES, -1, STEPS), ""
    seen: set[str] = set()
    for name, given, passed in calls:
        if name in seen:
            raise fail(
                "D685",
                "the steps of the network differ: a block is called several times",
                where=name,
                why="a chip does the same in every step",
                help="call each block once, with all steps",
            )
        seen.add(name)
        taken = given
        if not name_before and given.numel() == before.numel():
            taken = given.reshape(before.shape)
        if taken.shape != before.shape or bool((taken != before).any()):
            source = f"block {name_before} before it gives" if name_before else "network is given"
            raise _no_chain(name, f"takes something else than what the {source}")
        before, name_before = passed, name


def _refuse_other_answer(answer: Any, last: tuple[str, torch.Tensor, torch.Tensor]) -> None:
    """The network has to return what its last block gives, or its sum or mean over the steps."""
    import torch

    first = answer[0] if isinstance(answer, tuple | list) and len(answer) else answer
    name, _, given = last
    ways = (given, given.sum(-1), given.mean(-1))
    if isinstance(first, torch.Tensor) and any(
        first.numel() == way.numel() and torch.allclose(first.reshape(way.shape).to(way.dtype), way)
        for way in ways
    ):
        return
    raise fail(
        "D684",
        "what the network returns is not what its last block gives, nor its sum or mean over the steps",
        where=name,
        why="a chip sends spikes, and reads out the potential of neurons that never fire, as it is",
        help="return what the last block gives",
    )


def _spikes(shape: tuple[int, ...], noise: torch.Generator) -> torch.Tensor:
    import torch

    return (torch.rand(shape, generator=noise) < 0.5).float()


def _no_chain(name: str, what: str) -> UserError:
    return fail(
        "D681",
        f"this block {what}",
        where=name,
        why="only chains of blocks are read: no skip connections, nothing between two blocks",
        help=CHAIN,
    )


def _unknown(kind: str, shape: Shape, why: str) -> UserError:
    return fail(
        "D683",
        f"it does not take frames of shape {shape} in any way that is known",
        where=kind,
        why=f"all steps at once, steps last: {why}",
        help="--input-shape is the shape of one frame, without samples and steps",
    )
