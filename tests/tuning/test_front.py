"""The front: which rows no other one beats, by what the user counts."""

from __future__ import annotations

import shlex
from dataclasses import replace

import numpy as np
import pytest

from snnc.errors import Diagnostic, UserError
from snnc.tuning import COSTS, DEFAULT_COSTS, Front, Row, Setting, dominates
from snnc.tuning.front import First, parse_costs

REFUSED = Row(Setting("frame", 8, 4), Diagnostic("D316", "no neurons for the code"))


def row(right: float, steps: int, energy: tuple[float, float] = (1.0, 1.0), **more: object) -> Row:
    made = Row(
        Setting("rate", steps, 8),
        code="rate",
        accuracy=np.array([0.0, right]),
        error=np.array([0.0, 1 - right]),
        last_steps=steps,
        operations=1.0,
        energy=dict(zip(("fitted", "wide"), energy, strict=True)),
    )
    return replace(made, **more)  # type: ignore[arg-type]


def front(*rows: Row, measure: str = "accuracy", costs: tuple[str, ...] = DEFAULT_COSTS) -> Front:
    options = ("--set", "a pass{x=1}")
    return Front("m.pt", "loihi", rows, measure, costs, 98, 2, None, "not calibrated", options, ())


@pytest.mark.parametrize(
    ("one", "other", "found"),
    [
        ((1, 1), (1, 2), True),
        ((1, 1), (1, 1), False),
        ((1, 2), (2, 1), False),
        ((1, 2), (1, 1), False),
        ((0, 0), (1, 1), True),
    ],
)
def test_domination(one: tuple[int, int], other: tuple[int, int], found: bool) -> None:
    assert dominates(one, other) is found


def test_what_is_beaten_in_everything_is_not_on_it() -> None:
    good, slow, quick = row(0.9, 20), row(0.9, 21), row(0.8, 10)
    assert front(good, slow, quick).front == (good, quick)


def test_one_model_of_memory_in_its_favour_is_enough() -> None:
    one, other = row(0.9, 20, (1.0, 3.0)), row(0.9, 20, (2.0, 2.0))
    assert front(one, other).front == (one, other)
    worse = row(0.9, 20, (2.0, 3.0))
    assert front(one, worse).front == (one,)


def test_equal_rows_stay_both() -> None:
    one, other = row(0.9, 20), row(0.9, 20)
    assert front(one, other).front == (one, other)


def test_errors_count_the_other_way_round() -> None:
    good, bad = row(0.9, 20), row(0.5, 20)
    assert front(good, bad, measure="error").front == (good,)
    assert front(good, bad, measure="error").standard_error(good) == 0


def test_what_is_refused_is_never_on_it() -> None:
    found = front(row(0.1, 99), REFUSED)
    assert found.front == found.compiled == found.rows[:1]
    last = found.as_json()["rows"][-1]
    assert last["front"] is False and last["refused"]["code"] == "D316" and last["weight_bits"] == 4


def test_only_the_named_costs_count() -> None:
    slow = row(0.9, 99, neurons=5, first=First(0, 4))
    quick = row(0.9, 9, neurons=6)
    assert front(slow, quick).front == (quick,)
    assert front(slow, quick, costs=("neurons",)).front == (slow,)
    assert front(slow, quick, costs=("first",)).front == (slow,)  # the other sees nothing in time
    assert set(front(slow, quick, costs=tuple(COSTS)).front) == {slow, quick}


def test_costs_as_text() -> None:
    assert parse_costs(None) == DEFAULT_COSTS
    assert parse_costs("first, neurons,first") == ("first", "neurons")
    for text in ("", "time", "steps,"):
        with pytest.raises(UserError, match="D326"):
            parse_costs(text)


def test_the_cheapest_within_a_standard_error_is_advised() -> None:
    # 98 samples, 0.9 right: 89.2 of 100, standard error 3.1 points.
    best, near, far = row(0.9, 40), row(0.87, 20), row(0.86, 10)
    assert front(best, near, far).standard_error(best) == pytest.approx(0.0310, abs=1e-4)
    assert front(best, near, far).advised is near
    words = shlex.split(front(best, near, far).command(near))
    setting = ["--code", "rate", "--steps-per-frame", "20", "--weight-bits", "8"]
    assert words == ["snnc", "compile", "m.pt", "--target", "loihi", *setting, "--set", "a pass{x=1}"]
