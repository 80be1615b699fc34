"""The exported program as plain data: ``models/model.json`` of an archive.

Source: torch/_export/serde/schema.py, schema 8 (torch 2.9 to 2.13). Read here field by field and
never through torch, whose own loader unpickles members and evaluates strings.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path, PureWindowsPath
from typing import Any

from snnc.errors import fail
from snnc.files import parse_json, parsing
from snnc.ir import Shape

from .archive import MODEL, Archive
from .one_batch import with_a_batch_of_one

SCHEMA_MAJOR = 8

WITHOUT_EFFECT = ("_assert", "sym_constrain_range", "sym_size")
"""Beginnings of operations that check something or read a size."""

SCALARS: dict[str, type] = {
    "as_int": int,
    "as_bool": bool,
    "as_string": str,
    "as_scalar_type": int,
}
LISTS: dict[str, type] = {"as_ints": int, "as_bools": bool, "as_strings": str}


FRAME = re.compile(r'^ *File "([^"\n]+)", line ([0-9]{1,7}), in [^\n]*\n +([^\n]+)', re.M)
"""An entry of a stack trace: file, line, and what stands there."""

OWN = Path(__file__).resolve().parents[2]
LIBRARIES = re.compile(r"[/\\](site|dist)-packages[/\\]")
LONGEST_LINE = 100
"""Characters of a user's line, and of the file's name, in a message."""

WHOLE_TYPES = {1: "uint8", 2: "int8", 3: "int16", 4: "int32", 5: "int64"}
"""``ScalarType`` of the schema, of those that have whole numbers only."""


@dataclass(frozen=True)
class Ref:
    """A use of a tensor, by its name in the program."""

    name: str


@dataclass(frozen=True)
class Opaque:
    """An argument that no operation of ours takes, by its kind in the schema."""

    kind: str


@dataclass(frozen=True)
class Module:
    """Where in the user's network a node comes from: path and class, both empty if unknown."""

    path: str
    kind: str


@dataclass(frozen=True)
class Node:
    """One operation.

    Attributes:
        target: as in the file, ``torch.ops.aten.add.Tensor``.
        name: of the node, ``add_1``.
        arguments: by the names of the operation's own signature; defaults are left out.
        outputs: names of the tensors that come out.
        module: the innermost module around it.
        line: the user's line that it comes from, in words; empty if unknown.
    """

    target: str
    name: str
    arguments: dict[str, Any]
    outputs: tuple[str, ...]
    module: Module
    line: str = ""

    @property
    def op(self) -> str:
        """The operation without its variant: ``add``, ``add_``; the whole target if not ATen."""
        parts = self.target.split(".")
        return parts[3] if parts[:3] == ["torch", "ops", "aten"] and len(parts) > 3 else self.target

    @property
    def taken(self) -> tuple[str, ...]:
        """Names of the tensors that it takes, as often as it takes each."""
        parts = (v if isinstance(v, tuple) else (v,) for v in self.arguments.values())
        return tuple(part.name for several in parts for part in several if isinstance(part, Ref))

    @property
    def computes(self) -> bool:
        """Whether anything comes out: not of a check, nor of the reading of a size that is known."""
        return not self.op.startswith(WITHOUT_EFFECT)

    @property
    def origin(self) -> str:
        """The module's path, or the node's own name in the top-level module."""
        return self.module.path or self.name

    @property
    def written(self) -> str:
        """What the user wrote: the layer that is this operation, ``SiLU``, or the operation itself."""
        kind = self.module.kind
        if kind and self.op.replace("_", "") in (kind.lower(), re.sub(r"\dd$", "", kind.lower())):
            return kind
        return self.op.removeprefix("torch.ops.")

    @property
    def source(self) -> str:
        """Where it comes from, for messages: the user's line first, torch's name of it last."""
        called = f"in torch {self.target.removeprefix('torch.ops.')}"
        return f"{self.line}; {called}" if self.line else called

    @property
    def where(self) -> str:
        """How messages call it."""
        if self.module.path:
            return f"{self.module.path} ({self.module.kind})"
        return f"{self.name} (in {self.module.kind})" if self.module.kind else self.name


