"""Files of every form, as the samples beside this module, become the same documents."""

import datetime as dt
import io
import json
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from kouan.inspection.fields import violations_of
from kouan.inspection.importing.columns import COLUMNS, FileKind, found_columns, likely_kind
from kouan.inspection.importing.files import File, read_file
from kouan.inspection.importing.rejected import rejected_rows
from kouan.inspection.importing.rows import Problem
from kouan.inspection.importing.templates import TITLES, template
from kouan.inspection.reading import read_confirmation, read_declaration, read_manifest
from kouan.inspection.supporting import PaperKind
from kouan.inspection.supporting_matrix import read_supporting
from kouan.protocols.tables.reading import read_rows
from kouan.protocols.tables.writing import write_csv, write_xlsx
from kouan.vocabulary.errors import InvalidValue
from kouan.vocabulary.verdict import Refused

GOLDEN = Path(__file__).parent / "golden"
CONFIRMATIONS = json.loads((GOLDEN / "confirmations.json").read_text(encoding="utf-8"))
HOLDER = "91350100M000100Y43"


def documents(file: File) -> list[dict[str, Any]]:
    assert file.problems == ()
    assert [draft.wrong for _, draft in file.drafts] == [()] * len(file.drafts)
    return [draft.document for _, draft in file.drafts]


def golden(name: str, kind: FileKind | None = None) -> File:
    return read_file((GOLDEN / name).read_bytes(), kind)


@pytest.mark.parametrize(
    "name",
    ["confirmations.gbk.csv", "confirmations.utf8-bom.csv", "confirmations.utf8-english.csv", "confirmations.utf16.txt",
     "confirmations.xlsx", "confirmations.xls"],
)  # fmt: skip
def test_a_table_in_any_encoding_order_and_language_gives_the_same_documents(name: str) -> None:
    file = golden(name)
    assert {kind for kind, _ in file.drafts} == {FileKind.CONFIRMATION}
    assert documents(file) == CONFIRMATIONS
    assert (file.rows, file.unused) == (3, ())
    assert [draft.rows for _, draft in file.drafts] == [(2, 3), (4,)]


def test_characters_beyond_gbk_are_read_from_gb18030() -> None:
    (_, driven) = documents(golden("confirmations.gb18030.csv"))
    assert driven == CONFIRMATIONS[1] | {"driver": CONFIRMATIONS[1]["driver"] | {"name": "张𠮷"}}


def test_what_a_table_says_is_what_the_reader_of_papers_takes() -> None:
    for document in CONFIRMATIONS:
        assert not isinstance(read_confirmation(document), Refused), read_confirmation(document)


def test_json_holds_documents_of_a_named_kind() -> None:
    assert documents(golden("confirmations.json", FileKind.CONFIRMATION)) == CONFIRMATIONS
    with pytest.raises(InvalidValue) as refusal:
        golden("confirmations.json")
    assert refusal.value.rule == "file.kind"
    mixed = read_file(b'[{"number": "A"}, 5, []]', FileKind.MANIFEST)
    assert [draft.rows for _, draft in mixed.drafts] == [(1,)]
    assert [(problem.row, problem.rule) for problem in mixed.problems] == [(2, "field.type"), (3, "field.type")]


def test_a_declaration_has_lines_and_consignments_from_the_same_rows() -> None:
    first, second = documents(golden("declarations.csv"))
    paper = read_declaration(first)
    assert not isinstance(paper, Refused), paper
    assert [(line.line, line.net_kg, line.origin) for line in paper.lines] == [(1, 50_500, "MNG"), (2, 29_500, "MNG")]
    assert [line.value_fen for line in paper.lines] == [3_535_000, 1_888_000]
    assert [(line.number, line.gross_kg) for line in paper.consignments] == [("WB-01", 80_000)]
    assert (paper.entered_on, paper.consignee, paper.licences) == ("2026-11-20", HOLDER, ("L-2026-001",))
    summary = read_declaration(second)
    assert not isinstance(summary, Refused), summary
    assert (summary.step, summary.lines[0].hs_code, summary.lines[0].net_kg) == ("summary", "260111", 40_000)
    assert summary.lines[0].value_fen is None


