"""The house's rules, checked: who imports whom, packages listed, alias stubs current."""

from __future__ import annotations

import ast
import re
import runpy
import subprocess
import sys
import tomllib
from pathlib import Path

import networkx as nx
import pytest

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = {"compiler": "snnc", "passes": "snnc.passes", "backends": "snnc.backends"}

BASIS = {
    "errors",
    "stopping",
    "bounds",
    "choices",
    "optional",
    "settings",
    "progress",
    "results",
    "files",
}
"""What every part but the basis itself may import."""

ALLOWED = {
    "errors": set(),
    "stopping": set(),
    "progress": set(),
    "results": {"errors"},
    "bounds": {"errors"},
    "choices": {"errors"},
    "optional": {"errors"},
    "messages": {"errors", "ir", "results"},
    "settings": {"errors", "bounds", "choices"},
    "distributing": {"errors", "bounds", "choices", "optional", "progress", "stopping", "files"},
    "files": {"errors", "stopping", "optional"},
    "ir": {"errors", "files"},
    "sim": {"ir", "errors", "files", "choices"},
    "lowering": {"ir", "errors"},
    "cost": {"ir"},
    "verify": {"sim", "ir", "errors"},
    "authoring": {"files"},
    "rollouts": set(),
    "shipped": {"errors", "files"},
    "bundle": BASIS | {"ir", "cost"},
    "frontend": BASIS | {"ir", "authoring"},
    "passes": BASIS | {"ir", "sim"},
    "placement": BASIS | {"ir"},
    # fpga: registers as wide as the range proofs say.
    "backends": BASIS | {"ir", "sim", "passes", "verify", "placement"},
    "conformance": BASIS | {"ir", "sim", "passes", "backends", "lowering", "distributing"},
    "workflows": BASIS
    | {"ir", "sim", "lowering", "cost", "verify", "bundle", "frontend", "passes", "backends"}
    | {"distributing", "placement"},
    "recordings": BASIS | {"ir"},
    "training": BASIS | {"ir", "bundle", "frontend", "authoring", "passes", "backends", "recordings"},
    "noise": BASIS | {"ir", "bundle", "frontend", "authoring", "training", "workflows"},
    "tuning": BASIS
    | {"ir", "sim", "cost", "bundle", "frontend", "passes", "backends", "workflows", "distributing"},
    "report": BASIS | {"messages", "ir", "bundle", "verify", "workflows", "placement"},
    "api": BASIS
    | {"messages", "ir", "bundle", "frontend", "passes", "workflows", "training", "noise", "tuning"}
    | {"recordings", "rollouts", "distributing", "report", "placement"},
    "commands": BASIS
    | {"api", "ir", "cost", "verify", "bundle", "frontend", "passes", "backends", "workflows"}
    | {"training", "noise", "tuning", "messages", "recordings", "report"},
    "__main__": {"commands"},
    "__init__": {
        "api",
        "messages",
        "authoring",
        "bundle",
        "errors",
        "workflows",
        "tuning",
        "training",
        "noise",
        "recordings",
        "report",
    },
}
"""Part of snnc -> parts that it may import, inside functions too. Parts are the folders and single
files of ``compiler/``, and ``passes`` and ``backends``."""

ALONE = {
    "torch": {"training", "authoring", "noise"},
    "lava": set(),
    "sklearn": set(),
    "nir": set(),
    "tonic": set(),
    "aedat": set(),
    "faery": set(),
    "sanafe": set(),
    "akida": set(),
    "distributed": set(),
    "matplotlib": set(),
    "jinja2": set(),
    "markupsafe": set(),
    "plotly": set(),
}
"""Heavy or optional packages, and the parts that may import them at module level."""

SEPARATE = (
    "backends/akida/payload",
    "backends/loihi/payload",
    "backends/loihi/lava_child",
    "backends/sanafe/payload",
)
"""Code that runs in processes of its own, under rules of its own."""


def sources() -> list[Path]:
    return [p for folder in FOLDERS for p in sorted((ROOT / folder).rglob("*.py"))]


def part_of(path: Path) -> str:
    folder, *rest = path.relative_to(ROOT).parts
    return Path(rest[0]).stem if folder == "compiler" else folder


