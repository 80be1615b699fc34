"""Which modules of a network are lava-dl's blocks, and which of them are read.

Source: lava-dl 0.6.0, lava/lib/dl/slayer, block/{base,cuba}.py, neuron/{base,cuba,norm}.py,
axon/delay.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from snnc.errors import UserError
from snnc.frontend.spiking_modules.layer import refused

if TYPE_CHECKING:
    import torch
    from torch import nn

SLAYER = "lava.lib.dl.slayer."
BLOCKS, NEURONS = f"{SLAYER}block.", f"{SLAYER}neuron."
CUBA = f"{BLOCKS}cuba."
WEIGHTED = ("Affine", "Dense", "Conv", "Pool", "Recurrent")
READ = ("Input", "Flatten", "Average", *WEIGHTED)
MEAN_ONLY = f"{NEURONS}norm.MeanOnlyBatchNorm"

EXPORT = "write it with the block's export_hdf5 into a .net file and compile that (docs/netx.md)"


def is_block(module: nn.Module) -> bool:
    """Whether a module is one of lava-dl's blocks, read or not. Nothing is imported for it."""
    return _comes_from(module, BLOCKS)


def has_blocks(net: nn.Module) -> bool:
    """Whether a network has blocks or neurons of lava-dl."""
    return any(is_block(m) or _comes_from(m, NEURONS) for m in net.modules())


def blocks_of(net: nn.Module) -> dict[str, Any]:
    """The blocks of a network, by path.

    Raises:
        UserError: D681 for each that is not read, and for neurons outside of a block.
    """
    found: dict[str, Any] = {}
    problems: list[UserError] = []
    for name, module in _outermost(net):
        place = name or type(module).__name__
        try:
            if not is_block(module):
                help = "use the blocks of lava.lib.dl.slayer.block.cuba"
                raise refused(place, _kind(module), "is outside of a block", help)
            _refuse_block(place, module)
            found[name] = module
        except UserError as problem:
            problems.append(problem)
    if problems:
        raise UserError(*(each for problem in problems for each in problem.diagnostics))
    return found


def kind_of(block: Any) -> str:
    """``Dense`` and so on, of a block that is read."""
    return type(block).__name__


def shifts(block: Any) -> int:
    """Steps that a block's output is moved by, for the way to the next: 1 or 0."""
    return int(getattr(block, "delay_shift", False) is True)


def fit(net: nn.Module, tensors: Mapping[str, torch.Tensor]) -> None:
    """Give parameters that get their size in the first forward the size that a file has.

    Delays, decays for each channel and running means have one element in a network that never ran; the
    first forward would draw delays anew, and forget those of the file.

    Args:
        net: is changed.
        tensors: of a state dict, by name.
    """
    import torch

    for path, module in net.named_modules():
        if not _comes_from(module, SLAYER):
            continue
        for name, values in (
            *module.named_parameters(recurse=False),
            *module.named_buffers(recurse=False),
        ):
            given = tensors.get(f"{path}.{name}" if path else name)
            if given is None:
                continue
            if values.shape == (1,) and given.ndim == 1 and len(given) > 1:
                values.data = torch.zeros(len(given), dtype=values.dtype)
            if _comes_from(module, f"{SLAYER}axon.delay.") and name == "delay":
                here: Any = module
                here.init = True


def states_of(net: nn.Module) -> set[str]:
    """Names in a state dict that are what a recurrent block sent in the last run, and no weights."""
    return {
        f"{name}.spike_state" if name else "spike_state"
        for name, module in net.named_modules()
        if is_block(module) and "spike_state" in dict(module.named_buffers(recurse=False))
    }


def rest(net: nn.Module) -> None:
    """Put back what neurons and blocks keep after a run: each sample begins at zero."""
    import torch

    for module in net.modules():
        here: Any = module
        if not _comes_from(module, SLAYER):
            continue
        for name in ("current_state", "voltage_state", "spike_state"):
            if isinstance(getattr(here, name, None), torch.Tensor):
                setattr(here, name, torch.zeros(1))
        if hasattr(here, "delay_buffer"):
            here.delay_buffer = None


def _outermost(net: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """Blocks, and neurons that no block has."""
    inside: tuple[str, ...] = ()
    for name, module in net.named_modules():
        own = is_block(module) or _comes_from(module, NEURONS)
        if not own or name.startswith(inside):
            continue
        inside = (*inside, f"{name}.")
        yield name, module


def _refuse_block(name: str, block: Any) -> None:
    """Refuse a block that is not read, or does what the exported integers would not say."""
    kind, here = _kind(block), type(block)
    if f"{here.__module__}.{here.__qualname__}" not in {f"{CUBA}{each}" for each in READ}:
        raise refused(name, kind, "is not read", f"of lava-dl's block.cuba {', '.join(READ)} are")
    neuron = getattr(block, "neuron", None)
    if neuron is None:
        return
    if here.__name__ == "Input":
        raise refused(name, kind, "with neurons of its own takes values, not spikes", EXPORT)
    if neuron.graded_spike:
        what = "sends its potential (graded_spike)"
        raise refused(name, kind, what, "train with graded_spike=False")
    if not neuron.shared_param:
        what = "has decays for each channel (shared_param=False)"
        raise refused(name, kind, what, "train with one for all of a block")
    if neuron.norm is not None:
        _refuse_norm(name, kind, block)
    decays = int(neuron.cx_current_decay), int(neuron.cx_voltage_decay)
    if decays[0] == 0 and (here.__name__ != "Affine" or decays[1] != 4096):
        raise refused(
            name, kind, "has a current that never decays", "train with a current_decay above 0"
        )
    if here.__name__ != "Affine" and int(neuron.v_th_mant) < 1:
        raise refused(name, kind, "has a threshold that is not above 0", "give it one above 0")


def _refuse_norm(name: str, kind: str, block: Any) -> None:
    norm = type(block.neuron.norm)
    place = f"{norm.__module__}.{norm.__qualname__}"
    if place != MEAN_ONLY:
        what = f"normalises with {norm.__name__}, which scales what arrives or is not known"
        raise refused(name, kind, what, "train with slayer.neuron.norm.MeanOnlyBatchNorm")
    if block.delay is not None:
        what = "has delays and a normalisation: on the chip, delays are on the way into a layer, where "
        what += "they do not hold back its bias"
        raise refused(name, kind, what, "train with one of the two")


def _kind(module: nn.Module) -> str:
    """``cuba.Dense``; of a class of the user's own its name."""
    here = type(module)
    if not here.__module__.startswith(SLAYER):
        return f"{here.__name__}, a subclass of lava-dl's"
    return f"lava-dl's {here.__module__.rpartition('.')[2]}.{here.__qualname__}"


def _comes_from(module: nn.Module, place: str) -> bool:
    return any(f"{k.__module__}.".startswith(place) for k in type(module).__mro__)
