"""``snnc train CONFIG.toml``: a network, data, one or more methods in order, outputs.

::

    network = "package.module:factory"      # your code, run because you name it; or model = "file.pt"
    seed = 0

    [data]
    train = "train.npz"                     # validation = FILE or validation_share = 0.1, test = FILE
    repeat = 4                              # frames that show each still image; none: x has frames
    augment = "package.module:function"     # counts (batch, frames, *shape) float to as many

    [[stage]]
    method = "streaming{frozen=4}"
    epochs = 20                             # and all else that Recipe has, and batch

    [output]
    model = "tuned.pt"                      # curve = "curve.csv", checkpoint = "run.ckpt"

Relative paths begin at the file's folder.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from functools import partial
from pathlib import Path
from typing import Any, get_type_hints

import torch
from torch import Tensor, nn

from snnc.authoring.network import FrameNetwork
from snnc.bounds import SEED
from snnc.bundle.data import DataSource
from snnc.bundle.still_images import REPEAT
from snnc.errors import Diagnostic, fail
from snnc.files import resolved
from snnc.frontend import ModelSource, load_archive
from snnc.frontend.torch_save.own_folder import folder_on_path
from snnc.frontend.torch_save.own_module import built_by, own_function
from snnc.frontend.torch_save.through_torch import archive_of, reason
from snnc.ir import Shape
from snnc.progress import Report, quiet

from .data.batches import Augment, Batches
from .methods.norms import with_own_norms
from .methods.registry import parse_method
from .methods.thaw import thaw
from .outputs import refuse_outputs
from .parts import HELD_BACK, Parts, read_labelled, read_parts
from .recipe import Recipe
from .recordings import BOUNDS as RECORDED_BOUNDS
from .recordings import KEYS as RECORDED
from .recordings import recorded_parts
from .stages import Files, Stage, Trained, train_through
from .tables import Table, read_toml

TOP = ("network", "model", "input_shape", "module", "answer", "seed", "data", "stage", "output")
FILES = ("train", "validation", "validation_share", "test", "repeat", "augment")
FILE_BOUNDS = {"validation_share": HELD_BACK, "repeat": REPEAT}
OUTPUTS = ("model", "curve", "checkpoint")


@dataclass(frozen=True)
class Config:
    """What a file says, checked as far as it can be without reading others.

    Attributes:
        path: of the file; relative paths begin at its folder.
        top, data: tables.
        stages: in order.
        files: outputs.
        seed: of the network's first weights, of what is held back, and of stages without one of theirs.
    """

    path: Path
    top: Table
    data: Table
    stages: tuple[Stage, ...]
    files: Files
    seed: int

    @property
    def folder(self) -> Path:
        """Where relative paths begin."""
        return self.path.parent


def read_config(path: Path, device: str = "") -> Config:
    """Read a file and check everything in it that needs no other file.

    Args:
        path: the file.
        device: where all stages are trained; empty for what each of them says.

    Raises:
        UserError: D325 keys or values that do not fit; D305, D308, D326, D329, D330 methods and recipes
            that do not work.
    """
    top = Table(read_toml(path), str(path), TOP, {"seed": SEED})
    if ("network" in top) == ("model" in top):
        what = "a network and a model" if "network" in top else "neither a network nor a model"
        cure = 'network = "package.module:factory" builds one, model = "file.pt" reads one; give one'
        raise fail("D325", what, where=str(path), help=cure)
    seed = top.get("seed", int) or 0
    values = top.need("data", dict)
    known = (RECORDED, RECORDED_BOUNDS) if "set" in values else (FILES, FILE_BOUNDS)
    data = Table(values, f"{path}, [data]", *known)
    tables = top.need("stage", list)
    if not tables or not all(isinstance(table, dict) for table in tables):
        raise fail("D325", "no stage", where=str(path), help="write one or more tables [[stage]]")
    if device:
        tables = [{**table, "device": device} for table in tables]
    stages = [_stage(table, f"{path}, [[stage]] {i}", seed) for i, table in enumerate(tables, 1)]
    output = Table(top.need("output", dict), f"{path}, [output]", OUTPUTS)
    model, given = output.need("model", str), output.given(curve=str, checkpoint=str)
    places = {name: path.parent / value for name, value in given.items()}
    for name, text in given.items():
        if Path(text).name in ("", ".."):
            what, where = f"{name} names a folder, not a file", f"{path}, [output]"
            raise fail("D325", what, where=where, help="give the file a name")
    return Config(path, top, data, tuple(stages), Files(path.parent / model, **places), seed)


def train_config(config: Config, report: Report = quiet) -> Trained:
    """Train as the file says.

    Raises:
        UserError: anything that cannot work; nothing was written but checkpoints and curves.
    """
    files, folder, stages = config.files, config.folder, len(config.stages)
    read = config.data.given(train=str, validation=str, test=str)
    inputs = [config.path, *(folder / text for text in read.values())]
    if (model := config.top.get("model", str)) is not None:
        inputs.append(folder / model)
    refuse_outputs(files.model, files.curves(stages), files.checkpoints(stages), tuple(inputs))
    # What a network or a function of the user's imports later is looked for there, too.
    with folder_on_path(resolved(folder)):
        parts = read_training_data(config.data, folder, config.seed)
        report("load", 0, 1)
        network, notes = _network(config, parts.train.x.shape[2:])
        return train_through(network, config.stages, parts, files, report, notes)


def read_training_data(table: Table, folder: Path, seed: int) -> Parts:
    """The data that ``[data]`` names: files of counts, or a set of event recordings.

    Args:
        table: ``[data]``.
        folder: relative paths begin here.
        seed: of the samples that are held back.

    Raises:
        UserError: D325 keys that do not fit; D5xx as :func:`read_parts`, :func:`recorded_parts`; D126
            the augmentation cannot be used.
    """
    if "set" in table:
        return recorded_parts(table, folder, seed)
    named = table.given(validation=str, test=str)
    sources = {name: DataSource(folder / text) for name, text in named.items()}
    share = table.get("validation_share", float)
    repeat = table.get("repeat", int)
    train = DataSource(folder / table.need("train", str))
    parts = read_parts(train, sources.get("validation"), share, seed, repeat)
    if "test" in sources:
        parts = replace(parts, test=read_labelled(sources["test"], repeat))
    function = table.get("augment", str)
    if function is None:
        return parts
    augment = _guarded(own_function(function, "augment"), function)
    batches = partial(Batches, parts.train.x, parts.train.y, shuffle=True, augment=augment)
    return replace(parts, batches=batches)


def _guarded(function: Callable[[Tensor], Tensor], name: str) -> Augment:
    """The user's augmentation, whose failures are messages."""

    def augment(x: Tensor) -> Tensor:
        try:
            changed = function(x)
        except Exception as error:
            raise fail("D126", f"{name} failed", where="augment", why=reason(error)) from None
        if not isinstance(changed, Tensor) or changed.shape != x.shape or changed.dtype != x.dtype:
            shown = getattr(changed, "shape", type(changed).__name__)
            what = f"{name} gives {shown}, not float32 of {tuple(x.shape)}"
            raise fail("D126", what, where="augment", help="it takes a batch of counts and gives one")
        return changed

    return augment


