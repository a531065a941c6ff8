"""CSV files of any size: encoding, delimiter and header are found in the beginning, rows are read block by block.

Where the header of another kind of table stands below, what follows is a table of its own.
"""

import codecs
import collections
import csv
import io
import itertools
import statistics
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import polars as pl

from kouan.adapters.study.tables import HEADER_WITHIN, Line, Tell, frame_of, untold
from kouan.planning.study.cleaning import OVER, ROW
from kouan.planning.study.mapping import SAMPLE_ROWS, has_known_title, has_plate_title, known_headers
from kouan.protocols.tables.headers import plain
from kouan.protocols.tables.reading import MOST_COLUMNS
from kouan.vocabulary.errors import InvalidValue

HEAD_BYTES = 128 * 1024
"""Bytes in which encoding, delimiter, header and sample are found. Our choice: a thousand rows."""

BLOCK_CHARS = 16 * 1024 * 1024
"""Characters of a block. Our choice: 150,000 rows; a block and what is made of it stay under 200 MB."""

MOST_LINE = 1024 * 1024
"""Longest line; what is longer is read as several rows. Our choice."""

_MOST_BREAKS = 3
"""Line breaks in a cell from which its quotation mark was never closed. Our choice: an address takes two."""

_ENCODINGS = ("utf-8", "gb18030", "cp1251")
"""Tried in turn: GB 18030 includes GBK and GB 2312; Windows-1251 is what older Russian and Mongolian scales write."""

_OF_DATA = r"(?s)[0-9].*[0-9].*[0-9].*[0-9]"
"""Four digits: a usable row has them in its time, headers have fewer."""

_BROKEN = "\ufffd"

_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def tables_of(path: Path, tell: Tell = untold) -> Iterator["CsvTable"]:
    """Yield the tables of a file, one below the other; each is read through before the next is known.

    ``tell`` hears how far a table is read that nobody else has read through.
    """
    table: CsvTable | None = CsvTable(path)
    while table is not None:
        yield table
        table = table.below(tell)


class _Found(msgspec.Struct, frozen=True):
    """Where a table stands in its file: its header's row and line, what stands above and the first rows below."""

    row: int
    line: int
    headers: tuple[str, ...]
    outside: tuple[Line, ...]
    sample: list[list[str]]


