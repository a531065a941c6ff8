"""``kouan roster``: who is on duty when and where, and a roster from a file."""

import asyncio
import datetime as dt
import zoneinfo
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from kouan.access.people import Agency, Principal, Role
from kouan.access.roster import DutiesAsked, Duty
from kouan.access.roster_file import read_roster
from kouan.adapters.engines.data_folder import DataFolder
from kouan.cli import options
from kouan.cli.output import err, show, show_rows
from kouan.journeys.roster import RosterDesk
from kouan.vocabulary.clock import SECOND, Instant
from kouan.vocabulary.errors import NotAllowed, NotFound
from kouan.wiring.offline import opened
from kouan.wiring.port_file import load
from kouan.wiring.roster_client import bring_roster

app = typer.Typer(help="The roster: who is on duty, when and where.", no_args_is_help=True)

MOST_SHOWN = 1000
"""Most duties that are shown. Our choice, as of the API's pages."""

CONSOLE = Principal("console", "console", Agency.SITE, (Role.ADMINISTRATOR,))
"""Whoever works on the port's own machine while it stands still, as for ``kouan user``."""

Database = Annotated[str | None, typer.Option("--database", help="DSN of an outside PostgreSQL.")]
Token = Annotated[str | None, typer.Option(envvar="KOUAN_TOKEN", help="Token of the account that plans.")]


@app.command("show")
def show_roster(
    data: options.Data,
    port: options.Port = "ganqimaodu",
    days: Annotated[int, typer.Option(help="How many days ahead.", min=1, max=366)] = 14,
    agency: Annotated[Agency | None, typer.Option(help="One agency's only.")] = None,
    username: Annotated[str | None, typer.Option("--user", help="One person's only.")] = None,
    database: Database = None,
    json: options.Json = False,
) -> None:
    """Show who is on duty now and in the days to come, in the port's own time; the port may be running."""

    async def main() -> list[Duty]:
        async with opened(data, port, database=database) as store:
            now = store.clock.now()
            asked = DutiesAsked(now, now + days * 86_400 * SECOND, username, agency)
            return list(await store.accounts.find_duties(asked, MOST_SHOWN))

    found = asyncio.run(main())
    zone = zoneinfo.ZoneInfo(load(port).timezone)
    rows = [msgspec.to_builtins(each) for each in found] if json else [_row(each, zone) for each in found]
    show_rows("duties", rows, as_json=json)


@app.command("import")
def import_roster(
    file: Annotated[Path, typer.Argument(help="A CSV table (UTF-8 or GB 18030), a line a duty.", exists=True)],
    data: options.Data,
    port: options.Port = "ganqimaodu",
    database: Database = None,
    token: Token = None,
    json: options.Json = False,
) -> None:
    """Put the duties of a file on the roster; each wrong line is told with its field and rule, and the rest is used.

    A running port takes it under the token of a duty officer or an administrator.
    """
    report = asyncio.run(_import(file.read_bytes(), data, port, database, token))
    if json:
        show("", {"file": str(file), **report}, as_json=True)
    else:
        for wrong in report["rejected"]:
            err.print(f"row {wrong['row']}, {wrong['field']}: {wrong['mend']} ({wrong['rule']})", markup=False)
        figures = {"rows": report["rows"], "planned": len(report["planned"]), "rejected": len(report["rejected"])}
        show(str(file), figures, as_json=False)
    if report["rejected"]:
        raise typer.Exit(1)


async def _import(content: bytes, data: Path, port: str, database: str | None, token: str | None) -> dict[str, Any]:
    """Bring a roster to the running port, else into its store."""
    rows = read_roster(content, load(port).timezone)
    try:
        url = DataFolder(data).running().addresses.get("url")
    except NotFound:
        url = None
    if url is not None:
        if not token:
            raise NotAllowed(f"the port runs on {data}: say whose token plans, with --token or KOUAN_TOKEN")
        return await bring_roster(str(url), token, content)
    async with opened(data, port, database=database, write=True) as store:
        brought = await RosterDesk(store.accounts, store.ledger, store.clock).bring(rows, CONSOLE)
    report: dict[str, Any] = msgspec.to_builtins(brought)
    return report


def _row(duty: Duty, zone: zoneinfo.ZoneInfo) -> dict[str, Any]:
    return {
        "from": _local(duty.starts_at, zone),
        "until": _local(duty.until, zone),
        "person": duty.username,
        "agency": duty.agency.value,
        "post": duty.post,
        "planned by": duty.planned_by,
        "unplanned because": duty.reason,
    }


def _local(at: Instant, zone: zoneinfo.ZoneInfo) -> str:
    return dt.datetime.fromtimestamp(at // SECOND, tz=zone).strftime("%Y-%m-%d %H:%M")
