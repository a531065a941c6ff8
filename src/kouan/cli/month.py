"""How a virtual month is printed for people: plain figures first, then a table for each thing that has several."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table

from kouan.cli.output import err, out, show

REGIMES = ("hours_to_certificate", "hours_to_release")
WAYS = ("selected", "examined", "found", "precision")
OFFENCES = ("planted", "found", "missed", "open", "found_by")


def print_month(figures: Mapping[str, Any]) -> None:
    """Print a month; violations go to stderr."""
    plain = {name: value for name, value in figures.items() if not isinstance(value, Mapping | list)}
    show("What the month would have brought", plain, as_json=False)
    _print_regimes(figures)
    _print_rows("Offences, as only the simulator knows them", "strategy", OFFENCES, figures["offences"])
    _print_rows("Selected by targeting", "by", WAYS, figures["selected"])
    for name, value in figures.items():
        if isinstance(value, Mapping) and name not in (*REGIMES, "lots_by_regime", "offences", "selected"):
            show(name, value, as_json=False)
    _print_recalls(figures["recalls"])
    for violation in figures["violation_texts"]:
        err.print(f"[red]{violation}[/red]")


def _print_regimes(figures: Mapping[str, Any]) -> None:
    """Print lots, and hours to release and to certificate, by regime."""
    table = Table(title="Regimes (hours from arrival: median, 95 %)", title_justify="left", box=None)
    for column in ("regime", "lots", "released", "", "certified", ""):
        table.add_column(column, justify="left" if column == "regime" else "right")
    for regime, lots in figures["lots_by_regime"].items():
        released, certified = (figures[name].get(regime) for name in reversed(REGIMES))
        table.add_row(regime, str(lots), *_spread(released), *_spread(certified))
    out.print(table)


def _spread(found: Mapping[str, float] | None) -> tuple[str, str]:
    return ("–", "–") if found is None else (f"{found['median']:.1f}", f"{found['p95']:.1f}")


def _print_rows(title: str, first: str, columns: Sequence[str], rows: Mapping[str, Mapping[str, Any]]) -> None:
    table = Table(title=title, title_justify="left", box=None)
    for column in (first, *columns):
        table.add_column(column)
    for name, row in rows.items():
        table.add_row(name, *(_text(row[column]) for column in columns))
    out.print(table)


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {count}" for name, count in value.items()) or "–"
    return "–" if value is None else str(value)


def _print_recalls(recalls: Sequence[Mapping[str, Any]]) -> None:
    table = Table(title=f"{len(recalls)} recalls", title_justify="left", box=None)
    for column in ("lot", "last known"):
        table.add_column(column)
    for recall in recalls:
        table.add_row(recall["lot"], recall["last_known"] or "at the port")
    out.print(table)
