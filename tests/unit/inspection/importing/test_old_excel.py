"""An old Excel file is refused before it is laid out, where that would take more memory than a port gives it."""

import struct
from pathlib import Path
from random import Random

import pytest
import python_calamine

from kouan.protocols.tables.biff import extents
from kouan.protocols.tables.reading import MOST_COLUMNS, MOST_ROWS, Bounds, read_rows, read_sheets
from kouan.vocabulary.errors import InvalidValue

GOLDEN = (Path(__file__).parent / "golden" / "confirmations.xls").read_bytes()
LABEL, DIMENSIONS = b"\xfd\x00\x0a\x00", b"\x00\x02\x0e\x00"
BOF, END, SECTOR = struct.pack("<HH16x", 0x0809, 16), 0xFFFFFFFE, 512


@pytest.fixture
def unread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail where a file is laid out."""

    def laid_out(_: object) -> None:
        raise AssertionError("the file was laid out")

    monkeypatch.setattr(python_calamine.CalamineWorkbook, "from_filelike", laid_out, raising=True)


def record(kind: int, body: bytes) -> bytes:
    return struct.pack("<HH", kind, len(body)) + body


def cell(row: int, column: int) -> bytes:
    return record(0x0203, struct.pack("<HHHd", row, column, 0, 1.0))


def compound(stream: bytes, name: str = "Workbook") -> bytes:
    """Return a compound file of one stream, that is at least as long as the least in sectors of its own."""
    stream = stream.ljust(4096, b"\x00")
    count = -(-len(stream) // SECTOR)
    tables = -(-(count + 2) // 127)
    first = tables + 1
    chain = [0xFFFFFFFD] * tables + [END] + [first + n + 1 for n in range(count - 1)] + [END]
    table = struct.pack(f"<{len(chain)}I", *chain).ljust(tables * SECTOR, b"\xff")
    label = name.encode("utf-16-le") + b"\x00\x00"
    entries = [("Root Entry".encode("utf-16-le") + b"\x00\x00", 5, END, 0), (label, 2, first, len(stream))]
    folder = b"".join(
        said.ljust(64, b"\x00") + struct.pack("<HB49xIQ", len(said), kind, at, length)
        for said, kind, at, length in entries
    ).ljust(SECTOR, b"\x00")
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<IIIIIIIII", 0, tables, tables, 0, 4096, END, 0, END, 0)
    header += struct.pack(f"<{tables}I", *range(tables)) + b"\xff" * (4 * (109 - tables))
    return header + table + folder + stream.ljust(count * SECTOR, b"\x00")


def test_how_far_the_sheets_reach_is_read_from_records_and_from_what_they_say_of_themselves() -> None:
    assert [reach for reach in extents(GOLDEN) if any(reach)] == [(4, 26)]
    says = record(0x0200, struct.pack("<IIHHH", 0, 70_000, 0, 300, 0))
    several = record(0x00BD, struct.pack("<HHHIHIH", 9, 2, 0, 0, 0, 0, 3))
    stream = BOF + BOF + cell(5, 1) + several + BOF + says + BOF + b"".join(cell(n, 0) for n in range(2_000))
    assert list(extents(compound(stream))) == [(0, 0), (0, 0), (10, 4), (70_000, 300), (2_000, 1)]
    assert list(extents(compound(BOF + cell(0, 7), "BOOK"))) == [(0, 0), (1, 8)]


@pytest.mark.parametrize("far", [(MOST_ROWS, 0), (0, MOST_COLUMNS), (65_535, 65_535)])
@pytest.mark.usefixtures("unread")
def test_a_cell_that_is_too_far_away_is_refused_before_the_sheet_is_laid_out(far: tuple[int, int]) -> None:
    at = GOLDEN.index(LABEL) + len(LABEL)
    moved = GOLDEN[:at] + struct.pack("<HH", *far) + GOLDEN[at + 4 :]
    for data in (moved, compound(BOF + cell(*far))):
        for read in (read_rows, lambda data: list(read_sheets(data, Bounds()))):
            with pytest.raises(InvalidValue) as refused:
                read(data)
            assert (refused.value.field, refused.value.rule) == ("file", "file.size")


@pytest.mark.usefixtures("unread")
def test_many_large_sheets_are_refused_together_and_so_is_one_that_only_says_that_it_is_large() -> None:
    at = GOLDEN.index(DIMENSIONS) + len(DIMENSIONS)
    says = GOLDEN[:at] + struct.pack("<IIHH", 0, 2**31, 0, 0xFFFF) + GOLDEN[at + 12 :]
    large = BOF + cell(MOST_ROWS - 1, MOST_COLUMNS - 1)
    for data in (says, compound(large * 2)):
        with pytest.raises(InvalidValue) as refused:
            read_rows(data)
        assert refused.value.rule == "file.size"


def test_whatever_is_done_to_a_file_it_is_read_or_refused_with_field_and_rule() -> None:
    chance, read, refused = Random(7), 0, set()
    for _ in range(400):
        spoilt = bytearray(GOLDEN)
        for _ in range(chance.randrange(1, 30)):
            spoilt[chance.randrange(4, len(spoilt))] = chance.randrange(256)
        cut = bytes(spoilt) if chance.random() < 0.7 else bytes(spoilt[: chance.randrange(4, len(spoilt))])
        try:
            read += len(read_rows(cut)) > 0
        except InvalidValue as error:
            refused.add((error.field, error.rule))
    assert read > 0
    assert {field for field, _ in refused} == {"file"}
    assert {rule for _, rule in refused} <= {"file.form", "file.size", "file.empty", "file.encoding"}
