"""Arguments of other types: numbers of numpy are numbers, anything else is named."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import snnc
from snnc.api.arguments import KINDS
from snnc.api.inputs import list_text, shape_text

SMALL = Path(__file__).resolve().parents[2] / "samples" / "small_digits" / "model.pt"
COUNTS = np.zeros((4, 12, 16), np.int64)
FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{name: getattr(snnc, name) for name in ("compile", "load", "inspect", "tune", "explain")},
    **{name: getattr(snnc, name) for name in ("finetune", "measure_noise", "frames")},
    **{f"Bundle.{name}": getattr(snnc.Bundle, name) for name in ("verify", "ladder", "run", "save")},
}
WRONG: dict[str, tuple[Any, str]] = {
    "bool": ("yes", "it has to be True or False"),
    "int": ("8", "it has to be a whole number"),
    "float": ("0.9", "it has to be a number"),
    "str": (8, "it has to be a text"),
    "str | os.PathLike[str]": (8, "it has to be a path"),
}
CASES = [
    (name, parameter.name, str(parameter.annotation).removesuffix(" | None"))
    for name, function in FUNCTIONS.items()
    for parameter in inspect.signature(function).parameters.values()
    if str(parameter.annotation).removesuffix(" | None") in KINDS
]


def test_there_are_arguments() -> None:
    assert len(CASES) > 60 and {kind for _, _, kind in CASES} == set(KINDS)


@pytest.mark.parametrize(("name", "argument", "kind"), CASES)
def test_another_type_is_named(name: str, argument: str, kind: str) -> None:
    """Before anything is read: every other argument is one that nothing can be made of."""
    function, (value, said) = FUNCTIONS[name], WRONG[kind]
    parameters = inspect.signature(function).parameters.values()
    needed = {
        p.name: "nothing" for p in parameters if p.default is p.empty and p.kind is not p.VAR_KEYWORD
    }
    with pytest.raises(snnc.UserError, match="D339") as refused:
        function(**{**needed, argument: value})
    (problem,) = refused.value.diagnostics
    assert problem.where == argument and said in problem.what and repr(value) in problem.what


def test_a_truth_value_is_no_number() -> None:
    with pytest.raises(snnc.UserError, match=r"D339.*steps_per_frame is True \(bool\)"):
        snnc.compile(SMALL, "reference", steps_per_frame=True)


def test_numbers_of_numpy_are_numbers(tmp_path: Path) -> None:
    plain = snnc.compile(
        SMALL, "reference", tmp_path / "a", code="rate", steps_per_frame=8, weight_bits=6, keep=0.5
    )
    given: dict[str, Any] = {
        "code": np.str_("rate"),
        "steps_per_frame": np.int64(8),
        "weight_bits": np.int32(6),
        "keep": np.float64(0.5),
        "allow_overflow": np.bool_(False),
    }
    numpys = snnc.compile(SMALL, "reference", tmp_path / "b", **given)
    files = [path.name for path in (tmp_path / "a").iterdir() if path.is_file()]
    assert numpys.manifest == plain.manifest and "program.json" in files
    for name in files:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    two: tuple[Any, Any] = (2, np.uint8(2))
    found = [b.verify(COUNTS, samples=n) for b, n in zip((plain, numpys), two, strict=True)]
    assert found[0].comparison == found[1].comparison


def test_one_alone_is_a_list_of_one() -> None:
    """``x.std()`` is an array without an axis."""
    assert list_text(np.array(0.5)) == list_text(0.5) == list_text([np.float32(0.5)]) == "0.5"
    assert shape_text(784) == shape_text(np.int64(784)) == "784"  # type: ignore[arg-type]
    torch = pytest.importorskip("torch")
    assert list_text(torch.tensor(0.5)) == "0.5"


def test_a_number_without_end() -> None:
    with pytest.raises(snnc.UserError, match=r"D339.*keep is 1000.*it has to be a number"):
        snnc.compile(SMALL, "reference", keep=10**400)
    with pytest.raises(snnc.UserError, match=r"D339.*keep is one that cannot be shown"):
        snnc.compile(SMALL, "reference", keep=10**5000)


@pytest.mark.parametrize(
    "call",
    [
        lambda five: snnc.compile(SMALL, "reference", changes=five),
        lambda five: snnc.compile(SMALL, "reference", changes=["x", five]),
        lambda five: snnc.compile(SMALL, "reference", code="graded").run(COUNTS, record=five),
    ],
)
def test_texts_are_texts(call: Callable[[Any], object]) -> None:
    with pytest.raises(snnc.UserError, match=r"D339.*is 5 \(int\); it has to be a text, or texts"):
        call(5)
