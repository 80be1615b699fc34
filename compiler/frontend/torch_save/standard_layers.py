"""The layers that are rebuilt from a pickled module: all state that they have is known."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn

SMALLEST: dict[str, tuple[Any, ...]] = {
    "activation.Hardsigmoid": (),
    "activation.Hardtanh": (),
    "activation.LeakyReLU": (),
    "activation.LogSoftmax": (1,),
    "activation.PReLU": (),
    "activation.ReLU": (),
    "activation.ReLU6": (),
    "activation.Sigmoid": (),
    "activation.Softmax": (1,),
    "activation.Tanh": (),
    "batchnorm.BatchNorm1d": (1,),
    "batchnorm.BatchNorm2d": (1,),
    "batchnorm.BatchNorm3d": (1,),
    "container.Sequential": (),
    "conv.Conv1d": (1, 1, 1),
    "conv.Conv2d": (1, 1, 1),
    "conv.Conv3d": (1, 1, 1),
    "conv.ConvTranspose1d": (1, 1, 1),
    "conv.ConvTranspose2d": (1, 1, 1),
    "dropout.AlphaDropout": (),
    "dropout.Dropout": (),
    "dropout.Dropout1d": (),
    "dropout.Dropout2d": (),
    "dropout.Dropout3d": (),
    "dropout.FeatureAlphaDropout": (),
    "flatten.Flatten": (),
    "flatten.Unflatten": (1, (1,)),
    "linear.Identity": (),
    "linear.Linear": (1, 1),
    "padding.CircularPad1d": (1,),
    "padding.CircularPad2d": (1,),
    "padding.ConstantPad1d": (1, 0.0),
    "padding.ConstantPad2d": (1, 0.0),
    "padding.ConstantPad3d": (1, 0.0),
    "padding.ReflectionPad1d": (1,),
    "padding.ReflectionPad2d": (1,),
    "padding.ReplicationPad1d": (1,),
    "padding.ReplicationPad2d": (1,),
    "padding.ZeroPad1d": (1,),
    "padding.ZeroPad2d": (1,),
    "padding.ZeroPad3d": (1,),
    "pixelshuffle.PixelShuffle": (1,),
    "pooling.AdaptiveAvgPool1d": (1,),
    "pooling.AdaptiveAvgPool2d": (1,),
    "pooling.AdaptiveAvgPool3d": (1,),
    "pooling.AvgPool1d": (1,),
    "pooling.AvgPool2d": (1,),
    "pooling.AvgPool3d": (1,),
    "pooling.MaxPool1d": (1,),
    "pooling.MaxPool2d": (1,),
    "pooling.MaxPool3d": (1,),
    "upsampling.Upsample": (1,),
    "upsampling.UpsamplingBilinear2d": (1,),
    "upsampling.UpsamplingNearest2d": (1,),
}
"""By ``module.Class`` under torch.nn.modules: arguments that make a small one."""

PREFIX = "torch.nn.modules."

QUANTIZED_RELU = ("snnc.authoring.activation.QuantizedReLU", "snnc.training.activation.QuantizedReLU")
"""The one layer of ours that an ``nn.Sequential`` can hold, and its name before it moved."""

NAMES = frozenset({*(PREFIX + name for name in SMALLEST), *QUANTIZED_RELU})
"""What a pickle of such layers names beside tensors."""


def build(name: str) -> nn.Module:
    """A new, small layer of a class in ``NAMES``, to be given its real state."""
    from torch import nn

    if name in QUANTIZED_RELU:
        from snnc.authoring import QuantizedReLU

        return QuantizedReLU(levels=1)
    kind: Callable[..., nn.Module] = getattr(nn, name.rpartition(".")[2])
    return kind(*SMALLEST[name.removeprefix(PREFIX)])
