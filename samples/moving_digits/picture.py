"""The picture of the README, ``docs/first-look.svg``: one stream, its spikes, and accuracy by frame.

    python -m samples.moving_digits.picture            # draws it again
    python -m samples.moving_digits.picture --check    # exit code 1 where it is out of date

Everything in it is run: the bundles of ``make demo`` are compiled, one stream is verified on Lava, and
all test streams are counted. A digest of what is shown is in the file; ``--check`` runs all again and
compares it. The same matplotlib gives the same bytes.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .demo import PROVED_STEPS, STEPS, accuracies, compiled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PICTURE = Path(__file__).resolve().parents[2] / "docs" / "first-look.svg"
STREAM = 0
LAYERS = ("h1", "h2")
DIGEST = re.compile(r"sha256:([0-9a-f]{64})")
BLUE, RED, GREY, WHITE = "#1f66b1", "#c0392b", "#6b7280", "#ffffff"
SMALL, SMALLER = 8, 7
"""Sizes of letters, points."""


@dataclass(frozen=True)
class Shown:
    """What the picture shows.

    Attributes:
        digit: label of the stream.
        events: of the stream, uint8 (frames, 2, 16, 16).
        spikes: of each layer, bool (steps, neurons); the same on snnc's simulator and on Lava.
        potential: of the readout after each frame, in the model's units, (frames, 10).
        compared: values that were compared with Lava, of which none differs.
        engine: name and version of what they were compared with.
        accuracy: by frame, of each run over all streams.
        streams: how many these are.
    """

    digit: int
    events: NDArray[np.uint8]
    spikes: dict[str, NDArray[np.bool_]]
    potential: NDArray[np.float64]
    compared: int
    engine: str
    accuracy: dict[str, NDArray[np.float64]]
    streams: int

    def digest(self) -> str:
        """A SHA-256 of all of it; potentials to three digits."""
        whole = hashlib.sha256(repr((self.digit, self.compared, self.engine, self.streams)).encode())
        whole.update(self.events.tobytes())
        for name, sent in self.spikes.items():
            whole.update(name.encode() + np.packbits(sent).tobytes())
        for name, right in self.accuracy.items():
            whole.update(name.encode() + np.rint(1000 * right).astype("<i4").tobytes())
        whole.update(np.rint(1000 * self.potential).astype("<i4").tobytes())
        return whole.hexdigest()


def run(place: Path) -> Shown:
    """Compile, verify and run, with all files in ``place``.

    Raises:
        RuntimeError: Lava is missing, or a value differs on it.
    """
    from snnc.shipped import write_samples

    write_samples(place)
    test = place / "moving_digits_test.npz"
    bundles = {k: compiled(k, place / f"digits_{k}.loihi") for k in STEPS}
    with np.load(test) as data:
        x, y = data["x"], data["y"]
    one = x[STREAM : STREAM + 1]
    proved = bundles[PROVED_STEPS]
    verified = proved.verify(one)
    if verified.missing or verified.different:
        raise RuntimeError(f"nothing to show: {verified}")
    ran = proved.run(one, record=LAYERS)
    return Shown(
        int(y[STREAM]),
        one[0],
        {name: ran.spikes[name][0].reshape(len(ran.spikes[name][0]), -1) > 0 for name in LAYERS},
        ran.answers[0].astype(np.float64),
        verified.comparison.compared,
        f"{verified.engine.name} {verified.engine.version}",
        accuracies(test, bundles),
        len(y),
    )


def drawn(shown: Shown) -> Figure:
    """The figure, on white, which both of GitHub's themes show."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.0, 3.9), facecolor=WHITE, layout="constrained")
    parts: Any = figure.subfigures(1, 2, width_ratios=[1.75, 1.0], wspace=0.03)
    _one_stream(parts[0], shown)
    _all_streams(parts[1], shown)
    return figure


