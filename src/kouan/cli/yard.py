"""``kouan yard``: the mass balance of a port's yard, and its tickets reconciled with the carriers'."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from kouan.cli import options
from kouan.cli.output import show, show_rows
from kouan.gate.catalogue import render
from kouan.journeys.yard_desk import YardDesk
from kouan.vocabulary.clock import SECOND
from kouan.vocabulary.errors import NotFound
from kouan.vocabulary.verdict import Reason
from kouan.wiring.messages import catalogue
from kouan.wiring.offline import opened
from kouan.wiring.port_file import load
from kouan.wiring.yard import yard_of

app = typer.Typer(help="The supervised yard: its mass balance, and tickets by carrier.", no_args_is_help=True)

Database = Annotated[str | None, typer.Option("--database", help="DSN of an outside PostgreSQL.")]
Days = Annotated[int, typer.Option("--days", min=1, max=3660, help="How many days back to look.")]

DAY_US = 24 * 3600 * SECOND


@asynccontextmanager
async def _yard(data: Path, port: str, database: str | None) -> AsyncIterator[tuple[YardDesk, int]]:
    """Open the yard of a port to look at it; raise NotFound where the port has none."""
    async with opened(data, port, database=database) as store:
        yard = yard_of(load(port), store.yard, store.clock, bytes, lambda *_: None)  # it is only looked at
        if yard is None:
            raise NotFound(f"port {port} has no yard: its file has no table [yard]")
        yield yard.desk, store.clock.now()


@app.command()
def balance(
    data: options.Data,
    port: options.Port = "ganqimaodu",
    database: Database = None,
    site: Annotated[str, typer.Option("--site", help="One site only.")] = "",
    json: options.Json = False,
) -> None:
    """Check that mass in = mass out + stock + stated loss, for every lot and site; fail where it does not hold."""
    sites, lots = asyncio.run(_balance(data, port, database, site))
    findings = [finding for each in sites for finding in each["findings"]]
    if json:
        show("The yard", {"sites": sites, "lots": lots, "holds": not findings}, as_json=True)
    else:
        columns = ("name", "in_kg", "out_kg", "stock_kg", "loss_kg", "moisture_kg")
        for name, rows in (("sites", sites), ("lots", lots)):
            told = [{**{c: each[c] for c in columns}, "holds": not each["findings"]} for each in rows]
            show_rows(name, told, as_json=False)
        texts = [render(catalogue("en"), msgspec.convert(each, Reason)) for each in findings]
        show("The yard balances" if not findings else "The yard does not balance", {"findings": texts}, as_json=False)
    if findings:
        raise typer.Exit(1)


async def _balance(data: Path, port: str, database: str | None, site: str) -> tuple[list[Any], list[Any]]:
    async with _yard(data, port, database) as (desk, _):
        names = [each.name for each in desk.settings.sites] if not site else [desk.settings.site(site).name]
        sites = [await desk.goods.balance(name) for name in names]
        lots = await desk.goods.balances(site or None)
        return [msgspec.to_builtins(each) for each in sites], [msgspec.to_builtins(each) for each in lots]


@app.command()
def reconcile(
    data: options.Data,
    port: options.Port = "ganqimaodu",
    database: Database = None,
    days: Days = 30,
    json: options.Json = False,
) -> None:
    """Compare the port's weights with the carriers' tickets, and the scales with reference vehicles and each other."""
    carriers, scales, offsets = asyncio.run(_reconcile(data, port, database, days))
    if json:
        show("The yard", {"carriers": carriers, "scales": scales, "offsets": offsets, "days": days}, as_json=True)
        return
    show_rows("carriers", [_told(each, "difference") for each in carriers], as_json=False)
    show_rows("scales", [_told(each, "estimate") for each in scales], as_json=False)
    show_rows("scales beside each other", offsets, as_json=False)


async def _reconcile(
    data: Path, port: str, database: str | None, days: int
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]]]:
    async with _yard(data, port, database) as (desk, now):
        since = max(now - days * DAY_US, 0)
        carriers = await desk.scales.carriers(since, now + 1)
        found = (carriers, await desk.scales.checks(), await desk.scales.offsets(since))
        first, second, third = ([msgspec.to_builtins(each) for each in part] for part in found)
        return first, second, third


def _told(row: dict[str, Any], estimate: str) -> dict[str, Any]:
    """Return a row for people: the estimate as median and interval, outliers as how many."""
    found = row[estimate]
    text = (
        None if found is None else f"{found['median_kg']} kg ({found['low_kg']} to {found['high_kg']}, n {found['n']})"
    )
    told = {name: value for name, value in row.items() if name not in (estimate, "outliers")} | {estimate: text}
    return told | {"outliers": len(row["outliers"])} if "outliers" in row else told
