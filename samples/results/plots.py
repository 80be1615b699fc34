"""Small plots of the results: right answers by frame, by operations and by steps, as SVG."""

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


def plot_steps(found: dict[str, Any], folder: Path) -> None:
    """Right answers by steps T: converted, and trained through the spikes; a file for each data set.

    Args:
        found: all of ``docs/results.json``.
        folder: ``NAME_by_steps.svg`` goes here.
    """
    fashion, each = found["fashion_mnist"], found["cifar10"]["experiments"]
    curves = {
        "converted by snnc compile": fashion["converted"],
        "trained (stdb)": fashion["hybrid"],
        "trained thresholds": fashion["trained_thresholds"],
        "fixed thresholds": fashion["fixed_thresholds"],
    }
    _by_steps(curves, fashion["ann"], "Fashion-MNIST", folder / "fashion_mnist_by_steps.svg")
    beginnings = {
        "converted as in the paper": "converted_paper_",
        "converted by snnc compile": "converted_default_",
        "trained (stdb) from ours": "stdb_default_linear_",
        "trained (stdb) from the paper's": "stdb_paper_linear_",
        "trained thresholds": "thresholds_trained_",
        "fixed thresholds": "thresholds_fixed_",
    }
    curves = {
        title: {
            name.removeprefix(beginning).removesuffix("_0"): one["test"]
            for name, one in each.items()
            if name.startswith(beginning) and name.endswith("_0")
        }
        for title, beginning in beginnings.items()
    }
    floats = each.get("float_0", {}).get("torch_test")
    _by_steps(curves, floats, "ResNet-20, CIFAR-10", folder / "cifar10_by_steps.svg")


def _by_steps(
    curves: dict[str, dict[str, float]], floats: float | None, title: str, path: Path
) -> None:
    figure, axes = _axes()
    for name, by_steps in curves.items():
        if by_steps:
            points = sorted((int(steps), right) for steps, right in by_steps.items())
            axes.plot(*zip(*points, strict=True), "-o", ms=3, label=name)
    if floats is not None:
        axes.axhline(floats, color="0.5", ls=":", label="floats")
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_formatter("{x:g}")
    axes.set_xlabel("time steps T of an image")
    _finish(figure, axes, title, path, lowest=None)


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


def _finish(figure: Any, axes: Any, title: str, path: Path, lowest: float | None = 0.0) -> None:
    axes.set_ylabel("right answers, %")
    if lowest is not None:
        axes.set_ylim(lowest, 102)
    axes.set_title(title, fontsize=10)
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)
    figure.savefig(path, metadata={"Date": None})
