"""A decision table: columns that ask for facts, rows that say what is asked for; read from JSON, checked as a whole.

{"hit": "collect", "columns": ["hs_code", "gross_kg"], "rows": [
    {"id": "r1", "when": ["2701*", ">= 90000"], "then": "examine", "steps": ["weight"], "why": "Too heavy."}
]}

``hit`` is ``first`` (the first row that is met decides, and the last must have no condition) or ``collect`` (every row
that is met asks). ``then`` is the kind of a control order, or ``pass``, which asks for nothing.
"""

import enum
from collections.abc import Sequence
from typing import Annotated

import msgspec

from kouan.inspection.control_orders import ControlKind
from kouan.inspection.rules.cells import Cell, Lists, met, parse_cell
from kouan.inspection.rules.facts import STAGES, Facts, FactType, stage_of
from kouan.inspection.steps import MAKING, StepKind
from kouan.vocabulary.errors import InvalidValue

NOTHING = "pass"
"""What a row says that asks for nothing."""

MAX_ROWS = 1000
"""Most rows of a table. Our choice: five times what an officer is known to keep (200)."""


class Hit(enum.StrEnum):
    """Which of the rows that are met count."""

    FIRST = "first"
    COLLECT = "collect"


_Id = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{1,32}$")]
_Why = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


class RowForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A row as it is written: a cell for each column, what it asks for, and why."""

    id: _Id
    when: tuple[str, ...]
    then: str
    why: _Why
    steps: tuple[str, ...] = ()
    mandatory: bool = False


class TableForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table as it is written."""

    hit: Hit
    columns: tuple[str, ...]
    rows: tuple[RowForm, ...]
    title: str = ""
    remarks: str = ""


class Row(msgspec.Struct, frozen=True):
    """A checked row; ``kind`` is None where it asks for nothing. ``mandatory`` rows are not bound by the budget."""

    id: str
    cells: tuple[Cell, ...]
    kind: ControlKind | None
    steps: tuple[StepKind, ...]
    mandatory: bool
    why: str


class Table(msgspec.Struct, frozen=True):
    """A checked table; ``columns`` are the facts that it asks for, with their types, in the order of the cells."""

    name: str
    hit: Hit
    columns: dict[str, FactType]
    rows: tuple[Row, ...]

    def evaluate(self, facts: Facts) -> tuple[Row, ...]:
        """Return the rows that count for facts that were checked."""
        known = [facts[name] for name in self.columns]
        hits = (row for row in self.rows if all(met(cell, fact) for cell, fact in zip(row.cells, known, strict=True)))
        return tuple(hits) if self.hit is Hit.COLLECT else tuple(hits)[:1]


def read_table(name: str, content: bytes, lists: Lists) -> Table:
    """Return a checked table; raise InvalidValue, whose field is ``rows[<id>].<column>``, with the rule it breaks."""
    form = read_form(content)
    columns = columns_of(name, form)
    if len(form.rows) > MAX_ROWS:
        raise InvalidValue("rows", "rules.rows", f"must be at most {MAX_ROWS}")
    ids = [row.id for row in form.rows]
    if len(set(ids)) != len(ids):
        twice = next(each for each in ids if ids.count(each) > 1)
        raise InvalidValue(f"rows[{twice}]", "rules.row_id", "must have each id once")
    return Table(name, form.hit, columns, tuple(read_row(row, columns, lists) for row in form.rows))


def read_form(content: bytes) -> TableForm:
    """Return a table as it is written; raise InvalidValue (``rules.form``)."""
    try:
        return msgspec.json.decode(content, type=TableForm)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        text, _, place = str(error).partition(" - at `$.")
        raise InvalidValue(place.rstrip("`"), "rules.form", f"is no table: {text}") from error


def columns_of(name: str, form: TableForm) -> dict[str, FactType]:
    """Return the facts that a table asks for with their types; raise InvalidValue (``rules.unknown_fact``)."""
    known = STAGES[stage_of(name)]
    for column in form.columns:
        if column not in known:
            raise InvalidValue(f"columns.{column}", "rules.unknown_fact", f"must be one of {', '.join(known)}")
    if len(set(form.columns)) != len(form.columns):
        raise InvalidValue("columns", "rules.columns", "must name each fact once")
    return {column: known[column] for column in form.columns}


def read_row(form: RowForm, columns: dict[str, FactType], lists: Lists) -> Row:
    """Return a checked row; raise InvalidValue with its id and the column."""
    where = f"rows[{form.id}]"
    if len(form.when) != len(columns):
        raise InvalidValue(where, "rules.cells", f"must have {len(columns)} cells, one for each column")
    cells = []
    for (column, kind), text in zip(columns.items(), form.when, strict=True):
        try:
            cells.append(parse_cell(text, kind, lists))
        except InvalidValue as error:
            raise InvalidValue(f"{where}.{column}", error.rule, error.mend) from error
    if form.then != NOTHING and form.then not in set(ControlKind):
        raise InvalidValue(f"{where}.then", "rules.then", f"must be one of {', '.join((*ControlKind, NOTHING))}")
    return Row(
        form.id,
        tuple(cells),
        None if form.then == NOTHING else ControlKind(form.then),
        _steps(where, form),
        form.mandatory,
        form.why,
    )


def _steps(where: str, form: RowForm) -> tuple[StepKind, ...]:
    asked: Sequence[StepKind] = [kind for kind in StepKind if kind not in MAKING]
    strange = [step for step in form.steps if step not in set(asked)]
    if strange or (form.steps and form.then == NOTHING):
        mend = f"must be of {', '.join(asked)}" if strange else "a row that lets pass asks for no steps"
        raise InvalidValue(f"{where}.steps", "rules.steps", mend)
    return tuple(StepKind(step) for step in form.steps)
