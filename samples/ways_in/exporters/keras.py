"""A network of Keras as ONNX, by both exporters: ``python keras.py FOLDER``, with digits.npz in it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
sys.path = [entry for entry in sys.path if entry != str(Path(__file__).parent)]  # this file's own name

import keras  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
import tf2onnx  # noqa: E402

folder = Path(sys.argv[1])
digits = np.load(folder / "digits.npz")
x, y, count = digits["x"].transpose(0, 2, 3, 1).astype("float32"), digits["y"], int(digits["training"])
keras.utils.set_random_seed(0)
layers = keras.layers
inner = keras.Sequential(
    [
        keras.Input((8, 8, 1)),
        layers.Conv2D(8, 3, padding="same", use_bias=False),
        layers.BatchNormalization(),
        layers.ReLU(),
        layers.MaxPooling2D(2),
        layers.Conv2D(12, 3, strides=2, padding="same", activation="relu"),
        layers.Flatten(),
        layers.Dropout(0.1),
        layers.Dense(24, activation="relu"),
        layers.Dense(10),
    ]
)
net = keras.Sequential([inner, layers.Softmax()])
net.compile("adam", "sparse_categorical_crossentropy")
net.fit(x[:count], y[:count], epochs=8, verbose=0)
answers = inner.predict(x[count:], verbose=0)
net.export(str(folder / "keras.onnx"), format="onnx", verbose=False)
spec = [tf.TensorSpec((None, 8, 8, 1), tf.float32, name="x")]
function = tf.function(lambda images: net(images), input_signature=spec)
tf2onnx.convert.from_function(function, spec, opset=15, output_path=str(folder / "tf2onnx.onnx"))
for name in ("keras", "tf2onnx"):
    np.save(folder / f"{name}.npy", answers)
