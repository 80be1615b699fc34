"""Real digits on Xylo: trained in floats, compiled, every spike equal on the vendor's simulator."""

from __future__ import annotations

from pathlib import Path

import pytest

from snnc.backends.xylo.installed import ENVIRONMENT
from snnc.driver import compile_model
from snnc.errors import UserError
from snnc.evidence import run_bundle, verify_bundle

pytest.importorskip("sklearn", reason="scikit-learn is not installed: pip install 'snnc[samples]'")
pytest.importorskip("torch", reason="torch is not installed: pip install 'snnc[torch]'")


def test_digits_keep_their_accuracy_and_their_spikes(tmp_path: Path) -> None:
    from samples.xylo_digits.train import main

    floats = main(tmp_path, epochs=15)
    compile_model(tmp_path / "model.pt", "xylo", tmp_path / "out")
    integers = run_bundle(tmp_path / "out", tmp_path / "test.npz").accuracy
    assert integers is not None and floats > 0.85
    assert integers[-1] >= floats - 0.04, (floats, integers)
    try:
        ENVIRONMENT.install()
    except UserError as problem:
        pytest.skip(f"xylosim cannot be installed: {problem}")
    done = verify_bundle(tmp_path / "out", data=tmp_path / "test.npz", samples=20)
    assert done.comparison.mismatches == 0
    assert [p.population for p in done.comparison.populations] == ["h1", "answer"]
    assert done.comparison.populations[0].spikes > 1000
