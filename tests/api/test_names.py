"""The names of ``snnc`` and their parameters: who uses them may rely on them."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import subprocess
import sys
from typing import Any

import pytest

import snnc

MODEL = "dt discretize reset input_shape module answer"
PARAMETERS = {
    "compile": "model target output calibration steps_per_frame weight_bits code keep input_scale "
    f"input_offset repeat allow_overflow example {MODEL} reset_interval passes changes after_pass "
    "progress",
    "explain": "code",
    "finetune": "model method data output steps bits target validation validation_share batch "
    "checkpoint curve repeat input_shape module answer progress recipe",
    "frames": "recordings output dt frames events_per_frame size crop pool merge_polarities largest "
    "columns time_unit only label_from like first sound bands range_db progress",
    "inspect": f"path allow_altered example {MODEL} reset_interval",
    "load": "folder allow_altered",
    "measure_noise": "model data steps thresholds start samples spiking csv plot "
    "dt discretize input_shape module answer progress",
    "targets_for": "model data targets samples repeat example dt discretize reset input_shape module "
    "answer reset_interval progress",
    "tune": "model target data code steps_per_frame weight_bits costs samples calibration workers "
    "scheduler plot "
    f"input_scale input_offset repeat allow_overflow example {MODEL} changes progress",
    "Bundle.verify": "data samples engine simulator potentials time_limit workers scheduler "
    "sample_populations seed progress",
    "Bundle.ladder": "data samples engine model calibration module simulator potentials "
    "time_limit progress",
    "Bundle.run": "data record samples simulator operations workers scheduler progress",
    "Bundle.report": "data output other samples engine engine_samples time_limit model calibration "
    "module progress",
    "Bundle.inspect": "",
    "Bundle.save": "folder",
    "Rollout.node": "name norm activation",
    "Rollout.edge": "source target operation delay",
    "Rollout.readout": "name accumulate",
    "Rollout.export": "path calibration",
}
MEMBERS = {
    "Bundle": "folder manifest program notes verify ladder run report plot inspect save",
    "BundleReport": "html facts output different",
    "Verification": "engine simulator comparison equal different warnings missing measured",
    "Ladder": "rungs first_difference first_broken different warnings missing",
    "Run": "potential potential_of_one answers predictions accuracy spikes potentials cost",
    "Frames": "x y classes files settings tally notes events_per_frame",
    "Front": "rows front advised command measure",
    "Offers": "model rows samples random",
    "Trained": "model given test runs next_command",
    "Inspection": "name content text",
    "Message": "code title meaning causes cures severities example",
    "UserError": "diagnostics",
    "Diagnostic": "code what where why help severity render",
}
NAMES: list[str] = vars(snnc)["__all__"]
RESULTS = (
    "Bundle",
    "BundleReport",
    "Frames",
    "Front",
    "Inspection",
    "Ladder",
    "NoiseReport",
    "Offers",
    "Run",
    "Trained",
    "Verification",
)


def found(name: str) -> Any:
    value: Any = snnc
    for part in name.split("."):
        value = getattr(value, part)
    return value


def test_the_list_of_public_names() -> None:
    functions = {name for name in PARAMETERS if "." not in name}
    classes = {*MEMBERS, *RESULTS, "Manifest", "QuantizedReLU", "Rollout", "SpikingNeuron"}
    assert set(NAMES) == {*functions, *classes, "__version__"}
    assert dir(snnc) == sorted(NAMES)
    for name in NAMES:
        assert found(name) is not None


@pytest.mark.parametrize("name", PARAMETERS)
def test_parameters(name: str) -> None:
    names = [p for p in inspect.signature(found(name)).parameters if p != "self"]
    assert names == PARAMETERS[name].split()
    assert inspect.getdoc(found(name))


@pytest.mark.parametrize("name", MEMBERS)
def test_members(name: str) -> None:
    kind = found(name)
    known = {*dir(kind), *getattr(kind, "__dataclass_fields__", ()), *_set_in_init(name)}
    assert not set(MEMBERS[name].split()) - known


def _set_in_init(name: str) -> tuple[str, ...]:
    return ("diagnostics",) if name == "UserError" else ()


@pytest.mark.parametrize("name", RESULTS)
def test_results_are_frozen_and_show_themselves(name: str) -> None:
    kind = found(name)
    assert kind.__dataclass_params__.frozen
    for method in ("headline", "as_json", "table", "to_json", "to_pandas", "_repr_html_"):
        assert callable(getattr(kind, method)), method
    assert "dataclass" not in kind.__repr__.__qualname__


def test_importing_is_quick_and_needs_no_torch() -> None:
    code = (
        "import sys, snnc; dir(snnc); assert not {'torch', 'numpy', 'numba'} & set(sys.modules);"
        "snnc.compile, snnc.load, snnc.Bundle, snnc.Run, snnc.Verification, snnc.tune;"
        "assert not {'torch', 'rich', 'scipy.optimize'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_without_torch_names_say_what_to_install() -> None:
    code = (
        "import sys\n"
        "sys.modules['torch'] = None\n"
        "import snnc\n"
        "for name in snnc.__all__:\n"
        "    try:\n"
        "        getattr(snnc, name)\n"
        "    except snnc.UserError as refused:\n"
        "        print(name, refused.diagnostics[0].code, refused.diagnostics[0].help)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    said = [line.split(" ", 1) for line in done.stdout.splitlines()]
    assert dict(said) == dict.fromkeys(
        ("QuantizedReLU", "Rollout", "SpikingNeuron", "Trained"), "D123 pip install 'torch>=2.9'"
    )


def test_walking_the_packages_runs_nothing() -> None:
    """Documentation tools walk; ``__main__`` must not start, and engines' scripts must not run."""
    code = (
        "import pkgutil, snnc, snnc.backends, snnc.passes\n"
        "for root in (snnc, snnc.backends, snnc.passes):\n"
        "    names = [m.name for m in pkgutil.walk_packages(root.__path__, root.__name__ + '.')]\n"
        "    assert len(names) > 30, names\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_an_unknown_name() -> None:
    with pytest.raises(AttributeError, match="no attribute 'complie'"):
        importlib.import_module("snnc").complie  # noqa: B018


def test_stubs_know_the_names() -> None:
    """``typings`` re-exports the package with a star, which takes ``__all__``."""
    assert "compile" in NAMES and not [n for n in NAMES if not hasattr(snnc, n)]
    assert pkgutil.resolve_name("snnc:compile") is snnc.compile
