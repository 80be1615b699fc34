"""The entry of the front end: one file in, one model out, everything checked."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from snnc.errors import Diagnostic, UserError, fail
from snnc.files import Kind, read_bytes
from snnc.files.hdf5 import hdf5_of
from snnc.ir import Graph, Program, Shape

from .archives.archive import Archive
from .archives.exported import read_program
from .archives.tensors import read_payloads, read_tensors
from .netx.load import is_netx, load_netx, refuse_reset_interval
from .nir.load import load_nir
from .nir.neurons import RULES
from .operations.cures import HOW_TO_EXPORT
from .operations.last_activation import without_last_activation
from .operations.magnitudes import refuse_extremes
from .own_folder import folder_on_path
from .recognise import find_model, find_saved, refuse_other_file
from .slayer.blocks import fit, has_blocks
from .slayer.blocks import states_of as block_states
from .slayer.live import LiveBlocks
from .slayer.load import load_blocks
from .spiking_modules.live import LiveNetwork
from .spiking_modules.load import load_network
from .spiking_modules.recognise import spikes, states_of
from .torch_export.builder import build_graph
from .torch_export.calibration import read_calibration
from .torch_export.deployment import with_deployment
from .torch_export.given import INPUT_SHAPE, MODULE, Given
from .torch_export.torch_run import Step
from .torch_save.own_module import archive_of_own, own_network
from .torch_save.pickled_module import load_module, refuse_large
from .torch_save.pickles import refuse_code
from .torch_save.saved import FACTORY, Saved
from .torch_save.through_torch import archive_of, need_torch

if TYPE_CHECKING:
    import torch
    from torch import nn


@dataclass(frozen=True, eq=False, repr=False)
class Model:
    """What a model file holds.

    Attributes:
        graph: the network, in real numbers and frames.
        calibration: integer event counts (samples, frames, \\*input shape) that travelled in the
            file, dtype as stored; None when there are none.
        digest: sha256 of the file, hexadecimal.
        notes: what reading it settled that the file leaves open.
        step: the program that the graph was read from; None for NIR.
        unsaid_resets: populations of a NIR file that neither file nor user says the reset of.
        live: the network itself, of a library whose neurons spike.
    """

    graph: Graph
    calibration: NDArray[Any] | None
    digest: str
    notes: tuple[Diagnostic, ...] = ()
    step: Step | None = None
    unsaid_resets: tuple[str, ...] = ()
    live: LiveNetwork | None = None

    def __repr__(self) -> str:
        samples = 0 if self.calibration is None else len(self.calibration)
        return f"Model({self.graph!r}, {samples} calibration samples, sha256 {self.digest[:12]})"


@dataclass(frozen=True, eq=False, repr=False)
class IntegerModel:
    """A model that is integers already: no pass has anything to do.

    Attributes:
        program: what a chip is to do, valid.
        digest: sha256 of the file, hexadecimal; of a program that was given in Python, of its own file.
        notes: what reading it settled that the file leaves open.
        live: the network itself, of lava-dl's blocks.
    """

    program: Program
    digest: str
    notes: tuple[Diagnostic, ...] = ()
    live: LiveBlocks | None = None


@dataclass(frozen=True, eq=False)
class Own:
    """A network that the user's code has built, with the weights of a file.

    Attributes:
        net: in evaluation.
        notes: how its weights were found.
        digest: sha256 of the file, hexadecimal.
    """

    net: nn.Module
    notes: tuple[Diagnostic, ...]
    digest: str


NOTHING_GIVEN = Given()

FILE = Kind("D101", "the model file cannot be read")


def load_model(
    path: Path,
    *,
    dt: float | None = None,
    discretize: str | None = None,
    reset: str | None = None,
    given: Given = NOTHING_GIVEN,
    own: Own | None = None,
) -> Model:
    """Read a model file. Runs no code from it, and imports torch only for what ``torch.save`` wrote.

    Args:
        path: a ``torch.export`` archive, usually written by ``snnc.Rollout.export``; ``.nir``; or what
            ``torch.save`` wrote: a module of standard layers, or a state dict with ``given.module``.
        dt: time step in seconds of a NIR file; None takes the one that the file names.
        discretize: ``euler`` (the default) or ``exponential``, of a NIR file.
        reset: ``subtract`` or ``zero``: what a spike does where a NIR file does not say.
        given: what the user says of the network that the file does not.
        own: of a state dict, its network as :func:`own_of` built it; None builds it.

    Raises:
        UserError: D1xx when the file cannot be used, D2xx when the network in it cannot; every
            unsupported operation at once.
    """
    data = _read(path)
    digest = hashlib.sha256(data).hexdigest()
    packed = Archive.is_archive(data)
    hdf5 = None if packed else hdf5_of(data)
    if hdf5 is not None:
        given.refuse(path, INPUT_SHAPE, MODULE)
        if is_netx(path, hdf5):
            raise no_graph(str(path))
        found = load_nir(path, hdf5, dt, discretize or RULES[0], reset)
        graph = replace(found.graph, name=_name(path))
        refuse_extremes(graph)
        return Model(graph, None, digest, found.notes, unsaid_resets=found.unsaid)
    refuse_continuous_time(dt, discretize, reset)
    archive = Archive.open(path, data) if packed else None
    saved = find_saved(path, data, archive)
    if saved is not None:
        return _from_saved(saved, given, _name(path), digest, own)
    if archive is None:
        raise refuse_other_file(path, data)
    return _from_archive(archive, _name(path), digest, given)


def load_integers(
    path: Path,
    *,
    reset_interval: int | None = None,
    dt: float | None = None,
    discretize: str | None = None,
    reset: str | None = None,
    given: Given = NOTHING_GIVEN,
    own: Callable[[], Own | None] = lambda: None,
) -> IntegerModel | None:
    """Read a file of lava-dl (netx), or a state dict of its blocks; None for any other, which
    :func:`load_model` reads.

    Args:
        path: the file.
        reset_interval: steps after which every layer is cleared.
        dt, discretize, reset: as for ``load_model``; refused.
        given: likewise; refused with a file of lava-dl.
        own: gives what :func:`own_of` gives, where a module is given.

    Raises:
        UserError: D101 and D102 there is no file or nothing in it; see :func:`load_netx`; D327 an
            option is for other files; see :func:`own_of` and :func:`of_blocks`.
    """
    data = _read(path)
    hdf5 = None if Archive.is_archive(data) else hdf5_of(data)
    if hdf5 is None or not is_netx(path, hdf5):
        refuse_reset_interval(reset_interval)
        if given.module is None or hdf5 is not None:
            return None
        refuse_continuous_time(dt, discretize, reset)
        built = own()
        if built is None or not has_blocks(built.net):
            return None
        return of_blocks(built, given.shape(path), _name(path))
    refuse_continuous_time(dt, discretize, reset)
    given.refuse(path, INPUT_SHAPE, MODULE)
    program, notes = load_netx(path, hdf5, _name(path), reset_interval)
    return IntegerModel(program, hashlib.sha256(data).hexdigest(), notes)


def no_graph(where: str) -> UserError:
    """D644, for what needs a network in real numbers."""
    return fail(
        "D644",
        "this network is integers already: there are no real numbers that they came from",
        where=where,
        why="tuning, training, noise and the ladder compare integers with the real numbers behind them",
        help="snnc compile, run, verify and inspect take it",
    )


def refuse_continuous_time(dt: float | None, discretize: str | None, reset: str | None = None) -> None:
    """Refuse what only networks in continuous time have, NIR's, and what only their files leave open.

    Raises:
        UserError: D118 a time step or rule, D661 a reset.
    """
    if dt is not None or discretize is not None:
        raise fail(
            "D118",
            "a time step is given for a network that is not in continuous time",
            where="--dt" if dt is not None else "--discretize",
            why="only NIR files are; the frames of this one are the steps that it was trained with",
            help="leave the option out",
        )
    if reset is not None:
        raise fail(
            "D661",
            "a reset is given for a network that is not from a NIR file",
            where="--reset",
            why="only NIR files leave open what a spike does",
            help="leave the option out; --set 'set-neurons{reset=zero}' changes neurons that snnc made",
        )


def load_archive(data: bytes, name: str) -> Model:
    """Read an archive that is in memory, as ``FrameNetwork.to_bytes`` makes it.

    Args:
        data: of a ``torch.export`` archive.
        name: what the graph is called, and messages call the archive.

    Raises:
        UserError: as :func:`load_model`.
    """
    archive = Archive.open(Path(name), data)
    return _from_archive(archive, name, hashlib.sha256(data).hexdigest())


def _from_archive(archive: Archive, name: str, digest: str, given: Given = NOTHING_GIVEN) -> Model:
    """What an archive holds. That it holds no code is checked before anything else is said of it."""
    inside = find_model(archive)
    program, told = without_last_activation(read_program(archive, f"models/{inside}.json"))
    payloads = read_payloads(archive, inside)
    refuse_code(archive, raw={p.member for p in payloads if not p.pickled})
    given.refuse(archive.path, INPUT_SHAPE, MODULE)
    tensors = read_tensors(archive, payloads)
    graph, made = build_graph(program, tensors, name)
    refuse_extremes(graph)
    graph = with_deployment(archive, graph)
    calibration = read_calibration(archive, graph.input.shape)
    return Model(graph, calibration, digest, tuple(told), step=Step(program, tensors, made))


def own_of(path: Path, given: Given) -> Own | None:
    """The network of a state dict, built by the user's code; None of any other file.

    Args:
        path: the file.
        given: with a module.

    Raises:
        UserError: D101 and D102 there is no file or nothing in it, D123 no torch; see
            :func:`snnc.frontend.torch_save.own_module.own_network`.
    """
    data = _read(path)
    archive = Archive.open(path, data) if Archive.is_archive(data) else None
    saved = find_saved(path, data, archive)
    if saved is None or saved.is_module:
        return None
    return _own(saved, given, hashlib.sha256(data).hexdigest())


def _own(saved: Saved, given: Given, digest: str) -> Own:
    need_torch(saved.path)
    net, told = own_network(saved, given, _prepared)
    return Own(net, tuple(told), digest)


def _prepared(net: nn.Module, tensors: Mapping[str, torch.Tensor]) -> set[str]:
    """Make a library's network ready for tensors of a file; the names of what is no weight."""
    fit(net, tensors)
    return states_of(net) | block_states(net)


