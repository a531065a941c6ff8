"""A cell with a longer text than a cell may have is refused by its place, before its sheet is laid out."""

import io
import struct
from collections.abc import Callable
from typing import Any, Self

import pytest
import python_calamine
import xlsxwriter
from tests.protocols.test_tables import with_part
from tests.unit.inspection.importing.test_old_excel import compound, record

from kouan.protocols.tables.long_cells import column_name, first_long_cell
from kouan.protocols.tables.reading import MOST_CELL, Bounds, read_rows, read_sheets
from kouan.vocabulary.errors import InvalidValue

LONG = "长" * (MOST_CELL + 1)
EDGE = "<&>" * (MOST_CELL // 3) + "x" * (MOST_CELL % 3)
"""As long as a cell may be, and five times that as the file keeps it."""


def xlsx(fill: Callable[[Any], None], *more: str, inline: bool = False) -> bytes:
    """Return a workbook whose first sheet is filled in; ``more`` are further sheets, filled in the same way."""
    sink = io.BytesIO()
    options = {"in_memory": True} | ({"constant_memory": True} if inline else {})
    with xlsxwriter.Workbook(sink, options) as book:
        for name in ("过磅", *more):
            fill(book.add_worksheet(name))
    return sink.getvalue()


def xls(texts: list[str], cells: list[tuple[int, int, int]], cut: int | None = None) -> bytes:
    """Return an old workbook: its texts, and cells that name them; the record of the texts is cut after ``cut`` bytes.

    A text that is cut goes on in the next record behind the byte that says how its characters are kept.
    """
    body = struct.pack("<II", len(cells), len(texts))
    kept = [struct.pack("<HB", len(text), 1) + text.encode("utf-16-le") for text in texts]
    body += b"".join(kept)
    parts = [body] if cut is None else [body[:cut], b"\x01" + body[cut:]]
    strings = b"".join(record(0x3C if place else 0xFC, part) for place, part in enumerate(parts))
    name, end = "磅单".encode("utf-16-le"), record(0x0A, b"")
    begin = record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0, 0, 0, 0))
    at = len(begin) + 4 + 8 + len(name) + len(strings) + len(end)
    bound = record(0x85, struct.pack("<IHBB", at, 0, 2, 1) + name)
    page = record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0, 0, 0, 0))
    page += b"".join(record(0xFD, struct.pack("<HHHI", row, column, 0, number)) for row, column, number in cells)
    return compound(begin + bound + strings + end + page + end)


def all_of(data: bytes) -> list[tuple[str, list[Any]]]:
    return [(name, list(rows)) for name, rows in read_sheets(data, Bounds())]


def refused(data: bytes, *, every: bool = False) -> str:
    with pytest.raises(InvalidValue) as refusal:
        (all_of if every else read_rows)(data)
    assert (refusal.value.field, refusal.value.rule) == ("file", "file.cell")
    return refusal.value.mend