@dataclass(frozen=True)
class Exported:
    """A program and its signature. Names of tensors are the program's, others the user's.

    Attributes:
        nodes: in the order in which they run.
        shapes: by tensor, batch axis included; None where a size is symbolic.
        inputs: tensors that the caller gives, also those in lists and dictionaries.
        outputs: what the caller gets; None for what is no tensor.
        dtypes: by tensor, ``ScalarType`` of the schema.
        input_keys, output_keys: for each of them its key in the dictionary around it, None if it is in
            none.
        parameters, buffers, constants: user's names of the tensors that come with the program.
        mutated: by buffer (user's name), the tensor that holds its new value at the end.
    """

    nodes: tuple[Node, ...]
    shapes: dict[str, Shape | None]
    inputs: tuple[str, ...]
    outputs: tuple[str | None, ...]
    parameters: dict[str, str] = field(default_factory=dict)
    buffers: dict[str, str] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)
    mutated: dict[str, str] = field(default_factory=dict)
    dtypes: dict[str, int] = field(default_factory=dict)
    input_keys: tuple[str | None, ...] = ()
    output_keys: tuple[str | None, ...] = ()

    def whole_type(self, tensor: str) -> str | None:
        """The type of a tensor that has whole numbers only, as numpy calls it; None of any other."""
        return WHOLE_TYPES.get(self.dtypes.get(tensor, 0))

    def uses(self, tensor: str) -> int:
        """How often a tensor is used, by operations and as a result."""
        taken = sum(node.taken.count(tensor) for node in self.nodes)
        return taken + (*self.outputs, *self.mutated.values()).count(tensor)


def read_program(archive: Archive, member: str) -> Exported:
    """Read the program.

    Raises:
        UserError: D105 another schema version, D106 damaged.
    """
    document, place = archive.read_json(member), archive.place(member)
    with parsing(place, MODEL):
        version = document["schema_version"]
        major, minor = int(version["major"]), int(version["minor"])
        if major != SCHEMA_MAJOR:
            written = str(document.get("torch_version", "?"))
            raise fail(
                "D105",
                f"the export has schema {major}.{minor}, this snnc reads {SCHEMA_MAJOR}.x",
                where=place,
                why=f"torch {written} wrote it",
                help="export again with torch 2.9 to 2.13"
                if major < SCHEMA_MAJOR
                else "update snnc, or export again with torch 2.9 to 2.13",
            )
        module = document["graph_module"]
        return _program(module["graph"], module["signature"], _call(module), place)


def _call(module: Any) -> dict[str, Any]:
    """How the network is called: ``ModuleCallSignature`` of the schema, empty where it is missing."""
    for entry in module.get("module_call_graph", ()):
        if entry["fqn"] == "" and entry["signature"] is not None:
            return dict(entry["signature"])
    return {}


def _tree(spec: str | None, place: str) -> Any:
    """A tree of lists and dictionaries; None where the file has none."""
    return None if spec is None else parse_json(spec.encode(), place, MODEL)[1]


def _keys(tree: Any, place: str) -> list[str | None]:
    """The dictionary key of each leaf of a tree of lists and dictionaries, in torch's order.

    Source: torch/utils/_pytree.py, ``treespec_dumps``; the context of a dictionary lists its keys.
    """
    found: list[str | None] = []

    def visit(node: Any, key: str | None) -> None:
        children = node["children_spec"]
        if node["type"] is None:
            found.append(key)
            return
        is_dict = str(node["type"]).lower().endswith("dict")
        named = parse_json(node["context"].encode(), place, MODEL) if is_dict else ()
        keys = named if is_dict else [key] * len(children)
        for child, inner in zip(children, keys, strict=True):
            visit(child, inner if inner is None else str(inner))

    if tree is not None:
        visit(tree, None)
    return found


def _input_keys(tree: Any, place: str) -> list[str | None]:
    """The same for a call's arguments, whose own names do not count as keys."""
    if tree is None:
        return []
    positional, named = tree["children_spec"]
    found: list[str | None] = []
    for child in (*positional["children_spec"], *named["children_spec"]):
        found += _keys(child, place)
    return found


