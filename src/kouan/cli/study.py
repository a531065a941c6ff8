"""``kouan study``: where the hours go, from a port's own files; needs no port, no database and no account."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.markup import escape
from typer.core import TyperGroup

from kouan.cli import options, study_model
from kouan.cli.output import err, out, show, show_rows
from kouan.cli.study_reading import Excel, Language, Report, Yes, require_language, studied, write
from kouan.vocabulary.errors import InvalidValue

_FILES, _WHAT_IF = "files", "what-if"

_SHOWN_DAYS = 14
"""Days of a forecast that are printed; with ``--json`` all are."""


class FilesFirst(TyperGroup):
    """Takes what is no command's name for the files of a study: ``kouan study a.csv`` and ``kouan study sample``.

    ``--what-if`` anywhere among them asks the flow model: ``kouan study a.csv --what-if lanes_in=14``.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Return the arguments, the command for files put before them where they name none."""
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            asks = f"--{_WHAT_IF}"
            args = [_WHAT_IF, *(each for each in args if each != asks)] if asks in args else [_FILES, *args]
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
    report: Report = None,
    excel: Excel = None,
    rejected: Annotated[
        Path | None, typer.Option("--rejected", help="Write every rejected row with its reason.")
    ] = None,
    language: Language = "zh",
    yes: Yes = False,
    json: options.Json = False,
) -> None:
    """Study files: which rows can be used, how visits went, where hours are lost, what tickets say of weights."""
    from kouan.planning.study.report.book import book, rejected_table
    from kouan.planning.study.report.page import page

    require_language(language)
    found = studied(files, data, guessed=yes, quiet=json)
    write(report, lambda: page(found.study, language).encode())
    write(excel, lambda: book(found, language))
    write(rejected, lambda: rejected_table(found, language).write_csv(include_bom=True).encode())
    if json:
        show("", msgspec.to_builtins(found.study), as_json=True)
    else:
        _print(found.study, language)


@app.command()
def forecast(
    files: Annotated[list[Path], typer.Argument(help="CSV or Excel files of passages or weighbridge tickets.")],
    data: options.Data,
    days: Annotated[int, typer.Option(help="How many days ahead.", min=1)] = 92,
    seed: Annotated[int, typer.Option(help="Seed of the simulated futures.")] = 1,
    yes: Yes = False,
    json: options.Json = False,
) -> None:
    """Forecast daily and monthly entries with 95 % intervals; how it did on weeks held out is printed first."""
    from kouan.planning.forecast.forecast import forecast as forecast_of

    study = studied(files, data, guessed=yes, quiet=json).study
    found = forecast_of({day.day: day.entered for day in study.traffic}, days, seed)
    if json:
        show("", msgspec.to_builtins(found), as_json=True)
        return
    tested = {**msgspec.to_builtins(found.back_test), "better_than_naive": found.back_test.better}
    show("On weeks that it had not seen (vehicles a day; naive: as a week before)", tested, as_json=False)
    show_rows("months", [msgspec.to_builtins(month) for month in found.months], as_json=False)
    show_rows("days", [msgspec.to_builtins(day) for day in found.days[:_SHOWN_DAYS]], as_json=False)
    for season in found.not_learnt:
        err.print(f"[yellow]{season} lies ahead, and the files show none: its effect is not in the forecast[/yellow]")


app.command(_WHAT_IF)(study_model.what_if)
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
