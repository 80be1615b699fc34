"""Pipelines: text, options, order, and blame."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import ClassVar

import numpy as np
import pytest

from snnc.backends import registered_backends
from snnc.errors import CompilerBug, UserError
from snnc.ir import Code, Encoding, Graph, Scale, Target
from snnc.passes import Context, Fact, Pass, Pipeline, parse_pass, print_pass, registered
from snnc.settings import describe_options, options

from .networks import counts, rollout


def test_text_round_trip() -> None:
    text = "match-delays{steps-per-frame=4,retime=false,relays=true},encode-input{code=spread}"
    pipeline = Pipeline.parse(text)
    assert str(pipeline) == text
    assert Pipeline.parse(str(pipeline)) == pipeline


def test_every_registered_pass_prints_and_parses_with_its_defaults() -> None:
    for name, kind in registered().items():
        assert kind.name == name
        assert parse_pass(print_pass(kind())) == kind()
        assert set(options(kind)) == {f.name.replace("_", "-") for f in fields(kind)}


def test_every_option_is_described_with_what_it_takes() -> None:
    for kind in registered().values():
        lines = describe_options(kind)
        assert [line.partition(":")[0] for line in lines] == list(options(kind))
        # Options that are text take no other text, so that all of it can be listed.
        texts = {name.replace("-", "_") for name, hint in options(kind).items() if hint is str}
        assert texts <= kind.choices.keys() <= {f.name for f in fields(kind)}
        for field, allowed in kind.choices.items():
            (line,) = (text for text in lines if text.startswith(f"{field.replace('_', '-')}: "))
            assert " | ".join(allowed) in line
            for value in allowed:
                parse_pass(f"{kind.name}{{{field.replace('_', '-')}={value}}}")
    (steps,) = (t for t in describe_options(registered()["match-delays"]) if t.startswith("steps"))
    assert steps.startswith(
        "steps-per-frame: whole number from 1 to 65536; default unset; K; default: the number of levels"
    )


def test_a_value_that_is_none_of_the_listed_is_refused_by_name() -> None:
    target = registered_backends()[0].backend
    assert target is not None
    for kind in registered().values():
        for field in kind.choices:
            option = field.replace("_", "-")
            value = "0.25" if options(kind)[option] is float else "perhaps"
            with pytest.raises(UserError) as caught:
                parse_pass(f"{kind.name}{{{option}={value}}}").run(rollout(), Context(target.target))
            (problem,) = caught.value.diagnostics
            assert problem.code == "D326" and problem.help.startswith("use ")
            assert problem.where in (f"{kind.name}{{{option}}}", "--code")


def test_every_targets_pipeline_parses() -> None:
    for found in registered_backends():
        assert found.backend is not None, found.problem
        Pipeline.parse(found.backend.pipeline())


@pytest.mark.parametrize(
    ("text", "code", "hint"),
    [
        ("match-delay", "D328", "match-delays"),
        ("match-delays{stepz=4}", "D329", "steps-per-frame"),
        ("match-delays{steps-per-frame=x}", "D308", "'x' is not a int"),
        ("match-delays{retime=maybe}", "D308", "bool"),
        ("match-delays{", "D308", "cannot read"),
        ("fold-linear-chains", "D310", "fold-batch-norm"),
        ("quantize-weights,fold-batch-norm", "D310", "fold-thresholds"),
    ],
)
def test_wrong_text(text: str, code: str, hint: str) -> None:
    with pytest.raises(UserError) as caught:
        Pipeline.parse(text)
    assert code in str(caught.value) and hint in str(caught.value)


def test_all_order_problems_come_at_once() -> None:
    with pytest.raises(UserError) as caught:
        Pipeline.parse("quantize-weights")
    assert len(caught.value.diagnostics) == 2


@dataclass(frozen=True)
class Liar(Pass):
    """Claims what it does not do."""

    name: ClassVar[str] = "liar"
    establishes: ClassVar[frozenset[Fact]] = frozenset({Fact.NO_BATCH_NORM})

    def run(self, graph: Graph, context: Context) -> Graph:
        return graph


def test_what_the_target_rules_out_is_refused_before_any_pass_runs() -> None:
    """All of it at once: nobody waits for a refusal that was certain from the start."""
    target = Target("narrow", codes=(Code.FRAME,), weight_bits=(4,), encodings=(Encoding.ONCE,))
    pipeline = Pipeline.parse(
        "choose-code{code=rate},fold-batch-norm,fold-linear-chains,match-delays,"
        "encode-input{code=spread},balance-thresholds,fold-thresholds,quantize-weights{bits=8}"
    )
    ran: list[str] = []
    with pytest.raises(UserError) as caught:
        pipeline.run(rollout(), Context(target), lambda a_pass, _: ran.append(a_pass.name))
    assert [d.code for d in caught.value.diagnostics] == ["D316", "D334", "D306"] and not ran


def test_a_pass_that_breaks_its_promise_is_named() -> None:
    with pytest.raises(CompilerBug, match="pass liar"):
        Pipeline((Liar(),)).run(rollout(), Context(Target("test"), counts()))


def test_options_are_changed_by_text_and_the_others_stay() -> None:
    pipeline = Pipeline.parse("match-delays{steps-per-frame=4,retime=false},encode-input{code=graded}")
    changed = pipeline.with_text("match-delays{steps-per-frame=5}")
    assert str(changed) == (
        "match-delays{steps-per-frame=5,retime=false,relays=true},encode-input{code=graded}"
    )
    with pytest.raises(UserError, match="D309"):
        pipeline.with_text("quantize-weights{bits=4}")


def test_an_option_for_a_pass_that_is_missing() -> None:
    with pytest.raises(UserError, match="D309"):
        Pipeline.parse("fold-batch-norm").with_option("match-delays", steps_per_frame=3)


@pytest.mark.parametrize(("size", "refused"), [(1e150, False), (1e200, True)])
def test_weights_whose_product_no_float_holds_are_a_message(size: float, refused: bool) -> None:
    graph = rollout()
    *others, first = graph.projections
    scales = (*first.ops, Scale(np.array(size)), Scale(np.array(size)))
    changed = [*others, replace(first, ops=scales)]
    pipeline, context = Pipeline.parse("fold-batch-norm,fold-linear-chains"), Context(Target("test"))
    if not refused:
        pipeline.run(graph.with_projections(changed), context)
        return
    with pytest.raises(UserError) as caught:
        pipeline.run(graph.with_projections(changed), context)
    problem = caught.value.diagnostics[0]
    # A bias of the chain is the first to go: it is folded into the population before the weights are.
    assert (problem.code, problem.where) == ("D147", first.target)
    assert "1.8e+308" in problem.what and "pass fold-batch-norm" in problem.why