class CsvTable:
    """One table of a CSV file: its first, or, known when that has been read through, one that stands below another."""

    def __init__(self, path: Path, above: "CsvTable | None" = None, found: _Found | None = None) -> None:
        self.path = path
        if above is None or found is None:
            self.place, self.name = 1, path.name
            self.encoding, self.delimiter, self._found = _beginning(path)
        else:
            self.place = above.place + 1
            self.name = f"{path.name} [{self.place}]"
            self.encoding, self.delimiter, self._found = above.encoding, above.delimiter, found
        if len(self._found.headers) > MOST_COLUMNS:
            raise InvalidValue("file", "file.size", f"{self.name} must have at most {MOST_COLUMNS} columns")
        self.headers: Sequence[str] = self._found.headers
        self.outside: Sequence[Line] = self._found.outside
        self._read_through = False
        self._next: _Found | None = None

    def sample(self) -> list[list[str]]:
        """Return the first rows."""
        return self._found.sample

    def below(self, tell: Tell) -> "CsvTable | None":
        """Return the table below this one, None where there is none; what has not been read yet is read through."""
        if not self._read_through:
            collections.deque(self.blocks(tell), maxlen=0)
        return None if self._next is None else CsvTable(self.path, self, self._next)

    def blocks(self, tell: Tell) -> Iterator[pl.DataFrame]:
        """Yield the rows below the header; bytes that are no text of the encoding come as U+FFFD."""
        number, line = self._found.row + 1, self._found.line
        with self.path.open("rb") as raw, io.TextIOWrapper(raw, self.encoding, "replace", newline=None) as text:
            _skip(text, line)
            while block := self._block(text):
                frame = self._frame(block, number)
                place = self._other_header(frame, block)
                if place is not None:
                    self._next = self._found_below(block, place, frame.height, (number, line), text)
                    frame = frame.head(place)
                if frame.height:
                    yield frame
                tell(raw.tell())
                if place is not None:
                    break
                number, line = number + frame.height, line + block.count("\n")
        self._read_through = True

    def _other_header(self, frame: pl.DataFrame, block: str) -> int | None:
        """Return the place of the first row that is another table's header; a row of data has four digits, it none."""
        cells = [name for name in frame.columns if name != ROW]
        joined = pl.concat_str(cells, separator=" ", ignore_nulls=True)
        places = frame.select(joined.str.contains(_OF_DATA).not_().arg_true()).to_series()
        for place in places.to_list():
            if has_known_title([cell or "" for cell in frame.select(cells).row(place)]):
                (whole, *_), _ = self._rows_from(block, place, frame.height)
                if _begins_another(whole, self.headers):
                    return int(place)
        return None

    def _rows_from(self, block: str, place: int, rows: int) -> tuple[list[list[str]], int]:
        """Return a block's rows from a place on, as many as a sample takes, and the lines that stand before them."""
        lines = list(io.StringIO(block))
        reader = csv.reader(lines[place:] if rows == len(lines) else lines, delimiter=self.delimiter)
        skipped = 0 if rows == len(lines) else place
        collections.deque(itertools.islice(reader, skipped), maxlen=0)
        before = place if rows == len(lines) else reader.line_num
        return list(itertools.islice(reader, SAMPLE_ROWS + 1)) or [[]], before

    def _found_below(
        self, block: str, place: int, rows: int, begins: tuple[int, int], text: io.TextIOWrapper
    ) -> _Found:
        """Return the table whose header stands at a place of a block that begins at this row's number and line."""
        (header, *sample), before = self._rows_from(block, place, rows)
        if len(sample) < SAMPLE_ROWS:
            more = csv.reader(io.StringIO(text.read(HEAD_BYTES)), delimiter=self.delimiter)
            sample += list(itertools.islice(more, SAMPLE_ROWS - len(sample)))
        number, line = begins
        width = max(place for place, cell in enumerate(header, 1) if cell.strip())
        headers = tuple(cell.strip() for cell in header[:width])
        return _Found(number + place, line + before + 1, headers, (), _own(sample, headers))

    def _block(self, text: io.TextIOWrapper) -> str:
        """Return the next lines, up to a line's end that is not within quotes."""
        block = text.read(BLOCK_CHARS)
        if not block:
            return ""
        block += text.readline(MOST_LINE)
        if block.count('"') % 2:
            for _ in range(HEADER_WITHIN):
                block += text.readline(MOST_LINE)
                if block.count('"') % 2 == 0:
                    break
        return block

    def _frame(self, block: str, number: int) -> pl.DataFrame:
        """Return a block's rows; where quotation marks stand as they may not, they are read as people mean them."""
        try:
            frame = self._parsed(block, number, '"')
        except pl.exceptions.PolarsError:
            rows = list(csv.reader(io.StringIO(block), delimiter=self.delimiter))
            frame = frame_of(list(enumerate(rows, number)), len(self.headers))
        cells = pl.exclude(ROW, OVER)
        if (
            block.count('"')
            and frame.select(pl.any_horizontal(cells.str.count_matches("\n") >= _MOST_BREAKS).any()).item()
        ):
            return self._parsed(block, number, None).with_columns(cells.str.strip_chars('"'))
        return frame

    def _parsed(self, block: str, number: int, quote: str | None) -> pl.DataFrame:
        names = [f"c{place}" for place in range(len(self.headers))]
        return pl.read_csv(
            block.encode(),
            has_header=False,
            separator=self.delimiter,
            quote_char=quote,
            schema=dict.fromkeys([*names, OVER], pl.String),
            truncate_ragged_lines=True,
            missing_columns="insert",
            row_index_name=ROW,
            row_index_offset=number,
        )


