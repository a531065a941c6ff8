"""``kouan study``: where the hours go, from a port's own files; needs no port, no database and no account."""

import itertools
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.prompt import Confirm, Prompt
from typer.core import TyperGroup

from kouan.cli import options, study_model
from kouan.cli.output import err, out, show, show_rows
from kouan.planning.study.report.words import LANGUAGES
from kouan.vocabulary.errors import InvalidValue

if TYPE_CHECKING:
    from kouan.planning.study.studying import Studied

_FILES = "files"

_SHOWN_DAYS = 14
"""Days of a forecast that are printed; with ``--json`` all are."""


class FilesFirst(TyperGroup):
    """Takes what is no command's name for the files of a study: ``kouan study a.csv`` and ``kouan study sample``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Return the arguments, the command for files put before them where they name none."""
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = [_FILES, *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=FilesFirst,
    help="Study a port's own exports of passages and weighbridge tickets: kouan study FILES… --out report.html",
    no_args_is_help=True,
)


@app.command(_FILES)
def study_files(
    files: Annotated[list[Path], typer.Argument(help="CSV or Excel files of passages and weighbridge tickets.")],
    data: options.Data,
    report: Annotated[Path | None, typer.Option("--out", help="Write the report to print, as HTML.")] = None,
    excel: Annotated[Path | None, typer.Option("--excel", help="Write the workbook.")] = None,
    rejected: Annotated[
        Path | None, typer.Option("--rejected", help="Write every rejected row with its reason.")
    ] = None,
    language: Annotated[str, typer.Option("--language", help="zh or en.")] = "zh",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Take the columns as guessed; keep nothing.")] = False,
    json: options.Json = False,
) -> None:
    """Study files: which rows can be used, how visits went, where hours are lost, what tickets say of weights."""
    from kouan.planning.study.report.book import book, rejected_table
    from kouan.planning.study.report.page import page

    if language not in LANGUAGES:
        raise InvalidValue("language", "study.language", "must be zh or en")
    studied = _studied(files, data, guessed=yes, quiet=json)
    outputs: list[tuple[Path | None, Callable[[], bytes]]] = [
        (report, lambda: page(studied.study, language).encode()),
        (excel, lambda: book(studied, language)),
        (rejected, lambda: rejected_table(studied, language).write_csv(include_bom=True).encode()),
    ]
    for path, content in outputs:
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content())
            err.print(f"[dim]written: {path}[/dim]")
    if json:
        show("", msgspec.to_builtins(studied.study), as_json=True)
    else:
        _print(studied.study, language)


@app.command()
def forecast(
    files: Annotated[list[Path], typer.Argument(help="CSV or Excel files of passages or weighbridge tickets.")],
    data: options.Data,
    days: Annotated[int, typer.Option(help="How many days ahead.", min=1)] = 92,
    seed: Annotated[int, typer.Option(help="Seed of the simulated futures.")] = 1,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Take the columns as guessed; keep nothing.")] = False,
    json: options.Json = False,
) -> None:
    """Forecast daily and monthly entries with 95 % intervals; how it did on weeks held out is printed first."""
    from kouan.planning.forecast.forecast import forecast as forecast_of

    studied = _studied(files, data, guessed=yes, quiet=json)
    found = forecast_of({day.day: day.entered for day in studied.study.traffic}, days, seed)
    if json:
        show("", msgspec.to_builtins(found), as_json=True)
        return
    tested = {**msgspec.to_builtins(found.back_test), "better_than_naive": found.back_test.better}
    show("On weeks that it had not seen (vehicles a day; naive: as a week before)", tested, as_json=False)
    show_rows("months", [msgspec.to_builtins(month) for month in found.months], as_json=False)
    show_rows("days", [msgspec.to_builtins(day) for day in found.days[:_SHOWN_DAYS]], as_json=False)
    for season in found.not_learnt:
        err.print(f"[yellow]{season} lies ahead, and the files show none: its effect is not in the forecast[/yellow]")


app.command("what-if")(study_model.what_if)
app.command()(study_model.headline)
app.command()(study_model.optimise)


@app.command()
def sample(
    folder: Annotated[Path, typer.Option("--out", help="Folder to write into.")],
    rows: Annotated[int, typer.Option(help="About how many rows, of all files together.", min=30)] = 50_000,
    seed: Annotated[int, typer.Option(help="Seed of the traffic and of the mistakes.")] = 1,
    layouts: Annotated[str, typer.Option(help="Of zh, mn, ru, en, xlsx; joined by commas.")] = "zh,mn,ru,en,xlsx",
    json: options.Json = False,
) -> None:
    """Write a sample of exports, mistakes included, and what is true of them beside (truth.csv, truth.json)."""
    from kouan.simulator.exports.layouts import LAYOUTS
    from kouan.simulator.exports.truth import Sample
    from kouan.simulator.exports.writing import write

    names = layouts.split(",")
    if not set(names) <= set(LAYOUTS):
        raise InvalidValue("layouts", "sample.layouts", f"must be of {', '.join(LAYOUTS)}")
    written = write(Sample(rows=rows, seed=seed), folder, names)
    show(f"Written to {folder}", msgspec.to_builtins(written), as_json=json)


