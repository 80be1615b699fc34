"""What snnc writes into the metadata of a NIR file beside NIR's own words, read back.

Under ``snnc`` a neuron says how it resets and compares, and from where and when it begins; the graph
says what its answer is. ``snnc.sim.nir_units`` defines what a neuron's words mean. A word that is not
known here is refused: its meaning would be lost.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from snnc.errors import Diagnostic, Severity, UserError, counted, fail
from snnc.ir import Array, Comparison, Reset, Shape

KEY = "snnc"
NEURON_WORDS = ("reset", "comparison", "start_value", "restart_steps", "start_step")
GRAPH_WORDS = (
    "answer",
    "answer_start",
    "answer_sum",
    "discretization",
    "input",
    "input_start",
    "loop",
    "steps_per_frame",
)
LOOP = "every connection inside a loop takes one step, any other none"
ANSWERS = ("values", "potential", "spikes")
INPUTS = ("", "graded", "spread")
MOST_STEPS = 2**31
"""What fits the chips' counters of steps."""

NEWER = "read the file with the snnc that wrote it, or a newer one"


@dataclass(frozen=True)
class Said:
    """What a neuron's metadata add to NIR's equations.

    Attributes:
        given: whether they say anything.
        reset: to subtract the threshold, or back to ``v_reset``.
        reset_said: whether ``reset`` is theirs, rather than what NIR's equations have.
        comparison: with the threshold.
        start_value: potential before the first step, in the node's units; broadcastable to it.
        restart_steps: steps after which the neuron begins again; 0 for never.
        start_step: step before which the neuron ignores everything.
    """

    given: bool = False
    reset: Reset = Reset.ZERO
    comparison: Comparison = Comparison.GREATER
    start_value: Array = field(default_factory=lambda: np.zeros(()))
    restart_steps: int = 0
    start_step: int = 0
    reset_said: bool = False


@dataclass(frozen=True)
class Answer:
    """What the graph's metadata say of the whole.

    Attributes:
        kind: ``values``, ``potential`` or ``spikes``; None where nothing is said.
        start: step after which the sum of values begins.
        sum: steps after which it begins again; 0 for never.
        steps_per_frame: K of the network that the file was written from.
        input: how that network's input reached it: ``graded``, ``spread`` or nothing.
        input_start: steps before its frame 0.
    """

    kind: str | None = None
    start: int = 0
    sum: int = 0
    steps_per_frame: int = 1
    input: str = ""
    input_start: int = 0


def neuron_metadata(name: str, node: Any) -> Said:
    """What a neuron's metadata say.

    Raises:
        UserError: D213 a word or a value that this version does not know.
    """
    words = _words(name, getattr(node, "metadata", None), NEURON_WORDS)
    if not words:
        return Said()
    shape = np.shape(node.r)
    start = np.asarray(words.get("start_value", 0.0))
    if start.dtype.kind not in "iuf" or not np.all(np.isfinite(start)):
        raise _unknown(name, "start_value", words["start_value"], "finite numbers")
    if not broadcasts(start.shape, shape):
        raise _unknown(name, "start_value", f"shape {start.shape}", f"shape {shape}")
    return Said(
        True,
        Reset(_one_of(name, words, "reset", [r.value for r in Reset], "zero")),
        Comparison(_one_of(name, words, "comparison", [c.value for c in Comparison], ">")),
        start.astype(np.float64),
        _steps(name, words, "restart_steps"),
        _steps(name, words, "start_step"),
        "reset" in words,
    )


def broadcasts(given: Shape, shape: Shape) -> bool:
    """Whether an array of the shape ``given`` stands for one of ``shape``."""
    return len(given) <= len(shape) and all(
        n in (1, wanted) for n, wanted in zip(given[::-1], shape[::-1], strict=False)
    )


def refuse_words(name: str, node: Any) -> None:
    """Refuse any word on a node that is no neuron: none is known there.

    Raises:
        UserError: D213.
    """
    _words(name, getattr(node, "metadata", None), ())


def graph_metadata(metadata: Any, rule: str) -> Answer:
    """What the graph's metadata say.

    Raises:
        UserError: D213 a word or a value that this version does not know, or another ``rule``.
    """
    where = "the graph"
    words = _words(where, metadata, GRAPH_WORDS)
    if not words:
        return Answer()
    written = _one_of(where, words, "discretization", ["euler", "exponential"], rule)
    if written != rule:
        raise fail(
            "D213",
            f"the file's steps are {written}, but --discretize is {rule}",
            where="--discretize",
            why="snnc wrote it from a network in steps, which only the same rule restores",
            help=f"compile with --discretize {written}",
        )
    _one_of(where, words, "loop", [LOOP], LOOP)
    kind = _one_of(where, words, "answer", list(ANSWERS), "") or None
    return Answer(
        kind,
        _steps(where, words, "answer_start"),
        _steps(where, words, "answer_sum"),
        _steps(where, words, "steps_per_frame") or 1,
        _one_of(where, words, "input", list(INPUTS), ""),
        _steps(where, words, "input_start"),
    )


def frame_notes(answer: Answer, node: str) -> Iterator[Diagnostic]:
    """What the user has to do at the ends where frames of the first network were several steps."""
    parts = []
    steps = answer.steps_per_frame
    if answer.input_start:
        parts.append(f"give {counted(answer.input_start, 'frame')} without input first")
    if steps > 1 and answer.input == "spread":
        parts.append(f"spread each count over {counted(steps, 'frame')}, as single spikes")
    elif steps > 1:
        parts.append(f"give each frame's counts {steps} times")
    if answer.sum > 1:
        after = f", after the first {answer.start}" if answer.start else ""
        parts.append(f"add the answers up over every {counted(answer.sum, 'frame')}{after}")
    elif answer.kind and steps > 1:
        parts.append(f"take answers {steps}, {2 * steps}, {3 * steps} and so on")
    if parts:
        yield Diagnostic(
            "N718",
            f"a frame is one step here, {steps} in the network that the file was written from: "
            + "; ".join(parts),
            node,
            severity=Severity.NOTE,
        )


def _words(where: str, metadata: Any, known: tuple[str, ...]) -> Mapping[str, Any]:
    words = metadata.get(KEY, {}) if isinstance(metadata, Mapping) else {}
    if not isinstance(words, Mapping):
        raise _unknown(where, KEY, words, "words with values")
    for word in words:
        if word not in known:
            raise _unknown(where, word, words[word], f"{', '.join(known) or 'none there'}")
    return words


def _one_of(where: str, words: Mapping[str, Any], word: str, allowed: list[str], without: str) -> str:
    value = words.get(word, without)
    text = value.decode(errors="replace") if isinstance(value, bytes) else value
    if not isinstance(text, str) or (text not in allowed and text != without):
        raise _unknown(where, word, value, " or ".join(map(repr, allowed)))
    return text


def _steps(where: str, words: Mapping[str, Any], word: str) -> int:
    value = np.asarray(words.get(word, 0))
    number = value.item() if value.size == 1 and value.dtype.kind in "iuf" else -1
    if not (0 <= number < MOST_STEPS and number == int(number)):
        raise _unknown(where, word, words[word], f"a whole number of steps below {MOST_STEPS}")
    return int(number)


def _unknown(where: str, word: str, value: object, expected: str) -> UserError:
    return fail(
        "D213",
        f"{KEY}.{word} in its metadata is {str(value)[:60]!r}; this version reads {expected}",
        where=where,
        why="its meaning would be lost",
        help=NEWER,
    )
