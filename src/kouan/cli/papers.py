"""``kouan papers``: hand in files of papers, look at balances, make templates, write EDIFACT."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from kouan.adapters.engines.data_folder import DataFolder
from kouan.cli import options
from kouan.cli.output import err, show, show_rows, text_of
from kouan.inspection.balances import left_kg, over_kg
from kouan.inspection.importing.columns import FileKind
from kouan.inspection.importing.exporting import exported
from kouan.inspection.importing.files import read_file
from kouan.inspection.importing.rejected import rejected_rows
from kouan.inspection.importing.templates import template as template_of
from kouan.inspection.papers import Manifest
from kouan.inspection.supporting import GateReport, PaperKind
from kouan.inspection.use_cases import declaration_of
from kouan.journeys.hand_in import PapersCounter
from kouan.journeys.import_papers import ImportReport, Take, import_papers, takers
from kouan.vocabulary.errors import InvalidValue, NotAllowed, NotFound
from kouan.wiring.offline import Store, opened
from kouan.wiring.papers_client import PapersClient

app = typer.Typer(help="Papers: import, balances, templates, EDIFACT.", no_args_is_help=True)

EVERY = frozenset(FileKind)
"""Whoever works on the port's own machine while it stands still hands in every kind of paper."""

Kind = Annotated[FileKind | None, typer.Option(help="What the files hold; a table's header usually says it.")]
Database = Annotated[str | None, typer.Option("--database", help="DSN of an outside PostgreSQL.")]
Token = Annotated[str | None, typer.Option(envvar="KOUAN_TOKEN", help="Token of the account that hands in.")]


@app.command("import")
def import_files(
    files: Annotated[list[Path], typer.Argument(help="CSV, Excel, JSON or EDIFACT files.", exists=True)],
    data: options.Data,
    kind: Kind = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Judge every row, record nothing.")] = False,
    rejected: Annotated[Path | None, typer.Option(help="Write the rejected rows and why into this CSV.")] = None,
    port: options.Port = "ganqimaodu",
    database: Database = None,
    token: Token = None,
    json: options.Json = False,
) -> None:
    """Hand in files of papers; each wrong row is told with its field and rule, and the rest is used."""
    place = _Place(data, port, database)
    reports = asyncio.run(_import(files, kind, place, token, dry_run=dry_run))
    if rejected is not None:
        kept = [(file.read_bytes(), reports[str(file)]) for file in files]
        rejected.write_bytes(rejected_rows([(content, report.rejected) for content, report in kept]))
    if json:
        show("", {"files": [{"file": name, **_figures(report)} for name, report in reports.items()]}, as_json=True)
    else:
        for name, report in reports.items():
            _print(name, report)
    if any(report.rejected for report in reports.values()):
        raise typer.Exit(1)


class _Place(msgspec.Struct, frozen=True):
    """Where a port's papers are kept."""

    data: Path
    port: str
    database: str | None

    def opened(self, *, write: bool = False) -> contextlib.AbstractAsyncContextManager[Store]:
        """Open the store."""
        return opened(self.data, self.port, database=self.database, write=write)


async def _import(
    files: list[Path], kind: FileKind | None, place: _Place, token: str | None, *, dry_run: bool
) -> Mapping[str, ImportReport]:
    async with _taking(place, token, dry_run=dry_run) as take:
        reports = {}
        for file in files:
            try:
                content = read_file(file.read_bytes(), kind)
            except InvalidValue as error:
                raise InvalidValue(f"{file.name}: {error.field}", error.rule, error.mend) from error
            reports[str(file)] = await import_papers(content, take, rehearsal=dry_run)
        return reports


@contextlib.asynccontextmanager
async def _taking(place: _Place, token: str | None, *, dry_run: bool) -> AsyncIterator[Mapping[FileKind, Take]]:
    """Hand in at the running port, else into its store; a rehearsal only reads the store, running or not."""
    try:
        url = DataFolder(place.data).running().addresses.get("url")
    except NotFound:
        url = None
    if url is not None and not dry_run:
        if not token:
            raise NotAllowed(f"the port runs on {place.data}: say whose token hands in, with --token or KOUAN_TOKEN")
        client = PapersClient(str(url), token)
        try:
            yield client.takers()
        finally:
            await client.close()
        return
    async with place.opened(write=not dry_run) as store:
        chance = os.urandom
        counter = PapersCounter(store.papers, store.ledger, store.subjects, store.clock, chance, rehearsal=dry_run)
        yield takers(counter, EVERY)


