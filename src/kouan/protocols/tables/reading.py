"""From the bytes of a CSV or Excel file to rows of cells, bounded in every direction; no cell is interpreted here."""

import csv
import datetime as dt
import io
import re
import string
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence

import msgspec
import python_calamine

from kouan.protocols.tables.biff import extents
from kouan.protocols.tables.long_cells import column_name, first_long_cell
from kouan.vocabulary.errors import InvalidValue

Cell = str | int | float | bool | dt.date | dt.datetime | dt.time | dt.timedelta
"""A cell's value: CSV has text only, Excel numbers, days, times and truth values too; an empty cell is empty text."""

MOST_BYTES = 8 * 1024 * 1024
"""Largest file. Our choice: 20,000 rows of confirmations have about 6 MB as CSV."""

MOST_UNPACKED = 128 * 1024 * 1024
"""Largest sum of the parts of an Excel file, unpacked. Our choice: sheets pack to about a tenth."""

MOST_ROWS = 20_000
"""Most rows of a file, its header included. Our choice: ten busy days of a port."""

MOST_COLUMNS = 200
"""Most columns of a file. Our choice: the widest template has 40."""

MOST_CELL = 4_000
"""Longest text of a cell. Our choice: sixty consignment numbers and their separators."""

_BROKEN = (zipfile.BadZipFile, zlib.error, struct.error, NotImplementedError, RuntimeError)
"""What an archive that is broken, packed otherwise or encrypted raises."""

_LETTERS, _DIGITS = string.ascii_uppercase, string.digits
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_PLACE = re.compile(rb"""<(?:\w+:)?c\s[^>]*?\br=["']([A-Z]{1,3})([0-9]{1,7})["']""")
_ROW = re.compile(rb"""<(?:\w+:)?row\s[^>]*?\br=["']([0-9]{1,7})["']""")


class Row(msgspec.Struct, frozen=True):
    """One row that is not empty; ``number`` counts the file's rows from 1, as a spreadsheet shows them."""

    number: int
    cells: tuple[Cell, ...]


class Bounds(msgspec.Struct, frozen=True):
    """How large an Excel file may be: its parts unpacked, in bytes, and the rows of a sheet."""

    unpacked: int = MOST_UNPACKED
    rows: int = MOST_ROWS


def read_rows(data: bytes) -> tuple[Row, ...]:
    """Return the rows of a CSV file or of an Excel file's first visible sheet; raise InvalidValue.

    Which it is goes by its first bytes. Rules: ``file.size``, ``file.cell``, ``file.encoding``, ``file.form``,
    ``file.empty``.
    """
    if len(data) > MOST_BYTES:
        raise InvalidValue("file", "file.size", f"must have at most {MOST_BYTES} bytes")
    raw = _sheet(data) if data[:4] in (_ZIP, _OLE) else _text_rows(data)
    rows = tuple(Row(number, cells) for number, cells in enumerate(raw, 1) if any(not _empty(cell) for cell in cells))
    if not rows:
        raise InvalidValue("file", "file.empty", "must have a row of headers and rows below it")
    return rows


def decoded(data: bytes) -> str:
    """Return the text of a file: by its byte order mark, else UTF-8, else GB 18030, which includes GBK and GB 2312."""
    encodings = [name for mark, name in _BOMS if data.startswith(mark)] or ["utf-8", "gb18030"]
    for name in encodings:
        try:
            return data.decode(name)
        except UnicodeDecodeError:
            continue
    raise InvalidValue("file", "file.encoding", "must be text in UTF-8, GBK or GB 18030, or an Excel file")


def _text_rows(data: bytes) -> Iterator[tuple[Cell, ...]]:
    text = decoded(data)
    if "\x00" in text:
        raise InvalidValue("file", "file.encoding", "must be text in UTF-8, GBK or GB 18030, or an Excel file")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    try:
        for number, cells in enumerate(reader, 1):
            _bounded(number, cells)
            yield tuple(cells)
    except csv.Error as error:
        raise InvalidValue("file", "file.form", f"must be CSV: {error}") from error


def _delimiter(text: str) -> str:
    """Return what stands most often in the first line that is not empty: a comma, a semicolon, a tab."""
    head = next((line for line in text.lstrip("\ufeff").splitlines() if line.strip()), "")
    return max(",;\t", key=head.count)


def looks_like_excel(head: bytes) -> bool:
    """Return whether a file's first bytes are those of an Excel file, old or new."""
    return head[:4] in (_ZIP, _OLE)


def read_sheets(data: bytes, bounds: Bounds) -> Iterator[tuple[str, Iterator[tuple[Cell, ...]]]]:
    """Yield the visible sheets of an Excel file by name, merged cells filled below one another; raise InvalidValue."""
    _require_laid_out_small(data, bounds)
    try:
        with python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data)) as book:
            for name in _visible(book):
                _require_short_texts(data, name)
                yield name, _short(name, _unmerged(book.get_sheet_by_name(name)))
    except python_calamine.CalamineError as error:
        raise InvalidValue("file", "file.form", f"must be an Excel file: {error}") from error


def _visible(book: python_calamine.CalamineWorkbook) -> list[str]:
    names = [
        found.name
        for found in book.sheets_metadata
        if found.visible is python_calamine.SheetVisibleEnum.Visible
        and found.typ is python_calamine.SheetTypeEnum.WorkSheet
    ]
    if not names:
        raise InvalidValue("file", "file.empty", "must have a visible sheet")
    return names


