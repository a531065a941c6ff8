"""CSV files of any size: encoding, delimiter and header are found in the beginning, rows are read block by block."""

import codecs
import csv
import io
import statistics
from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl

from kouan.adapters.study.tables import HEADER_WITHIN, Line, Tell, frame_of
from kouan.planning.study.cleaning import OVER, ROW
from kouan.planning.study.mapping import SAMPLE_ROWS, known_headers
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

_BROKEN = "\ufffd"

_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


class CsvTable:
    """The table of a CSV file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = path.name
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
        if not head.strip():
            raise InvalidValue("file", "file.empty", f"{path.name} is empty")
        self.encoding = _encoding(head, path.name)
        lines = _decoded(head, self.encoding)
        self.delimiter = _delimiter(lines)
        reader = csv.reader(lines, delimiter=self.delimiter)
        rows, ends = [], []
        for row in reader:
            rows.append(row)
            ends.append(reader.line_num)
        place = _header_place(rows)
        self.headers: Sequence[str] = tuple(cell.strip().lstrip("\ufeff") for cell in rows[place])
        if len(self.headers) > MOST_COLUMNS:
            raise InvalidValue("file", "file.size", f"{path.name} must have at most {MOST_COLUMNS} columns")
        above = enumerate(rows[:place], 1)
        self.outside: Sequence[Line] = tuple(Line(number, " ".join(row)) for number, row in above if any(row))
        self._header_row, self._header_lines = place + 1, ends[place]
        self._sample = rows[place + 1 : place + 1 + SAMPLE_ROWS]

    def sample(self) -> list[list[str]]:
        """Return the first rows."""
        return self._sample

    def blocks(self, tell: Tell) -> Iterator[pl.DataFrame]:
        """Yield the rows below the header; bytes that are no text of the encoding come as U+FFFD."""
        number = self._header_row + 1
        with self.path.open("rb") as raw, io.TextIOWrapper(raw, self.encoding, "replace", newline=None) as text:
            for _ in range(self._header_lines):
                text.readline(MOST_LINE)
            while block := self._block(text):
                frame = self._frame(block, number)
                number += frame.height
                tell(raw.tell())
                yield frame

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
