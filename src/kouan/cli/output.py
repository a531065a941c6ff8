"""How commands print: a table for a person, one JSON object for a script."""

import datetime as dt
import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from kouan.vocabulary.clock import SECOND, Instant

out = Console()
err = Console(stderr=True)


def show(title: str, figures: Mapping[str, Any], *, as_json: bool) -> None:
    """Print figures by name; ``None`` stands for what was not measured."""
    if as_json:
        json.dump(figures, sys.stdout, ensure_ascii=False, default=str)
        sys.stdout.write("\n")
        return
    table = Table(title=title, show_header=False, title_justify="left", box=None)
    for name, value in figures.items():
        table.add_row(name, "–" if value is None else f"{value:,.3f}" if isinstance(value, float) else str(value))
    out.print(table)


def show_rows(name: str, rows: Sequence[Mapping[str, Any]], *, as_json: bool) -> None:
    """Print a list of things with the same fields; in JSON it stands under ``name``."""
    if as_json:
        show(name, {name: list(rows)}, as_json=True)
        return
    table = Table(title=f"{len(rows)} {name}", title_justify="left", box=None)
    for field in rows[0] if rows else ():
        table.add_column(field)
    for row in rows:
        table.add_row(*("–" if value is None else str(value) for value in row.values()))
    out.print(table)


def text_of(at: Instant | None) -> str | None:
    """Return an instant as people read it (ISO 8601, UTC), to the second."""
    return None if at is None else dt.datetime.fromtimestamp(at // SECOND, tz=dt.UTC).isoformat()
