"""What JPEG costs: the images compressed once more, with the blocks elsewhere.

The copy was compressed once, and what that cost cannot be measured without the originals. A second time
can: with blocks of 8 x 8 pixels at other places it is as lossy as a first, for an image that is smooth
already.
"""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samples.results.record import Outcome
from snnc.frontend import load_model
from snnc.training import Batches, judge, thaw

from .data import load
from .experiments import JUDGED, float_network

BLOCK = 8
SHIFT = 4
QUALITIES = (90, 75, 50)
HALVED = 2  # pillow's word for chroma of half the size in both directions


def compressed(image: NDArray[np.uint8], quality: int, shift: int) -> NDArray[np.uint8]:
    """An image, (3, height, width), through JPEG with its chroma halved.

    Args:
        image: sides are multiples of 8.
        quality: 1 to 95, libjpeg's.
        shift: of the blocks, in pixels both ways, 0 to 7; the border is repeated outwards.
    """
    from PIL import Image

    pixels = image.transpose(1, 2, 0)
    height, width, _ = pixels.shape
    if shift:
        around = (shift, BLOCK - shift)
        pixels = np.pad(pixels, (around, around, (0, 0)), mode="edge")
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=quality, subsampling=HALVED)
    found = np.asarray(Image.open(io.BytesIO(file.getvalue())))
    return found[shift : shift + height, shift : shift + width].transpose(2, 0, 1)


def cost(seed: int) -> Outcome:
    """Right of the validation images in floats, %, as they are and compressed again; squared errors."""
    network = thaw(load_model(float_network(seed)).graph, norms=True)
    parts = load().validation
    rows: list[dict[str, Any]] = [{"quality": 0, "right": _right(network, parts.x, parts.y)}]
    for quality in QUALITIES:
        again = np.stack([compressed(image, quality, SHIFT) for image in parts.x])
        error = float(np.square(again.astype(np.float64) - parts.x).mean())
        right = _right(network, again, parts.y)
        rows.append({"quality": quality, "right": right, "squared_error": round(error, 1)})
    return {"images": len(parts.x), "rows": rows}


def _right(network: Any, x: NDArray[Any], y: NDArray[np.int64]) -> float:
    return round(100 * judge(network, Batches(x[:, None], y, JUDGED)).last, 2)
