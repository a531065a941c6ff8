"""Tables and lists of a report as HTML; whatever files say is escaped."""

from collections.abc import Iterable, Sequence
from html import escape

from kouan.planning.study.report.words import word


def titled(name: str, language: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table under its title, from ids of words; nothing where it has no rows."""
    if not rows:
        return ""
    return f"<h2>{escape(word(name, language))}</h2>{table([word(head, language) for head in heads], rows)}"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; columns of numbers stand to the right."""
    kept = list(rows)
    first = kept[0] if kept else [""] * len(heads)
    top = "".join(f"<th{_numeric(cell)}>{escape(head)}</th>" for head, cell in zip(heads, first, strict=True))
    body = "".join(
        "<tr>" + "".join(f"<td{_numeric(cell)}>{escape(cell)}</td>" for cell in row) + "</tr>" for row in kept
    )
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def listed(title: str, lines: Sequence[str], style: str = "") -> str:
    """Return sentences under their title; nothing where there are none."""
    if not lines:
        return ""
    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return f"<h2>{escape(title)}</h2><ul class='{style}'>{items}</ul>"


def _numeric(cell: str) -> str:
    return " class=n" if cell[:1].isdigit() or (cell[:1] in "+-−" and cell[1:2].isdigit()) else ""
