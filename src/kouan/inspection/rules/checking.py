"""What is wrong with a document before anybody may approve it: in words, each with its place."""

import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec

from kouan.inspection.examination.rules import parse_rules
from kouan.inspection.release.rulebook import ReleaseBook, parse_book
from kouan.inspection.rules.cells import Lists, all_of, share
from kouan.inspection.rules.document import MAX_BYTES, Kind, RuleDocument
from kouan.inspection.rules.lists import read_list
from kouan.inspection.rules.table import Hit, Row, Table, columns_of, read_form, read_row, read_table
from kouan.inspection.targeting.rules import read_rules
from kouan.vocabulary.clock import Instant
from kouan.vocabulary.errors import InvalidValue


class Problem(msgspec.Struct, frozen=True):
    """What is wrong: where, by which rule, and what would be right.

    ``line`` counts from 1, None where it is no line's. A row is ``rows[<id>]``, its cell ``rows[<id>].<column>``.
    """

    field: str
    rule: str
    mend: str
    line: int | None = None


def problems_of_content(kind: Kind, name: str, content: bytes, lists: Lists, beside: Sequence[bytes]) -> list[Problem]:
    """Return what is wrong with a content; ``beside`` are the release rules in force that it stands together with."""
    if len(content) > MAX_BYTES:
        return [Problem("", "rules.size", f"must be at most {MAX_BYTES} bytes")]
    try:
        if kind is Kind.TABLE:
            return list(problems_of_table(name, content, lists))
        if kind is Kind.RELEASE:
            _check_release(name, content, lists, beside)
        else:
            _READ[kind](name, content)
    except InvalidValue as error:
        return [_told(error, content.decode("utf-8", "replace"))]
    return []


_READ: Mapping[Kind, Callable[[str, bytes], object]] = {
    Kind.REFERENCE: read_list,
    Kind.TARGETING: lambda _, content: read_rules(content),
    Kind.EXAMINATION: lambda _, content: parse_rules(content),
}
"""What reads a document that stands for itself; it raises InvalidValue at the first thing that is wrong."""


def book_of(contents: Sequence[bytes]) -> ReleaseBook:
    """Return the release rules of contents taken together; raise InvalidValue."""
    try:
        return parse_book([content.decode("utf-8") for content in contents])
    except UnicodeDecodeError as error:
        raise InvalidValue("", "release.toml", f"is not UTF-8: {error}") from error


def _check_release(name: str, content: bytes, lists: Lists, beside: Sequence[bytes]) -> None:
    """Refuse release rules that do not hold together, or name what the reference data in force do not know."""
    ordered = (content, *beside) if name == "release" else (*beside, content)
    book = book_of(ordered)
    agencies, items = lists.codes.get("agencies", ()), lists.codes.get("test-items", ())
    for number, rule in enumerate(book.rules):
        terms = rule.report
        strange = [] if terms is None else [*(set(terms.agencies) - {*agencies}), *(set(terms.items) - {*items})]
        if strange:
            mend = f"{', '.join(sorted(strange))}: must stand in the lists of agencies and test items"
            raise InvalidValue(f"rule[{number}].report", "rules.reference", mend)


def problems_of_table(name: str, content: bytes, lists: Lists) -> Iterator[Problem]:
    """Yield everything that is wrong with a table: cells first; where those can be read, how the rows go together."""
    form = read_form(content)
    columns = columns_of(name, form)
    bad = False
    for row in form.rows:
        try:
            read_row(row, columns, lists)
        except InvalidValue as error:
            bad = True
            yield Problem(error.field, error.rule, error.mend)
    if not bad:
        yield from problems_of_rows(read_table(name, content, lists))


