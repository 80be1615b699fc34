"""The population: small networks of every shape that people train, none tuned for conversion."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from snnc.authoring import Rollout

CLASSES = 10


@dataclass(frozen=True)
class Member:
    """One network of the population.

    Attributes:
        name, data: of the network and of its data set (``sets.py``).
        build: the untrained network.
        epochs, rate: of training, Adam's learning rate.
        regression: it learns values, not classes.
        penalty: factor of the mean activation in the loss; 0 for none.
        after: changes the trained network without changing its function.
    """

    name: str
    data: str
    build: Callable[[], nn.Module]
    epochs: int = 30
    rate: float = 2e-3
    regression: bool = False
    penalty: float = 0.0
    after: Callable[[nn.Module], None] | None = field(default=None)


def mlp(
    inputs: int,
    widths: Sequence[int],
    outputs: int = CLASSES,
    *,
    bias: bool = True,
    norm: bool = False,
    activation: type[nn.Module] = nn.ReLU,
    scale: float = 1.0,
) -> nn.Module:
    """Linear layers with activations between; ``scale`` divides the counts inside the network."""
    layers: list[nn.Module] = [nn.Flatten()]
    if scale != 1:
        layers.append(Divide(scale))
    for before, width in zip((inputs, *widths[:-1]), widths, strict=True):
        layers.append(nn.Linear(before, width, bias=bias))
        layers += [nn.BatchNorm1d(width)] if norm else []
        layers.append(activation())
    return nn.Sequential(*layers, nn.Linear(widths[-1], outputs, bias=bias))


class Divide(nn.Module):
    """Counts brought to a smaller range, as image networks do with their pixels."""

    def __init__(self, by: float) -> None:
        super().__init__()
        self.by = by

    def forward(self, x: Tensor) -> Tensor:
        """x / by."""
        return x / self.by


# Many arguments: those of nn.Conv2d, by the names that torch gives them.
def conv(
    inputs: int,
    outputs: int,
    *,
    kernel: int = 3,
    stride: int = 1,
    groups: int = 1,
    dilation: int = 1,
    bias: bool = True,
    norm: bool = False,
    activation: type[nn.Module] = nn.ReLU,
) -> nn.Sequential:
    """A convolution that keeps the size where the stride is 1, and its activation."""
    layer = nn.Conv2d(
        inputs, outputs, kernel, stride, dilation * (kernel // 2), dilation, groups, bias and not norm
    )
    return nn.Sequential(layer, *([nn.BatchNorm2d(outputs)] if norm else []), activation())


def head(channels: int, side: int, pool: int = 1) -> nn.Sequential:
    """Average pooling where asked for, and the answer."""
    pooling = [nn.AvgPool2d(pool)] if pool > 1 else []
    return nn.Sequential(*pooling, nn.Flatten(), nn.Linear(channels * (side // pool) ** 2, CLASSES))


class Residual(nn.Module):
    """Blocks of two convolutions with a shortcut around each."""

    def __init__(self, inputs: int, side: int, width: int = 12, blocks: int = 2) -> None:
        super().__init__()
        self.stem = conv(inputs, width, norm=True)
        self.first = nn.ModuleList(conv(width, width, norm=True) for _ in range(blocks))
        self.second = nn.ModuleList(
            conv(width, width, norm=True, activation=nn.Identity) for _ in self.first
        )
        self.head = head(width, side, 2)

    def forward(self, x: Tensor) -> Tensor:
        """One image."""
        x = self.stem(x)
        for first, second in zip(self.first, self.second, strict=True):
            x = F.relu(x + second(first(x)))
        answer: Tensor = self.head(x)
        return answer


class Dense(nn.Module):
    """Every layer sees the concatenation of all before it."""

    def __init__(self, inputs: int, side: int, growth: int = 8, layers: int = 3) -> None:
        super().__init__()
        self.layers = nn.ModuleList(conv(inputs + growth * i, growth) for i in range(layers))
        self.head = head(inputs + growth * layers, side, 2)

    def forward(self, x: Tensor) -> Tensor:
        """One image."""
        for layer in self.layers:
            x = torch.cat([x, layer(x)], dim=1)
        answer: Tensor = self.head(x)
        return answer


def deep_cnn(layers: int) -> nn.Module:
    """Convolutions of 12 channels, the size halved once."""
    body = [
        conv(1 if i == 0 else 12, 12, stride=2 if i == layers // 2 else 1, norm=True)
        for i in range(layers)
    ]
    return nn.Sequential(*body, head(12, 4))


def depthwise() -> nn.Module:
    """Depthwise and pointwise convolutions with ReLU6, as in MobileNet."""
    cut = partial(conv, norm=True, activation=nn.ReLU6)
    return nn.Sequential(
        cut(1, 16),
        cut(16, 16, groups=16),
        cut(16, 24, kernel=1),
        cut(24, 24, groups=24, stride=2),
        cut(24, 32, kernel=1),
        head(32, 4, 4),
    )


def rollout(
    shape: Sequence[int],
    widths: Sequence[int],
    *,
    shortcuts: Sequence[tuple[int, int]] = (),
    loops: Sequence[tuple[int, int]] = (),
    delays: Sequence[int] = (),
    gain: float | None = None,
    outputs: int = CLASSES,
    accumulate: bool = True,
) -> Rollout:
    """A chain of full layers, each edge a frame.

    Args:
        shape: of a frame.
        widths: of the layers ``h1``, ``h2``, ...
        shortcuts, loops: edges besides the chain's, by the numbers of their layers; 0 is the input, one
            more than the layers the answer.
        delays: of the chain's edges, 1 where there are fewer.
        gain: of loops of one layer, which then begin at that multiple of the identity.
        outputs, accumulate: of the answer.
    """
    net = Rollout(tuple(shape))
    sizes = [int(torch.Size(shape).numel()), *widths, outputs]
    names = ["input", *(f"h{i + 1}" for i in range(len(widths))), "answer"]
    for name in names[1:-1]:
        net.node(name)
    net.readout("answer", accumulate=accumulate)
    chain = [(i, i + 1) for i in range(len(names) - 1)]
    for number, (a, b) in enumerate([*chain, *shortcuts, *loops]):
        layer = nn.Linear(sizes[a], sizes[b])
        if (a, b) in loops and a == b and gain is not None:
            with torch.no_grad():
                layer.weight.copy_(gain * torch.eye(sizes[a]))
        flat = [nn.Flatten()] if a == 0 and len(shape) > 1 else []
        delay = delays[number] if number < len(delays) else 1
        net.edge(names[a], names[b], nn.Sequential(*flat, layer), delay=delay)
    return net


def conv_rollout(shape: tuple[int, int, int]) -> Rollout:
    """Two convolutions with batch normalisation, recurrence and a shortcut, as in the README."""
    channels, height, _ = shape
    quarter, half = -(-height // 4), -(-height // 2)
    net = Rollout(shape)
    net.node("h1")
    net.node("h2")
    net.readout("answer", accumulate=True)
    first = nn.Conv2d(channels, 8, 3, 2, 1, bias=False)
    net.edge("input", "h1", nn.Sequential(first, nn.BatchNorm2d(8)))
    second = nn.Conv2d(8, 16, 3, 2, 1, bias=False)
    net.edge("h1", "h2", nn.Sequential(second, nn.BatchNorm2d(16)))
    net.edge("h2", "h2", nn.Conv2d(16, 16, 3, padding=1))
    net.edge("h1", "answer", nn.Sequential(nn.Flatten(), nn.Linear(8 * half**2, CLASSES)))
    net.edge("h2", "answer", nn.Sequential(nn.Flatten(), nn.Linear(16 * quarter**2, CLASSES)))
    return net


def enlarge_channel(net: nn.Module) -> None:
    """One channel times 100, the next layer's weights for it divided by 100: the same function."""
    first, second = [m for m in net.modules() if isinstance(m, nn.Linear | nn.Conv2d)][:2]
    with torch.no_grad():
        first.weight[3] *= 100
        if first.bias is not None:
            first.bias[3] *= 100
        second.weight[:, 3] /= 100