def _stage(values: dict[str, Any], place: str, seed: int) -> Stage:
    hints = {f.name: get_type_hints(Recipe)[f.name] for f in fields(Recipe)}
    table = Table(values, place, ("method", "batch", *hints))
    method = parse_method(table.need("method", str))
    recipe = Recipe(**{"seed": seed, **table.given(**hints)})
    return Stage(method, recipe, **table.given(batch=int))


def _network(config: Config, shape: Shape) -> tuple[FrameNetwork, tuple[Diagnostic, ...]]:
    """The network to begin with, and what of it is not trained."""
    top, seed = config.top, config.seed
    if "model" in top:
        path = config.folder / top.need("model", str)
        shaped, module = top.get("input_shape", str), top.get("module", str)
        answer = top.get("answer", str)
        source = ModelSource(path, input_shape=shaped, module=module, answer=answer)
        return thaw(source.load(lambda: shape, dropout=True).graph), ()
    name = top.need("network", str)
    for key in ("input_shape", "module", "answer"):
        if key in top:
            what = f"{key} is for a model, and the network is built by your code"
            raise fail("D325", what, where=top.place, help="leave it out")
    torch.manual_seed(seed)
    net = built_by(name, "network")
    if not isinstance(net, FrameNetwork):
        return _thawed(net, shape, config.path, name)
    try:
        net.first_response  # noqa: B018  builds it
    except ValueError as problem:
        what = "the network is incomplete"
        raise fail("D126", what, where=f"network {name}", why=str(problem)) from None
    return net.float(), ()


def _thawed(
    net: nn.Module, shape: Shape, path: Path, name: str
) -> tuple[FrameNetwork, tuple[Diagnostic, ...]]:
    """Another torch network, for one frame, with its dropout and its batch normalisation."""
    archive = archive_of(path, net, shape)
    graph, notes = with_own_norms(load_archive(archive, name.rpartition(":")[2], dropout=True).graph)
    return thaw(graph, norms=True), notes