def imported_modules(path: Path, *, inside: bool = False) -> list[str]:
    """Absolute names of what a file imports when it is imported; ``inside``: also in functions."""
    package = list(path.relative_to(ROOT).with_suffix("").parts)
    package[0:1] = FOLDERS[package[0]].split(".")
    if package[-1] == "__init__":
        package.append("")
    found = []
    pending: list[ast.AST] = list(ast.parse(path.read_text()).body)
    while pending:
        node = pending.pop()
        if isinstance(node, ast.FunctionDef | ast.Lambda) and not inside:
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test) and not inside:
            continue
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level] if node.level else []
            base += [node.module] if node.module else []
            found += [".".join([*base, alias.name]) for alias in node.names]
        pending += ast.iter_child_nodes(node)
    return found


def test_parts_import_only_what_they_may() -> None:
    wrong = []
    for path in sources():
        part = "conformance" if path.name == "conformance.py" else part_of(path)
        if str(path.relative_to(ROOT)).startswith(SEPARATE):
            continue
        for module in imported_modules(path, inside=True):
            names = module.split(".")
            if names[0] != "snnc" or len(names) == 1 or names[1] == "__version__":
                continue
            if names[1] not in {part, *ALLOWED[part]}:
                wrong.append(f"{path.relative_to(ROOT)} imports {module}")
    assert not wrong


def rooms() -> nx.DiGraph:
    """Folders and the single files beside them, and who imports whom, inside functions too."""
    modules = {}
    for path in sources():
        folder, *rest = path.relative_to(ROOT).with_suffix("").parts
        modules[".".join([*FOLDERS[folder].split("."), *rest]).removesuffix(".__init__")] = path
    found = nx.DiGraph()
    for name, path in modules.items():
        if path.name == "__init__.py" or str(path.relative_to(ROOT)).startswith(SEPARATE):
            continue
        room = name if name.count(".") == 1 else name.rpartition(".")[0]
        for imported in imported_modules(path, inside=True):
            known = imported if imported in modules else imported.rpartition(".")[0]
            if known in modules:
                package = modules[known].name == "__init__.py" or known.count(".") == 1
                other = known if package else known.rpartition(".")[0]
                if other not in {room, "snnc"}:
                    found.add_edge(room, other)
    return found


def test_no_circles() -> None:
    assert [sorted(c) for c in nx.strongly_connected_components(rooms()) if len(c) > 1] == []


def test_heavy_packages_stay_where_they_are_needed() -> None:
    wrong = []
    for path in sources():
        if str(path.relative_to(ROOT)).startswith(SEPARATE):
            continue
        for module in imported_modules(path):
            top = module.split(".")[0]
            if top in ALONE and part_of(path) not in ALONE[top]:
                wrong.append(f"{path.relative_to(ROOT)} imports {module}")
    assert not wrong


HELD_SHORT = (*FOLDERS, "samples", "benchmarks", "tests")
"""Folders whose files and functions are short."""

FILE_LINES, LINES, ARGUMENTS = 400, 60, 8
REASON = re.compile(r"\s*# (Long|Many arguments|Long, many arguments): \w.+")
"""Stands above a function, with its reason; what it begins with is what the function is."""


