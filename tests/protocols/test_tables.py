"""Tables are read within bounds, whatever a file claims of itself."""

import io
import zipfile

import pytest

from kouan.protocols.tables.reading import MOST_BYTES, MOST_COLUMNS, MOST_ROWS, MOST_UNPACKED, decoded, read_rows
from kouan.protocols.tables.writing import write_csv, write_xlsx
from kouan.vocabulary.errors import InvalidValue

SHEET = "xl/worksheets/sheet1.xml"


def with_part(data: bytes, name: str, content: bytes) -> bytes:
    """Return an Excel file with one of its parts replaced or added."""
    sink = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            if part.filename != name:
                new.writestr(part.filename, old.read(part.filename))
        new.writestr(name, content)
    return sink.getvalue()


def rule_of(data: bytes) -> str:
    with pytest.raises(InvalidValue) as refusal:
        read_rows(data)
    return refusal.value.rule


def sheet_with(cell: str, row: str) -> bytes:
    return (
        f'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        f'<row r="{row}"><c r="{cell}" t="inlineStr"><is><t>x</t></is></c></row></sheetData></worksheet>'
    ).encode()


BOOK = write_xlsx("表", ["甲", "乙"], [["1", "2"]])


def test_an_excel_file_that_unpacks_to_too_much_is_refused_before_it_is_read() -> None:
    assert rule_of(with_part(BOOK, "xl/media/bomb", bytes(MOST_UNPACKED + 1))) == "file.size"


def test_an_excel_file_that_lies_about_its_sizes_is_refused() -> None:
    data = bytearray(with_part(BOOK, "xl/media/bomb", bytes(1_000_000)))
    true, lie = (1_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little")
    assert data.count(true) == 2
    assert rule_of(bytes(data).replace(true, lie)) == "file.size"


@pytest.mark.parametrize(("cell", "row"), [("XFD1", "1"), ("A1048576", "1048576"), ("A1", "1048576"), ("GS1", "1")])
def test_a_sheet_that_stretches_too_far_is_refused_before_it_is_laid_out(cell: str, row: str) -> None:
    assert rule_of(with_part(BOOK, SHEET, sheet_with(cell, row))) == "file.size"


def test_a_sheet_at_the_bounds_is_read() -> None:
    rows = read_rows(with_part(BOOK, SHEET, sheet_with("GR20000", "20000")))
    assert [(row.number, len(row.cells)) for row in rows] == [(MOST_ROWS, MOST_COLUMNS)]


def test_what_only_looks_like_an_excel_file_is_refused() -> None:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        archive.writestr("content.xml", "<office/>")
    assert rule_of(sink.getvalue()) == "file.form"
    assert rule_of(BOOK[: len(BOOK) // 2]) == "file.form"


def test_files_and_cells_are_bounded() -> None:
    assert rule_of(b"a" * (MOST_BYTES + 1)) == "file.size"
    assert rule_of(b"a\n" * (MOST_ROWS + 1)) == "file.size"
    assert rule_of(b"a," * (MOST_COLUMNS + 1)) == "file.size"
    assert rule_of(b"a" * 4_001) == "file.cell"
    assert rule_of(b'a,"b\n') == "file.form"
    assert rule_of(b"a\x00b,c\n") == "file.encoding"


def test_row_numbers_are_the_file_s_own_whatever_is_empty() -> None:
    rows = read_rows('\n甲,乙\n, \n1,"two\nlines"\n3,4\n'.encode())
    assert [(row.number, row.cells[0]) for row in rows] == [(2, "甲"), (4, "1"), (5, "3")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "gb2312", "utf-16"])
def test_text_is_decoded_by_its_mark_or_its_form(encoding: str) -> None:
    assert decoded("报关单号,毛重\n".encode(encoding)) == "报关单号,毛重\n"


def test_no_cell_that_is_written_becomes_a_formula() -> None:
    written = write_csv(["a"], [["=1+1"], ["+1"], ["-1"], ["@x"], ["1"]]).decode("utf-8-sig")
    assert written.splitlines() == ["a", "'=1+1", "'+1", "'-1", "'@x", "1"]
