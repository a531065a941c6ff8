"""The process of a study: one task on standard input, what it does line by line on standard output, both JSON.

It makes way for the port's own work, and is what the kernel ends first where memory runs out. Its answers are files in
the study's folder; standard output tells how far it is, and at last that it is done or what is in its way.
"""

import contextlib
import functools
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import msgspec

from kouan.adapters.folders import write_whole
from kouan.adapters.study.gathering import gather, tables_of
from kouan.adapters.study.kept import KeptMappings
from kouan.adapters.study.shelf import STUDY, WHAT_IFS, made_name
from kouan.adapters.study.tables import Table
from kouan.adapters.study.task import Said, Task
from kouan.planning.study.fields import FIELDS, Field
from kouan.planning.study.kept import MOST_WHAT_IFS, Made, Problem, Progress, TableConfirmed, TableSeen
from kouan.planning.study.mapping import Mapping, again, fingerprint, guess, require_usable
from kouan.vocabulary.errors import InvalidValue, KouanError

if TYPE_CHECKING:
    from kouan.planning.model.asked import Told

NICE = 10
"""How far the process makes way (nice(2)). Our choice: a busy port still gives it a tenth of a core."""

REPLICATIONS = 30
"""Paired replications of a what-if, the fewest that a figure may rest on (``planning.model.intervals``)."""

SEED = 1
"""Seed of all that is left to chance: the same question has the same answer."""

PRINTED = 3
"""Answers of the flow model that are printed, the newest ones. Our choice: a report is read in five minutes."""

Tell = Callable[[Progress], None]


class _Confirmed(KeptMappings):
    """The mappings that were confirmed before, and those that a person confirms now, which are kept as well."""

    def __init__(self, folder: Path, tables: Sequence[TableConfirmed]) -> None:
        super().__init__(folder, confirmed=True)
        self._now = {fingerprint(each.headers): each for each in tables}

    def find(self, headers: Sequence[str]) -> Mapping | None:
        return None if fingerprint(headers) in self._now else super().find(headers)

    def keep(self, headers: Sequence[str], mapping: Mapping) -> None:
        if fingerprint(headers) in self._now:
            super().keep(headers, mapping)

    def confirm(self, table: Table, guessed: Mapping) -> Mapping:
        said = self._now.get(fingerprint(table.headers))
        if said is None:
            return guessed
        columns = {Field(field): header for field, header in said.columns.items() if field in FIELDS[said.kind]}
        same = said.kind is guessed.kind and columns == guessed.columns
        return guessed if same else again(Mapping(said.kind, columns), table.headers, table.sample(), table.name)


def look(task: Task, tell: Tell) -> None:
    """Write which tables the files have and what their columns are taken for."""
    mappings = KeptMappings(Path(task.mappings), confirmed=False)
    seen: list[TableSeen] = []
    for path in map(Path, task.files):
        say = functools.partial(_look_so_far, tell, path.name, path.stat().st_size)
        say(0)
        try:
            seen += [_seen(table, mappings) for table in tables_of(path, say)]
        except InvalidValue as error:
            seen.append(TableSeen(path.name, (), (), None, {}, rule=error.rule, mend=error.mend))
    write_whole(Path(task.folder) / "tables.json", msgspec.json.encode(seen))


def _look_so_far(tell: Tell, name: str, size: int, read: int) -> None:
    tell(Progress("look", name, read, size))


def _seen(table: Table, mappings: KeptMappings) -> TableSeen:
    sample, known = table.sample(), mappings.find(table.headers)
    mapping = guess(table.headers, sample, table.name) if known is None else again(
        known, table.headers, sample, table.name
    )  # fmt: skip
    rule = mend = ""
    try:
        require_usable(mapping, table.headers)
    except InvalidValue as error:
        rule, mend = error.rule, error.mend
    columns = {field.value: header for field, header in mapping.columns.items()}
    first = tuple(sample[0]) if sample else ()
    return TableSeen(table.name, tuple(table.headers), first, mapping.kind, columns, known is not None, rule, mend)


