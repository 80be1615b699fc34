"""Small plots of ``docs/results.md``: right answers by frame and by operations, as SVG."""

from __future__ import annotations

from pathlib import Path
from statistics import mean
from typing import Any

from .delays_figures import STREAMING, WAYS, WITHOUT

LINES = {STREAMING: "-", WITHOUT: "--"}
SIZE = (6.4, 3.6)


def plot_delays(found: dict[str, Any], folder: Path) -> None:
    """Two files for each data set: ``NAME_by_frame.svg``, and ``NAME_by_operations.svg`` where counted.

    The same numbers give the same bytes with the same matplotlib.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, each in found.items():
        _by_frame(each, folder / f"{name}_by_frame.svg")
        if all("operations" in ways for ways in each["networks"].values()):
            _by_operations(each, folder / f"{name}_by_operations.svg")


def _by_frame(found: dict[str, Any], path: Path) -> None:
    figure, axes = _axes()
    for number, (shape, ways) in enumerate(found["networks"].items()):
        for way, title in WAYS.items():
            curve = [mean(values) for values in zip(*ways[way]["with_delays"], strict=True)]
            axes.plot(
                range(1, len(curve) + 1),
                curve,
                LINES[way],
                color=f"C{number}",
                label=f"{shape}, {title}",
            )
    axes.set_xlabel("frame")
    _finish(figure, axes, f"{found['title']}, with the delays of a chip", path)


def _by_operations(found: dict[str, Any], path: Path) -> None:
    figure, axes = _axes()
    for number, (shape, ways) in enumerate(found["networks"].items()):
        runs = ways["operations"]
        frames = list(runs[0]["frames"])
        spikes = [mean(r["frames"][f]["synaptic_operations"] for r in runs) for f in frames]
        macs = [runs[0]["frames"][f]["ann_macs"] for f in frames]
        right = [mean(r["by_frame"][int(f) - 1] for r in runs) for f in frames]
        trained = ways[WITHOUT]["as_trained"]
        ann = [mean(each[int(f) - 1] for each in trained) for f in frames]
        colour = f"C{number}"
        axes.plot(spikes, right, "-o", color=colour, ms=3, label=f"{shape}, streaming, on chip")
        axes.plot(macs, ann, "--s", color=colour, ms=3, label=f"{shape}, ANN without delays")
    axes.set_xscale("log")
    axes.set_xlabel("synaptic operations or MACs a recording")
    _finish(figure, axes, found["title"], path)


def _axes() -> tuple[Any, Any]:
    import matplotlib
    from matplotlib.figure import Figure

    matplotlib.rcParams["svg.hashsalt"] = "snnc"  # the same names in every file
    matplotlib.rcParams["svg.fonttype"] = "none"
    figure = Figure(figsize=SIZE, layout="constrained")
    return figure, figure.subplots()


def _finish(figure: Any, axes: Any, title: str, path: Path) -> None:
    axes.set_ylabel("right answers, %")
    axes.set_ylim(0, 102)
    axes.set_title(title, fontsize=10)
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)
    figure.savefig(path, metadata={"Date": None})
