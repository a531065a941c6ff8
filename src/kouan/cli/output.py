"""How commands print: a table for a person, one JSON object for a script."""

import json
import sys
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

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
