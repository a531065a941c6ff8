"""How commands read a port's own files: new tables are shown to a person once, and progress is told."""

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

from kouan.cli.output import err, show_rows
from kouan.planning.study.report.words import LANGUAGES
from kouan.vocabulary.errors import InvalidValue

if TYPE_CHECKING:
    from kouan.planning.study.studying import Studied

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Take the columns as guessed; keep nothing.")]
Report = Annotated[Path | None, typer.Option("--out", help="Write the report to print, as HTML.")]
Excel = Annotated[Path | None, typer.Option("--excel", help="Write the workbook.")]
Language = Annotated[str, typer.Option("--language", help="zh or en.")]


def write(path: Path | None, content: Callable[[], bytes]) -> None:
    """Write what is asked for, and say where it is; ``None`` asks for nothing."""
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content())
        err.print(f"[dim]written: {path}[/dim]")


def require_language(language: str) -> None:
    """Raise InvalidValue for a language that reports are not in."""
    if language not in LANGUAGES:
        raise InvalidValue("language", "study.language", f"must be {' or '.join(LANGUAGES)}")


def studied(files: Sequence[Path], data: Path, *, guessed: bool, quiet: bool) -> "Studied":
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