def _figures(report: ImportReport) -> dict[str, Any]:
    figures: dict[str, Any] = msgspec.to_builtins(report)
    return figures


def _print(name: str, report: ImportReport) -> None:
    repeated = sum(paper.repeated for paper in report.taken)
    figures = {
        "rows": report.rows,
        "taken": len(report.taken),
        "of these repeated": repeated,
        "rows rejected": len(report.rejected_rows),
    }
    for problem in report.rejected:
        where = problem.column or problem.field
        err.print(f"row {problem.row}{f', {where}' if where else ''}: {problem.mend} ({problem.rule})", markup=False)
    if report.unused:
        err.print(f"not used: {', '.join(report.unused)}", markup=False)
    show(f"{name}{' (dry run: nothing recorded)' if report.rehearsal else ''}", figures, as_json=False)


@app.command()
def balance(
    number: Annotated[str, typer.Argument(help="Number of a declaration, manifest, certificate or licence.")],
    data: options.Data,
    port: options.Port = "ganqimaodu",
    database: Database = None,
    json: options.Json = False,
) -> None:
    """Say how much may still be written off against a paper, and which tickets wrote off what."""
    balances, tickets = asyncio.run(_balance(number, _Place(data, port, database)))
    if json:
        show("", {"number": number, "balances": balances, "write_offs": tickets}, as_json=True)
        return
    show_rows("balances", balances, as_json=False)
    show_rows("write-offs", [{**each, "at": text_of(each["at"])} for each in tickets], as_json=False)


async def _balance(number: str, place: _Place) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    async with place.opened() as store:
        found = await store.papers.balances([number])
        if not found:
            raise NotFound(f"there is no balance of {number}")
        kinds = dict.fromkeys(each.kind for each in found)
        tickets = [one for kind in kinds for one in await store.papers.write_offs(kind, number)]
    rows = [
        {
            "kind": each.kind,
            "item": each.item,
            "granted_kg": each.granted_kg,
            "taken_kg": each.taken_kg,
            "left_kg": left_kg(each),
            "over_kg": over_kg(each),
            "state": each.state,
        }
        for each in found
    ]
    names = ("ticket", "kind", "item", "mass_kg", "at", "by", "voided_at")
    return rows, [{name: getattr(one, name) for name in names} for one in tickets]


@app.command()
def template(
    kind: Annotated[FileKind, typer.Argument(help="What is to be filled in.")],
    out: Annotated[Path, typer.Argument(help="Where to write: a .csv or .xlsx file.")],
) -> None:
    """Write an empty table with Chinese headers, to be filled in and imported."""
    form = out.suffix.removeprefix(".").lower()
    if form not in ("csv", "xlsx"):
        raise InvalidValue("out", "template.form", "must end in .csv or .xlsx")
    out.write_bytes(template_of(kind, form))


@app.command()
def export(
    numbers: Annotated[list[str], typer.Argument(help="Manifests, declarations or gate reports.")],
    out: Annotated[Path, typer.Option("--out", help="Where to write the interchange.")],
    data: options.Data,
    recipient: Annotated[str, typer.Option(help="For whom it is.")],
    sender: Annotated[str, typer.Option(help="Who sends it.")] = "KOUAN",
    reference: Annotated[str, typer.Option(help="The interchange's own number.")] = "1",
    port: options.Port = "ganqimaodu",
    database: Database = None,
) -> None:
    """Write papers as an EDIFACT interchange: CUSCAR, CUSRES or CODECO."""
    out.write_bytes(asyncio.run(_export(numbers, _Place(data, port, database), sender, recipient, reference)))


async def _export(numbers: list[str], place: _Place, sender: str, recipient: str, reference: str) -> bytes:
    async with place.opened() as store:
        papers = tuple([await _find(store, number) for number in numbers])
        return exported(papers, sender, recipient, reference, store.clock.now())


async def _find(store: Store, number: str) -> Any:
    manifest = await store.papers.find_manifest(number)
    if manifest is not None:
        return msgspec.json.decode(manifest.document, type=Manifest)
    declaration = await store.papers.find_declaration(number)
    if declaration is not None:
        return declaration_of(declaration)
    report = await store.papers.find_supporting(PaperKind.GATE_REPORT, number)
    if report is None:
        raise NotFound(f"there is no manifest, declaration or gate report {number}")
    return msgspec.json.decode(report.document, type=GateReport)
