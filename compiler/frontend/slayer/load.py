"""A live network of lava-dl's blocks becomes a program: its export is read as a ``.net`` file.

Source: lava-dl 0.6.0, lava/lib/dl/slayer/block/base.py (``export_hdf5`` of each block; that of Average
fails, because it has no neuron, and that of Affine leaves out the bias).
"""

from __future__ import annotations

import copy
import io
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from snnc.errors import Diagnostic, Severity, fail
from snnc.files import hdf5_arrays
from snnc.frontend.netx.builder import ANSWER, INPUT, Builder
from snnc.frontend.netx.fields import NETX, Layer, layers_of
from snnc.frontend.torch_save.through_torch import failed, quiet_torch
from snnc.ir import Kind, Program, ProgramPopulation, Shape, validate

from .blocks import WEIGHTED, blocks_of, kind_of, rest, shifts
from .chain import chain_of
from .live import LiveBlocks, Watched

if TYPE_CHECKING:
    from torch import nn

ELSEWHERE = ("N776",)
"""What is open in a file and settled by a live network: when biases begin."""


@dataclass(frozen=True, eq=False)
class Found:
    """A network that was read.

    Attributes:
        program: valid; a frame is a step.
        notes: what reading it settled.
        live: the network itself.
    """

    program: Program
    notes: tuple[Diagnostic, ...]
    live: LiveBlocks


def load_blocks(net: nn.Module, shape: Shape, name: str) -> Found:
    """Read a network of lava-dl's blocks.

    Args:
        net: with its weights; is left as it is.
        shape: of one frame, without samples and steps.
        name: of the program.

    Raises:
        UserError: D124 it cannot be copied or exported, D681 blocks that are not read, or that are no
            chain, D683 to D685 how the network calls them, D64x what is exported.
    """
    if len(shape) not in (1, 3):
        raise fail(
            "D683",
            f"it does not take frames of shape {shape} in any way that is known",
            where=type(net).__name__,
            why="blocks of lava-dl take channels, or channels, height and width",
            help="--input-shape is the shape of one frame, without samples and steps",
        )
    twin = _copied(net, name)
    blocks = blocks_of(twin)
    order = chain_of(twin, blocks, shape)
    rest(twin)
    chain = [(path, blocks[path]) for path in order]
    layers = _exported(chain, shape, name)
    builder = Builder(layers, 0)
    program = builder.build(name)
    late, watched = 0, {}
    populations: dict[str, ProgramPopulation] = {p.name: p for p in program.populations}
    for path, block in chain:
        before, late = late, late + shifts(block)
        population = populations.get(_population(path, block))
        if population is None or kind_of(block) not in WEIGHTED:
            continue
        neuron = population.dynamics
        # A bias is there in all steps of SLAYER; the population's first step comes later by its place.
        changed = replace(neuron, bias_start=population.start - before)
        populations[population.name] = replace(population, neuron=changed)
        watched[population.name] = _watched(path, block, population, late)
    program = replace(program, populations=tuple(populations.values()))
    kinds = ", ".join(dict.fromkeys(kind_of(block) for _, block in chain))
    live = LiveBlocks(twin, watched, f"lava-dl's blocks {kinds}", late)
    notes = [note for note in builder.notes if note.code not in ELSEWHERE]
    return Found(validate(program), (*notes, _what_it_takes(live)), live)


def _watched(path: str, block: Any, population: ProgramPopulation, late: int) -> Watched:
    potential = population.kind is Kind.READOUT
    unit = int(block.neuron.s_scale) if potential else 1
    summed = kind_of(block) == "Affine" and not block.dynamics
    return Watched(path, population.shape, late, unit, summed)


def _copied(net: nn.Module, name: str) -> nn.Module:
    """A copy in evaluation, at rest; what is computed of parameters, as with weight_norm, without how.

    Raises:
        UserError: D124 it cannot be copied.
    """
    import torch

    known = {
        id(value): value.detach().clone()
        for module in net.modules()
        for value in vars(module).values()
        if isinstance(value, torch.Tensor) and not value.is_leaf
    }
    try:
        twin = copy.deepcopy(net, dict(known)).cpu().float().eval()
    except Exception as error:  # whatever the user's own modules raise
        help = "give its state dict and --module, the function that builds it"
        raise failed("the network cannot be copied", name, error, help) from None
    rest(twin)
    return twin


def _exported(chain: list[tuple[str, Any]], shape: Shape, name: str) -> list[Layer]:
    """The layers of the ``.net`` file that lava-dl would write of the blocks.

    Raises:
        UserError: D124 a block's ``export_hdf5`` fails.
    """
    import h5py
    import torch

    first = [] if kind_of(chain[0][1]) == "Input" else [""]
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        if first:
            group = file.create_group("layer/0")
            group.create_dataset("type", (1,), "S10", [b"input"])
            group.create_dataset("shape", data=np.array(shape))
        for number, (path, block) in enumerate(chain, len(first)):
            group = file.create_group(f"layer/{number}")
            try:
                with quiet_torch(), torch.no_grad():
                    _export(copy.deepcopy(block), group)
            except Exception as error:  # lava-dl's, of another version or with what it does not expect
                raise failed("lava-dl cannot export this block", path or name, error) from None
    layers = layers_of(hdf5_arrays(buffer.getvalue(), name, NETX, list), name)
    named = [""] * len(first) + [_population(path, block) for path, block in chain]
    return [replace(layer, block=own) for layer, own in zip(layers, named, strict=True)]


def _export(block: Any, group: Any) -> None:
    """What a block writes of itself, and what lava-dl forgets to write."""
    if kind_of(block) == "Average":
        group.create_dataset("type", (1,), "S10", [b"average"])
        group.create_dataset("shape", data=np.array([block.num_outputs]))
        return
    block.export_hdf5(group)
    norm = getattr(getattr(block, "neuron", None), "norm", None)
    if kind_of(block) == "Affine" and norm is not None and block.dynamics:
        group.create_dataset("bias", data=norm.bias.detach().numpy().flatten())


def _population(path: str, block: Any) -> str:
    """A population is called as the user's block, unless others of snnc's are called that."""
    if kind_of(block) == "Input":
        return ""
    own = path or type(block).__name__
    return f"{own}_" if own in (INPUT, ANSWER) else own


def _what_it_takes(live: LiveBlocks) -> Diagnostic:
    """N778: the blocks, and how the network takes its steps."""
    moved = ""
    if live.late:
        moved = (
            f"; the network itself gives the answer of a step {live.late} later (delay_shift of its "
            "blocks), and loses those of its last steps"
        )
    return Diagnostic(
        "N778",
        f"{live.kinds}; the network takes all steps at once, frames of shape (samples, ..., steps)",
        type(live.net).__name__,
        f"a frame of the data is one step here{moved}",
        severity=Severity.NOTE,
    )
