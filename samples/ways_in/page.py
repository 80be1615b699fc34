# ruff: noqa: E501  the sentences of a page, as they are to stand there
"""``docs/ways-in.md``: a row for each way, measured."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib.metadata import version

from samples.spiking_libraries.compare import SAMPLES, Row
from samples.spiking_libraries.compare import rows as rows_of
from samples.spiking_libraries.environments import LIBRARIES as INSTALLABLE

from .measure import CALIBRATED_ON, TARGET, measure
from .onnx_ways import ONNX_WAYS, OnnxWay, measure_onnx, other_ways
from .spiking import Spiking, netx_ways, nir_ways
from .torch_ways import WAYS, Way

HEAD = """# Ways in

Written by `python -m samples.ways_in`, which makes every file below, reads it, and compares; do not edit. The tests do the same (`tests/samples/test_ways_in.py`).

Event recordings and sounds become data by `snnc frames` ([recordings.md](recordings.md)). Files of Keras, TensorFlow Lite, SavedModel, GGUF and TorchScript are
refused by name, with the nearest way in: for the first three that is ONNX.

## Networks of PyTorch

Each network is trained for a moment on scikit-learn's digits (8 x 8, whole numbers from 0 to 16; 1,397 images, seed 0) and goes in in the form that people have it in.
*Largest difference*: of any answer between torch (float32) and the graph that snnc reads (float64), relative to the largest answer, on {images} other images. *Integers*: decisions of
the compiled bundle (`{target}`, {calibrated} calibration images, `--code auto`, fast simulator) that are torch's.
"""

ONNX = """
## Networks in ONNX

The same digits. *Largest difference*: between the graph that snnc reads and the answers of the library that trained the network, or for PyTorch and scikit-learn of onnx's reference
implementation, before a softmax at the end. All go in as `snnc compile net.onnx` ([onnx.md](onnx.md)). Keras, JAX and brevitas export in environments of their own: the scripts are in
`samples/ways_in/exporters`, and `SNNC_ONNX_ENVIRONMENTS=FOLDER python -m samples.ways_in` runs them.
"""

SPIKING = """
## Networks that spike, and networks that are integers

*Differ*: of the original's spikes, neuron by neuron and step by step. NIR files are compared before weights are rounded: what rounding costs, each compile says (N703). lava-dl's files are integers
already: currents and potentials are compared as well ([netx.md](netx.md)). Networks of your own integers go in as a `snnc.ir.Program` ([netx.md](netx.md#programs-from-python)).
"""

LIBRARIES = f"""
## Networks of spiking libraries

Each is trained on the same digits as spike trains of 16 to 32 steps, in the library's own environment (`samples/spiking_libraries`, seed 0), and goes in as its state dict with `--module`
([spiking-libraries.md](spiking-libraries.md)). Compared with the network itself, run in double precision on {SAMPLES} test samples, spike by spike. *In floats*: of the graph that snnc reads. *Integers*:
of the program for `reference` with 8-bit weights, which is what rounding changes; decisions are compared with the graph in floats.
"""


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Lines of a table in Markdown."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return [*lines, *("| " + " | ".join(row) + " |" for row in rows)]


def page() -> str:
    """The whole page; takes a minute."""
    measured = [(way, measure(way, integers=True)) for way in WAYS]
    images = measured[0][1].images
    head = ("form", "made with", "network", "way in", "largest difference", "integers", "code")
    rows = [
        (
            *_names(way),
            f"{found.largest:.0e}",
            f"{found.kept} of {found.images}",
            f"`{found.code}`",
        )
        for way, found in measured
    ]
    onnx = [_onnx_row(way) for way in (*ONNX_WAYS, *other_ways())]
    spiking = [*nir_ways(), *netx_ways()]
    lines = [
        HEAD.format(images=images, target=TARGET, calibrated=CALIBRATED_ON),
        *table(head, rows),
        ONNX,
        *table(("form", "made with", "network", "largest difference", "integers", "code"), onnx),
        SPIKING,
        *table(
            ("form", "made with", "network", "way in", "compared with", "differ"), map(_row, spiking)
        ),
        LIBRARIES,
        *table(
            (
                "network",
                "library",
                "spikes",
                "differ in floats",
                "differ in integers",
                "decisions kept",
            ),
            (_library_row(row) for library in INSTALLABLE for row in rows_of(library)),
        ),
    ]
    return "\n".join(lines) + "\n"


def _onnx_row(way: OnnxWay) -> tuple[str, ...]:
    found = measure_onnx(way, integers=True)
    kept = f"{found.kept} of {found.images}"
    return way.form, way.made, way.network, f"{found.largest:.0e}", kept, f"`{found.code}`"


def _library_row(row: Row) -> tuple[str, ...]:
    differ = [f"{n:,} of {row.values:,} neuron-steps" for n in (row.floats, row.rounded)]
    return row.network, row.library, f"{row.spikes:,}", *differ, f"{row.kept} of {SAMPLES}"


def _names(way: Way) -> tuple[str, ...]:
    return way.form, f"{way.package} {version(way.package)}", way.network, way.way_in


def _row(found: Spiking) -> tuple[str, ...]:
    made = found.package if " " in found.package else f"{found.package} {version(found.package)}"
    spikes = "" if found.spikes < 0 else f", {found.spikes:,} of them spikes"
    differ = f"{found.differ} of {found.values:,} values{spikes}"
    return found.form, made, found.network, found.way_in, found.compared, differ
