"""How results show themselves: one line as ``repr``, a table in a notebook, JSON, and pandas."""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .errors import Diagnostic, Severity, fail

if TYPE_CHECKING:
    from pandas import DataFrame

LONGEST = 2000
"""Characters of a ``repr``."""

MOST_ROWS = 200
"""That a notebook shows."""


def shortened(text: str) -> str:
    """A text cut to what a ``repr`` may have."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 4]} ..."


@dataclass(frozen=True)
class Rows:
    """A result as a table.

    Attributes:
        columns: names.
        rows: values, numbers as numbers; None where there is nothing to say.
    """

    columns: tuple[str, ...]
    rows: tuple[Sequence[Any], ...]


def warned(diagnostics: Iterable[Diagnostic]) -> str:
    """The codes of warnings as the end of a headline: in Python nothing else says them unasked."""
    codes = dict.fromkeys(d.code for d in diagnostics if d.severity is Severity.WARNING)
    return f"; warnings: {', '.join(codes)}" if codes else ""


class Result:
    """What every result of ``snnc`` can do."""

    def headline(self) -> str:
        """The result in one line."""
        raise NotImplementedError

    def as_json(self) -> Any:
        """Plain types: dictionaries, lists, numbers and text."""
        raise NotImplementedError

    def table(self) -> Rows:
        """The result as a table."""
        raise NotImplementedError

    def to_json(self) -> str:
        """JSON, the same text that ``--json`` prints."""
        return json.dumps(self.as_json(), indent=1)

    def to_pandas(self) -> DataFrame:
        """The table as a ``pandas.DataFrame``.

        Raises:
            UserError: D123 pandas is not installed.
        """
        try:
            import pandas
        except ImportError as problem:
            raise fail(
                "D123",
                "to_pandas needs pandas",
                where=type(self).__name__,
                why=str(problem),
                help="pip install pandas, or use to_json(), which has the same numbers",
            ) from None
        found = self.table()
        return pandas.DataFrame([list(row) for row in found.rows], columns=list(found.columns))

    def __repr__(self) -> str:
        return shortened(f"{type(self).__name__}({self.headline()})")

    def _repr_html_(self) -> str:
        """The headline and the table, for notebooks."""
        found = self.table()
        head = "".join(f"<th>{html.escape(column)}</th>" for column in found.columns)
        body = "".join(
            "<tr>" + "".join(f"<td>{html.escape(_cell(value))}</td>" for value in row) + "</tr>"
            for row in found.rows[:MOST_ROWS]
        )
        left = len(found.rows) - MOST_ROWS
        more = f"<p>and {left} more rows: to_pandas()</p>" if left > 0 else ""
        title = html.escape(shortened(self.headline()))
        return f"<p>{title}</p><table><tr>{head}</tr>{body}</table>{more}"


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)
