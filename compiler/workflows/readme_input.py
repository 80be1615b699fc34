"""What a bundle's README says of an input that takes values or still images, not counts.

A back end gets a program of counts and writes the README; what stands behind the counts is in the
manifest alone.
"""

from __future__ import annotations

from pathlib import Path

from snnc.bundle.manifest import InputEntry
from snnc.errors import counted

from .input_values import grid_text

README = "README.md"

VALUES = """
## Values become counts

The network was trained on values, and its input takes counts: {formula}.
Counts go from {low} to {high}; values beyond are clipped to these. The numbers are in
`manifest.json`, one for all channels or one for each.
From the folder that holds this file, for x of shape (frames, {axes}):

```python
import json

import numpy as np

given = json.load(open("manifest.json"))["input"]["values"]
scale, offset = (np.reshape(given[name], (-1,{ones})) for name in ("scale", "offset"))
counts = np.clip(np.rint((x - offset) / scale), *given["counts"]).astype(np.int64)
```
"""

REPEATED = """
## Still images

Each image is shown for {frames}: `np.repeat(image[None], {repeat}, axis=0)`.
"""


def tell_input(folder: Path, given: InputEntry) -> None:
    """Add to the README, where the back end wrote one, how data become what the input takes.

    Args:
        folder: of the bundle, not yet sealed.
        given: what its manifest says of the input.
    """
    readme, said = folder / README, ""
    if given.grid is not None:
        axes = ", ".join(map(str, given.shape))
        ones = " 1," * (len(given.shape) - 1)
        said += VALUES.format(
            formula=grid_text(given.grid),
            low=given.grid.low,
            high=given.grid.high,
            axes=axes,
            ones=ones.removesuffix(","),
        )
    if given.repeat is not None and given.repeat > 1:
        said += REPEATED.format(frames=f"{counted(given.repeat, 'frame')}", repeat=given.repeat)
    if said and readme.is_file():
        with readme.open("ab") as file:
            file.write(said.encode())