def study(task: Task, tell: Tell) -> None:
    """Study the files, and write the answer, the reports, what the flow model needs, and at last the workbooks."""
    from kouan.planning.study.bridge import traffic_of
    from kouan.planning.study.report.book import book
    from kouan.planning.study.report.page import page
    from kouan.planning.study.report.shown import answer_of, for_all
    from kouan.planning.study.report.words import LANGUAGES
    from kouan.planning.study.studying import study_of

    folder, mappings = Path(task.folder), _Confirmed(Path(task.mappings), task.tables)
    gathered = gather(
        [Path(file) for file in task.files], mappings, mappings.confirm,
        lambda name, read, size: tell(Progress("study", name, read, size)),
    )  # fmt: skip
    tell(Progress("visits"))
    studied = study_of(gathered)
    traffic, shown = traffic_of(studied, task.port, task.timezone), for_all(studied.study)
    write_whole(folder / "traffic.json", msgspec.json.encode(traffic))
    write_whole(folder / STUDY, msgspec.json.encode(shown))
    for language in LANGUAGES:
        write_whole(folder / made_name(Made.REPORT, language), page(shown, language).encode())
    tell(Progress("workbook"))
    for language in LANGUAGES:
        write_whole(folder / made_name(Made.WORKBOOK, language), book(studied, language))
    write_whole(folder / "answer.json", msgspec.json.encode(answer_of(studied.study)))


def what_if(task: Task, tell: Tell) -> None:
    """Fit the flow model where that is not done yet, ask it, and write its answer."""
    from kouan.adapters.cores import on_all_cores
    from kouan.planning.model.asked import Judged, judged, told
    from kouan.planning.model.changes import changed
    from kouan.planning.model.plan import PortPlan
    from kouan.planning.traffic import Traffic

    changed(PortPlan(), task.changes)
    folder = Path(task.folder)
    kept = folder / "judged.json"
    if kept.exists():
        found = msgspec.json.decode(kept.read_bytes(), type=Judged)
    else:
        tell(Progress("fit"))
        traffic = msgspec.json.decode((folder / "traffic.json").read_bytes(), type=Traffic)
        found = judged(traffic, on_all_cores, SEED)
        write_whole(kept, msgspec.json.encode(found))
    tell(Progress("what_if"))
    answered = told(found, task.changes, REPLICATIONS, SEED, on_all_cores)
    _print_again(folder, answered)
    write_whole(folder / "what-if.json", msgspec.json.encode(answered))


def _print_again(folder: Path, answered: "Told") -> None:
    """Write the report with the newest answers in it, and the workbook of all answers; neither shows any row.

    A study that an earlier version made keeps the report that it has: there is nothing to print it from.
    """
    from kouan.planning.model.asked import Told
    from kouan.planning.study.findings import Study
    from kouan.planning.study.report.book import answers_book
    from kouan.planning.study.report.page import page
    from kouan.planning.study.report.words import LANGUAGES

    if not (folder / STUDY).exists():
        return
    study = msgspec.json.decode((folder / STUDY).read_bytes(), type=Study)
    before = folder / WHAT_IFS
    earlier = msgspec.json.decode(before.read_bytes(), type=tuple[Told, ...]) if before.exists() else ()
    every = (answered, *earlier)
    for language in LANGUAGES:
        write_whole(folder / made_name(Made.REPORT, language), page(study, language, every[:PRINTED]).encode())
        write_whole(folder / made_name(Made.ANSWERS, language), answers_book(every[:MOST_WHAT_IFS], language))


TASKS: dict[str, Callable[[Task, Tell], None]] = {"look": look, "study": study, "what_if": what_if}
"""What the process can do."""


def run(asked: BinaryIO, said: BinaryIO) -> None:
    """Do the task that is asked, telling how far it is."""

    def say(line: Said) -> None:
        said.write(msgspec.json.encode(line) + b"\n")
        said.flush()

    task = msgspec.json.decode(asked.readline(), type=Task)
    try:
        TASKS[task.what](task, lambda progress: say(Said(progress=progress)))
    except InvalidValue as error:
        say(Said(problem=Problem(error.field, error.rule, error.mend)))
    except KouanError as error:
        say(Said(problem=Problem("", "study.failed", str(error))))
    else:
        say(Said(done=True))


def make_way() -> None:
    """Let the port's own work go first, and be what is ended first where memory runs out (proc(5), oom_score_adj)."""
    with contextlib.suppress(OSError):
        os.nice(NICE)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", "ascii")


if __name__ == "__main__":
    make_way()
    run(sys.stdin.buffer, sys.stdout.buffer)
