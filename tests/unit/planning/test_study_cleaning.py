"""Rows that can be used, and those that cannot, each with its reason."""

import datetime as dt

import polars as pl
import pytest

from kouan.planning.study.cleaning import clean
from kouan.planning.study.mapping import guess
from kouan.planning.study.plates import Plates

PASSAGES = ["车牌号", "进出境", "排队时间", "通行时间", "放行时间"]
GOOD = ["1234УБА", "进境", "2026-10-01 07:00:00", "2026-10-01 08:00:00", "2026-10-01 08:00:30"]
TICKETS = ["磅单号", "车号", "日期", "毛重时间", "毛重", "皮重时间", "皮重"]
TICKET = ["T1", "1234УБА", "2026-10-01", "8:00", "65200", "9:30", "20100"]


def cleaned(headers, rows, plates=None):
    cells = {f"c{at}": [row[at] if at < len(row) else None for row in rows] for at in range(len(headers))}
    over = [row[len(headers)] if len(row) > len(headers) else None for row in rows]
    schema = dict.fromkeys([*cells, "over"], pl.String)
    block = pl.DataFrame({"row": range(2, 2 + len(rows)), **cells, "over": over}, schema_overrides=schema)
    sample = [row for row in rows if len(row) == len(headers)] * 9
    return clean(block, headers, guess(headers, sample), plates or Plates())


def changed(row, **cells):
    return [cells.get(f"c{place}", cell) for place, cell in enumerate(row)]


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        (changed(GOOD, c0=""), "plate.missing"),
        (changed(GOOD, c0="无牌"), "plate.form"),
        (changed(GOOD, c1="横"), "direction.unknown"),
        (changed(GOOD, c1=""), "direction.missing"),
        (changed(GOOD, c3="昨天"), "time.form"),
        (changed(GOOD, c3="2026-02-30 08:00:00"), "time.form"),
        (changed(GOOD, c4="2026-10-01 07:59:00"), "time.order"),
        (changed(GOOD, c2="2026-10-01 08:00:01"), "time.order"),
        (changed(GOOD, c4="2026-10-03 08:00:00"), "time.span"),
        (changed(GOOD, c2="", c3="", c4=""), "time.missing"),
        ([*GOOD, "x"], "row.width"),
        (PASSAGES, "row.header"),
        (["合计", "2", "", "", ""], "row.total"),
        (changed(GOOD, c0="12\ufffd4УБА"), "text.encoding"),
    ],
)
def test_a_passage_that_cannot_be_is_rejected_with_its_reason_and_the_rest_is_used(row, rule):
    found = cleaned(PASSAGES, [GOOD, row, GOOD, GOOD])
    assert found.rejected.select("row", "rule").rows() == [(3, rule)]
    assert found.rows["row"].to_list() == [2, 4, 5]


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        (changed(TICKET, c4="-65200"), "mass.negative"),
        (changed(TICKET, c4="652000"), "mass.impossible"),
        (changed(TICKET, c4="重"), "mass.form"),
        (changed(TICKET, c4="20000"), "mass.order"),
        (changed(TICKET, c4="", c6=""), "mass.missing"),
    ],
)
def test_a_ticket_with_a_mass_that_cannot_be_is_rejected(row, rule):
    found = cleaned(TICKETS, [TICKET, row, TICKET, TICKET])
    assert found.rejected.select("row", "rule").rows() == [(3, rule)]


def test_a_time_without_a_day_takes_the_day_of_its_row():
    (row,) = cleaned(TICKETS, [TICKET]).rows.iter_rows(named=True)
    assert (row["gross_at"], row["tare_at"]) == (dt.datetime(2026, 10, 1, 8), dt.datetime(2026, 10, 1, 9, 30))  # noqa: DTZ001 - local time, as files have it


@pytest.mark.parametrize(
    ("header", "text", "kg"),
    [
        ("毛重", "65,200", 65200),
        ("毛重", "65200 kg", 65200),
        ("毛重(吨)", "65,2", 65200),
        ("Брутто, т", "65.20", 65200),
    ],
)
def test_masses_are_read_with_their_units_and_marks(header, text, kg):
    (row,) = cleaned(["Plate", "Time", header], [["1234УБА", "2026-10-01 08:00:00", text]]).rows.iter_rows(named=True)
    assert row["gross_kg"] == kg


def test_a_plate_in_several_spellings_is_one_vehicle_and_they_are_told():
    plates = Plates()
    spellings = ("1234УБА", "1234 уба", "1234-УБА", "１２３４УБА")
    rows = [changed(GOOD, c0=plate) for plate in spellings]
    assert cleaned(PASSAGES, rows, plates).rows["plate"].unique().to_list() == ["1234УБА"]
    assert plates.spellings() == {"1234УБА": tuple(sorted(spellings))}


def test_a_plate_of_another_country_is_used_and_told():
    plates = Plates()
    assert cleaned(PASSAGES, [changed(GOOD, c0="034 ABC 02")], plates).rows.height == 1
    assert plates.of_no_known_form() == ("034ABC02",)


def test_empty_rows_are_no_rows():
    found = cleaned(PASSAGES, [GOOD, ["", " ", "", "", ""], GOOD])
    assert (found.rows.height, found.rejected.height) == (2, 0)