def problems_of_rows(table: Table) -> Iterator[Problem]:
    """Yield rows that nothing reaches, rows that contradict each other, and what no row covers."""
    for place, row in enumerate(table.rows):
        earlier = table.rows[:place]
        hiding = next((each for each in earlier if _holds(each, row)), None)
        if table.hit is Hit.FIRST and hiding is not None:
            yield Problem(f"rows[{row.id}]", "rules.unreachable", f"is never reached: {hiding.id} takes all it names")
        elif table.hit is Hit.COLLECT:
            yield from _against(row, earlier)
        if any(cell is not None and _empty(cell) for cell in row.cells):
            yield Problem(f"rows[{row.id}]", "rules.unreachable", "is met by nothing: a list that it names is empty")
    if table.hit is Hit.FIRST and (not table.rows or any(cell is not None for cell in table.rows[-1].cells)):
        yield Problem("rows", "rules.incomplete", "must end with a row that has no condition, for all that is left")


def _holds(wide: Row, narrow: Row) -> bool:
    return all_of(list(zip(wide.cells, narrow.cells, strict=True)))


def _empty(cell: object) -> bool:
    return cell is not None and getattr(cell, "exact", None) == () and getattr(cell, "begins", None) == ()


def _against(row: Row, earlier: Sequence[Row]) -> Iterator[Problem]:
    """Yield what contradicts a row where every row that is met asks: one lets pass what the other stops."""
    for each in earlier:
        if each.cells == row.cells and (each.kind, each.steps) == (row.kind, row.steps):
            yield Problem(f"rows[{row.id}]", "rules.twice", f"says the same of the same as row {each.id}")
            return
        meets = all(share(one, other) for one, other in zip(each.cells, row.cells, strict=True))
        if meets and (each.kind is None) != (row.kind is None):
            mend = f"contradicts row {each.id}: both are met by some case, one lets it pass and the other does not"
            yield Problem(f"rows[{row.id}]", "rules.contradiction", mend)
            return


def problems_of_dates(draft: RuleDocument, others: Sequence[RuleDocument], now: Instant) -> list[Problem]:
    """Return what is wrong with a document's dates beside the approved ones of its name."""
    found = []
    if draft.effective_from <= now:
        found.append(Problem("effective_from", "rules.past", "must lie in the future: rules never reach back"))
    if draft.effective_until is not None and draft.effective_until <= draft.effective_from:
        found.append(Problem("effective_until", "rules.dates", "must come after effective_from"))
    for other in others:
        ended = draft.effective_until is not None and draft.effective_until <= other.effective_from
        if other.effective_from >= draft.effective_from and not ended:
            mend = f"must end before {other.reference} begins, or that must be withdrawn first"
            found.append(Problem("effective_until", "rules.overlap", mend))
    return found


_LINE = re.compile(r"at line (\d+)")
_PLACE = re.compile(r"^(rule|on_unloading|item)\[(\d+)\](?:\.(\w+))?")
_KEY = re.compile(r"^(\w+)\s*=")


def _told(error: InvalidValue, text: str) -> Problem:
    """Return an error with the line of the text that it is about, where that can be told."""
    found = _LINE.search(error.mend)
    line = int(found[1]) if found else line_of(error.field, text)
    return Problem(error.field, error.rule, error.mend, line)


def line_of(field: str, text: str) -> int | None:
    """Return the line (from 1) of a field such as ``rule[3].sampling``; None where the text does not have it."""
    lines = text.splitlines()
    place = _PLACE.match(field)
    if place is None:
        return _line_in_tables(field, lines)
    heads = [n for n, line in enumerate(lines, 1) if line.strip() == f"[[{place[1]}]]"]
    if int(place[2]) >= len(heads):
        return None
    start = heads[int(place[2])]
    own = itertools.takewhile(lambda pair: not pair[1].startswith("[["), enumerate(lines[start:], start + 1))
    return next((n for n, line in own if place[3] and line.split("=")[0].strip() == place[3]), start)


def _line_in_tables(field: str, lines: Sequence[str]) -> int | None:
    """Return the line of a field such as ``title`` or ``steps.scan.minutes``, else of what it stands in."""
    found: dict[str, int] = {}
    table = ""
    for number, line in enumerate(lines, 1):
        if line.startswith("[") and not line.startswith("[["):
            table = line.partition("]")[0][1:]
            found.setdefault(table, number)
        elif key := _KEY.match(line):
            found.setdefault(f"{table}.{key[1]}".lstrip("."), number)
    while field and field not in found:
        field = field.rpartition(".")[0]
    return found.get(field)
