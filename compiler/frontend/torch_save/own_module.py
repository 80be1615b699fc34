"""A state dict and the user's own code that builds its network: ``--module package.module:factory``.

This is the only place where snnc runs code of the user, and only code that they name; the file itself
is read by torch's weights-only loader.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from snnc.errors import Diagnostic, UserError, fail
from snnc.frontend.torch_export.given import INPUT_SHAPE, MODULE, Given, parse_shape

from .checkpoints import Weights, fitted, shown, weights_in
from .own_folder import folder_on_path
from .pickled_module import load_tensors
from .saved import Saved
from .through_torch import archive_of, reason

if TYPE_CHECKING:
    import torch
    from torch import nn

Prepare = Callable[["nn.Module", Mapping[str, "torch.Tensor"]], set[str]]
"""What a library's networks need before they take the tensors of a file."""


def own_network(saved: Saved, given: Given, prepare: Prepare) -> tuple[nn.Module, list[Diagnostic]]:
    """The network of a state dict, built by the user's code; and how its weights were found.

    Args:
        saved: the file.
        given: its ``module`` names the factory, which is called without arguments.
        prepare: makes the network ready for tensors of a file; gives the names in a state dict that are
            what the last run left, and no weights.

    Raises:
        UserError: D104 the file holds something else, D126 the factory cannot be used, D127 its network
            and the state dict do not fit.
    """
    assert given.module is not None
    weights = weights_in(load_tensors(saved), saved.path, len(saved.data))
    with folder_on_path(Path.cwd()):
        net = built_by(given.module)
        notes = _load(net, weights, saved.path, given.module, prepare)
    net.eval()
    return net, notes


def archive_of_own(net: nn.Module, saved: Saved, given: Given) -> bytes:
    """Such a network as a ``torch.export`` archive.

    Raises:
        UserError: D122 no input shape, D124 torch.export fails.
    """
    with folder_on_path(Path.cwd()):
        if _is_rollout(net):
            return _rollout_archive(net, given)
        return archive_of(saved.path, net, given.shape(saved.path))


def _rollout_archive(rollout: Any, given: Given) -> bytes:
    """What ``snnc.Rollout.export`` writes; a shape on the command line must be the network's."""
    assert given.module is not None
    if given.input_shape is not None and parse_shape(given.input_shape) != rollout.input_shape:
        raise fail(
            "D122",
            f"the network takes frames of shape {rollout.input_shape}, not {given.input_shape}",
            where=INPUT_SHAPE,
            help="leave the option out: a Rollout knows its shape",
        )
    try:
        data: bytes = rollout.to_bytes()
    except Exception as error:
        raise _user_code(given.module, "the Rollout cannot be exported", error) from None
    return data


def own_function(name: str, where: str = MODULE) -> Callable[..., Any]:
    """What the user names, imported: this runs their module.

    Args:
        name: ``package.module:function``.
        where: the option or key that names it, for messages.

    Raises:
        UserError: D126 there is no such thing, or it is none that can be called.
    """
    from torch import nn

    module_name, colon, function_name = name.partition(":")
    if not colon or not module_name or not function_name:
        raise fail(
            "D126", f"{name!r} is not a factory", where=where, help="write package.module:factory"
        )
    try:
        place: Any = importlib.import_module(module_name)
    except (Exception, SystemExit) as error:
        raise _user_code(name, f"{module_name} cannot be imported", error, where) from None
    for part in function_name.split("."):
        if not hasattr(place, part):
            raise fail("D126", f"{module_name} has no {function_name}", where=f"{where} {name}")
        place = getattr(place, part)
    if not callable(place) or isinstance(place, nn.Module):
        what = f"{function_name} is a {type(place).__name__}, not a function or class"
        raise fail("D126", what, where=f"{where} {name}", help="name what builds the network")
    function: Callable[..., Any] = place
    return function


def built_by(name: str, where: str = MODULE) -> nn.Module:
    """Import the user's module and call the factory.

    Raises:
        UserError: D126 as :func:`own_function`, or the call fails or gives something else.
    """
    from torch import nn

    factory, factory_name = own_function(name, where), name.partition(":")[2]
    try:
        net = factory()
    except (Exception, SystemExit) as error:
        raise _user_code(name, f"{factory_name}() failed", error, where) from None
    if not isinstance(net, nn.Module):
        what = f"{factory_name}() gives a {type(net).__name__}, not a torch.nn.Module"
        raise fail("D126", what, where=f"{where} {name}")
    return net


def _user_code(name: str, what: str, error: BaseException, where: str = MODULE) -> UserError:
    trace, line = error.__traceback__, ""
    while trace is not None:
        file = Path(trace.tb_frame.f_code.co_filename)
        if file.is_file() and "importlib" not in file.parts:
            line = f" ({file.name}, line {trace.tb_lineno})"
        trace = trace.tb_next
    folder = "the current folder" if where == MODULE else "the file's folder"
    return fail(
        "D126",
        what,
        where=f"{where} {name}",
        why=reason(error) + line,
        help=f"it is called without arguments, with {folder} on the path",
    )


def _load(
    net: nn.Module,
    weights: Weights,
    path: Path,
    name: str,
    prepare: Prepare,
) -> list[Diagnostic]:
    """Give the network its weights; nothing may be missing, left over or of another shape."""
    try:
        if _is_rollout(net):
            rollout: Any = net
            rollout.reset()  # creates the states, which a state dict does not hold
        weights, notes = fitted(weights, net.state_dict(), path)
        passing = prepare(net, weights.tensors)
        wanted = net.state_dict()
    except UserError:
        raise
    except Exception as error:
        raise _user_code(name, "the network has no state dict", error) from None
    state = {key: values for key, values in weights.tensors.items() if key not in passing}
    wanted = {key: values for key, values in wanted.items() if key not in passing}
    other = [
        f"{key} is {tuple(state[key].shape)} in the file and {tuple(values.shape)} in the network"
        for key, values in wanted.items()
        if key in state and state[key].shape != values.shape
    ]
    differences = []
    if missing := wanted.keys() - state.keys():
        differences.append(f"the file lacks {shown(missing)}")
    if left := state.keys() - wanted.keys():
        differences.append(f"the network lacks {shown(left)}")
    if other:
        differences.append(shown(other))
    if differences:
        raise UserError(
            Diagnostic(
                "D127",
                "the state dict does not fit the network",
                where=f"{path} with {MODULE} {name}",
                why="; ".join(differences),
                help="give the factory that builds the network as it was trained",
            )
        )
    try:
        net.load_state_dict(state, strict=not passing)
    except Exception as error:
        raise _user_code(name, "the state dict cannot be loaded", error) from None
    return notes


def _is_rollout(net: nn.Module) -> bool:
    from snnc.authoring import Rollout

    return isinstance(net, Rollout)