def of_blocks(own: Own, shape: Shape, name: str) -> IntegerModel:
    """A network of lava-dl's blocks, live in this process.

    Args:
        own: is left as it is.
        shape: of one frame.
        name: of the program.

    Raises:
        UserError: as :func:`snnc.frontend.slayer.load.load_blocks`.
    """
    found = load_blocks(own.net, shape, name)
    return IntegerModel(found.program, own.digest, (*own.notes, *found.notes), found.live)


def _from_saved(saved: Saved, given: Given, name: str, digest: str, own: Own | None) -> Model:
    """What ``torch.save`` wrote."""
    path = saved.path
    if not saved.is_module and given.module is None:
        raise fail(
            "D104",
            "this file holds tensors, such as a state dict",
            where=str(path),
            why="it holds weights without the network that they belong to",
            help=f"compile with {FACTORY}, your function or class that builds the network, or "
            f"{HOW_TO_EXPORT}",
        )
    need_torch(path)
    if saved.is_module:
        given.refuse(path, MODULE)
        net, shape = load_module(saved), given.shape(path)
        refuse_large(net, shape, path)
        return _from_archive(Archive.open(path, archive_of(path, net, shape)), name, digest)
    own = own or _own(saved, given, digest)
    if has_blocks(own.net):
        raise no_graph(str(path))
    if spikes(own.net):
        model = of_library(own.net, given.shape(path), name, digest)
    else:
        model = _from_archive(Archive.open(path, archive_of_own(own.net, saved, given)), name, digest)
    return replace(model, notes=(*own.notes, *model.notes))


def of_library(net: nn.Module, shape: Shape, name: str, digest: str) -> Model:
    """A network whose neurons are a spiking library's, live in this process.

    Args:
        net: with its weights; is left as it is.
        shape: of one frame.
        name: of the graph.
        digest: of its file.

    Raises:
        UserError: as :func:`snnc.frontend.spiking_modules.load.load_network`.
    """
    with folder_on_path(Path.cwd()):
        found = load_network(net, shape, name)
    refuse_extremes(found.graph)
    return Model(found.graph, None, digest, found.notes, live=found.live)


def _name(path: Path) -> str:
    """What a graph is called: the file's name, as far as it can be printed."""
    return "".join(c if c.isprintable() else "_" for c in path.stem)


def _read(path: Path) -> bytes:
    data = read_bytes(path, FILE)
    if not data:
        raise fail("D102", "the file is empty", where=str(path), help=HOW_TO_EXPORT)
    return data