def _beginning(path: Path) -> tuple[str, str, _Found]:
    """Return a file's encoding, its delimiter and its first table, as its beginning tells."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if not head.strip():
        raise InvalidValue("file", "file.empty", f"{path.name} is empty")
    encoding = _encoding(head, path.name)
    lines = _decoded(head, encoding)
    delimiter = _delimiter(lines)
    reader = csv.reader(lines, delimiter=delimiter)
    rows, ends = [], []
    for row in reader:
        rows.append(row)
        ends.append(reader.line_num)
    place = _header_place(rows)
    headers = tuple(cell.strip().lstrip("\ufeff") for cell in rows[place])
    above = tuple(Line(number, " ".join(row)) for number, row in enumerate(rows[:place], 1) if any(row))
    sample = _own(rows[place + 1 : place + 1 + SAMPLE_ROWS], headers)
    return encoding, delimiter, _Found(place + 1, ends[place], headers, above, sample)


def _begins_another(row: Sequence[str], headers: Sequence[str]) -> bool:
    """Say whether a row is the header of a table other than the one with these headers."""
    if not has_plate_title(row) or known_headers(row) < 2:
        return False
    width = max(len(headers), *(place for place, cell in enumerate(row, 1) if cell.strip()))
    return [plain(cell) for cell in row[:width]] != [plain(header) for header in headers]


def _own(rows: list[list[str]], headers: Sequence[str]) -> list[list[str]]:
    """Return the rows that stand above another table's header."""
    return list(itertools.takewhile(lambda row: not _begins_another(row, headers), rows))


def _skip(text: io.TextIOWrapper, lines: int) -> None:
    """Read so many lines, of any length."""
    while lines:
        line = text.readline(MOST_LINE)
        lines -= not line or line.endswith("\n")


def _encoding(head: bytes, name: str) -> str:
    """Return the encoding in which the beginning is text, and its header known if it is in any of them."""
    for mark, encoding in _BOMS:
        if head.startswith(mark):
            return encoding
    broken, readable = [], []
    for encoding in _ENCODINGS:
        lines = _decoded(head, encoding)
        text = "".join(lines)
        if "\x00" in text:
            continue
        rows = csv.reader(lines[:HEADER_WITHIN], delimiter=_delimiter(lines))
        known = any(known_headers(row) >= 2 for row in rows)
        if known and _BROKEN not in text:
            return encoding
        if known:
            broken.append((text.count(_BROKEN), encoding))
        elif _BROKEN not in text:
            readable.append(encoding)
    found = min(broken)[1] if broken else next(iter(readable), None)
    if found is None:
        raise InvalidValue("file", "file.encoding", f"{name} must be text in UTF-8, GBK or Windows-1251, or Excel")
    return found


def _decoded(head: bytes, encoding: str) -> list[str]:
    """Return the lines of a beginning, its last, which may be cut, left out unless it is the only one."""
    whole = len(head) < HEAD_BYTES
    text = codecs.getincrementaldecoder(encoding)("replace").decode(head, final=whole)
    lines = list(io.StringIO(text, newline=None))
    return lines if whole or len(lines) == 1 else lines[:-1]


def _delimiter(lines: Sequence[str]) -> str:
    """Return what parts most lines into cells."""
    head = lines[:HEADER_WITHIN]
    return max(",;\t|", key=lambda mark: statistics.median(line.count(mark) for line in head))


def _header_place(rows: Sequence[Sequence[str]]) -> int:
    """Return the first row with two known headers, else the first of the widest."""
    head = rows[:HEADER_WITHIN]
    for place, row in enumerate(head):
        if known_headers(row) >= 2:
            return place
    widths = [sum(bool(cell.strip()) for cell in row) for row in head]
    return widths.index(max(widths))
