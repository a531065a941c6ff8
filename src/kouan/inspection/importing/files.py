"""From the bytes of a file, whatever its form, to documents: CSV, Excel, JSON or an EDIFACT interchange."""

import datetime as dt
import enum
from collections.abc import Mapping
from typing import Any

import msgspec

from kouan.inspection.importing.columns import FileKind
from kouan.inspection.importing.rows import Draft, Problem, read_table
from kouan.protocols.edifact.interchange import Message, looks_like_edifact, parse
from kouan.protocols.edifact.messages import CargoReport, CustomsResponse, GateMovement, read
from kouan.protocols.tables.reading import MOST_BYTES, MOST_ROWS, decoded, read_rows
from kouan.vocabulary.clock import SECOND
from kouan.vocabulary.days import SHANGHAI
from kouan.vocabulary.errors import InvalidValue


class Form(enum.StrEnum):
    """The form of a file."""

    TABLE = "table"
    JSON = "json"
    EDIFACT = "edifact"


class File(msgspec.Struct, frozen=True):
    """What stands in a file: its documents with the kind of each, what could not be read, headers or segments unused.

    ``rows`` counts all that was given: rows below a header, documents of a JSON list, messages of an interchange.
    """

    form: Form
    rows: int
    drafts: tuple[tuple[FileKind, Draft], ...]
    problems: tuple[Problem, ...]
    unused: tuple[str, ...] = ()


def read_file(data: bytes, kind: FileKind | None = None) -> File:
    """Return what stands in a file; raise InvalidValue where nothing of it can be used.

    ``kind`` says what a table or a JSON list holds; a table's header, and a message's type, say it themselves.
    """
    if looks_like_edifact(data):
        return _read_interchange(data)
    if data[:64].lstrip(b"\xef\xbb\xbf \r\n\t")[:1] in (b"[", b"{"):
        return _read_json(data, kind)
    rows = read_rows(data)
    table = read_table(rows, kind)
    drafts = tuple((table.kind, draft) for draft in table.drafts)
    return File(Form.TABLE, len(rows) - 1, drafts, table.problems, table.unknown)


def _read_json(data: bytes, kind: FileKind | None) -> File:
    if len(data) > MOST_BYTES:
        raise InvalidValue("file", "file.size", f"must have at most {MOST_BYTES} bytes")
    if kind is None:
        raise InvalidValue("file", "file.kind", "does not say what it holds: name the kind of its papers")
    try:
        found = msgspec.json.decode(decoded(data).lstrip("\ufeff"))
    except (msgspec.DecodeError, RecursionError) as error:
        raise InvalidValue("file", "file.form", f"must be JSON: {error}") from error
    documents = found if isinstance(found, list) else [found]
    if len(documents) > MOST_ROWS:
        raise InvalidValue("file", "file.size", f"must hold at most {MOST_ROWS} documents")
    drafts: list[tuple[FileKind, Draft]] = []
    problems: list[Problem] = []
    for place, document in enumerate(documents, 1):
        if isinstance(document, dict):
            drafts.append((kind, Draft(str(document.get("number", ""))[:64], document, (place,), {})))
        else:
            problems.append(Problem(place, "", "", "field.type", "must be a JSON object"))
    return File(Form.JSON, len(documents), tuple(drafts), tuple(problems))


def _read_interchange(data: bytes) -> File:
    interchange = parse(data)
    drafts: list[tuple[FileKind, Draft]] = []
    problems: list[Problem] = []
    unused: dict[str, None] = {}
    for place, message in enumerate(interchange.messages, 1):
        try:
            kind, document, left = _document(message)
        except InvalidValue as error:
            problems.append(Problem(place, error.field, "", error.rule, error.mend))
            continue
        drafts.append((kind, Draft(str(document["number"]), document, (place,), {})))
        unused |= dict.fromkeys(f"{message.type} {tag}" for tag in left)
    return File(Form.EDIFACT, len(interchange.messages), tuple(drafts), tuple(problems), tuple(unused))


def _document(message: Message) -> tuple[FileKind, dict[str, Any], tuple[str, ...]]:
    reading = read(message)
    match reading.content:
        case CargoReport() as report:
            return FileKind.MANIFEST, _manifest(report), reading.unused
        case CustomsResponse() as response:
            return FileKind.STATUS, {"number": response.declaration, "status": response.status}, reading.unused
        case GateMovement() as movement:
            return FileKind.GATE_REPORT, _gate_report(movement), reading.unused


def _manifest(report: CargoReport) -> dict[str, Any]:
    return {
        "number": report.number,
        "version": report.version,
        "batch": report.batch,
        "direction": report.direction,
        "sender": report.sender,
        "consignments": [
            _without_none(
                {
                    "number": item.consignment,
                    "hs_code": item.hs_code,
                    "goods": item.goods,
                    "gross_kg": item.gross_kg,
                    "declaration": item.declaration,
                }
            )
            for item in report.items
        ],
    }


def _gate_report(movement: GateMovement) -> dict[str, Any]:
    try:
        at = dt.datetime.strptime(movement.at, "%Y%m%d%H%M").replace(tzinfo=SHANGHAI)
    except ValueError:
        raise InvalidValue("DTM", "edifact.time", "must be a day and time that exist") from None
    return _without_none(
        {
            "number": movement.number,
            "version": movement.version,
            "sender": movement.sender,
            "direction": movement.direction,
            "at": int(at.timestamp()) * SECOND,
            "containers": list(movement.containers),
            "plate": movement.plate,
            "place": movement.place,
        }
    )


def _without_none(document: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if value is not None}
