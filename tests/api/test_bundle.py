"""What a notebook does with a bundle: run, verify, inspect, save."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import snnc
from snnc.backends import Engine
from snnc.backends.reference import ReferenceBackend
from snnc.errors import Severity
from snnc.results import Result
from snnc.sim import answers, encode, simulate
from snnc.workflows.deployed import choose_engine

from .conftest import MODEL


def test_a_run_has_answers_and_what_was_recorded(bundle: snnc.Bundle, counts: NDArray[Any]) -> None:
    run = bundle.run((counts, np.array([1, 2, 3])), record=["h1", "answer"])
    program = bundle.program
    trace = simulate(program, encode(program, counts), states=True, simulator="reference")
    steps = program.steps(4)
    assert run.spikes["h1"].shape == (3, steps, 12, 8, 8) and run.spikes["h1"].any()
    assert np.array_equal(run.spikes["h1"], trace.spikes["h1"])
    assert np.array_equal(run.potentials["h1"], trace.potentials["h1"])
    assert np.array_equal(run.potentials["answer"], trace.potentials["answer"])
    assert set(run.spikes) == {"h1"} and set(run.potentials) == {"h1", "answer"}
    assert np.array_equal(run.potential, answers(program, trace.potentials["answer"]))
    assert np.allclose(run.answers * run.potential_of_one, run.potential)
    assert run.predictions.shape == (3, 4) and run.accuracy is not None and run.accuracy.shape == (4,)
    assert run.cost.snn.samples == 3
    assert "recorded h1" in repr(run)


def test_what_a_result_shows_ends_with_its_warnings(bundle: snnc.Bundle, counts: NDArray[Any]) -> None:
    """In Python nothing else says them unasked."""
    quiet = np.zeros_like(counts)
    for given, beyond in ((quiet[:, :1], False), (quiet + 10_000, True)):
        run = bundle.run(given)
        codes = {d.code for d in run.warnings}
        assert ("N725" in codes) is beyond, [str(d) for d in run.warnings]
        assert ("; warnings: " in repr(run)) is bool(codes)
        assert all(code in repr(run) for code in codes)
    told = [d.code for d in bundle.notes if d.severity is Severity.WARNING]
    assert repr(bundle).count("warnings: ") == bool(told)
    assert all(code in repr(bundle) for code in told)


def test_blocks_of_samples_are_put_together(
    bundle: snnc.Bundle, counts: NDArray[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = bundle.run(counts, record="h2")
    monkeypatch.setattr("snnc.workflows.run.BLOCK", 2)
    assert np.array_equal(bundle.run(counts, record="h2").spikes["h2"], whole.spikes["h2"])


def test_what_is_recorded_must_be_there(bundle: snnc.Bundle, counts: NDArray[Any]) -> None:
    with pytest.raises(snnc.UserError, match=r"D338[\s\S]*no population 'H1'[\s\S]*did you mean h1\?"):
        bundle.run(counts, record=["H1"])


@pytest.mark.parametrize("bad", [np.float32(0.5), np.float64(np.nan), np.float64(np.inf)])
def test_counts_that_are_not_whole_are_refused_by_every_door(
    bundle: snnc.Bundle, counts: NDArray[Any], bad: Any
) -> None:
    wrong = counts.astype(type(bad))
    wrong[0, 0, 0, 0, 0] = bad
    for use in (
        lambda: bundle.run(wrong),
        lambda: bundle.verify(wrong),
        lambda: encode(bundle.program, wrong),
        lambda: simulate(bundle.program, wrong.reshape(3, 4, 2, 16, 16)),
    ):
        with pytest.raises(snnc.UserError, match="D506"):
            use()
    whole = counts.astype(np.float32)
    assert np.array_equal(bundle.run(whole).potential, bundle.run(counts).potential)
    assert np.array_equal(encode(bundle.program, whole), encode(bundle.program, counts))


def test_data_come_in_many_forms(bundle: snnc.Bundle, counts: NDArray[Any], tmp_path: Path) -> None:
    import torch

    np.savez(tmp_path / "x.npz", x=counts, y=np.array([1, 2, 3]))
    expected = bundle.run(tmp_path / "x.npz")
    labels = [1, 2, 3]
    for given in (
        str(tmp_path / "x.npz"),
        (counts, labels),
        {"x": counts, "y": np.array(labels)},
        (torch.as_tensor(counts), torch.as_tensor(labels)),
        (counts.tolist(), labels),
    ):
        found = bundle.run(given)
        assert np.array_equal(found.potential, expected.potential)
        assert found.accuracy is not None
        assert np.array_equal(found.accuracy, np.asarray(expected.accuracy))
    for wrong in ("text", object(), [[1], [1, 2]], None):
        if wrong == "text":
            continue
        with pytest.raises(snnc.UserError, match=r"D50[23]"):
            bundle.run(wrong)


def test_verify_and_the_shapes_of_results(bundle: snnc.Bundle, counts: NDArray[Any]) -> None:
    found = bundle.verify(counts)
    assert found.equal and not found.different and "0 of" in repr(found)
    assert json.loads(found.to_json()) == found.as_json()
    frame = found.to_pandas()
    assert list(frame["population"]) == ["h1", "h2", "answer"] and frame["differ"].sum() == 0


def test_without_pandas(bundle: snnc.Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(snnc.UserError, match=r"D123.*pandas"):
        bundle.to_pandas()


def test_every_repr_is_short_and_every_table_is_html(bundle: snnc.Bundle, counts: NDArray[Any]) -> None:
    model = snnc.inspect(MODEL)
    for found in (bundle, bundle.run(counts), bundle.verify(counts), bundle.inspect(), model):
        assert len(repr(found)) < 2000 and repr(found).startswith(type(found).__name__ + "(")
        assert "<table>" in found._repr_html_()
        json.loads(found.to_json())
    for other in (bundle.program, bundle.manifest, bundle.program.populations[0].kind):
        assert len(repr(other)) < 2000
    from snnc.frontend import load_model

    loaded = load_model(MODEL)
    assert len(repr(loaded)) < 2000 and len(repr(loaded.graph)) < 2000


def test_a_bundle_without_a_folder_goes_with_its_object_and_can_be_saved(tmp_path: Path) -> None:
    bundle = snnc.compile(str(MODEL), "reference", code="graded")
    place = bundle.folder
    assert place.is_dir()
    saved = bundle.save(tmp_path / "kept")
    direct = snnc.compile(MODEL, "reference", tmp_path / "direct", code="graded")
    one, two = (
        {p.relative_to(b.folder): p.read_bytes() for p in b.folder.rglob("*") if p.is_file()}
        for b in (saved, direct)
    )
    assert one == two  # as a compile to that folder would have written it
    del bundle
    assert not place.exists() and saved.run(np.zeros((1, 2, 2, 16, 16))).predictions.shape == (1, 2)
    with pytest.raises(snnc.UserError, match="D110"):
        (tmp_path / "other").mkdir()
        (tmp_path / "other" / "file").touch()
        saved.save(tmp_path / "other")


def test_a_folder_may_be_a_text(bundle: snnc.Bundle) -> None:
    text: Any = str(bundle.folder)
    assert snnc.Bundle(text).program is not None and snnc.Bundle(text).folder == bundle.folder


def test_load(bundle: snnc.Bundle, tmp_path: Path) -> None:
    again = snnc.load(str(bundle.folder))
    assert again.manifest == bundle.manifest and again.manifest.code == "graded"
    assert again.inspect().content["delays"]["first_answer"] > 0
    with pytest.raises(snnc.UserError, match="D113"):
        snnc.load(tmp_path)


def test_accuracy_counts_right_answers(bundle: snnc.Bundle, counts: NDArray[Any]) -> None:
    found = bundle.run(counts).predictions
    for labels, right in ((found[:, -1], 1.0), ((found[:, -1] + 1) % 10, 0.0)):
        accuracy = bundle.run((counts, labels)).accuracy
        assert accuracy is not None and accuracy[-1] == right
        assert accuracy.tolist() == (found == labels[:, None]).mean(axis=0).tolist()


def test_without_an_engine_nothing_is_equal(
    bundle: snnc.Bundle, counts: NDArray[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two simulators of snnc agree, which shows nothing of the chip."""
    gone = Engine("fast", "", False, "get it")
    monkeypatch.setattr(ReferenceBackend, "engines", lambda _: (gone,))
    found = bundle.verify(counts)
    assert found.missing is not None and "get it" in found.missing.help
    assert not found.equal and not found.different and found.comparison.compared > 0
    with pytest.raises(snnc.UserError, match="D601"):
        bundle.verify(counts, engine="fast")


def test_the_first_engine_that_is_installed_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    both = Engine("first", "", False, "get it"), Engine("second", "1", True)
    monkeypatch.setattr(ReferenceBackend, "engines", lambda _: both)
    assert choose_engine(ReferenceBackend(), None) is both[1]


class Wordy(Result):
    """A result with more to tell than a notebook has room for."""

    def headline(self) -> str:
        return "word " * 1000


def test_what_is_too_long_is_cut() -> None:
    assert len(repr(Wordy())) == 2000 and repr(Wordy()).endswith(" ...")