def _studied(files: list[Path], data: Path, *, guessed: bool, quiet: bool) -> "Studied":
    """Return what files show.

    Unless the guess is to be taken, tables confirmed before are read alike; a new one is shown to a person, where one
    can be asked, and kept as confirmed.
    """
    from kouan.adapters.study.gathering import gather
    from kouan.adapters.study.kept import KeptMappings, KeptNothing
    from kouan.adapters.study.shelf import studies_folder
    from kouan.planning.study.studying import study_of

    ask = not guessed and not quiet and sys.stdin.isatty() and err.is_terminal
    mappings = KeptNothing() if guessed else KeptMappings(studies_folder(data), confirmed=ask)
    with _progress(quiet) as bar:
        tell = _Telling(bar)
        gathered = gather(files, mappings, _asked(bar) if ask else lambda _, mapping: mapping, tell)
        tell.stage("visits")
        return study_of(gathered)


def _progress(quiet: bool) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    return Progress(*columns, console=err, transient=True, disable=quiet or not err.is_terminal)


class _Telling:
    """Shows how far each file has been read."""

    def __init__(self, bar: Progress) -> None:
        self._bar = bar
        self._tasks: dict[str, Any] = {}

    def __call__(self, name: str, read: int, size: int) -> None:
        if name not in self._tasks:
            self._tasks[name] = self._bar.add_task(name, total=size)
        self._bar.update(self._tasks[name], completed=read or size)

    def stage(self, name: str) -> None:
        self._bar.add_task(name, total=None)


def _asked(bar: Progress) -> Any:
    """Return what shows a table's guessed columns and asks whether they are right."""
    from kouan.adapters.study.tables import Table
    from kouan.planning.study.fields import FIELDS, Field
    from kouan.planning.study.mapping import Mapping, again

    def confirm(table: Table, guessed: Mapping) -> Mapping:
        bar.stop()
        mapping = guessed
        while True:
            sample = table.sample()
            read_as = {header: field.value for field, header in mapping.columns.items()}
            first = sample[0] if sample else []
            rows = [
                {"column": escape(header), "read as": read_as.get(header, "–"), "first": escape(cell)}
                for header, cell in itertools.zip_longest(table.headers, first, fillvalue="")
            ]
            err.print(f"[bold]{escape(table.name)}[/bold]: {mapping.kind.value}")
            show_rows("columns", rows, as_json=False)
            if Confirm.ask("Read it so, and every table with these headers?", console=err, default=True):
                bar.start()
                return mapping
            fields = [field.value for field in FIELDS[mapping.kind]]
            header = Prompt.ask("Which column is read wrongly?", console=err, choices=[*map(str, table.headers)])
            field = Prompt.ask("What does it say?", console=err, choices=[*fields, "nothing"])
            columns = {f: h for f, h in mapping.columns.items() if h != header and f.value != field}
            if field != "nothing":
                columns[Field(field)] = header
            mapping = again(msgspec.structs.replace(mapping, columns=columns), table.headers, sample, table.name)

    return confirm


def _print(study: Any, language: str) -> None:
    from kouan.planning.study.report.sentences import not_told, summary
    from kouan.planning.study.report.words import LEGS, RULES, said

    for line in summary(study, language):
        out.print(f"• {escape(line)}")
    rows = [
        {"leg": said(LEGS[leg.leg], language), "visits": f"{leg.spread.n:,}", "median s": leg.spread.p50_s,
         "90 % s": leg.spread.p90_s, "lost h/day": leg.lost_h_a_day, "share": f"{leg.share:.1%}"}
        for leg in study.legs
    ]  # fmt: skip
    show_rows("legs", rows, as_json=False)
    _print_refused(study.rejections, study.sources, {rule: said(w, language) for rule, w in RULES.items()})
    for line in not_told(study, language):
        err.print(f"[yellow]{line}[/yellow]")


def _print_refused(rejections: Sequence[Any], sources: Sequence[Any], reasons: dict[str, str]) -> None:
    refused = [
        {"table": escape(one.name), "why": escape(one.mend), "rule": one.refused} for one in sources if one.refused
    ]
    if refused:
        show_rows("tables not used", refused, as_json=False)
    rows = [
        {"reason": reasons.get(one.rule, one.rule), "rows": one.rows,
         "first": escape(f"{one.examples[0].source}, {one.examples[0].row}: {one.examples[0].value}")}
        for one in rejections
    ]  # fmt: skip
    if rows:
        show_rows("reasons for which rows were not used", rows, as_json=False)
