"""A program that was exported for any batch, as the one for a batch of one.

Source: torch/_export/serde/schema.py, schema 8: a size that is not fixed is ``as_expr`` with the text
of an expression, and a use of one as a number is ``as_name``, whose expression ``sym_int_values`` has.
"""

from __future__ import annotations

from typing import Any


def with_a_batch_of_one(graph: Any, frame: str | None) -> Any:
    """The graph of the file's JSON with 1 in place of the batch's size, where that is one symbol.

    Args:
        graph: ``graph_module.graph`` of the file.
        frame: name of the first input; None where there is none.
    """
    sizes = graph["tensor_values"].get(frame, {}).get("sizes") or [{}]
    symbol = sizes[0].get("as_expr", {}).get("expr_str")
    if not isinstance(symbol, str) or not symbol.startswith("Symbol("):
        return graph
    numbers = graph.get("sym_int_values", {})
    names = {n for n, v in numbers.items() if v.get("as_expr", {}).get("expr_str") == symbol}
    return _fixed(graph, symbol, names)


def _fixed(part: Any, symbol: str, names: set[str]) -> Any:
    if isinstance(part, list):
        return [_fixed(entry, symbol, names) for entry in part]
    if not isinstance(part, dict):
        return part
    expression = part.get("as_expr")
    if isinstance(expression, dict) and expression.get("expr_str") == symbol:
        return {"as_int": 1}
    if part.keys() == {"as_name"} and part["as_name"] in names:
        return {"as_int": 1}
    return {key: _fixed(value, symbol, names) for key, value in part.items()}