@pytest.fixture
def unread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail where a sheet is laid out."""

    def laid_out(*_: object) -> None:
        raise AssertionError("the sheet was laid out")

    real = python_calamine.CalamineWorkbook

    class Book:
        @staticmethod
        def from_filelike(file: Any) -> Any:
            return Opened(real.from_filelike(file))

    class Opened:
        def __init__(self, book: Any) -> None:
            self.sheets_metadata = book.sheets_metadata

        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_: object) -> None:
            pass

        get_sheet_by_name = laid_out

    monkeypatch.setattr(python_calamine, "CalamineWorkbook", Book)


@pytest.mark.usefixtures("unread")
@pytest.mark.parametrize("every", [False, True])
def test_a_long_shared_text_is_refused_by_sheet_row_and_column_before_the_sheet_is_laid_out(every: bool) -> None:
    def fill(page: Any) -> None:
        page.write_string(0, 0, "车牌")
        page.write_string(6, 27, LONG)
        page.write_string(7, 0, LONG)

    mend = refused(xlsx(fill), every=every)
    assert mend == f"sheet 过磅, row 7, column AB: must have at most {MOST_CELL} characters in a cell"
    old = xls(["车牌", LONG], [(0, 0, 0), (4, 2, 1)])
    assert (
        refused(old, every=every) == f"sheet 磅单, row 5, column C: must have at most {MOST_CELL} characters in a cell"
    )


def test_a_text_as_long_as_a_cell_may_be_is_read_however_the_file_keeps_it() -> None:
    (row,) = read_rows(xlsx(lambda page: page.write_string(0, 0, EDGE)))
    assert row.cells == (EDGE,)
    (row,) = read_rows(xls([EDGE, "甲"], [(0, 0, 0), (0, 1, 1)]))
    assert row.cells == (EDGE, "甲")


def test_a_text_that_nobody_names_is_in_nobodys_way() -> None:
    book = xlsx(lambda page: page.write_string(0, 0, "甲"))
    strings = f'<sst xmlns="x"><si><t>甲</t></si><si/><si><t>{LONG}</t></si></sst>'.encode()
    assert [row.cells for row in read_rows(with_part(book, "xl/sharedStrings.xml", strings))] == [("甲",)]
    sheet = (
        b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="3">'
        b'<c r="A3" t="s"><f>A1</f><v>1</v></c><c r="B3" t="s"><f>A1</f><v>2</v></c></row></sheetData></worksheet>'
    )
    both = with_part(with_part(book, "xl/sharedStrings.xml", strings), "xl/worksheets/sheet1.xml", sheet)
    assert first_long_cell(both, "过磅", MOST_CELL) == "B3"
    assert first_long_cell(both, "another", MOST_CELL) is None


def test_only_the_sheet_that_is_read_is_looked_at() -> None:
    sheets = 0

    def fill(page: Any) -> None:
        nonlocal sheets
        sheets += 1
        page.write_string(0, 0, "甲" if sheets == 1 else LONG)

    data = xlsx(fill, "说明 & 备注")
    assert [row.cells for row in read_rows(data)] == [("甲",)]
    assert refused(data, every=True).startswith("sheet 说明 & 备注, row 1, column A:")


def test_a_long_text_that_is_not_shared_is_refused_by_its_place_as_well() -> None:
    data = xlsx(lambda page: page.write_string(3, 1, LONG), inline=True)
    for every in (False, True):
        assert refused(data, every=every).startswith("sheet 过磅, row 4, column B:")
    assert refused(f"甲,乙\n1,{LONG}\n".encode()).startswith("row 2, column B:")


def test_rich_text_is_as_long_as_all_its_parts_and_how_it_is_said_does_not_count() -> None:
    sink = io.BytesIO()
    with xlsxwriter.Workbook(sink, {"in_memory": True}) as book:
        bold, page = book.add_format({"bold": True}), book.add_worksheet("过磅")
        page.write_rich_string(0, 0, bold, "a" * 2_000, "b" * 2_000)
        page.write_rich_string(1, 0, bold, "c" * 2_000, "d" * 2_001)
    assert first_long_cell(sink.getvalue(), "过磅", MOST_CELL) == "A2"
    said = f'<sst><si><t>{"x" * MOST_CELL}</t><rPh sb="0" eb="1"><t>{LONG}</t></rPh></si></sst>'.encode()
    data = with_part(xlsx(lambda page: page.write_string(0, 0, "甲")), "xl/sharedStrings.xml", said)
    assert first_long_cell(data, "过磅", MOST_CELL) is None


@pytest.mark.parametrize("cut", [12, 14, 40, 4_000, 8_020])
def test_texts_of_an_old_file_are_counted_across_the_records_that_continue_them(cut: int) -> None:
    texts = ["甲" * 2_000, "乙" * 2_000, LONG, "丙"]
    cut += (cut + 1) % 2  # within a text, between two characters
    data = xls(texts, [(0, 0, 0), (1, 0, 1), (2, 0, 3), (9, 5, 2)], cut)
    assert first_long_cell(data, "磅单", MOST_CELL) == "F10"
    short = xls([*texts[:2], LONG[1:], "丙"], [(0, 0, 0), (1, 0, 1), (2, 0, 3), (9, 5, 2)], cut)
    assert first_long_cell(short, "磅单", MOST_CELL) is None
    assert [row.cells[0] for row in read_rows(short)][:3] == [texts[0], texts[1], "丙"]


def test_columns_are_named_as_a_spreadsheet_names_them() -> None:
    assert [column_name(n) for n in (0, 25, 26, 701, 702)] == ["A", "Z", "AA", "ZZ", "AAA"]
