"""Forms in which people have networks of PyTorch, each with the way in and how to make the file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn.utils import parametrizations

from . import networks
from .networks import SHAPE, trained

Model = Path | nn.Module
Maker = Callable[[nn.Module, Path], Model]


@dataclass(frozen=True)
class Way:
    """One form of a network.

    Attributes:
        form: what people have.
        network: what it is, in words.
        way_in: what the user types.
        net: the trained network.
        make: makes the form in a folder; what ``snnc.compile`` takes.
        options: of ``snnc.compile``.
        package: whose version made it.
        values: it was trained on normalised images and takes these.
    """

    form: str
    network: str
    way_in: str
    net: Callable[[], nn.Module]
    make: Maker
    options: Mapping[str, Any] = field(default_factory=dict)
    package: str = "torch"
    values: bool = False


def _archive(net: nn.Module, folder: Path) -> Path:
    path = folder / "net.pt2"
    torch.export.save(torch.export.export(net, (torch.zeros(1, *SHAPE),)), path)
    return path


def _any_batch(net: nn.Module, folder: Path) -> Path:
    path, batch = folder / "net.pt2", torch.export.Dim("batch")
    example = torch.zeros(2, *SHAPE)
    torch.export.save(torch.export.export(net, (example,), dynamic_shapes=({0: batch},)), path)
    return path


def _with_softmax(net: nn.Module, folder: Path) -> Path:
    return _archive(nn.Sequential(net, nn.Softmax(1)).eval(), folder)


def _two_answers(net: nn.Module, folder: Path) -> Path:
    return _archive(networks.TwoAnswers(net).eval(), folder)


def _exported(net: nn.Module, folder: Path) -> Path:
    net.export(folder / "net.pt", networks.calibration())  # type: ignore[operator]
    return folder / "net.pt"


def _module(net: nn.Module, folder: Path) -> Path:
    inner = net.net if isinstance(net, networks.Mlp) else net
    torch.save(inner, folder / "net.pt")
    return folder / "net.pt"


def _weights(wrap: Callable[[dict[str, Any]], Any], name: str = "net.pt") -> Maker:
    def make(net: nn.Module, folder: Path) -> Path:
        torch.save(wrap(dict(net.state_dict())), folder / name)
        return folder / name

    return make


def _under(prefix: str, weights: dict[str, Any]) -> dict[str, Any]:
    return {prefix + name: values for name, values in weights.items()}


def _lightning(weights: dict[str, Any]) -> dict[str, Any]:
    """What Lightning 2's ``ModelCheckpoint`` writes, without its optimizers."""
    about = {"epoch": 3, "global_step": 40, "pytorch-lightning_version": "2.5.0", "callbacks": {}}
    return {**about, "state_dict": _under("model.", weights)}


def _safetensors(net: nn.Module, folder: Path) -> Path:
    save_file(net.state_dict(), folder / "net.safetensors")
    return folder / "net.safetensors"


def _itself(net: nn.Module, folder: Path) -> nn.Module:
    return net


EXPORT = "`torch.export.save(...)`; `snnc compile net.pt2`"
SHAPED = {"input_shape": SHAPE}
BUILT = {"input_shape": SHAPE, "module": "samples.ways_in.networks:Mlp"}
FACTORY = "`snnc compile {} --module package.module:Net --input-shape 1,8,8`"
mlp = partial(trained, networks.Mlp)


def _archived(network: str, make: Callable[[], nn.Module]) -> Way:
    return Way("archive of `torch.export`", network, EXPORT, partial(trained, make), _archive)


def _of_activation(activation: Callable[[], nn.Module]) -> Way:
    name = type(activation()).__name__
    return _archived(f"MLP with {name}", partial(networks.with_activation, activation()))


def _of_parameters(how: Callable[[nn.Module], nn.Module]) -> Way:
    return _archived(f"MLP with `{how.__name__}`", partial(networks.parametrized, how))


def _checkpoint(form: str, file: str, wrap: Callable[[dict[str, Any]], Any]) -> Way:
    return Way(form, "MLP", FACTORY.format(file), mlp, _weights(wrap, file), BUILT)


WAYS: tuple[Way, ...] = (
    _archived("MLP", networks.Mlp),
    _archived("CNN: batch norm, max-pooling, dropout", networks.cnn),
    Way(
        "archive for any batch",
        "CNN",
        "`dynamic_shapes=({0: batch},)`; `snnc compile net.pt2`",
        partial(trained, networks.cnn),
        _any_batch,
    ),
    Way(
        "archive of `torch.export`",
        "CNN trained on normalised images",
        "`snnc compile net.pt2 --calibration x.npz`, x in floats",
        partial(trained, networks.cnn, values=True),
        _archive,
        values=True,
    ),
    Way("archive of `torch.export`", "MLP that ends in a softmax", EXPORT, mlp, _with_softmax),
    Way(
        "archive with several outputs",
        "MLP that gives a dictionary",
        "`snnc compile net.pt2 --answer logits`",
        mlp,
        _two_answers,
        {"answer": "logits"},
    ),
    _archived("CNN that normalises inside, `(x / 16 - mean) / std`", networks.Normalising),
    _archived("ConvTranspose, Upsample", networks.upsampled),
    _archived("MLP with 15 levels (`snnc.QuantizedReLU`)", networks.with_levels),
    *(_of_activation(make) for make in (nn.ReLU6, nn.LeakyReLU, nn.PReLU, nn.Hardtanh, nn.Hardsigmoid)),
    *(_of_parameters(how) for how in (parametrizations.weight_norm, parametrizations.spectral_norm)),
    Way(
        "`snnc.Rollout`, exported",
        "loop, shortcut, 4 frames",
        '`net.export("net.pt", counts)`; `snnc compile net.pt`',
        partial(trained, networks.rollout),
        _exported,
    ),
    Way(
        "`snnc.Rollout` in Python",
        "loop, shortcut, 4 frames",
        "`snnc.compile(net, ...)`",
        partial(trained, networks.rollout),
        _itself,
    ),
    Way(
        "`nn.Module` in Python",
        "CNN",
        "`snnc.compile(net, ...)`",
        partial(trained, networks.cnn),
        _itself,
        SHAPED,
    ),
    Way(
        "`torch.save(net)`",
        "MLP",
        "`snnc compile net.pt --input-shape 1,8,8`",
        mlp,
        _module,
        SHAPED,
    ),
    Way(
        "`torch.save(net)`",
        "CNN",
        "`snnc compile net.pt --input-shape 1,8,8`",
        partial(trained, networks.cnn),
        _module,
        SHAPED,
    ),
    _checkpoint("state dict", "net.pt", dict),
    _checkpoint("checkpoint, key `state_dict`", "net.pt", lambda w: {"epoch": 3, "state_dict": w}),
    _checkpoint(
        "checkpoint, key `model_state_dict`", "net.pt", lambda w: {"model_state_dict": w, "loss": 0.1}
    ),
    _checkpoint("Lightning's checkpoint", "net.ckpt", _lightning),
    _checkpoint("of `DataParallel`: `module.`", "net.pt", partial(_under, "module.")),
    _checkpoint("of `torch.compile`: `_orig_mod.`", "net.pt", partial(_under, "_orig_mod.")),
    Way(
        "safetensors",
        "MLP",
        FACTORY.format("net.safetensors"),
        mlp,
        _safetensors,
        BUILT,
        "safetensors",
    ),
)