def is_what(node: ast.FunctionDef | ast.AsyncFunctionDef) -> tuple[str, str]:
    """How a reason for its size would begin ("" where it needs none), and the numbers.

    Lines are counted without the docstring, arguments without ``self`` and ``cls``.
    """
    documented = ast.get_docstring(node, clean=False)
    lines = node.end_lineno - node.lineno + 1  # type: ignore[operator]
    lines -= len(documented.splitlines()) if documented else 0
    names = [a.arg for a in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
    count = len(names) - (names[:1] in (["self"], ["cls"]))
    found = [
        name
        for name, is_so in (("Long", lines > LINES), ("many arguments", count > ARGUMENTS))
        if is_so
    ]
    text = ", ".join(found)
    return text[:1].upper() + text[1:], f"{lines} lines, {count} arguments"


def wrong_sizes(text: str) -> list[str]:
    """Functions above the bounds without a reason above them, and reasons that nothing needs."""
    lines, found = text.splitlines(), []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            reason = REASON.fullmatch(lines[first - 2]) if first > 1 else None
            given, (wanted, numbers) = reason[1] if reason else "", is_what(node)
            if given != wanted:
                found.append(f"{node.name}: {numbers}; the reason begins {given!r}, wanted {wanted!r}")
    return found


def held_short() -> list[Path]:
    return [p for folder in HELD_SHORT for p in sorted((ROOT / folder).rglob("*.py"))]


def test_functions_are_short_or_say_why() -> None:
    assert not [f"{p.relative_to(ROOT)} {w}" for p in held_short() for w in wrong_sizes(p.read_text())]


def test_sizes_are_counted() -> None:
    """At the bounds: 60 lines without the docstring, 8 arguments without ``self``."""
    most = (
        "class A:\n    def f(self, a, b, c, d, *, e, f, g, h):\n"
        + '        """One.\n\n        Two."""\n'
    )
    assert wrong_sizes(most + "        pass\n" * 59) == []
    assert "Long'" in wrong_sizes(most + "        pass\n" * 60)[0]
    wide = "@a\n@b\ndef f(a, b, c, d, e, f, g, h, i):\n    pass\n"
    assert "'Many arguments'" in wrong_sizes(wide)[0]
    assert wrong_sizes("# Many arguments: of the command line.\n" + wide) == []
    assert wrong_sizes("# Long: of the command line.\n" + wide)
    assert wrong_sizes("# Many arguments: none.\ndef f(a):\n    pass\n")


def test_files_are_short() -> None:
    counted = {str(p.relative_to(ROOT)): len(p.read_text().splitlines()) for p in held_short()}
    assert {name: lines for name, lines in counted.items() if lines >= FILE_LINES} == {}


READERS = re.compile(
    r"np\.load\(|np\.fromfile\(|json\.loads?\(|tomllib\.|zipfile\.|torch\.load\(|nir\.read\(|"
    r"h5py\.File\(|(?<![\w.])open\(|path\.open\(|\.read_bytes\(\)|\.read_text\("
)
"""Ways to read a file, or to take its content apart."""

OUR_OWN = "reads a file that is part of snnc"
OTHER_PROCESS = (
    "runs in an engine's process, which imports nothing of snnc, on files that snnc just wrote"
)
NOT_THROUGH_THE_DOOR = {
    "compiler/frontend/slayer/load.py": "lava-dl writes into memory; that is read through the door",
    "backends/c_code/files.py": OUR_OWN,
    "compiler/shipped/__init__.py": OUR_OWN,
    "backends/child.py": "what an engine printed, for a message",
    "backends/c_project/emit.py": OUR_OWN,
    "backends/c_project/building.py": "what the linker said of what it just built",
    "backends/c_project/engine.py": "its own harness",
    "backends/environments.py": "the mark and the lock of an environment, in a folder of snnc's own",
    "backends/fpga/building.py": "hardware that it just wrote, and what is part of snnc",
    "backends/fpga/emit.py": OUR_OWN,
    "backends/keeper.py": "what the system says of a process that was started here",
    "backends/akida/akida_script.py": OTHER_PROCESS,
    "backends/akida/emit.py": OUR_OWN,
    "backends/akida/payload/akida_network.py": OTHER_PROCESS,
    "backends/loihi/emit.py": OUR_OWN,
    "backends/loihi/lava_child/main.py": OTHER_PROCESS,
    "backends/loihi/payload/model.py": OTHER_PROCESS,
    "backends/loihi1/brian_engine.py": OTHER_PROCESS,
    "backends/loihi1/emit.py": OUR_OWN,
    "backends/loihi1/nengo_engine.py": OTHER_PROCESS,
    "backends/sanafe/emit.py": OUR_OWN,
    "backends/sanafe/payload/play.py": OTHER_PROCESS,
    "backends/xylo/emit.py": OUR_OWN,
    "backends/xylo/xylosim_script.py": OTHER_PROCESS,
    "compiler/bundle/folder.py": "digests of files opened safely; a manifest that it just wrote",
    "compiler/conformance/bundle_cases.py": "compares bundles that it just wrote",
    "compiler/frontend/archives/archive.py": "writes an archive in memory",
    "compiler/frontend/torch_save/pickled_module.py": "torch.load, of bytes that were looked at",
    "compiler/ir/program_file.py": "writes an archive in memory",
    "backends/program_copy.py": "the two files that the compiler just wrote",
    "backends/nir/comparison.py": "a graph that it just wrote, from memory",
    "compiler/sim/fast/cache.py": "the user's own kernels, after owner and digests were looked at",
    "compiler/sim/fast/compiled.py": OUR_OWN,
    "compiler/recordings/libraries.py": "answers of a process of its own, whose memory is limited",
    "compiler/recordings/library_child.py": "that process: a library reads what was looked at",
    "compiler/messages/catalogue.py": OUR_OWN,
    "compiler/messages/record.py": OUR_OWN,
    "compiler/report/page.py": OUR_OWN,
    "compiler/workflows/readme_input.py": "code that stands in a README",
    "compiler/commands/streams.py": "opens the null device",
    "compiler/training/checkpoint.py": "torch.load, of bytes that were looked at",
}
"""Files outside ``snnc.files`` that may use them, and why."""


def test_files_are_read_through_the_door() -> None:
    """What a stranger wrote is read by ``snnc.files`` alone: see docs/files.md."""
    found = set()
    for path in sources():
        name = str(path.relative_to(ROOT))
        lines = path.read_text().splitlines()
        if not name.startswith("compiler/files/") and any(READERS.search(line) for line in lines):
            found.add(name)
    assert not found - set(NOT_THROUGH_THE_DOOR)


NAMED_WHOLE = ("workflows", "sim", "placement")
"""Rooms whose row in ARCHITECTURE.md has every file."""


@pytest.mark.parametrize("room", NAMED_WHOLE)
def test_a_room_that_names_its_files_names_all(room: str) -> None:
    """In the table of ARCHITECTURE.md: a file that is left out is looked for in vain."""
    table = (ROOT / "ARCHITECTURE.md").read_text()
    (row,) = re.findall(rf"^\| `compiler/{room}/`.*", table, re.M)
    files = {path.name for path in (ROOT / "compiler" / room).glob("*.py")} - {"__init__.py"}
    assert {name for name in files if f"`{name}`" not in row} == set()


def test_every_package_is_listed() -> None:
    configuration = tomllib.loads((ROOT / "pyproject.toml").read_text())
    listed = set(configuration["tool"]["setuptools"]["packages"])
    present = set()
    for folder, name in FOLDERS.items():
        for init in (ROOT / folder).rglob("__init__.py"):
            parts = init.parent.relative_to(ROOT / folder).parts
            present.add(".".join([name, *parts]))
    assert listed == present


def test_alias_stubs_are_current() -> None:
    aliases = runpy.run_path(str(ROOT / "typings" / "regenerate.py"))["aliases"](ROOT)
    stubs = (ROOT / "typings").rglob("*.pyi")
    present = {s.relative_to(ROOT / "typings"): s.read_text() for s in stubs}
    assert present == aliases, "run: python typings/regenerate.py"


def test_a_second_copy_of_the_package_is_refused() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import compiler"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode != 0 and "import snnc" in done.stderr


CITED = re.compile(r"((?:[A-Z][a-z]+(?: and [A-Z][a-z]+| et al\.))) \(?((?:19|20)\d\d)")


def test_publications_are_on_their_page() -> None:
    """Docstrings cite by author and year; docs/references.md has the whole titles."""
    known = (ROOT / "docs" / "references.md").read_text()
    missing = set()
    for path in sources():
        text = re.sub(r"\s+(?:# )?", " ", path.read_text())
        missing |= {
            f"{who} {year}" for who, year in CITED.findall(text) if f"{who} {year}" not in known
        }
    assert not missing


def test_nothing_points_outside_the_repository() -> None:
    """Notes that only we have are no source for a reader."""
    private = re.compile(r"\b(papers|lava|peers|ecosystem|house|methods_audit)\.md\b|shared/design")
    texts = [*sources(), *(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md")]
    texts += [*(ROOT / "samples").rglob("*.py"), *(ROOT / "benchmarks").rglob("*.py")]
    assert [str(p.relative_to(ROOT)) for p in texts if private.search(p.read_text())] == []
