"""The entry of the front end: one file in, one model out, everything checked."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from snnc.errors import UserError, fail
from snnc.files import Kind, read_bytes
from snnc.files.hdf5 import hdf5_of

from .archives.archive import Archive
from .archives.exported import read_program
from .archives.tensors import read_payloads, read_tensors
from .model import IntegerModel, Model, Own
from .netx.load import is_netx, load_netx, refuse_reset_interval
from .nir.load import load_nir
from .nir.neurons import RULES
from .onnx.program import read_onnx
from .onnx.proto import is_onnx
from .operations.cures import HOW_TO_EXPORT
from .operations.kept_dropout import with_dropout
from .operations.last_activation import without_last_activation
from .operations.magnitudes import refuse_extremes
from .own_networks import of_blocks, of_library, own_of_saved
from .recognise import find_model, find_saved, refuse_other_file
from .slayer.blocks import has_blocks
from .spiking_modules.recognise import spikes
from .torch_export.answer import with_answer
from .torch_export.builder import build_graph
from .torch_export.calibration import read_calibration
from .torch_export.deployment import with_deployment
from .torch_export.given import INPUT_SHAPE, MODULE, Given
from .torch_export.torch_run import Step
from .torch_save.own_module import archive_of_own
from .torch_save.pickled_module import load_module, refuse_large
from .torch_save.pickles import refuse_code
from .torch_save.saved import FACTORY, Saved
from .torch_save.through_torch import archive_of, need_torch

if TYPE_CHECKING:
    pass


NOTHING_GIVEN = Given()

FILE = Kind("D101", "the model file cannot be read", absent="the model file cannot be read")


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
        path: a ``torch.export`` archive, usually written by ``snnc.Rollout.export``; ``.nir``;
            ``.onnx``; or what ``torch.save`` wrote: a module of standard layers, or a state dict with
            ``given.module``.
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
        given.refuse_answer(path)
        if is_netx(path, hdf5):
            raise no_graph(str(path))
        found = load_nir(path, hdf5, dt, discretize or RULES[0], reset)
        graph = replace(found.graph, name=_name(path))
        refuse_extremes(graph)
        return Model(graph, None, digest, found.notes, unsaid_resets=found.unsaid)
    refuse_continuous_time(dt, discretize, reset)
    if is_onnx(data):
        return _from_onnx(path, data, digest, given)
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
    given.refuse_answer(path)
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


def load_archive(data: bytes, name: str, answer: str | None = None, dropout: bool = False) -> Model:
    """Read an archive that is in memory, as ``FrameNetwork.to_bytes`` makes it.

    Args:
        data: of a ``torch.export`` archive.
        name: what the graph is called, and messages call the archive.
        answer: name or position of the output that is compiled; None for the only one.
        dropout: keep it in the graph, for training.

    Raises:
        UserError: as :func:`load_model`.
    """
    archive = Archive.open(Path(name), data)
    given = Given(answer=answer, dropout=dropout)
    return _from_archive(archive, name, hashlib.sha256(data).hexdigest(), given)


def _from_archive(archive: Archive, name: str, digest: str, given: Given = NOTHING_GIVEN) -> Model:
    """What an archive holds. That it holds no code is checked before anything else is said of it."""
    inside = find_model(archive)
    program = read_program(archive, f"models/{inside}.json")
    program, told = without_last_activation(with_answer(program, given.answer, str(archive.path)))
    payloads = read_payloads(archive, inside)
    refuse_code(archive, raw={p.member for p in payloads if not p.pickled})
    given.refuse(archive.path, INPUT_SHAPE, MODULE)
    tensors = read_tensors(archive, payloads)
    graph, made = build_graph(with_dropout(program) if given.dropout else program, tensors, name)
    refuse_extremes(graph)
    graph = with_deployment(archive, graph)
    calibration = read_calibration(archive, graph.input.shape)
    return Model(graph, calibration, digest, tuple(told), step=Step(program, tensors, made))


def _from_onnx(path: Path, data: bytes, digest: str, given: Given) -> Model:
    found = read_onnx(path, data, given)
    graph, made = build_graph(found.program, found.tensors, _name(path))
    refuse_extremes(graph)
    step = Step(found.program, found.tensors, made)
    return Model(graph, None, digest, found.notes, step=step, input_grid=found.input_grid)


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
    return own_of_saved(saved, given, hashlib.sha256(data).hexdigest())


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
        exported, only = archive_of(path, net, shape), given.of_archive()
        return _from_archive(Archive.open(path, exported), name, digest, only)
    own = own or own_of_saved(saved, given, digest)
    if has_blocks(own.net):
        raise no_graph(str(path))
    if spikes(own.net):
        model = of_library(own.net, given.shape(path), name, digest, given.answer)
    else:
        exported, only = archive_of_own(own.net, saved, given), given.of_archive()
        model = _from_archive(Archive.open(path, exported), name, digest, only)
    return replace(model, notes=(*own.notes, *model.notes))


def _name(path: Path) -> str:
    """What a graph is called: the file's name, as far as it can be printed."""
    return "".join(c if c.isprintable() else "_" for c in path.stem)


def _read(path: Path) -> bytes:
    data = read_bytes(path, FILE)
    if not data:
        raise fail("D102", "the file is empty", where=str(path), help=HOW_TO_EXPORT)
    return data
