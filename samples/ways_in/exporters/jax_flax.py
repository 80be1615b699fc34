"""A network of Flax as ONNX: ``python jax_flax.py FOLDER``, with digits.npz in it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
import onnx
import optax
from flax import nnx
from jax2onnx import to_onnx

folder = Path(sys.argv[1])
digits = np.load(folder / "digits.npz")
count = int(digits["training"])
x = jnp.asarray(digits["x"].transpose(0, 2, 3, 1).astype("float32"))
y = jnp.asarray(digits["y"])


class Net(nnx.Module):  # type: ignore[misc]
    """Two convolutions, max-pooling, two dense layers."""

    def __init__(self, rngs: Any) -> None:
        self.c1 = nnx.Conv(1, 8, (3, 3), rngs=rngs)
        self.c2 = nnx.Conv(8, 8, (3, 3), strides=2, rngs=rngs)
        self.l1 = nnx.Linear(32, 24, rngs=rngs)
        self.l2 = nnx.Linear(24, 10, rngs=rngs)

    def __call__(self, t: Any) -> Any:
        t = nnx.max_pool(nnx.relu(self.c1(t)), window_shape=(2, 2), strides=(2, 2))
        t = nnx.relu(self.c2(t)).reshape(t.shape[0], -1)
        return self.l2(nnx.relu(self.l1(t)))


net = Net(nnx.Rngs(0))
optimizer = nnx.Optimizer(net, optax.adam(3e-3), wrt=nnx.Param)


@nnx.jit  # type: ignore[untyped-decorator]
def step(net: Any, optimizer: Any, images: Any, classes: Any) -> None:
    """One step of Adam."""

    def loss(net: Any) -> Any:
        return optax.softmax_cross_entropy_with_integer_labels(net(images), classes).mean()

    optimizer.update(net, nnx.grad(loss)(net))


for number in range(200):
    batch = np.arange(number * 64, number * 64 + 64) % count
    step(net, optimizer, x[batch], y[batch])
onnx.save(to_onnx(net, [(1, 8, 8, 1)]), folder / "jax.onnx")
np.save(folder / "jax.npy", np.asarray(net(x[count:])))
