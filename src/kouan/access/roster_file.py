"""Rosters as text tables: a line a duty, under Chinese or English headers, times as the port's clock shows them."""

import csv
import datetime as dt
import io
import zoneinfo
from collections.abc import Iterator

import msgspec

from kouan.access.roster import Wanted
from kouan.protocols.tables.reading import decoded
from kouan.vocabulary.clock import SECOND, Instant
from kouan.vocabulary.errors import InvalidValue

HEADERS = {
    "username": ("username", "用户名", "人员"),
    "post": ("post", "岗位", "地点"),
    "starts_at": ("from", "开始", "上岗时间"),
    "until": ("until", "结束", "下岗时间"),
    "reason": ("reason", "原因"),
}
"""Under which headers each field of a duty stands; all but the reason are needed."""

MOST_ROWS = 1000
"""Most duties in one file. Our choice: thirty people for a month."""

LONGEST = {"username": 64, "post": 100, "reason": 500}
"""Longest texts in characters. Our choice, as elsewhere in the API."""


class RosterRow(msgspec.Struct, frozen=True):
    """One line of a file: its number, and the duty that it asks for, or what is wrong with it."""

    row: int
    wanted: Wanted | None
    wrong: InvalidValue | None = None


def read_roster(content: bytes, timezone: str) -> tuple[RosterRow, ...]:
    """Return the lines of a roster; raise InvalidValue where it is none. ``timezone`` is the port's (IANA)."""
    rows = [row for row in csv.reader(io.StringIO(decoded(content))) if any(cell.strip() for cell in row)]
    if not rows:
        raise InvalidValue("file", "file.empty", "must have a row of headers and rows below it")
    if len(rows) > MOST_ROWS + 1:
        raise InvalidValue("file", "file.size", f"must have at most {MOST_ROWS} duties")
    return tuple(_rows(rows, zoneinfo.ZoneInfo(timezone)))


def _rows(rows: list[list[str]], zone: dt.tzinfo) -> Iterator[RosterRow]:
    header = [cell.strip().lower() for cell in rows[0]]
    found = {name: [header.index(one) for one in known if one in header] for name, known in HEADERS.items()}
    places = {name: at[0] if at else None for name, at in found.items()}
    missing = [HEADERS[name][0] for name, place in places.items() if place is None and name != "reason"]
    if missing:
        raise InvalidValue("file", "roster.header", f"must have a column for {', '.join(missing)}")
    for number, row in enumerate(rows[1:], 2):
        cells = {
            name: row[place].strip() if place is not None and place < len(row) else "" for name, place in places.items()
        }
        try:
            yield RosterRow(number, _wanted(cells, zone))
        except InvalidValue as error:
            yield RosterRow(number, None, error)


def _wanted(cells: dict[str, str], zone: dt.tzinfo) -> Wanted:
    for name, longest in LONGEST.items():
        if len(cells[name]) > longest or not (cells[name].isprintable() and (cells[name] or name == "reason")):
            raise InvalidValue(name, "field.text", f"must be text of 1 to {longest} printable characters")
    starts_at, until = (_instant(name, cells[name], zone) for name in ("starts_at", "until"))
    return Wanted(cells["username"], cells["post"], starts_at, until, cells["reason"] or None)


def _instant(name: str, text: str, zone: dt.tzinfo) -> Instant:
    try:
        at = dt.datetime.fromisoformat(text.replace("/", "-"))
    except ValueError:
        raise InvalidValue(name, "roster.time", "must be a time as 2026-11-23 08:00") from None
    at = at if at.tzinfo is not None else at.replace(tzinfo=zone)
    try:
        return round(at.timestamp()) * SECOND
    except (OverflowError, OSError):
        raise InvalidValue(name, "roster.time", "must be a time as 2026-11-23 08:00") from None