@pytest.mark.parametrize(
    ("name", "kind"),
    [("certificates", PaperKind.CERTIFICATE), ("results", PaperKind.LABORATORY_RESULT),
     ("reports", PaperKind.THIRD_PARTY_REPORT), ("licences", PaperKind.LICENCE),
     ("gate_reports", PaperKind.GATE_REPORT)],
)  # fmt: skip
def test_supporting_papers_are_known_by_their_headers_and_read_whole(name: str, kind: PaperKind) -> None:
    file = golden(f"{name}.csv")
    assert {found for found, _ in file.drafts} == {FileKind(kind)}
    (document,) = documents(file)
    paper = read_supporting(kind, document)
    assert not isinstance(paper, Refused), paper


def test_manifests_and_statuses_are_known_by_their_headers() -> None:
    (manifest,) = documents(golden("manifests.csv"))
    assert not isinstance(read_manifest(manifest), Refused)
    status = golden("status.csv")
    assert {kind for kind, _ in status.drafts} == {FileKind.STATUS}
    assert [document["status"] for document in documents(status)] == ["cleared", "under_control"]


@pytest.mark.parametrize("kind", FileKind)
@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_template_is_recognised_and_empty(kind: FileKind, form: str) -> None:
    rows = read_rows(template(kind, form))
    header = [str(cell) for cell in rows[0].cells]
    assert len(rows) == 1
    assert likely_kind(header) is kind
    found, unknown = found_columns(kind, header)
    assert unknown == []
    assert found == list(COLUMNS[kind])
    assert any("\u4e00" <= letter <= "\u9fff" for letter in header[0] + TITLES[kind])


@pytest.mark.parametrize("kind", FileKind)
def test_no_two_columns_of_a_kind_answer_to_one_title(kind: FileKind) -> None:
    for column in COLUMNS[kind]:
        for title in column.titles:
            assert found_columns(kind, [title])[0][0] is not None
            assert found_columns(kind, [title])[0][0].fields == column.fields, title  # type: ignore[union-attr]


def table(*rows: list[str]) -> bytes:
    return write_csv(rows[0], rows[1:])


HEADER = ["舱单号", "批次号", "进出境", "传输人", "提运单号", "商品编号", "品名", "毛重(千克)"]
GOOD = ["MF000001", "B000001", "进", "TRADER-01", "WB-01", "2701121000", "煤", "80000"]


def problems(data: bytes, kind: FileKind | None = None) -> list[tuple[int, str, str, str]]:
    file = read_file(data, kind)
    found = list(file.problems)
    for _, draft in file.drafts:
        read = read_manifest(draft.document)
        wrong = violations_of(read) if isinstance(read, Refused) and not draft.wrong else ()
        if draft.wrong or wrong:
            found += draft.problems(wrong)
    return [(each.row, each.column, each.field, each.rule) for each in found]


def test_a_wrong_cell_is_told_with_its_row_column_field_and_rule() -> None:
    data = table(HEADER, GOOD, [*GOOD[:7], "heavy"])
    assert problems(data) == [
        (2, "", "", "row.document"),
        (3, "毛重(千克)", "consignments.gross_kg", "cell.number"),
    ]


def test_a_wrong_value_is_told_at_the_row_that_gave_it() -> None:
    other = ["MF000002", *GOOD[1:4], "WB-02", "9912", "煤", "5"]
    assert problems(table(HEADER, GOOD, other)) == [(3, "商品编号", "consignments.0.hs_code", "hs_code.digits")]


def test_what_is_missing_is_told_at_the_row_where_it_belongs() -> None:
    other = [*GOOD[:4], "WB-02", "2701121000", "煤", ""]
    assert problems(table(HEADER, GOOD, other)) == [
        (2, "", "", "row.document"),
        (3, "", "consignments.1.gross_kg", "field.required"),
    ]


def test_rows_of_one_paper_must_agree_on_what_is_the_whole_paper_s() -> None:
    other = [GOOD[0], "B000002", *GOOD[2:4], "WB-02", *GOOD[5:]]
    assert problems(table(HEADER, GOOD, other)) == [(2, "", "", "row.document"), (3, "批次号", "batch", "row.differs")]


def test_a_row_without_a_number_is_not_lost() -> None:
    assert problems(table(HEADER, ["", *GOOD[1:]], GOOD)) == [(2, "舱单号", "number", "field.required")]