def _program(graph: Any, signature: Any, call: dict[str, Any], place: str) -> Exported:
    inputs: list[str] = []
    given: list[bool] = []
    named: dict[str, dict[str, str]] = {"parameter": {}, "buffer": {}, "tensor_constant": {}}
    for spec in signature["input_specs"]:
        ((kind, content),) = spec.items()
        if kind == "user_input":
            given.append("as_tensor" in content["arg"])
            if given[-1]:
                inputs.append(str(content["arg"]["as_tensor"]["name"]))
        elif kind in named:
            named[kind][str(content["arg"]["name"])] = str(content[f"{kind}_name"])
    outputs: list[str | None] = []
    mutated: dict[str, str] = {}
    for spec in signature["output_specs"]:
        ((kind, content),) = spec.items()
        if kind == "user_output":
            argument = content["arg"]
            outputs.append(str(argument["as_tensor"]["name"]) if "as_tensor" in argument else None)
        elif kind == "buffer_mutation":
            mutated[str(content["buffer_name"])] = str(content["arg"]["name"])
    graph = with_a_batch_of_one(graph, inputs[0] if inputs else None)
    return Exported(
        nodes=tuple(_node(node) for node in graph["nodes"]),
        shapes={str(name): _shape(meta) for name, meta in graph["tensor_values"].items()},
        dtypes={str(name): int(meta["dtype"]) for name, meta in graph["tensor_values"].items()},
        inputs=tuple(inputs),
        outputs=tuple(outputs),
        parameters=named["parameter"],
        buffers=named["buffer"],
        constants=named["tensor_constant"],
        mutated=mutated,
        input_keys=_of_tensors(_input_keys(_tree(call.get("in_spec"), place), place), given),
        output_keys=_of_tensors(
            _keys(_tree(call.get("out_spec"), place), place), [True] * len(outputs)
        ),
    )


def _of_tensors(keys: list[str | None], given: list[bool]) -> tuple[str | None, ...]:
    """The keys of those leaves that are tensors; none where the tree and the program differ."""
    if len(keys) != len(given):
        return ()
    return tuple(key for key, tensor in zip(keys, given, strict=True) if tensor)


def _shape(meta: Any) -> Shape | None:
    sizes = tuple(size.get("as_int") for size in meta["sizes"])
    return None if None in sizes else tuple(int(size) for size in sizes)


def _node(node: Any) -> Node:
    outputs: list[str] = []
    for output in node["outputs"]:
        ((kind, content),) = output.items()
        if kind == "as_tensor":
            outputs.append(str(content["name"]))
        elif kind == "as_tensors":
            outputs += (str(entry["name"]) for entry in content)
    target = str(node["target"])
    name = node.get("name") or (outputs[0] if outputs else target)
    return Node(
        target=target,
        name=str(name),
        # Higher-order operations have no signature and leave the names empty.
        arguments={
            str(given["name"] or number): _argument(given["arg"])
            for number, given in enumerate(node["inputs"])
        },
        outputs=tuple(outputs),
        module=_module(node["metadata"].get("nn_module_stack", "")),
        line=users_line(str(node["metadata"].get("stack_trace", ""))),
    )


def _argument(argument: Any) -> Any:
    """A Python value: None, a number, a string, a :class:`Ref`, a tuple of those, or Opaque."""
    ((kind, content),) = argument.items()
    if kind in ("as_none", "as_device", "as_layout", "as_memory_format"):
        # Where numbers lie in memory changes nothing of what they mean.
        return None
    if kind == "as_tensor":
        return Ref(str(content["name"]))
    if kind == "as_tensors":
        return tuple(Ref(str(entry["name"])) for entry in content)
    if kind in ("as_optional_tensor", "as_sym_int", "as_sym_float", "as_sym_bool"):
        return _argument(content) if "as_name" not in content else Opaque("a symbolic size")
    if kind in ("as_optional_tensors", "as_sym_ints", "as_sym_floats", "as_sym_bools"):
        return tuple(
            _argument(entry) if "as_name" not in entry else Opaque("a symbolic size")
            for entry in content
        )
    if kind == "as_float":
        # The schema writes what JSON has no word for as "Infinity" and "NaN".
        return float(content)
    if kind == "as_floats":
        return tuple(float(entry) for entry in content)
    if kind in SCALARS:
        return _checked(content, SCALARS[kind])
    if kind in LISTS:
        return tuple(_checked(entry, LISTS[kind]) for entry in content)
    return Opaque(kind.removeprefix("as_"))


def users_line(trace: str) -> str:
    """The innermost line of a stack trace that is neither a library's nor snnc's own."""
    for path, number, text in reversed(FRAME.findall(trace)):
        name = PureWindowsPath(path).name  # which takes either slash
        if name and not LIBRARIES.search(path) and not path.startswith(f"{OWN}/"):
            return f"line {number} of {name:.{LONGEST_LINE}}: {text:.{LONGEST_LINE}}"
    return ""


def _checked(value: Any, kind: type) -> Any:
    if type(value) is not kind:
        raise TypeError(f"{value!r} is not of type {kind.__name__}")
    return value


def _module(stack: str) -> Module:
    """The last entry of ``key,path,class;key,path,class``; calls after the first end in ``@1``."""
    path, _, kind = stack.rpartition(";")[2].partition(",")[2].rpartition(",")
    return Module(re.sub(r"@\d+$", "", path), kind.rpartition(".")[2])