def _unmerged(sheet: python_calamine.CalamineSheet) -> Iterator[tuple[Cell, ...]]:
    """Yield a sheet's rows from its first; a cell merged over several rows says the same in each of them."""
    merged: dict[int, list[tuple[int, int]]] = {}
    for first, last in sheet.merged_cell_ranges or ():
        for number in range(first[0], last[0] + 1) if last[0] > first[0] else ():
            merged.setdefault(number, []).append(first)
    said: dict[tuple[int, int], Cell] = {}
    for number, cells in enumerate(_lazily(sheet)):
        row = list(cells)
        for place in merged.get(number, ()):
            if place[1] < len(row):
                row[place[1]] = said.setdefault(place, row[place[1]])
        yield tuple(row)


def _lazily(sheet: python_calamine.CalamineSheet) -> Iterator[Sequence[Cell]]:
    """Yield a sheet's rows from its first; the rows above its first cell, and the columns before it, are empty."""
    if sheet.start is None:
        return
    above, before = sheet.start
    yield from ((),) * above
    for cells in sheet.iter_rows():
        yield ("",) * before + tuple(cells) if before else cells


def _sheet(data: bytes) -> Iterator[tuple[Cell, ...]]:
    _require_laid_out_small(data, Bounds())
    try:
        with python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data)) as book:
            name = _visible(book)[0]
            _require_short_texts(data, name)
            rows = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
    except python_calamine.CalamineError as error:
        raise InvalidValue("file", "file.form", f"must be an Excel file: {error}") from error
    for number, cells in enumerate(rows, 1):
        _bounded(number, cells, name)
        yield tuple(cells)


def _bounded(number: int, cells: Sequence[Cell], sheet: str = "") -> None:
    if number > MOST_ROWS or len(cells) > MOST_COLUMNS:
        raise InvalidValue("file", "file.size", f"must have at most {MOST_ROWS} rows of {MOST_COLUMNS} columns")
    _require_short(number, cells, sheet)


def _require_short(number: int, cells: Sequence[Cell], sheet: str) -> None:
    for column, cell in enumerate(cells):
        if isinstance(cell, str) and len(cell) > MOST_CELL:
            raise _too_long(sheet, f"{column_name(column)}{number}")


def _short(sheet: str, rows: Iterator[tuple[Cell, ...]]) -> Iterator[tuple[Cell, ...]]:
    """Yield rows whose cells are no longer than allowed."""
    for number, cells in enumerate(rows, 1):
        _require_short(number, cells, sheet)
        yield cells


def _require_short_texts(data: bytes, sheet: str) -> None:
    """Refuse a sheet whose cells name a text that is too long, before it is laid out."""
    try:
        place = first_long_cell(data, sheet, MOST_CELL)
    except _BROKEN as error:
        raise InvalidValue("file", "file.form", f"must be an Excel file: {error}") from error
    if place is not None:
        raise _too_long(sheet, place)


def _too_long(sheet: str, place: str) -> InvalidValue:
    """Refuse a cell, by its place as a spreadsheet names it; text of a CSV file is in no sheet."""
    row, column = place.lstrip(_LETTERS) or "?", place.rstrip(_DIGITS)
    where = f"row {row}, column {column}" if not sheet else f"sheet {sheet}, row {row}, column {column}"
    return InvalidValue("file", "file.cell", f"{where}: must have at most {MOST_CELL} characters in a cell")


def _empty(cell: Cell) -> bool:
    return isinstance(cell, str) and not cell.strip()


# An Excel file is unpacked here first, within bounds: what reads it afterwards trusts its sizes and lays out its sheets
# as wide and as long as their farthest cell, those of an old file all at once.


def _require_laid_out_small(data: bytes, bounds: Bounds) -> None:
    if data.startswith(_ZIP):
        _require_small(data, bounds)
        return
    left = bounds.rows * MOST_COLUMNS
    for rows, columns in extents(data):
        left -= rows * columns
        if left < 0 or rows > bounds.rows or columns > MOST_COLUMNS:
            most = f"{bounds.rows} rows of {MOST_COLUMNS} columns"
            raise InvalidValue("file", "file.size", f"must have at most {most} in all its sheets")


def _require_small(data: bytes, bounds: Bounds) -> None:
    left = bounds.unpacked
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if "xl/workbook.xml" not in archive.namelist():
                raise InvalidValue("file", "file.form", "must be an Excel file (.xlsx or .xls)")
            for part in archive.infolist():
                content = _unpacked(data, part, left)
                left -= len(content)
                if part.filename.startswith("xl/worksheets/"):
                    _require_near(content, bounds.rows)
    except _BROKEN as error:
        raise InvalidValue("file", "file.form", f"must be an Excel file: {error}") from error


def _unpacked(data: bytes, part: zipfile.ZipInfo, most: int) -> bytes:
    name_length, extra_length = struct.unpack_from("<HH", data, part.header_offset + 26)
    start = part.header_offset + 30 + name_length + extra_length
    packed = data[start : start + part.compress_size]
    if part.compress_type == zipfile.ZIP_STORED:
        content = packed
    elif part.compress_type == zipfile.ZIP_DEFLATED:
        content = zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, most + 1)
    else:
        raise InvalidValue("file", "file.form", "must be packed as Excel does")
    if len(content) > most or len(content) != part.file_size:
        raise InvalidValue("file", "file.size", f"must unpack to at most {most} bytes, as its own list says")
    return content


def _require_near(sheet: bytes, most_rows: int) -> None:
    columns = max((_column(found[1]) for found in _PLACE.finditer(sheet)), default=0)
    rows = max((int(found[1]) for found in _ROW.finditer(sheet)), default=0)
    rows = max(rows, max((int(found[2]) for found in _PLACE.finditer(sheet)), default=0))
    if columns > MOST_COLUMNS or rows > most_rows:
        raise InvalidValue("file", "file.size", f"must have at most {most_rows} rows of {MOST_COLUMNS} columns")


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