def test_headers_that_nobody_knows_are_told_and_the_rows_are_used() -> None:
    file = read_file(table([*HEADER, "颜色", "备注", ""], [*GOOD, "黑", "急", ""]))
    assert file.unused == ("颜色",)
    assert len(file.drafts) == 1


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (b"", "file.empty"),
        (b"\n\n , ,\n", "file.empty"),
        (b"a,b\n1,2\n", "file.kind"),
        (table([*HEADER, "毛重(吨)"], [*GOOD, "80"]), "file.column_twice"),
        (b"\x81\x30\x81", "file.encoding"),
        (b"PK\x03\x04nonsense", "file.form"),
        (b"\xd0\xcf\x11\xe0nonsense", "file.form"),
        (b"[1", "file.kind"),
        (b"UNB+nonsense", "edifact.syntax"),
    ],
)
def test_a_file_of_which_nothing_can_be_used_is_refused_with_a_rule(data: bytes, rule: str) -> None:
    with pytest.raises(InvalidValue) as refusal:
        read_file(data)
    assert refusal.value.rule == rule


def test_a_kind_that_lacks_its_number_is_refused() -> None:
    with pytest.raises(InvalidValue) as refusal:
        read_file(table(["颜色"], ["黑"]), FileKind.MANIFEST)
    assert refusal.value.rule == "file.number"
    with pytest.raises(InvalidValue):
        read_file(b"{", FileKind.MANIFEST)


def test_rejected_rows_come_back_with_what_is_wrong_and_are_read_again_once_mended() -> None:
    data = table(HEADER, GOOD, ["MF000002", *GOOD[1:7], "heavy"])
    wrong = [Problem(3, "毛重(千克)", "consignments.gross_kg", "cell.number", "must be a number")]
    back = rejected_rows([(data, wrong)])
    rows = read_rows(back)
    assert [str(cell) for cell in rows[0].cells] == ["备注", *HEADER]
    assert rows[1].cells[1] == "MF000002"
    assert "cell.number" in str(rows[1].cells[0])
    mended = read_file(back.replace(b"heavy", b"80000"))
    assert [draft.number for _, draft in mended.drafts] == ["MF000002"]
    edifact = rejected_rows([(b"UNA:+.? '", [Problem(2, "BGM", "", "edifact.code", "must be known")])])
    assert read_rows(edifact)[1].cells[1] == "2"


WORDS = st.text(st.characters(codec="gb18030", exclude_categories=("C", "Z")), min_size=1, max_size=12)


@settings(deadline=None)
@given(
    st.lists(st.lists(WORDS, min_size=3, max_size=3), min_size=1, max_size=8), st.sampled_from(["utf-8-sig", "gb18030"])
)
def test_rows_are_written_and_read_back(rows: list[list[str]], encoding: str) -> None:
    header = ["甲", "乙,", '丙"']
    back = read_rows(write_csv(header, rows, encoding))
    plain = [[f"'{cell}" if cell[0] in "=+-@" else cell for cell in row] for row in (header, *rows)]
    assert [list(row.cells) for row in back] == plain
    sheet = read_rows(write_xlsx("表", header, rows))
    assert [list(row.cells) for row in sheet] == [header, *rows]


@settings(deadline=None)
@given(st.binary(max_size=300), st.sampled_from([None, *FileKind]))
def test_no_bytes_break_the_import(data: bytes, kind: FileKind | None) -> None:
    try:
        read_file(data, kind)
    except InvalidValue:
        return


def test_a_day_in_a_spreadsheet_is_a_day() -> None:
    sink = io.BytesIO()
    with xlsxwriter.Workbook(sink, {"in_memory": True}) as book:
        page = book.add_worksheet()
        page.write_row(0, 0, ["许可证号", "有效期起", "数量(吨)"])
        page.write_string(1, 0, "L-1")
        page.write_datetime(1, 1, dt.date(2026, 1, 1), book.add_format({"num_format": "yyyy/m/d"}))
        page.write_number(1, 2, 12.5)
    (document,) = documents(read_file(sink.getvalue()))
    assert document == {"number": "L-1", "valid_from": "2026-01-01", "mass_kg": 12_500}