def _one_stream(part: Any, shown: Shown) -> None:
    """Events, spikes and answers, above each other along the same time axis."""
    frames = len(shown.events)
    heights = [0.5, 1.3, 0.7, 0.8]
    panels = part.subplots(4, 1, sharex=True, height_ratios=heights)
    part.suptitle(
        f"one stream (a {shown.digit}): the same spikes in snnc's simulator and on {shown.engine},\n"
        f"0 of {shown.compared:,} values differ",
        fontsize=SMALL,
    )
    seen, *rasters, answers = panels
    for frame, (on, off) in enumerate(shown.events):
        colours = np.ones((*on.shape, 3))
        colours[on > 0], colours[off > 0] = (0.12, 0.40, 0.69), (0.75, 0.22, 0.17)
        seen.imshow(colours, extent=(frame + 0.08, frame + 0.92, 0, 1), aspect="auto")
    seen.set_ylim(-0.05, 1.05)
    for axes, (name, sent) in zip(rasters, shown.spikes.items(), strict=True):
        extent = (0, frames, sent.shape[1], 0)
        axes.imshow(sent.T, cmap="Greys", aspect="auto", interpolation="none", extent=extent)
        axes.set_ylabel(f"{name}\n{sent.shape[1]} neurons", fontsize=SMALLER)
    after = np.arange(1, frames + 1)
    for digit, potential in enumerate(shown.potential.T):
        own = digit == shown.digit
        answers.plot(after, potential, color=BLUE if own else "0.75", lw=1.6 if own else 0.7)
    answers.text(
        frames + 0.06,
        shown.potential[-1, shown.digit],
        f"{shown.digit}",
        color=BLUE,
        va="center",
        fontsize=SMALL,
    )
    answers.set_ylabel("answer", fontsize=SMALLER)
    seen.set_ylabel("events", fontsize=SMALLER)
    for axes in panels:
        axes.set_yticks([])
        axes.tick_params(labelsize=SMALLER, length=2)
    answers.set_xlim(0, frames)
    answers.set_xticks(range(0, frames + 1, 2))
    answers.set_xlabel(f"frame (of {PROVED_STEPS} time steps)", fontsize=SMALLER)


def _all_streams(part: Any, shown: Shown) -> None:
    """Accuracy by frame, in floats and in integers."""
    axes = part.subplots()
    shades = iter(("#f2a65a", "#e07b39", "#1f66b1", "#14406f"))
    for name, accuracy in shown.accuracy.items():
        floats = "float" in name
        axes.plot(
            np.arange(1, len(accuracy) + 1),
            100 * accuracy,
            "-o",
            color="black" if floats else next(shades),
            lw=1.8 if floats else 1.0,
            ms=2.5,
            label=name,
        )
    part.suptitle(
        f"accuracy in % after each frame, {shown.streams} test streams\n(K: time steps in a frame)",
        fontsize=SMALL,
    )
    axes.set_xlabel("frame", fontsize=SMALLER)
    axes.set_ylim(0, 101)
    axes.set_xticks(range(2, len(shown.events) + 1, 2))
    axes.tick_params(labelsize=SMALLER, length=2)
    axes.grid(color="0.92", lw=0.6)
    axes.legend(fontsize=SMALLER, loc="lower right", frameon=False)
    axes.spines[["top", "right"]].set_visible(False)


def write(shown: Shown, path: Path) -> None:
    """Write the figure, with the digest of what it shows."""
    import matplotlib

    with matplotlib.rc_context({"svg.hashsalt": "snnc", "svg.fonttype": "path"}):
        about = {"Date": None, "Creator": None, "Description": f"sha256:{shown.digest()}"}
        drawn(shown).savefig(path, format="svg", metadata=about)


def digest_of(path: Path) -> str:
    """The digest that a picture has; empty where it has none."""
    found = DIGEST.search(path.read_text()) if path.is_file() else None
    return found[1] if found else ""


def main() -> int:
    """Draw the picture, or say whether it is out of date."""
    parser = argparse.ArgumentParser(description="Draw the README's picture.")
    parser.add_argument("--check", action="store_true", help="draw nothing; 1 where it is out of date")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        shown = run(Path(place))
    if not options.check:
        write(shown, PICTURE)
        print(f"{PICTURE}: {PICTURE.stat().st_size / 1000:.0f} kB")
    elif shown.digest() != digest_of(PICTURE):
        print(f"{PICTURE} is out of date: python -m samples.moving_digits.picture")
        return 1
    else:
        print(f"{PICTURE} shows what runs")
    return 0


if __name__ == "__main__":
    sys.exit(main())