def enlarge_row(net: nn.Module) -> None:
    """One channel's weights times 100."""
    first = next(m for m in net.modules() if isinstance(m, nn.Linear | nn.Conv2d))
    with torch.no_grad():
        first.weight[3] *= 100


def kill_channels(net: nn.Module) -> None:
    """A quarter of the first layer's channels never above zero, as training can end."""
    first = next(m for m in net.modules() if isinstance(m, nn.Linear | nn.Conv2d))
    assert first.bias is not None
    with torch.no_grad():
        first.bias[: len(first.bias) // 4] = -1000.0


def population() -> tuple[Member, ...]:
    """All of them, in the order of the tables."""
    return (*_mlps(), *_cnns(), *_rollouts(), *_regressions())


def _mlps() -> tuple[Member, ...]:
    digits = partial(Member, data="digits")
    return (
        digits("mlp 16", build=partial(mlp, 64, (16,))),
        digits("mlp 64", build=partial(mlp, 64, (64,))),
        digits("mlp 128-64", build=partial(mlp, 64, (128, 64))),
        digits("mlp 512", build=partial(mlp, 64, (512,))),
        digits("mlp without bias", build=partial(mlp, 64, (96, 48), bias=False)),
        digits("mlp with batch norm", build=partial(mlp, 64, (96, 48), norm=True)),
        digits("mlp with relu6", build=partial(mlp, 64, (96, 48), activation=nn.ReLU6)),
        digits("mlp 6 deep", build=partial(mlp, 64, (48,) * 6)),
        digits("mlp 12 deep", build=partial(mlp, 64, (64,) * 12, norm=True)),
        digits("mlp, a channel x100", build=partial(mlp, 64, (64, 32)), after=enlarge_channel),
        digits("mlp, a row x100", build=partial(_changed, partial(mlp, 64, (64, 32)), enlarge_row)),
        digits(
            "mlp with dead channels", build=partial(_changed, partial(mlp, 64, (64, 32)), kill_channels)
        ),
        digits("mlp, sparse", build=partial(mlp, 64, (128, 64)), penalty=0.05),
        Member(
            "mlp, counts to 255", "bright digits", partial(mlp, 64, (64, 32), scale=255.0), rate=5e-3
        ),
        Member("mlp 16-32-16-10", "tiny digits", partial(mlp, 16, (32, 16)), epochs=80),
        Member("mlp on clothes", "clothes", partial(mlp, 196, (128,)), epochs=8),
        Member("mlp on photographs", "photographs", partial(mlp, 768, (128, 64)), epochs=8),
    )


def _changed(build: Callable[[], nn.Module], change: Callable[[nn.Module], None]) -> nn.Module:
    """A network that begins its training changed."""
    net = build()
    change(net)
    return net


def _cnns() -> tuple[Member, ...]:
    digits = partial(Member, data="digits", epochs=20)
    return (
        digits(
            "cnn with strides",
            build=lambda: nn.Sequential(conv(1, 12), conv(12, 24, stride=2), head(24, 4)),
        ),
        digits(
            "cnn with pooling",
            build=lambda: nn.Sequential(conv(1, 12), nn.AvgPool2d(2), conv(12, 24), head(24, 4, 2)),
        ),
        digits("cnn, depthwise", build=depthwise),
        digits(
            "cnn, grouped",
            build=lambda: nn.Sequential(conv(1, 16), conv(16, 16, groups=4), head(16, 8, 2)),
        ),
        digits(
            "cnn, dilated",
            build=lambda: nn.Sequential(conv(1, 12), conv(12, 12, dilation=2), head(12, 8, 2)),
        ),
        digits(
            "cnn without bias",
            build=lambda: nn.Sequential(
                conv(1, 12, bias=False), conv(12, 16, stride=2, bias=False), head(16, 4)
            ),
        ),
        digits(
            "cnn with batch norm",
            build=lambda: nn.Sequential(
                conv(1, 12, norm=True), conv(12, 16, stride=2, norm=True), head(16, 4)
            ),
        ),
        digits("cnn 12 deep", build=partial(deep_cnn, 12)),
        digits("cnn, residual", build=partial(Residual, 1, 8)),
        digits("cnn, dense", build=partial(Dense, 1, 8)),
        digits(
            "cnn, a channel x100",
            build=lambda: nn.Sequential(conv(1, 12), conv(12, 16, stride=2), head(16, 4)),
            after=enlarge_channel,
        ),
        Member(
            "cnn, counts to 255",
            "bright digits",
            lambda: nn.Sequential(Divide(255.0), conv(1, 12), conv(12, 16, stride=2), head(16, 4)),
            epochs=20,
        ),
        Member(
            "cnn on clothes",
            "clothes",
            lambda: nn.Sequential(
                conv(1, 12, norm=True), nn.AvgPool2d(2), conv(12, 24, norm=True), head(24, 7)
            ),
            epochs=5,
        ),
        Member("cnn on photographs", "photographs", partial(Residual, 3, 16), epochs=5),
    )


def _rollouts() -> tuple[Member, ...]:
    tiny = partial(Member, data="moving tiny digits", epochs=30)
    streams = partial(Member, data="digit streams", epochs=25)
    wide, small = (1, 8, 8), (16,)
    return (
        tiny("chain 16-64-48-10", build=partial(rollout, small, (64, 48))),
        streams("chain of 6", build=partial(rollout, wide, (48,) * 5)),
        tiny("shortcuts", build=partial(rollout, small, (64, 48), shortcuts=[(0, 2), (1, 3)])),
        tiny(
            "self loop, gain 0.95",
            build=partial(rollout, small, (48,), loops=[(1, 1)], gain=0.95, accumulate=False),
        ),
        streams(
            "self loop, gain 0.99",
            build=partial(rollout, wide, (32,), loops=[(1, 1)], gain=0.99, accumulate=False),
        ),
        tiny("loop of two layers", build=partial(rollout, small, (48, 48), loops=[(2, 1)])),
        tiny(
            "delays of 2 and 3",
            build=partial(rollout, small, (64, 48), shortcuts=[(0, 3)], delays=(1, 2, 3)),
        ),
        streams("rollout, not accumulating", build=partial(rollout, wide, (64, 32), accumulate=False)),
        streams(
            "rollout, dense", build=partial(rollout, wide, (48, 48), shortcuts=[(0, 2), (0, 3), (1, 3)])
        ),
        Member(
            "rollout on tiny streams", "tiny streams", partial(rollout, (1, 4, 4), (48, 32)), epochs=40
        ),
        Member("rollout, convolutions", "moving digits", partial(conv_rollout, (2, 16, 16)), epochs=12),
        Member("rollout on recordings", "recordings", partial(conv_rollout, (2, 17, 17)), epochs=25),
        Member(
            "rollout on speech", "speech", partial(rollout, small, (96, 64), loops=[(2, 2)]), epochs=25
        ),
    )


def _regressions() -> tuple[Member, ...]:
    return (
        Member("regression, mlp", "centres", partial(mlp, 64, (64, 32), 3), 60, 2e-3, True),
        Member(
            "regression, rollout",
            "centre streams",
            partial(rollout, (1, 8, 8), (64, 32), outputs=3, accumulate=False),
            60,
            2e-3,
            True,
        ),
    )
