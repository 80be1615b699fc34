"""Changes of a training's checkpoint: bytes of ``torch.save`` and their hash behind."""

from __future__ import annotations

import hashlib
import io
from typing import Any

import torch

from . import on_bytes, on_json, on_zip
from .plan import Change

DIGEST_BYTES = 32


def _whole(content: bytes) -> bytes:
    return content + hashlib.sha256(content).digest()


def sealed(content: bytes, change: Change, _: bytes) -> bytes:
    """Bytes, members or pickles inside are others, and the hash is right."""
    edits = (
        *(on_zip.pickle_inside, on_zip.pickle_inside, on_zip.structure, on_zip.bytes_inside),
        *(on_bytes.flip, on_bytes.cut, on_bytes.whole, on_zip.bombs),
    )
    return _whole(edits[change.other // 3 % len(edits)](content[:-DIGEST_BYTES], change, content))


def state(content: bytes, change: Change, _: bytes) -> bytes:
    """One entry of the state is another: a number, a tensor's shape or type; the hash is right."""
    try:
        found = torch.load(io.BytesIO(content[:-DIGEST_BYTES]), weights_only=True)
    except Exception:  # an earlier change
        return content
    places = on_json.places(found)
    node, key = places[change.where % len(places)]
    if isinstance(node[key], torch.Tensor) and change.much % 8:
        node[key] = _tensor(node[key], change)
    else:
        on_json.EDITS[change.much % len(on_json.EDITS)](node, key, change)
    stream = io.BytesIO()
    try:
        torch.save(found, stream)
    except Exception:  # what pickle cannot say
        return content
    return _whole(stream.getvalue())


def _tensor(tensor: torch.Tensor, change: Change) -> Any:
    kinds = (torch.float64, torch.int64, torch.bool, torch.complex64, torch.float16)
    changed = (
        *(tensor.reshape(-1), tensor[None], tensor[..., :0] if tensor.ndim else tensor[None]),
        *(
            torch.full_like(tensor, value)
            for value in (float("nan"), float("inf"), -1e30)
            if tensor.is_floating_point()
        ),
        *(tensor.to(kind) for kind in kinds),
        *(tensor.to_sparse(), tensor.expand(1000, *tensor.shape), torch.empty(0), tensor.tolist()),
        *(
            torch.quantize_per_tensor(tensor.float(), 0.1, 0, torch.qint8),
            torch.nn.Parameter(tensor.float()),
        ),
    )
    return changed[change.other % len(changed)]
